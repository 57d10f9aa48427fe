"""Runs the engines and writes the evidence report; `./verify evidence` calls it.

Exit code: 0 every property has evidence that passed, 1 some evidence did not pass or is missing,
2 bad usage, 3 nothing is bad, but a property has no evidence that passed in this run.
"""

import argparse
import pathlib
import sys
import tempfile

from proofs.evidence.catalogue import properties, trust_base
from proofs.evidence.catalogue.tree import MUTATION, Tree, workspace_root
from proofs.evidence.report import content, pages
from proofs.evidence.run import engines, facts, results
from tests.mutants.schemata import campaign, subjects

_ENGINE_TABLE = "tests/mutants/ENGINES.json"


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="verify evidence",
        description="Runs the engines and writes one self-contained HTML file and one Markdown file: every property "
        "with the evidence of this run.",
        epilog=__doc__.split("\n\n")[1],
    )
    deep_help = "results of the deep suite, from ./verify check --suite deep --json FILE"
    quick_help = "leave out the sanitizer builds and coqchk; the report says that they were not run"
    parser.add_argument("--output", metavar="DIR", help="where to write (default: out/ in the tree)")
    parser.add_argument("--deep", metavar="FILE", help=deep_help)
    parser.add_argument("--quick", action="store_true", help=quick_help)
    parser.add_argument("--bazel", default="/usr/bin/bazel", help=argparse.SUPPRESS)
    # The caller's working directory: paths are relative to it.
    parser.add_argument("--directory", type=pathlib.Path, default=".", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _read_engine_table(root):
    """The EngineTable of the tree, or None."""
    file = root / _ENGINE_TABLE
    if not file.exists():
        return None
    return results.read_engine_table(file.read_text(), facts.last_change(root, _ENGINE_TABLE))


def _read_mutation(root):
    """The Mutation of the tree, or None."""
    file = root / MUTATION
    if not file.exists():
        return None
    return results.read_mutation(file.read_text(), campaign.fingerprint(subjects.IMPL.files(root)))


def _write(report, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, render in {"evidence.html": pages.html, "evidence.md": pages.markdown}.items():
        (directory / name).write_text(render(report))
        print(f"verify: wrote {directory / name}")


def main(arguments):
    options = parse_arguments(arguments)
    root = workspace_root()
    try:
        catalogue = properties.load(root)
        deep = {}
        if options.deep:
            deep = results.read_check((options.directory / options.deep).read_text())
        engine_table, mutation = _read_engine_table(root), _read_mutation(root)
    except (OSError, properties.CatalogueError, results.ResultsError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        try:
            calls = engines.Engines(root, options.bazel, pathlib.Path(scratch))
            run = engines.run_engines(calls, options.quick, deep)
        except results.ResultsError as error:
            print(f"verify: {error}", file=sys.stderr)
            return 1
    run.engine_table, run.mutation = engine_table, mutation
    tree = Tree(root)
    report = content.make(facts.gather(root), catalogue, tree, run, trust_base.collect(tree))
    _write(report, options.directory / options.output if options.output else root / "out")
    print(report["summary"])
    return report["exit_code"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
