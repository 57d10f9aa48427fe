"""Runs the engines and writes the evidence report; `./verify evidence` calls it.

Exit code: 0 every property has evidence that passed, 1 some evidence did not pass or is missing,
2 bad usage, 3 nothing is bad, but a property has no evidence that passed in this run.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from proofs.coq import refine
from proofs.evidence import (
    catalogue,
    facts,
    html_report,
    markdown_report,
    refinement_runs,
    report,
    results,
    trust_base,
)
from proofs.evidence.tree import Tree, workspace_root

# The builds that are tested, by the label that the catalogue uses, and Bazel's options for each.
BUILDS = {
    "g++": [],
    "tsan": ["--config=tsan", "--symlink_prefix=/"],
    "asan": ["--config=asan", "--symlink_prefix=/"],
}
ENGINE_TABLE = "tests/mutants/ENGINES.json"


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="verify evidence",
        description="Runs the engines and writes one self-contained HTML file and one Markdown "
        "file: every property with the evidence of this run.",
        epilog=__doc__.split("\n\n")[1],
    )
    parser.add_argument(
        "--output", metavar="DIR", help="where to write (default: out/ in the tree)"
    )
    parser.add_argument(
        "--deep", metavar="FILE",
        help="results of the deep suite, from ./verify check --suite deep --json FILE",
    )
    parser.add_argument(
        "--quick", action="store_true",
        help="leave out the sanitizer builds and coqchk; the report says that they were not run",
    )
    parser.add_argument("--bazel", default="/usr/bin/bazel", help=argparse.SUPPRESS)
    # Where the caller stands: paths are relative to that.
    parser.add_argument("--directory", type=pathlib.Path, default=".", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


class Engines:
    """Calls each engine and reads what it leaves in `scratch`."""

    def __init__(self, root, bazel, scratch):
        self._root = root
        self._bazel = bazel
        self._scratch = scratch

    def _say(self, what):
        print(f"verify: {what}", flush=True)

    def _bazel_run(self, command, *arguments):
        call = [self._bazel, command, "--noshow_progress", *arguments]
        return subprocess.run(call, cwd=self._root, check=False).returncode

    def model_check(self):
        """{scenario: record} of the default suite; None if the checker left nothing."""
        self._say("model-checking the default suite")
        file = self._scratch / "check.json"
        if self._bazel_run("build", "--ui_event_filters=-info", "//model/command:check") != 0:
            return None
        check = self._root / "bazel-bin/model/command/check"
        subprocess.run([check, "--json", file], cwd=self._root, check=False)
        return results.read_check(file.read_text()) if file.exists() else None

    def test(self, build, targets):
        """{label: TestRun} of one build."""
        self._say(f"testing the {build} build")
        events = self._scratch / f"{build}.json"
        self._bazel_run("test", "--keep_going", "--test_output=summary", *BUILDS[build],
                        f"--build_event_json_file={events}", "--", *targets)
        return results.read_tests(events.read_text())

    def has_coq(self):
        return shutil.which("coqc") is not None

    def prove(self, with_coqchk):
        """What the check of the proofs prints; empty if it failed, for then nothing is proved."""
        self._say("checking the proofs")
        if self._bazel_run("build", "--ui_event_filters=-info", "//proofs/coq:development") != 0:
            return ""
        built = self._root / "bazel-bin/proofs/coq"
        check = self._root / "proofs/coq/check"
        command = [check, "--built", built / "compiled.tar", built / "build.log"]
        if not with_coqchk:
            command.append("--without-coqchk")
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def refine(self):
        """{run: Refinement}, of what the model checker explores anew and the step checker judges."""
        self._say("judging explored executions by the step checker of the proofs")
        targets = ["//model/command:check", "//proofs/coq:check_trace"]
        if self._bazel_run("build", "--ui_event_filters=-info", *targets) != 0:
            return {}
        check = self._root / "bazel-bin/model/command/check"
        check_trace = self._root / "bazel-bin/proofs/coq/check_trace"
        return {
            name: refine.refine(check, check_trace, arguments)
            for name, arguments in refinement_runs.RUNS.items()
        }


def run_engines(engines, options, deep):
    """The Run of everything that was asked for. An engine that ran and gave nothing gives no result,
    so that what it should have shown is missing and not merely not run."""
    run = results.Run(scenarios=dict(deep), suites={"deep"} if deep else set())
    run.scenarios.update(engines.model_check() or {})
    run.suites.add("default")
    if engines.has_coq():
        targets = ["//..."]
        proofs = engines.prove(with_coqchk=not options.quick)
        run.theorems = results.read_theorems(proofs) if proofs else {}
        run.proof_figures = results.read_proof_figures(proofs)
        if options.quick:
            run.proof_figures.append("coqchk was left out of this quick run")
        run.refinements = engines.refine()
    else:
        targets = ["//...", "-//proofs/coq/..."]
    for build in BUILDS:
        if build == "g++" or not options.quick:
            run.builds[build] = engines.test(build, targets)
    return run


def read_engine_table(root):
    """The EngineTable that stands in the tree, or None."""
    file = root / ENGINE_TABLE
    if not file.exists():
        return None
    return results.read_engine_table(file.read_text(), facts.last_change(root, ENGINE_TABLE))


def write(content, directory):
    """Writes both forms of the report and returns their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    page, text = directory / "evidence.html", directory / "evidence.md"
    page.write_text(html_report.render(content))
    text.write_text(markdown_report.render(content))
    return page, text


def main(arguments):
    options = parse_arguments(arguments)
    root = workspace_root()
    tree = Tree(root)
    try:
        known = catalogue.load(root)
        deep = {}
        if options.deep:
            deep = results.read_check((options.directory / options.deep).read_text())
        engine_table = read_engine_table(root)
    except (OSError, catalogue.CatalogueError, results.ResultsError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        engines = Engines(root, options.bazel, pathlib.Path(scratch))
        try:
            run = run_engines(engines, options, deep)
        except results.ResultsError as error:
            print(f"verify: {error}", file=sys.stderr)
            return 1
    run.engine_table = engine_table
    content = report.make(facts.gather(root), known, tree, run, trust_base.collect(tree))
    directory = options.directory / options.output if options.output else root / "out"
    for path in write(content, directory):
        print(f"verify: wrote {path}")
    print(content.summary)
    return content.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
