"""What a run says of each entry of evidence.

An entry has passed only if all of it ran and passed. What was not run is reported as such; what should be in the
results and is not there is missing, which is as bad as a failure.
"""

import dataclasses
import enum

from proofs.coq import refine
from proofs.evidence.catalogue import refinement_runs, rules
from proofs.evidence.catalogue.properties import SANITIZERS
from proofs.evidence.report import mutant_counts
from proofs.evidence.report.words import count, listed
from proofs.evidence.run import results


class Status(enum.IntEnum):
    """From good to bad; of several parts, the worst counts."""

    ARGUED = 0  # a text for a reader, which no run can confirm
    RECORDED = 1  # of an earlier run, whose figures are in the tree
    PASSED = 2
    NOT_RUN = 3
    MISSING = 4
    FAILED = 5

    @property
    def label(self):
        return self.name.lower().replace("_", " ")

    @property
    def is_bad(self):
        return self >= Status.MISSING


@dataclasses.dataclass(frozen=True)
class Part:
    """One theorem, scenario, case, corpus or mutant of an entry."""

    name: str
    status: Status
    figure: str = ""
    passed: int = 0  # how many cases or inputs of it passed


@dataclasses.dataclass(frozen=True)
class Outcome:
    """An entry of evidence in this run."""

    evidence: object
    parts: tuple
    figure: str
    command: str  # which repeats it

    @property
    def status(self):
        return max(part.status for part in self.parts)

    @property
    def engine(self):
        """The key of ENGINES, which is part of anchors in the page and never changes."""
        kind = self.evidence.kind
        if kind == "test" and self.evidence.get("build") in SANITIZERS:
            return "threads"
        if kind == "test" and self.evidence["target"].startswith("//tests/properties"):
            return "properties"
        return {"theorem": "coq", "scenario": "checker", "test": "tests", "mutant": "mutants"}.get(kind, kind)


# The columns of the report: the name of an engine, and what a pass of it says.
ENGINES = {
    "coq": ("Coq proof", "any threads, any capacity; of the transition system"),
    "refinement": ("Refinement", "explored executions of the shipped code are runs of the proved system"),
    "checker": ("Model checker", "small programs, every order; of the shipped code"),
    "tests": ("Tests", "the cases written down"),
    "properties": ("Property tests", "random programs, shrunk"),
    "threads": ("Sanitizers", "real threads under sanitizers"),
    "fuzz": ("Fuzzing", "the inputs found so far"),
    "mutants": ("Mutants", "deliberate errors that are noticed"),
    "planted": ("Planted bugs", "errors that engines found in an earlier run"),
    "mutation": ("Mutation analysis", "changes of the code that engines noticed in an earlier run"),
    "review": ("Review", "an argument to read"),
}


def sections(executions, steps):
    """"2 executions, 12 critical sections"."""
    return f"{count(executions, 'execution')}, {count(steps, 'critical section')}"


def refinement_verdict(done):
    """What one exploration came to that the step checker judged."""
    if done.exit_code == refine.HOLDS:
        return "accepted"
    if done.exit_code == refine.INCONCLUSIVE:
        return "accepted, but the model checker reached a limit"
    if done.trace_code == refine.HOLDS and not done.is_complete:
        return f"incomplete, {done.executions:,} of {count(done.explored, 'execution')} judged"
    complaint = done.complaint.splitlines()
    return "not accepted" + (f": {complaint[0]}" if complaint else "")


def scenario_verdict(record):
    """Such as "violated S1"."""
    return " ".join(filter(None, [record["verdict"], record["property"]]))


def coverage(record):
    """"exhaustive", or what bounded the search."""
    return "exhaustive" if record["exhaustive"] else f"bounded ({record.get('limit') or 'stopped'})"


def _find(found, name, judge, absent="not among the results"):
    """The Part of a name: not run without results, missing if they lack it, else what `judge` makes of its result."""
    if found is None:
        return Part(name, Status.NOT_RUN)
    if name not in found:
        return Part(name, Status.MISSING, absent)
    good, *figures = judge(found[name])
    return Part(name, Status.PASSED if good else Status.FAILED, *figures)


def _refinement_result(done):
    if done.exit_code == refine.HOLDS:
        return True, f"{sections(done.executions, done.steps)}, all accepted"
    return False, refinement_verdict(done)


def _scenario_result(record):
    figure = f"{record['executions']:,} executions, {coverage(record)}"
    holds = record["verdict"] == "holds"
    return holds, figure if holds else f"{scenario_verdict(record)}; {figure}"


def _target_result(test):
    passed = list(test.cases.values()).count("passed")
    figure = count(passed, "case") if test.passed else test.status.lower().replace("_", " ")
    return test.passed, figure, passed


def _is_python(case):
    return ".test_" in case


