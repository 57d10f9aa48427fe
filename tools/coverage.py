#!/usr/bin/env python3
"""Measures which lines and branches of impl/ the tests execute, and prints a table.

    coverage.py [--bazel PATH]

Every test that does not explore for long runs under clang's source-based coverage. A line or branch
counts as covered if any instantiation of the template that holds it was executed, in any test. A
template that no test instantiates has no counters at all; its control statements are found in the
source instead and count as lines that were missed. Leaves in coverage/: table.md, html/index.html.
"""

import argparse
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "coverage"
TESTS = "tests(//...) except attr(tags, deep, tests(//...))"
# Headers are compiled where Bazel presents them under their public name.
PUBLIC_HEADER = re.compile(r"/impl/_virtual_includes/\w+/slabproof/(\w+\.h)$")
CONTROL_STATEMENT = re.compile(r"^\s+(?:\} else )?(?:if|for|while|switch|return|throw)\b")


class FileCoverage:
    """The counters of one header, summed over all tests and instantiations."""

    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.Counter()

    def add_uninstantiated(self, source):
        """Adds, as missed, each control statement that no counter covers."""
        for number, text in enumerate(source.splitlines(), start=1):
            if CONTROL_STATEMENT.match(text) and number not in self.lines:
                self.lines[number] = 0

    @staticmethod
    def missed(counters):
        return sorted(key for key, count in counters.items() if count == 0)


def header_of(path):
    """The name of the header of impl/ that the coverage data calls `path`, or None."""
    match = PUBLIC_HEADER.search(path)
    return match.group(1) if match else None


def read_lines(lcov, files):
    """Adds the line counters of an lcov report to `files`, a dict from header name."""
    header = None
    for line in lcov.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            header = header_of(rest)
        elif kind == "DA" and header is not None:
            number, count = rest.split(",")[:2]
            files[header].lines[int(number)] += int(count)


def read_branches(export, files):
    """Adds the branch counters of llvm-cov's JSON to `files`: each branch has two outcomes."""
    for data in export["data"]:
        for entry in data["files"]:
            header = header_of(entry["filename"])
            if header is None:
                continue
            for branch in entry["branches"]:
                place, (taken, not_taken) = tuple(branch[:4]), branch[4:6]
                files[header].branches[(*place, True)] += taken
                files[header].branches[(*place, False)] += not_taken


def percent(counters):
    hit = sum(1 for count in counters.values() if count > 0)
    return f"{100 * hit / len(counters):.1f}%" if counters else "-"


def ranges(numbers):
    """Sorted numbers as text: 3-5, 9."""
    parts = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def render(files):
    """The table, as Markdown."""
    total = FileCoverage()
    rows = [
        "| file | lines | covered | branch outcomes | covered | lines missed |",
        "|---|---:|---:|---:|---:|---|",
    ]

    def row(name, coverage, missed):
        return (
            f"| {name} | {len(coverage.lines)} | {percent(coverage.lines)} "
            f"| {len(coverage.branches)} | {percent(coverage.branches)} | {missed} |"
        )

    for header, coverage in sorted(files.items()):
        missed_lines = FileCoverage.missed(coverage.lines)
        rows.append(row(f"impl/{header}", coverage, ranges(missed_lines)))
        total.lines.update({(header, key): count for key, count in coverage.lines.items()})
        total.branches.update({(header, key): count for key, count in coverage.branches.items()})
    missed_total = len(FileCoverage.missed(total.lines))
    rows.append(row("total", total, f"{missed_total} lines"))
    return "\n".join(rows)


def run(command, **kwargs):
    return subprocess.run(command, check=True, text=True, **kwargs)


def capture(command, **kwargs):
    return run(command, stdout=subprocess.PIPE, **kwargs).stdout


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


def run_tests(bazel, profiles):
    """Runs the tests, which leave their profiles in a directory; returns whether they passed."""
    # %m: one file for each program, %c: written as the counters change, so that dying loses none.
    command = [
        bazel,
        "test",
        "--config=coverage",
        "--symlink_prefix=/",
        "--keep_going",
        "--nocache_test_results",
        "--noshow_progress",
        f"--sandbox_writable_path={profiles}",
        f"--test_env=LLVM_PROFILE_FILE={profiles}/%c%m.profraw",
        "//...",
    ]
    return subprocess.run(command, check=False, cwd=ROOT).returncode == 0


def test_programs(bazel, binaries):
    """Every C++ program that a test is or runs, in the directory `binaries`."""
    query = f'kind("cc_(binary|test) rule", deps({TESTS}))'
    labels = capture([bazel, "query", "--noshow_progress", query], cwd=ROOT).split()
    paths = [pathlib.Path(binaries, label[2:].replace(":", "/")) for label in labels]
    return [str(path) for path in paths if path.exists()]


def measure(bazel):
    """Runs everything; returns (did the tests pass, coverage by header)."""
    profiles = OUTPUT / "profiles"
    shutil.rmtree(OUTPUT, ignore_errors=True)
    profiles.mkdir(parents=True)
    passed = run_tests(bazel, profiles)

    merged = str(OUTPUT / "merged.profdata")
    raw = [str(path) for path in profiles.glob("*.profraw")]
    if not raw:
        sys.exit("coverage: no test ran, so there is nothing to measure")
    run(["llvm-profdata-19", "merge", f"--output={merged}", *raw])
    execution_root = capture([bazel, "info", "execution_root"], cwd=ROOT).strip()
    binaries = capture([bazel, "info", "--config=coverage", "bazel-bin"], cwd=ROOT).strip()
    programs = test_programs(bazel, binaries)
    objects = [programs[0], *(f"--object={program}" for program in programs[1:])]
    # Bazel compiles in the execution root, under this name; llvm-cov runs there too.
    sources = f"/proc/self/cwd/{pathlib.Path(binaries).relative_to(execution_root)}/impl"
    selection = [f"--instr-profile={merged}", *objects, "--sources", sources]

    files = collections.defaultdict(FileCoverage)
    read_lines(llvm_cov(["export", "--format=lcov", *selection], execution_root), files)
    export = llvm_cov(["export", "--skip-functions", *selection], execution_root)
    read_branches(json.loads(export), files)
    html = ["show", "--format=html", f"--output-dir={OUTPUT}/html", *selection]
    llvm_cov(html, execution_root)
    for header in sorted((ROOT / "impl").glob("*.h")):
        files[header.name].add_uninstantiated(header.read_text())
    return passed, files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bazel", default="bazel")
    passed, files = measure(parser.parse_args().bazel)
    table = render(files)
    (OUTPUT / "table.md").write_text(table + "\n")
    print(table)
    print(f"Line by line: {OUTPUT.relative_to(ROOT)}/html/index.html")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
