"""What a run says of each entry of evidence.

An entry has passed only if all of it ran and passed. What was not run is said to be so; what should
have been in the results and is not there is missing, which is as bad as a failure.
"""

import dataclasses
import enum

from proofs.coq import refine
from proofs.evidence import refinement_runs, results, rules


class Status(enum.Enum):
    """From good to bad; of several parts, the worst counts."""

    ARGUED = "argued"  # a text for a reader, which no run can confirm
    RECORDED = "recorded"  # of an earlier run, whose figures are in the tree
    PASSED = "passed"
    NOT_RUN = "not run"
    MISSING = "missing"
    FAILED = "failed"

    @property
    def is_bad(self):
        return self in (Status.MISSING, Status.FAILED)


def worst(statuses):
    order = list(Status)
    return max(statuses, key=order.index)


@dataclasses.dataclass(frozen=True)
class Part:
    """One theorem, scenario, case, corpus or mutant of an entry."""

    name: str
    status: Status
    figure: str


@dataclasses.dataclass(frozen=True)
class Outcome:
    """An entry of evidence in this run."""

    evidence: object
    engine: str
    parts: tuple
    figure: str
    command: str

    @property
    def status(self):
        return worst([part.status for part in self.parts])


ENGINES = {
    "coq": "Coq proof",
    "refinement": "Refinement",
    "checker": "Model checker",
    "tests": "Tests",
    "properties": "Property tests",
    "threads": "Sanitizers",
    "fuzz": "Fuzzing",
    "mutants": "Mutants",
    "planted": "Planted bugs",
    "review": "Review",
}
DEFAULT_BUILD = "g++"


