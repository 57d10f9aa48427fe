#!/usr/bin/env python3
"""Which engine finds which planted bug, in what time, after how many inputs.

    bazel run //tests/testdata:engine_table -- [--bugs A,B] [--engines E,F] [--limit SECONDS] [--json FILE]

An engine is a Bazel target linked with the planted bug, and a command line. It found the bug if it
exits with anything but 0 (or 3, inconclusive) within the limit, by a verdict or by a crash, or if it stands still: no
engine runs past the limit on the shipped slab, so one that does not return has met an endless loop.
An engine that was not built, or that the limit cut while it was still trying, found nothing.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time


@dataclasses.dataclass(frozen=True)
class Engine:
    """How to build and run an engine on a bug. `{bug}`, `{limit}` and `{scratch}`, a directory that
    goes afterwards, are filled in.

    `inputs` finds the number of inputs tried in the output; see `inputs_in`. `ends_alone`
    says that the engine keeps the limit by itself, so that running past it means standing still.
    """

    name: str
    target: str
    build: tuple[str, ...]
    run: tuple[str, ...]
    inputs: str
    ends_alone: bool


_INCONCLUSIVE = 3
_PROPERTIES = ("--no-save", "--no-shrink", "--seed", "1")
_FUZZER = ("-max_total_time={limit}", "-seed=1", "-print_final_stats=1", "-artifact_prefix={scratch}/")
_CHECK_INPUTS = r" dpor +([\d,]+) "
_FUZZ_INPUTS = r"(?:^#|stat::number_of_executed_units: )(\d+)"

ENGINES = [
    Engine("rapidcheck sequential", "//tests/testdata:{bug}_sequential", (),
           (*_PROPERTIES, "--scale", "4"), r"^inputs (\d+)", True),
    Engine("rapidcheck concurrent", "//tests/testdata:{bug}_concurrent", (),
           (*_PROPERTIES, "--scale", "20"), r"^inputs (\d+)", True),
    Engine("rapidcheck and checker", "//tests/testdata:{bug}_checked", (),
           (*_PROPERTIES, "--scale", "4"), r"^inputs (\d+)", True),
    Engine("checker dpor", "//tests/testdata:{bug}_check", (),
           ("--time-limit", "{limit}"), _CHECK_INPUTS, True),
    Engine("alloc_free_fuzzer", "//fuzz:alloc_free_fuzzer",
           ("--config=fuzz", "--//fuzz:slab=//tests/testdata:{bug}"), _FUZZER, _FUZZ_INPUTS, True),
    Engine("schedule_fuzzer", "//fuzz:schedule_fuzzer",
           ("--config=schedule_fuzz", "--//fuzz:slab=//tests/testdata:{bug}"), _FUZZER, _FUZZ_INPUTS, True),
]


@dataclasses.dataclass
class Outcome:
    bug: str
    engine: str
    outcome: str  # "found", "crashed", "stood still", "not found", "not built"
    seconds: float
    inputs: int | None


def planted_bugs(file):
    """(name, what it breaks) of each planted bug; the list is written in a subset of Python."""
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), {}, names)  # our own file
    return [(name, what) for name, _, _, what in names["PLANTED_BUGS"]]


def inputs_in(pattern, output):
    """What a command that reports its progress said last; of several jobs, the sum."""
    found = [int(count.replace(",", "")) for count in re.findall(pattern, output, re.MULTILINE)]
    if not found:
        return None
    return sum(found) if pattern == _CHECK_INPUTS else found[-1]


def outcome_of(returncode, timed_out, ends_alone):
    """What an engine's end means."""
    if timed_out:
        return "stood still" if ends_alone else "not found"
    if returncode in (0, _INCONCLUSIVE):
        return "not found"
    return "crashed" if returncode < 0 or returncode > 128 else "found"


def build(workspace, engine, bug):
    """The path of the binary, or None with a message on stderr."""
    target = engine.target.format(bug=bug)
    flags = [flag.format(bug=bug) for flag in engine.build]
    command = ["bazel", "build", *flags, target]
    built = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        print(f"{target} on {bug} was not built:\n{built.stderr[-2000:]}", file=sys.stderr)
        return None
    info = subprocess.run(
        ["bazel", "info", *flags, "bazel-bin"], cwd=workspace, capture_output=True, text=True, check=True)
    return pathlib.Path(info.stdout.strip()) / target.removeprefix("//").replace(":", "/")


def try_engine(workspace, engine, bug, limit):
    binary = build(workspace, engine, bug)
    if binary is None:
        return Outcome(bug, engine.name, "not built", 0, None)
    with tempfile.TemporaryDirectory() as scratch:
        words = [word.format(bug=bug, limit=limit, scratch=scratch) for word in engine.run]
        return run_engine(engine, bug, [str(binary), *words], limit)


def run_engine(engine, bug, command, limit):
    start = time.monotonic()
    # A little more than the engine's own limit, for the execution that it is in.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as process:
        try:
            output, _ = process.communicate(timeout=limit * 1.5 + 5)
            timed_out = False
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            timed_out = True
    seconds = time.monotonic() - start
    outcome = outcome_of(process.returncode, timed_out, engine.ends_alone)
    return Outcome(bug, engine.name, outcome, round(seconds, 2), inputs_in(engine.inputs, output))


def table(outcomes, bugs, engines):
    """A Markdown table: one row for each bug, one column for each engine."""
    cells = {(outcome.bug, outcome.engine): outcome for outcome in outcomes}
    lines = ["| planted bug | " + " | ".join(engines) + " |", "|---" * (len(engines) + 1) + "|"]
    for bug, what in bugs:
        row = [f"`{bug}`: {what}"]
        for engine in engines:
            outcome = cells[(bug, engine)]
            if outcome.outcome in ("not found", "not built"):
                row.append(outcome.outcome if outcome.outcome == "not built" else "-")
                continue
            text = f"{outcome.seconds:.1f} s"
            if outcome.inputs is not None:
                text += f", {outcome.inputs:,} inputs"
            row.append(text if outcome.outcome == "found" else f"{text} ({outcome.outcome})")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def chosen(names, wish, kind):
    if wish is None:
        return names
    wanted = wish.split(",")
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise SystemExit(f"engine_table: no {kind} named {', '.join(unknown)}; there are: {', '.join(names)}")
    return wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bugs", help="names, separated by commas; default: all")
    parser.add_argument("--engines", help="names, separated by commas; default: all")
    parser.add_argument("--limit", type=int, default=60, help="seconds for each engine on each bug")
    parser.add_argument("--json", type=pathlib.Path, help="also write the outcomes to this file")
    arguments = parser.parse_args()

    here = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    workspace = pathlib.Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    bugs = planted_bugs(workspace / "tests/testdata/planted_bugs.bzl")
    bug_names = chosen([name for name, _ in bugs], arguments.bugs, "planted bug")
    engine_names = chosen([engine.name for engine in ENGINES], arguments.engines, "engine")

    outcomes = []
    for bug in bug_names:
        for engine in ENGINES:
            if engine.name not in engine_names:
                continue
            outcome = try_engine(workspace, engine, bug, arguments.limit)
            outcomes.append(outcome)
            print(f"{outcome.bug}, {outcome.engine}: {outcome.outcome}, {outcome.seconds} s", file=sys.stderr)
    print(table(outcomes, [bug for bug in bugs if bug[0] in bug_names], engine_names))
    if arguments.json:
        (here / arguments.json).write_text(json.dumps([dataclasses.asdict(o) for o in outcomes], indent=1) + "\n")


if __name__ == "__main__":
    main()
