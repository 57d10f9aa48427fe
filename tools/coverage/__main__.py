"""Measures which lines and branches of impl/ each engine executes, and prints tables.

    python3 -m tools.coverage [--bazel PATH]          (./verify coverage)

Every test that does not explore for long runs under clang's source-based coverage, and so does the
default suite of the model checker. A line or branch counts as covered if any instantiation of the
template that holds it was executed. A template that nothing instantiates has no counters at all;
its control statements are found in the source instead and count as lines that were missed.

Leaves in coverage/: table.md, table.json, impl.info (for lcov) and html/index.html (by genhtml).
Exit code: 0 every engine passes, at least 98% of the lines and 95% of the outcomes of branches are
reached, and the rest is justified in exceptions.yaml; 1 one of these is not so; 2 bad usage or a bad
list of exceptions.
"""

import argparse
import json
import sys

from tools.coverage import counters, gaps, lcov, profiles, report
from tools.coverage.profiles import OUTPUT, ROOT


def main():
    parser = argparse.ArgumentParser(prog="verify coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--bazel", default="/usr/bin/bazel")
    build = profiles.Build(parser.parse_args().bazel)
    try:
        exceptions = gaps.read_exceptions(gaps.EXCEPTIONS.read_text())
        passed, engines = profiles.measure(build)
    except ValueError as error:
        print(f"coverage: {error}", file=sys.stderr)
        return 2

    headers = {path.name: path for path in (ROOT / counters.LIBRARY).glob("*.h")}
    sources = {name: path.read_text() for name, path in headers.items()}
    together = counters.together(engines.values())
    for name, source in sources.items():
        together[name].drop_what_is_no_code(source)
        together[name].add_uninstantiated(source)
    table = report.Table({**engines, report.TOGETHER: together})
    missed = gaps.find_gaps(together, sources)
    text = report.render(table, missed, exceptions)
    (OUTPUT / "table.md").write_text(text + "\n")
    as_json = report.as_json(table, missed, exceptions)
    (OUTPUT / "table.json").write_text(json.dumps(as_json, indent=2) + "\n")
    (OUTPUT / "impl.info").write_text(lcov.render(engines, together, headers))
    lcov.write_pages(OUTPUT / "impl.info", OUTPUT / "html", ROOT)
    print(text)
    print(f"\nLine by line: {OUTPUT.relative_to(ROOT)}/html/index.html")

    total = table.total(report.TOGETHER)
    messages = report.shortcomings(total, *gaps.compare(missed, exceptions))
    if not passed:
        messages.append("a test failed")
    for message in messages:
        print(f"coverage: {message}", file=sys.stderr)
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
