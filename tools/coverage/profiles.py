"""Runs the engines under clang's source-based coverage, and reads their profiles.

The model checker's profiles are as good as any: its threads are fibers of one thread of the system,
counters are not part of a fiber's stack, and the processes that share its work count into one file
in place. Of an execution that it abandons, the lines up to the next branch count as executed too.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

from tools.coverage import counters, engines

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "coverage"
TESTS = "tests(//...) except attr(tags, deep, tests(//...))"
RELACY = "//third_party:relacy"
CHECK = "//model/command:check"


def directory_of(engine):
    return engine.replace(" ", "_")


def run(command, **kwargs):
    return subprocess.run(command, check=True, text=True, **kwargs)


def capture(command, **kwargs):
    return run(command, stdout=subprocess.PIPE, **kwargs).stdout


def file_of(label):
    """Where Bazel puts what it builds of a label, below its directory of binaries."""
    return label.removeprefix("//").replace(":", "/")


class Build:
    """The tree as Bazel builds it with --config=coverage."""

    def __init__(self, bazel):
        self._bazel = bazel

    def query(self, expression):
        command = [self._bazel, "query", "--noshow_progress", expression]
        return capture(command, cwd=ROOT).split()

    def execution_root(self):
        return pathlib.Path(capture([self._bazel, "info", "execution_root"], cwd=ROOT).strip())

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
        paths = [directory / file_of(label) for label in self.query(query)]
        return [str(path) for path in paths if path.exists()]


def profile_pattern(profiles):
    # %m: one file for each program, %c: written as the counters change, so that dying loses none.
    return f"{profiles}/%c%m.profraw"


def run_default_suite(build, profiles):
    """Runs what `./verify` runs; returns whether it held."""
    print(f"coverage: {engines.CHECKER}, the default suite", flush=True)
    result = subprocess.run(
        [str(build.binaries() / file_of(CHECK))],
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
        if engine == engines.CHECKER:
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
    directories = [build.binaries().relative_to(execution_root) / "impl", pathlib.Path("impl")]
    sources = [f"/proc/self/cwd/{each}" for each in directories if (execution_root / each).is_dir()]
    files = collections.defaultdict(counters.FileCoverage)
    for program in programs:
        selection = [f"--instr-profile={profile}", program, "--sources", *sources]
        lcov = llvm_cov(["export", "--format=lcov", *selection], execution_root)
        counters.read_lines(lcov, files)
        export = llvm_cov(["export", "--skip-functions", *selection], execution_root)
        counters.read_branches(json.loads(export), files)
    return files


def measure(build):
    """Runs everything; returns (did the engines pass, FileCoverage by engine and header)."""
    relacy_tests = set(build.query(f"rdeps({TESTS}, {RELACY})"))
    tests = engines.tests_by_engine(build.query(TESTS), relacy_tests)
    shutil.rmtree(OUTPUT, ignore_errors=True)
    passed, profiles = run_engines(build, tests)
    return passed, {
        engine: read_engine(profiles[engine], build.programs(labels), build)
        for engine, labels in tests.items()
    }
