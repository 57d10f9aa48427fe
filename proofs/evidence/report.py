"""What the evidence report says, before it has a form: html_report.py and markdown_report.py render it."""

import dataclasses

from proofs.evidence import judge
from proofs.evidence.judge import Status

# What a pass of each engine says, at the head of its column.
REACH = {
    "coq": "any threads, any capacity; of the transition system",
    "refinement": "explored executions of the shipped code are runs of the proved system",
    "checker": "small programs, every order; of the shipped code",
    "tests": "the cases written down",
    "properties": "random programs, shrunk",
    "threads": "real threads under sanitizers",
    "fuzz": "the inputs found so far",
    "mutants": "deliberate errors that are noticed",
    "planted": "errors that engines found in an earlier run",
    "review": "an argument to read",
}


LEGEND = (
    "✓ passed in this run; ○ not run, which counts for nothing; ✗ failed; ? missing from the results; "
    "recorded: of an earlier run, which counts for nothing here. Numbers count entries of evidence."
)


@dataclasses.dataclass(frozen=True)
class Report:
    """One run, judged."""

    facts: object
    catalogue: object
    properties: tuple  # PropertyOutcome
    run: object
    trust: tuple  # trust_base.Item
    statements: dict  # (file, theorem): its statement

    @property
    def engines(self):
        """The columns of the matrix: those that any property has evidence of."""
        used = {outcome.engine for entry in self.properties for outcome in entry.outcomes}
        return [engine for engine in judge.ENGINES if engine in used]

    @property
    def exit_code(self):
        """0 every property has evidence that passed; 1 some is bad; 3 some property has none."""
        statuses = [entry.status for entry in self.properties]
        if any(status.is_bad for status in statuses):
            return 1
        return 3 if Status.NOT_RUN in statuses else 0

    @property
    def summary(self):
        """The verdict in a sentence or two."""
        entries = [outcome for entry in self.properties for outcome in entry.outcomes]
        good = sum(entry.status is Status.PASSED for entry in self.properties)
        text = f"{good} of {len(self.properties)} properties have evidence that passed in this run."
        numbers = [
            (sum(outcome.status is status for outcome in entries), words)
            for status, words in [
                (Status.FAILED, "did not pass"),
                (Status.MISSING, "missing from the results"),
                (Status.NOT_RUN, "not run, which counts for nothing"),
                (Status.RECORDED, "of an earlier run, which counts for nothing either"),
            ]
        ]
        exceptions = [f"{number} {words}" for number, words in numbers if number]
        if exceptions:
            text += f" Of {len(entries)} entries of evidence: {'; '.join(exceptions)}."
        return text

    @property
    def scenarios(self):
        return list(self.run.scenarios.values())


def cell(outcomes):
    """(status, text) of a place in the matrix; None where there is no evidence."""
    if not outcomes:
        return None
    status = judge.worst([outcome.status for outcome in outcomes])
    number = sum(outcome.status is status for outcome in outcomes)
    total = len(outcomes)
    if status is Status.PASSED:
        return status, f"✓ {total}"
    if status in (Status.ARGUED, Status.RECORDED):
        return status, f"{status.value} {total}"
    symbol = {Status.NOT_RUN: "○", Status.MISSING: "?", Status.FAILED: "✗"}[status]
    passed = sum(outcome.status is Status.PASSED for outcome in outcomes)
    text = f"{symbol} {number} {status.value}"
    return status, f"✓ {passed}, {text}" if passed else text


def make(facts, catalogue, tree, run, trust):
    """The Report of a run."""
    properties = tuple(judge.judge_all(catalogue, tree, run))
    statements = {
        (evidence["file"], evidence["name"]): tree.statement(evidence["file"], evidence["name"])
        for entry in catalogue.properties
        for evidence in entry.evidence
        if evidence.kind == "theorem"
    }
    return Report(facts, catalogue, properties, run, tuple(trust), statements)