def _case_part(test, case):
    """The Part of a case, which ended once for each of its types and parameters."""
    # Python's tests report as a whole; they run every case that they declare.
    states = test.find(case) or (["passed"] if _is_python(case) else [])
    if not states:
        return Part(case, Status.MISSING, "not among the results")
    if set(states) == {"passed"}:
        return Part(case, Status.PASSED, count(len(states), "time") if len(states) > 1 else "", len(states))
    return Part(case, Status.FAILED, "failed" if "failed" in states else "skipped")


def _test_command(evidence, targets):
    config = f" --config={evidence['build']}" if "build" in evidence.fields else ""
    cases = [f"*{case}*" for case in evidence.get("cases", ()) if not _is_python(case)]
    only = " --test_filter=" + ":".join(cases) if cases else ""
    return f"bazel test{config} {' '.join(dict.fromkeys(targets))}{only}"


def _mutation_parts(place, counts):
    """A Part of a function, and one of each of its mutants that was not killed and has no argument."""
    yield Part(str(place), Status.RECORDED if counts.were_tried else Status.NOT_RUN, counts.words())
    for each in counts.survivors:
        yield Part(each.name, Status.RECORDED, f"{each.verdict}: {each.operator} in {each.function}")


def _mutation_figure(mutation, names, found):
    """What became of all mutants of the functions, and when; empty where none was tried."""
    counts = mutant_counts.MutantCounts(entry for each in found for entry in each.entries)
    if not counts.were_tried:
        return ""
    by = f" by {count(len(counts.killers), 'engine')}" if counts.killers else ""
    headers = "" if mutation.is_of_these_headers else " of earlier headers"
    run = f"in the run of {mutation.record.date}{headers} with {count(len(mutation.record.engines), 'engine')}"
    return f"{counts.words(f' of {names}', by)}, {run}"


class Judge:
    """Judges entries of evidence by one run."""

    def __init__(self, tree, run):
        self._tree = tree
        self._run = run

    def judge(self, evidence):
        """The Outcome of one entry."""
        absent = rules.missing(evidence, self._tree)
        if absent:
            parts = tuple(Part(problem, Status.MISSING, "not in the tree") for problem in absent)
            return Outcome(evidence, parts, "not in the tree", "")
        return Outcome(evidence, *getattr(self, f"_judge_{evidence.kind}")(evidence))

    # Each of the following returns parts, figure and command of an entry of one kind.

    def _judge_theorem(self, evidence):
        absent = "its assumptions were not printed"
        part = _find(self._run.theorems, evidence["name"], lambda said: (said == results.CLOSED, said), absent)
        return (part,), part.figure, "proofs/coq/check"

    def _judge_refinement(self, evidence):
        found = self._run.refinements
        parts = tuple(_find(found, name, _refinement_result) for name in evidence["runs"])
        passed = [found[part.name] for part in parts if part.status is Status.PASSED]
        figure = ""
        if passed:
            total = sections(sum(d.executions for d in passed), sum(d.steps for d in passed))
            figure = f"{total} in {count(len(passed), 'run')}, all accepted"
        return parts, figure, " && ".join(map(refinement_runs.command, evidence["runs"]))

    def _judge_scenario(self, evidence):
        run, tree = self._run, self._tree
        parts = tuple(
            _find(run.scenarios if tree.scenarios[name] in run.suites else None, name, _scenario_result)
            for name in tree.scenarios_of(evidence)
        )
        passed = [run.scenarios[part.name] for part in parts if part.status is Status.PASSED]
        figure = ""
        if passed:
            executions = sum(record["executions"] for record in passed)
            bounded = sum(not record["exhaustive"] for record in passed)
            figure = f"{executions:,} executions of {count(len(passed), 'scenario')}, " + (
                f"{bounded} of them bounded" if bounded else "all exhaustive"
            )
        options = [f"--scenario {name}" for name in evidence.get("names", ())]
        options = options or [f"--suite {evidence['suite']}"]
        return parts, figure, f"./verify check {' '.join(options)}"

    def _test_parts(self, evidence):
        """The parts of a test, whose target passed if there are several, and the inputs that it ran on."""
        label = evidence["target"]
        tests = self._run.builds.get(evidence.get("build"))
        without_coq = label.startswith("//proofs/coq:") and self._run.theorems is None
        if tests is not None and label not in tests and without_coq:
            tests = None
        part = _find(tests, label, _target_result)
        inputs = tests[label].inputs if tests and label in tests else 0
        if part.status is not Status.PASSED or "cases" not in evidence.fields:
            return (part,), inputs
        return tuple(_case_part(tests[label], case) for case in evidence["cases"]), inputs

    def _judge_test(self, evidence):
        parts, inputs = self._test_parts(evidence)
        passed = sum(part.passed for part in parts)
        amount = count(inputs, "random case") if inputs else count(passed, "case")
        return parts, f"{amount} passed" if passed else "", _test_command(evidence, [evidence["target"]])

    def _judge_fuzz(self, evidence):
        parts, inputs = self._test_parts(evidence)
        corpus = len(self._tree.corpus(evidence["target"]))
        if parts[0].status is Status.PASSED and inputs != corpus:
            # A replay that finds no files passes as well.
            figure = f"{inputs} of {count(corpus, 'input')} replayed"
            parts = (Part(evidence["target"], Status.FAILED, figure),)
        figure = f"{count(inputs, 'input')} replayed" if inputs else ""
        return parts, figure, _test_command(evidence, [evidence["target"]])

    def _judge_mutant(self, evidence):
        tests, parts = evidence.mutant_tests(), []
        for name, test in tests.items():
            found, _ = self._test_parts(test)
            bad = [part for part in found if part.status is not Status.PASSED]
            figure = ", ".join(f"{part.name} {part.figure}".strip() for part in bad) or "killed"
            parts.append(Part(name, max(part.status for part in found), figure))
        killed = sum(part.status is Status.PASSED for part in parts)
        figure = f"{count(killed, 'mutant')} killed" if killed else ""
        return tuple(parts), figure, _test_command(evidence, [t["target"] for t in tests.values()])

    def _planted_part(self, name):
        table = self._run.engine_table
        tried = table.found.get(name) if table else None
        if not tried:
            return Part(name, Status.NOT_RUN, "and no earlier run of the engines is recorded")
        found = {engine: how for engine, how in tried.items() if how is not None}
        figure = f"found by {len(found)} of {len(tried)} engines"
        if not found:
            return Part(name, Status.FAILED, figure)
        engine, (found_as, seconds) = min(found.items(), key=lambda item: item[1][1])
        figure += f", soonest by {engine}: {found_as} in {seconds:.1f} s"
        return Part(name, Status.RECORDED, figure)

    def _judge_planted(self, evidence):
        parts = tuple(map(self._planted_part, evidence["names"]))
        found = sum(part.status is Status.RECORDED for part in parts)
        figure = ""
        if found:
            figure = f"{count(found, 'bug')} found in the run of {self._run.engine_table.source}"
        bugs = ",".join(evidence["names"])
        return parts, figure, f"bazel run //tests/mutants:engine_table -- --bugs {bugs}"

    def _judge_mutation(self, evidence):
        places, mutation = evidence["functions"], self._run.mutation
        found = {place: mutant_counts.of_function(mutation.record, place) for place in places} if mutation else {}
        # A function may have no mutant that could be tried, such as one that only calls another.
        found = {place: counts for place, counts in found.items() if counts.entries}
        parts = [part for place, counts in found.items() for part in _mutation_parts(place, counts)]
        names = listed(list(dict.fromkeys(place.function for place in found or places)))
        if not parts:
            parts = [Part(f"mutants of {names}", Status.NOT_RUN, "and no earlier run with any is recorded")]
        figure = _mutation_figure(mutation, names, found.values()) if found else ""
        files = dict.fromkeys(place.file.rpartition("/")[2] for place in places)
        return tuple(parts), figure, "./verify mutants" + "".join(f" --file {name}" for name in files)

    def _judge_review(self, evidence):
        where = f"{evidence['file']}, {evidence['heading']}"
        part = Part(where, Status.ARGUED, "for a reader to judge")
        return (part,), part.figure, f"read {where}"


