#!/usr/bin/env python3
"""Measures which lines and branches of impl/ each engine executes, and prints tables.

    python3 -m tools.coverage [--bazel PATH]          (./verify coverage)

Every test that does not explore for long runs under clang's source-based coverage, and so does the
default suite of the model checker. A line or branch counts as covered if any instantiation of the
template that holds it was executed. A template that nothing instantiates has no counters at all;
its control statements are found in the source instead and count as lines that were missed.

The model checker's profiles are as good as any: its threads are fibers of one thread of the system,
counters are no part of a fiber's stack, and the processes that share its work count into one file
in place. Of an execution that it abandons, the lines up to the next branch count as executed too.

Leaves in coverage/: table.md, table.json, html/index.html. Exit code: 0 every engine passes, at
least 98% of the lines and 95% of the outcomes of branches are reached, and the rest is justified in
tools/coverage_exceptions.yaml; 1 one of these is not so; 2 bad usage or a bad list of exceptions.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from tools import coverage_counters, coverage_gaps, coverage_html, coverage_report

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "coverage"
EXCEPTIONS = ROOT / "tools" / "coverage_exceptions.yaml"
MIN_LINE_PERCENT = 98
MIN_BRANCH_PERCENT = 95

UNIT = "unit tests"
RAPIDCHECK = "rapidcheck"
CHECKER = "model checker"
FUZZERS = "fuzzers"
ENGINES = [UNIT, RAPIDCHECK, CHECKER, FUZZERS]

# Which engine a test belongs to. The first row holds whose pattern matches the whole label and,
# where it is not None, that agrees on whether the test depends on Relacy. The engine None: the test
# executes no shipped header, so there is nothing to measure.
RULES = [
    (r"//tools:.*", None, None),  # the build's own scripts
    (r"//tests/source_rules:.*", None, None),  # read sources
    (r"//tests/impl/compile_fail:.*", None, None),  # only compile
    (r"//tests/impl:headers_self_contained_test", None, None),  # only compiles
    (r"//tests/mutants:.*", None, None),  # mutants are not the shipped headers
    (r"//proofs/coq:.*", None, None),  # judge traces by the proofs, which takes Coq to build
    (r"//proofs:.*", True, CHECKER),
    (r"//proofs:.*", False, None),  # read sources and results
    (r"//tests/properties:.*", None, RAPIDCHECK),
    (r"//fuzz:.*", None, FUZZERS),
    (r"//tests:.*", True, CHECKER),
    (r"//tests:.*", False, UNIT),
]

TESTS = "tests(//...) except attr(tags, deep, tests(//...))"
RELACY = "//third_party:relacy"


def engine_of(label, depends_on_relacy):
    """The engine of a test, or None for a test of no engine. Raises ValueError."""
    for pattern, relacy, engine in RULES:
        if re.fullmatch(pattern, label) and relacy in (None, depends_on_relacy):
            return engine
    raise ValueError(f"{label} belongs to no engine: RULES in tools/coverage.py must name one")


def tests_by_engine(labels, relacy_labels):
    """The tests to run for each engine. Raises ValueError for a test without a rule."""
    tests = {engine: [] for engine in ENGINES}
    for label in sorted(labels):
        engine = engine_of(label, label in relacy_labels)
        if engine is not None:
            tests[engine].append(label)
    return tests


def directory_of(engine):
    return engine.replace(" ", "_")


def run(command, **kwargs):
    return subprocess.run(command, check=True, text=True, **kwargs)


def capture(command, **kwargs):
    return run(command, stdout=subprocess.PIPE, **kwargs).stdout


class Build:
    """The tree as Bazel builds it with --config=coverage."""

    def __init__(self, bazel):
        self._bazel = bazel

    def query(self, expression):
        command = [self._bazel, "query", "--noshow_progress", expression]
        return capture(command, cwd=ROOT).split()

    def execution_root(self):
        return capture([self._bazel, "info", "execution_root"], cwd=ROOT).strip()

    def binaries(self):
        command = [self._bazel, "info", "--config=coverage", "bazel-bin"]
        return pathlib.Path(capture(command, cwd=ROOT).strip())

    def run_tests(self, labels, profiles):
        """Runs tests, which leave their profiles in a directory; returns whether they passed."""
        command = [
            self._bazel,
            "test",
            "--config=coverage",
            "--symlink_prefix=/",
            "--keep_going",
            "--nocache_test_results",
            "--noshow_progress",
            f"--sandbox_writable_path={profiles}",
            f"--test_env=LLVM_PROFILE_FILE={profile_pattern(profiles)}",
            *labels,
        ]
        return subprocess.run(command, check=False, cwd=ROOT).returncode == 0

    def programs(self, labels):
        """Every C++ program that one of the tests is or runs."""
        query = f'kind("cc_(binary|test) rule", deps(set({" ".join(labels)})))'
        directory = self.binaries()
        paths = [directory / label[2:].replace(":", "/") for label in self.query(query)]
        return [str(path) for path in paths if path.exists()]


def profile_pattern(profiles):
    # %m: one file for each program, %c: written as the counters change, so that dying loses none.
    return f"{profiles}/%c%m.profraw"


def run_default_suite(build, profiles):
    """Runs what `./verify` runs; returns whether it held."""
    print(f"coverage: {CHECKER}, the default suite", flush=True)
    result = subprocess.run(
        [str(build.binaries() / "model" / "check")],
        env={**os.environ, "LLVM_PROFILE_FILE": profile_pattern(profiles)},
        cwd=OUTPUT,
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if result.returncode != 0:
        print(result.stdout)
    return result.returncode == 0


def run_engines(build, tests):
    """Runs each engine; returns (did all pass, the file with the merged profile of each)."""
    passed = True
    merged = {}
    for engine, labels in tests.items():
        profiles = OUTPUT / "profiles" / directory_of(engine)
        profiles.mkdir(parents=True)
        print(f"coverage: {engine}, {len(labels)} tests", flush=True)
        passed = build.run_tests(labels, profiles) and passed
        if engine == CHECKER:
            passed = run_default_suite(build, profiles) and passed
        merged[engine] = merge(engine, profiles.glob("*.profraw"))
    return passed, merged


def merge(name, profiles):
    """Merges profiles into one file, whose path is returned."""
    inputs = [str(path) for path in profiles]
    if not inputs:
        sys.exit(f"coverage: no test of {name} ran, so there is nothing to measure")
    result = OUTPUT / "profiles" / f"{directory_of(name)}.profdata"
    run(["llvm-profdata-19", "merge", f"--output={result}", *inputs])
    return result


def llvm_cov(arguments, directory):
    """The output of llvm-cov.

    It warns of each inline function that one program uses and another only includes; the first one
    counts, so that warning is dropped.
    """
    result = subprocess.run(
        ["llvm-cov-19", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
    warnings = [line for line in result.stderr.splitlines() if "mismatched data" not in line]
    if warnings:
        print("\n".join(warnings), file=sys.stderr)
    result.check_returncode()
    return result.stdout


def read_engine(profile, programs, build):
    """The coverage by header that the profile of one engine shows.

    Programs are read one by one: of the records that several have of one function llvm-cov would
    keep the first, which knows nothing where that program only includes the function.
    """
    execution_root = build.execution_root()
    # Bazel compiles in the execution root, under this name; llvm-cov runs there too.
    sources = f"/proc/self/cwd/{build.binaries().relative_to(execution_root)}/impl"
    files = collections.defaultdict(coverage_counters.FileCoverage)
    for program in programs:
        selection = [f"--instr-profile={profile}", program, "--sources", sources]
        lcov = llvm_cov(["export", "--format=lcov", *selection], execution_root)
        coverage_counters.read_lines(lcov, files)
        export = llvm_cov(["export", "--skip-functions", *selection], execution_root)
        coverage_counters.read_branches(json.loads(export), files)
    return files


def measure(build):
    """Runs everything; returns (did the engines pass, coverage by engine and header)."""
    tests = tests_by_engine(build.query(TESTS), set(build.query(f"rdeps({TESTS}, {RELACY})")))
    shutil.rmtree(OUTPUT, ignore_errors=True)
    passed, profiles = run_engines(build, tests)
    engines = {
        engine: read_engine(profiles[engine], build.programs(labels), build)
        for engine, labels in tests.items()
    }
    engines[coverage_report.TOGETHER] = coverage_counters.together(engines.values())
    return passed, engines


def shortcomings(total, unlisted, stale):
    """What is wrong with the figures, as messages."""
    messages = []
    if total.line_percent < MIN_LINE_PERCENT:
        messages.append(f"{total.line_percent:.2f}% of the lines, not {MIN_LINE_PERCENT}%")
    if total.branch_percent < MIN_BRANCH_PERCENT:
        messages.append(
            f"{total.branch_percent:.2f}% of the outcomes of branches, not {MIN_BRANCH_PERCENT}%"
        )
    messages += [f"not reached, and no exception says why: {gap}" for gap in unlisted]
    messages += [f"an exception for what is reached or gone: {gap}" for gap in stale]
    return messages


def main():
    parser = argparse.ArgumentParser(prog="verify coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--bazel", default="/usr/bin/bazel")
    build = Build(parser.parse_args().bazel)
    try:
        exceptions = coverage_gaps.read_exceptions(EXCEPTIONS.read_text())
        passed, engines = measure(build)
    except ValueError as error:
        print(f"coverage: {error}", file=sys.stderr)
        return 2

    together = engines[coverage_report.TOGETHER]
    sources = {header.name: header.read_text() for header in (ROOT / "impl").glob("*.h")}
    for header, source in sources.items():
        together[header].drop_what_is_no_code(source)
        together[header].add_uninstantiated(source)
    table = coverage_report.Table(engines)
    gaps = coverage_gaps.find_gaps(together, sources)
    report = coverage_report.render(table, gaps, exceptions)
    (OUTPUT / "table.md").write_text(report + "\n")
    as_json = coverage_report.as_json(table, gaps, exceptions)
    (OUTPUT / "table.json").write_text(json.dumps(as_json, indent=2) + "\n")
    coverage_html.write(OUTPUT / "html", table, engines, sources, gaps, exceptions)
    print(report)
    print(f"\nLine by line: {OUTPUT.relative_to(ROOT)}/html/index.html")

    messages = shortcomings(
        table.total(coverage_report.TOGETHER), *coverage_gaps.compare(gaps, exceptions)
    )
    if not passed:
        messages.append("a test failed")
    for message in messages:
        print(f"coverage: {message}", file=sys.stderr)
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