def count(number, noun):
    """"1 case", "2 cases"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


class Judge:
    """Judges entries of evidence by one run."""

    def __init__(self, tree, run):
        self._tree = tree
        self._run = run
        self._judges = {
            "theorem": self._theorem,
            "refinement": self._refinement,
            "scenario": self._scenario,
            "test": self._test,
            "fuzz": self._fuzz,
            "mutant": self._mutant,
            "planted": self._planted,
            "review": self._review,
        }

    def judge(self, evidence):
        """The Outcome of one entry."""
        absent = rules.missing(evidence, self._tree)
        if absent:
            parts = tuple(Part(problem, Status.MISSING, "not in the tree") for problem in absent)
            return Outcome(evidence, self.engine(evidence), parts, "not in the tree", "")
        return self._judges[evidence.kind](evidence)

    @staticmethod
    def engine(evidence):
        """The column of the matrix that an entry belongs to."""
        if evidence.kind == "test":
            if evidence.get("build", DEFAULT_BUILD) != DEFAULT_BUILD:
                return "threads"
            return "properties" if evidence["target"].startswith("//tests/properties") else "tests"
        return {"theorem": "coq", "refinement": "refinement", "scenario": "checker", "fuzz": "fuzz",
                "mutant": "mutants", "planted": "planted", "review": "review"}[evidence.kind]

    def _theorem(self, evidence):
        name = evidence["name"]
        if self._run.theorems is None:
            part = Part(name, Status.NOT_RUN, "")
        elif name not in self._run.theorems:
            part = Part(name, Status.MISSING, "its assumptions were not printed")
        else:
            assumed = self._run.theorems[name]
            good = assumed == results.CLOSED
            part = Part(name, Status.PASSED if good else Status.FAILED, assumed)
        return Outcome(evidence, "coq", (part,), part.figure, "proofs/coq/check")

    def _refinement_part(self, name):
        if self._run.refinements is None:
            return Part(name, Status.NOT_RUN, "")
        done = self._run.refinements.get(name)
        if done is None:
            return Part(name, Status.MISSING, "not among the results")
        if done.exit_code == refine.HOLDS:
            figure = f"{sections(done.executions, done.steps)}, all accepted"
            return Part(name, Status.PASSED, figure)
        return Part(name, Status.FAILED, refinement_verdict(done))

    def _refinement(self, evidence):
        parts = tuple(self._refinement_part(name) for name in evidence["runs"])
        passed = [self._run.refinements[p.name] for p in parts if p.status is Status.PASSED]
        executions = sum(done.executions for done in passed)
        steps = sum(done.steps for done in passed)
        figure = ""
        if passed:
            figure = f"{sections(executions, steps)} in {count(len(passed), 'run')}, all accepted"
        command = " && ".join(refinement_runs.command(name) for name in evidence["runs"])
        return Outcome(evidence, "refinement", parts, figure, command)

    def _scenario_part(self, name):
        if self._tree.scenarios[name] not in self._run.suites:
            return Part(name, Status.NOT_RUN, "")
        record = self._run.scenarios.get(name)
        if record is None:
            return Part(name, Status.MISSING, "not among the results")
        figure = f"{record['executions']:,} executions, {coverage(record)}"
        if record["verdict"] == "holds":
            return Part(name, Status.PASSED, figure)
        words = " ".join(filter(None, [record["verdict"], record["property"]]))
        return Part(name, Status.FAILED, f"{words}; {figure}")

    def _scenario(self, evidence):
        parts = tuple(self._scenario_part(name) for name in self._tree.scenarios_of(evidence))
        ran = [self._run.scenarios[p.name] for p in parts if p.status is Status.PASSED]
        bounded = sum(not record["exhaustive"] for record in ran)
        figure = f"{sum(record['executions'] for record in ran):,} executions of " + count(
            len(ran), "scenario"
        )
        figure += ", all exhaustive" if not bounded else f", {bounded} of them bounded"
        if "suite" in evidence.fields:
            options = f"--suite {evidence['suite']}"
        else:
            options = " ".join(f"--scenario {name}" for name in evidence["names"])
        return Outcome(evidence, "checker", parts, figure if ran else "", f"./verify check {options}")

    def _case_part(self, label, test, case):
        states = test.find(case)
        if not states and self._tree.target(label).rule == "sh_test":
            # Python's tests report as a whole; they run every case that they declare.
            states = ["passed" if test.passed else "failed"]
        if not states:
            return Part(case, Status.MISSING, "not among the results")
        if set(states) == {"passed"}:
            return Part(case, Status.PASSED, count(len(states), "time") if len(states) > 1 else "")
        state = "failed" if "failed" in states else "skipped"
        return Part(case, Status.FAILED, state)

    def _test_parts(self, evidence):
        """The parts of a target, and in how many cases it passed."""
        label = evidence["target"]
        build = evidence.get("build", DEFAULT_BUILD)
        tests = self._run.builds.get(build)
        if tests is None:
            return (Part(label, Status.NOT_RUN, ""),), 0
        test = tests.get(label)
        if test is None:
            deep = "deep" in self._tree.target(label).tags
            without_coq = label.startswith("//proofs/coq:") and self._run.theorems is None
            if deep or without_coq:
                return (Part(label, Status.NOT_RUN, ""),), 0
            return (Part(label, Status.MISSING, "not among the results"),), 0
        passed = sum(state == "passed" for state in test.cases.values())
        if not test.passed:
            return (Part(label, Status.FAILED, test.status.lower().replace("_", " ")),), passed
        cases = evidence.get("cases", ())
        if not cases:
            return (Part(label, Status.PASSED, count(passed, "case")),), passed
        parts = tuple(self._case_part(label, test, case) for case in cases)
        # A case counts once for each of its types and parameters.
        good = [part.name for part in parts if part.status is Status.PASSED]
        return parts, sum(max(1, len(test.find(case))) for case in good)

    def _inputs(self, evidence):
        tests = self._run.builds.get(evidence.get("build", DEFAULT_BUILD), {})
        return tests[evidence["target"]].inputs if evidence["target"] in tests else 0

    def _command(self, evidence):
        build = evidence.get("build", DEFAULT_BUILD)
        config = f" --config={build}" if build != DEFAULT_BUILD else ""
        cases = evidence.get("cases", ())
        test_filter = ""
        if cases and self._tree.target(evidence["target"]).rule == "cc_test":
            test_filter = " --test_filter=" + ":".join(f"*{case}*" for case in cases)
        return f"bazel test{config} {evidence['target']}{test_filter}"

    def _test(self, evidence):
        parts, passed = self._test_parts(evidence)
        inputs = self._inputs(evidence)
        figure = f"{count(passed, 'case')} passed" if passed else ""
        if passed and inputs:
            figure = f"{count(inputs, 'random case')} passed"
        return Outcome(evidence, self.engine(evidence), parts, figure, self._command(evidence))

    def _fuzz(self, evidence):
        parts, _ = self._test_parts(evidence)
        corpus = len(self._tree.corpus(evidence["corpus"]))
        inputs = self._inputs(evidence)
        if parts[0].status is Status.PASSED and inputs != corpus:
            # A replay that finds no files passes as well.
            figure = f"{inputs} of {count(corpus, 'input')} replayed"
            parts = (Part(evidence["target"], Status.FAILED, figure),)
        figure = f"{count(inputs, 'input')} replayed" if inputs else ""
        return Outcome(evidence, "fuzz", parts, figure, f"bazel test {evidence['target']}")

    def _mutant(self, evidence):
        parts = []
        for name, test in evidence.mutant_tests().items():
            found, _ = self._test_parts(test)
            bad = [part for part in found if part.status is not Status.PASSED]
            figure = ", ".join(f"{part.name} {part.figure}".strip() for part in bad) or "killed"
            parts.append(Part(name, worst([part.status for part in found]), figure))
        killed = sum(part.status is Status.PASSED for part in parts)
        figure = f"{count(killed, 'mutant')} killed" if killed else ""
        command = " ".join(
            dict.fromkeys(self._command(test) for test in evidence.mutant_tests().values())
        ).replace(" bazel test", "")
        return Outcome(evidence, "mutants", tuple(parts), figure, command)

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

    def _planted(self, evidence):
        parts = tuple(self._planted_part(name) for name in evidence["names"])
        found = sum(part.status is Status.RECORDED for part in parts)
        figure = ""
        if found:
            figure = f"{count(found, 'bug')} found in the run of {self._run.engine_table.source}"
        command = "bazel run //tests/mutants:engine_table -- --bugs " + ",".join(evidence["names"])
        return Outcome(evidence, "planted", parts, figure, command)

    def _review(self, evidence):
        where = f"{evidence['file']}, {evidence['heading']}"
        part = Part(where, Status.ARGUED, "for a reader to judge")
        return Outcome(evidence, "review", (part,), part.figure, f"read {where}")


def sections(executions, steps):
    """"2 executions, 12 critical sections"."""
    return f"{count(executions, 'execution')}, {count(steps, 'critical section')}"


def refinement_verdict(done):
    """What came of one exploration that the step checker judged."""
    if done.exit_code == refine.HOLDS:
        return "accepted"
    if done.exit_code == refine.INCONCLUSIVE:
        return "accepted, but the model checker reached a limit"
    if done.trace_code == refine.HOLDS and not done.is_complete:
        return f"incomplete, {done.executions:,} of {count(done.explored, 'execution')} judged"
    said = done.complaint.splitlines()
    return "not accepted" + (f": {said[0]}" if said else "")


def coverage(record):
    """"exhaustive", or what bounded the search."""
    if record["exhaustive"]:
        return "exhaustive"
    return f"bounded ({record.get('limit') or 'stopped'})"


@dataclasses.dataclass(frozen=True)
class PropertyOutcome:
    """A property and all of its evidence in this run."""

    property: object
    outcomes: tuple

    @property
    def status(self):
        """PASSED if something ran and passed and nothing is bad."""
        statuses = [outcome.status for outcome in self.outcomes]
        if any(status.is_bad for status in statuses):
            return worst(statuses)
        return Status.PASSED if Status.PASSED in statuses else Status.NOT_RUN

    def of_engine(self, engine):
        return [outcome for outcome in self.outcomes if outcome.engine == engine]


def judge_all(catalogue, tree, run):
    """A PropertyOutcome for each property, in order; its evidence in the order of the engines."""
    judge = Judge(tree, run)
    order = list(ENGINES)
    return [
        PropertyOutcome(
            entry,
            tuple(sorted(map(judge.judge, entry.evidence), key=lambda found: order.index(found.engine))),
        )
        for entry in catalogue.properties
    ]
