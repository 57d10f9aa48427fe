"""Runs one engine on one mutant, and says what came of it: see engine_table.py."""

import dataclasses
import json
import pathlib
import re
import subprocess
import threading
import time


@dataclasses.dataclass(frozen=True)
class Engine:
    """How to build and run an engine on a bug. `{bug}`, `{limit}`, `{seed}` and `{scratch}`, a directory that goes
    afterwards, are filled in. `kind` says how it reports: "properties", "checker" or "fuzzer".
    """

    name: str
    target: str
    build: tuple[str, ...]
    run: tuple[str, ...]
    kind: str


@dataclasses.dataclass
class Outcome:
    bug: str
    engine: str
    outcome: str  # "found", "not found", "not built"
    found_as: str | None  # a property, or "crash", "hang" or what a sanitizer calls it
    seconds: float
    inputs: int | None  # until the bug was found, or in all
    executions: int | None  # where an input is more than one


@dataclasses.dataclass
class Run:
    """What a process did. Lines are (seconds since its start, text)."""

    lines: list[tuple[float, str]]
    returncode: int
    seconds: float
    timed_out: bool

    def first(self, pattern):
        """(seconds, match) of the first line that has the pattern, or None."""
        for when, text in self.lines:
            if match := re.search(pattern, text):
                return when, match
        return None

    def last_number(self, pattern):
        numbers = [int(match[1]) for _, text in self.lines if (match := re.search(pattern, text))]
        return numbers[-1] if numbers else None


_INCONCLUSIVE = 3
# Reports of the fuzzers; the one that is printed first is what the bug was found as.
_FUZZER_SIGNS = [
    (r"^fuzz: violation of ([^:]+):", None),
    (r"ERROR: AddressSanitizer: ([\w-]+)", None),
    (r"(runtime error): ", "undefined behaviour"),
    (r"ERROR: libFuzzer: (timeout)", "hang"),
    (r"ERROR: libFuzzer: (out-of-memory)", None),
    (r"ERROR: libFuzzer: (.+)", "crash"),
]


def run_command(command, limit):
    """Runs a command for at most `limit` seconds."""
    start = time.monotonic()
    lines = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:  # fmt: skip

        def read():
            for line in process.stdout:
                lines.append((time.monotonic() - start, line.rstrip("\n")))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            returncode = process.wait(timeout=limit)
            timed_out = False
        except subprocess.TimeoutExpired:
            process.kill()
            returncode = process.wait()
            timed_out = True
        reader.join()
    return Run(lines, returncode, time.monotonic() - start, timed_out)


def failed_as(run):
    """What the end of a process shows, if it printed no finding."""
    if run.timed_out:
        return "hang"
    if run.returncode < 0 or run.returncode > 128:
        return "crash"
    return None if run.returncode in (0, _INCONCLUSIVE) else "failure"


def property_inputs(run):
    """Cases that the properties tried up to the first that does not hold."""
    count = 0
    for _, text in run.lines:
        if match := re.search(r"holds, (\d+) cases", text):
            count += int(match[1])
        elif match := re.search(r"Falsifiable after (\d+) test", text):
            return count + int(match[1])
    return count


def judge_properties(run):
    """(found as or None, seconds, inputs) of one round of properties."""
    violated = run.first(r"VIOLATED")
    if violated is None:
        return failed_as(run), run.seconds, property_inputs(run)
    named = run.first(r'"found": "(\w+): ') or run.first(r"^([SLCR]\d+(?:, [SLCR]\d+)*): ")
    return named[1][1] if named else "a property", violated[0], property_inputs(run)


def judge_checker(run, file):
    """(found as or None, seconds, executions) of the checker, from the results that it wrote."""
    results = json.loads(file.read_text()) if file.exists() else []
    seconds = executions = 0
    for result in results:
        seconds += result["seconds"]
        executions += result["executions"]
        if result["verdict"] == "violated":
            return result["property"], seconds, executions
    return failed_as(run), run.seconds, executions if results else None


def judge_fuzzer(run):
    """(found as or None, seconds, inputs, executions) of a fuzzer."""
    inputs = run.last_number(r"stat::number_of_executed_units: (\d+)") or run.last_number(r"^#(\d+)\s")
    executions = run.last_number(r"(?:stat::judged_executions: +|^after )(\d+)")
    signs = [(sign, name) for pattern, name in _FUZZER_SIGNS if (sign := run.first(pattern))]
    if not signs:
        return failed_as(run), run.seconds, inputs, executions
    (when, match), name = min(signs, key=lambda each: each[0][0])
    return name or match[1], when, inputs, executions


def run(engine, bug, binary, limit, scratch):
    """Tries an engine for `limit` seconds, and a little more for what it is at."""

    def command(seed):
        values = {"bug": bug, "limit": limit, "seed": seed, "scratch": scratch}
        return [str(binary), *(word.format(**values) for word in engine.run)]

    def outcome(found_as, seconds, inputs, executions=None):
        verdict = "not found" if found_as is None else "found"
        return Outcome(bug, engine.name, verdict, found_as, round(seconds, 2), inputs, executions)

    # An engine that keeps the limit by itself, and does not return, has met an endless loop.
    patience = 2 * limit + 5
    if engine.kind == "checker":
        results = pathlib.Path(scratch) / "results.json"
        found_as, seconds, executions = judge_checker(run_command(command(1), patience), results)
        return outcome(found_as, seconds, None, executions)
    if engine.kind == "fuzzer":
        return outcome(*judge_fuzzer(run_command(command(1), patience)))

    # One round takes a few seconds on the shipped slab.
    seconds = inputs = 0
    seed = 1
    while seconds < limit:
        found_as, took, tried = judge_properties(run_command(command(seed), patience))
        seconds += took
        inputs += tried
        if found_as is not None:
            return outcome(found_as, seconds, inputs)
        seed += 1
    return outcome(None, seconds, inputs)