@dataclasses.dataclass(frozen=True)
class PropertyOutcome:
    """A property and all of its evidence in this run."""

    property: object
    outcomes: tuple

    @property
    def status(self):
        """PASSED if something ran and passed and nothing is bad."""
        statuses = [outcome.status for outcome in self.outcomes]
        if max(statuses).is_bad:
            return max(statuses)
        return Status.PASSED if Status.PASSED in statuses else Status.NOT_RUN

    def of_engine(self, engine):
        return [outcome for outcome in self.outcomes if outcome.engine == engine]


def judge_all(catalogue, tree, run):
    """A PropertyOutcome for each property, in order; its evidence in the order of the engines."""
    judge, order = Judge(tree, run), list(ENGINES)
    return [
        PropertyOutcome(
            entry,
            tuple(sorted(map(judge.judge, entry.evidence), key=lambda found: order.index(found.engine))),
        )
        for entry in catalogue.properties
    ]


def exit_code(properties):
    """0 every property has evidence that passed; 1 some is bad; 3 some property has none."""
    statuses = [entry.status for entry in properties]
    if max(statuses).is_bad:
        return 1
    return 3 if Status.NOT_RUN in statuses else 0


def summarize(properties):
    """The verdict in a sentence or two."""
    entries = [outcome.status for entry in properties for outcome in entry.outcomes]
    good = sum(entry.status is Status.PASSED for entry in properties)
    text = f"{good} of {len(properties)} properties have evidence that passed in this run."
    exceptions = [
        f"{entries.count(status)} {words}"
        for status, words in {
            Status.FAILED: "did not pass",
            Status.MISSING: "missing from the results",
            Status.NOT_RUN: "not run, which does not count",
            Status.RECORDED: "of an earlier run, which does not count",
        }.items()
        if status in entries
    ]
    return text + (f" Of {len(entries)} entries of evidence: {'; '.join(exceptions)}." if exceptions else "")
