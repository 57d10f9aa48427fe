"""The results of one run of the engines, read from the files that they leave."""

import dataclasses
import json
import re

from tests.mutants.schemata import record as mutant_record
from tools import summarize_tests

_THEOREM_LINE = re.compile(r"^([\w']+): (.+)$")
# What the replay of a corpus, and each property of a property test, print at their ends.
_INPUTS = re.compile(r"^(\d+) inputs hold$|: holds, (\d+) cases$", re.MULTILINE)
CLOSED = "closed under the global context"


class ResultsError(Exception):
    """A file of results does not have the expected form."""


@dataclasses.dataclass
class TestRun:
    """One test target in one build."""

    passed: bool
    status: str  # Bazel's word
    cases: dict  # (classname, name): "passed", "failed" or "skipped"
    inputs: int = 0  # files of a corpus that it replayed, or cases that it made up at random

    def find(self, case):
        """The states of Suite.Name over all its types and parameters."""
        suite, _, name = case.partition(".")
        return [
            state
            for (classname, full_name), state in self.cases.items()
            if suite in classname.split("/") and full_name.split("/")[0] == name
        ]


@dataclasses.dataclass
class Run:
    """All results. What is None, or not a key, was not run."""

    scenarios: dict = dataclasses.field(default_factory=dict)  # name: record of check --json
    suites: set = dataclasses.field(default_factory=set)
    builds: dict = dataclasses.field(default_factory=dict)  # {None or --config: {label: TestRun}}
    theorems: dict | None = None  # name: CLOSED, or what it assumes
    proof_figures: list = dataclasses.field(default_factory=list)  # sentences
    refinements: dict | None = None  # name of refinement_runs.RUNS: proofs.coq.refine.Refinement
    engine_table: object = None  # EngineTable
    mutation: object = None  # Mutation


@dataclasses.dataclass(frozen=True)
class EngineTable:
    """Which engine found which planted bug: what an earlier run left, since it takes long."""

    source: str  # when and at which commit it was left
    found: dict  # bug: {engine: (what it was found as, seconds) or None}


@dataclasses.dataclass(frozen=True)
class Mutation:
    """What became of thousands of mutants, made by a program, in an earlier run, since it takes hours."""

    record: mutant_record.Record
    is_of_these_headers: bool


_RECORD_FIELDS = {
    "scenario", "program", "capacity", "recheck", "search", "executions", "redundant", "exhaustive",
    "verdict", "property", "max_over_growth", "seconds",
}


def read_check(text):
    """{scenario: record} of a file that `check --json` wrote."""
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise ResultsError(f"the checker's results are not JSON: {error}") from error
    if not isinstance(records, list):
        raise ResultsError("the checker's results are not an array")
    scenarios = {}
    for record in records:
        missing = _RECORD_FIELDS - set(record)
        if missing:
            raise ResultsError(f"a result of the checker lacks {', '.join(sorted(missing))}")
        if record["scenario"]:
            scenarios[record["scenario"]] = record
    return scenarios


def read_engine_table(text, source):
    """The EngineTable of a file that //tests/mutants:engine_table wrote."""
    found = {}
    try:
        document = json.loads(text)
        for outcome in document["outcomes"]:
            seen = outcome["outcome"] == "found"
            found.setdefault(outcome["bug"], {})[outcome["engine"]] = (
                (outcome["found_as"], outcome["seconds"]) if seen else None
            )
        return EngineTable(source, found)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        problem = f"the table of engines and planted bugs cannot be read: {error}"
        raise ResultsError(problem) from error


def read_mutation(text, digest):
    """The Mutation of a file that `./verify mutants --record` wrote; `digest` is that of the present headers."""
    try:
        recorded = mutant_record.parse(text)
    except mutant_record.RecordError as error:
        raise ResultsError(str(error)) from error
    return Mutation(recorded, recorded.digest == digest)


def read_tests(text):
    """{label: TestRun} of a build event file; a target that did not build has failed."""
    events = summarize_tests.read_events(text)
    if not events:
        raise ResultsError("a build event file is empty")
    tests = {}
    for label, shards in summarize_tests.last_attempts(events).items():
        cases, inputs = {}, 0
        for shard in shards.values():
            for case, state in summarize_tests.read_cases(summarize_tests.read_output(shard, "test.xml") or ""):
                # A case of several shards or repetitions has passed only if it passed in each.
                cases[case] = state if cases.get(case, "passed") == "passed" else cases[case]
            log = summarize_tests.read_output(shard, "test.log") or ""
            inputs += sum(int(one or other) for one, other in _INPUTS.findall(log))
        statuses = [shard.get("status", "NO_STATUS") for shard in shards.values()]
        bad = [status for status in statuses if status != "PASSED"]
        tests[label] = TestRun(not bad, bad[0] if bad else "PASSED", cases, inputs)
    for label in summarize_tests.unbuilt_targets(events) - set(tests):
        tests[label] = TestRun(False, "DID NOT BUILD", {})
    return tests


def read_theorems(text):
    """{theorem: CLOSED or its assumptions} of lines such as `S6_growth_exact: closed under ...`."""
    theorems = {}
    for line in text.splitlines():
        match = _THEOREM_LINE.match(line)
        if match:
            theorems[match.group(1)] = match.group(2).strip()
    if not theorems:
        raise ResultsError("the output of the proofs names no theorem")
    return theorems


def read_proof_figures(text):
    """The lines of the check of the proofs that say how much was checked."""
    lines = [line for line in text.splitlines() if not _THEOREM_LINE.match(line)]
    return [line for line in lines if re.search(r"\d", line)]
