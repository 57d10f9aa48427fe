"""What the evidence report says, as plain data that goes through JSON; pages.py gives it a form."""

from proofs.evidence.catalogue import refinement_runs
from proofs.evidence.report import judge
from proofs.evidence.report.judge import ENGINES, Status

_KIND_NAMES = {
    "scenario": "model checking", "fuzz": "fuzzing", "mutant": "mutants", "planted": "planted bugs",
    "mutation": "mutation analysis",
}  # fmt: skip
_LEGEND = (
    "✓ passed in this run; ○ not run, which does not count; ✗ failed; ? missing from the results; "
    "recorded: of an earlier run, which does not count here. Numbers count entries of evidence."
)
_LATEX_SPECIAL = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"})


def bibtex(facts, entry=None):
    """A @software entry that cites one property, or all of them, at one commit."""
    key, title = "slabproof", facts.title
    note = f"Evidence of {facts.date:%Y-%m-%d}, {facts.source}"
    if entry:
        key, title = f"slabproof-{entry.id}", f"slabproof, property {entry.id}: {entry.title}"
        note = f"Property {entry.id}: {entry.title}. {note}"
    fields = {"title": title, "author": facts.authors, "year": f"{facts.date:%Y}",
              "version": facts.version, "note": note}
    fields = {name: value.translate(_LATEX_SPECIAL) for name, value in fields.items()}
    fields["author"] = f"{{{fields['author']}}}"
    lines = [f"  {name:<7} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@software{{{key},", *lines, "}"])


def cell(outcomes):
    """{status, text} of a place in the matrix; None where there is no evidence."""
    if not outcomes:
        return None
    statuses = [outcome.status for outcome in outcomes]
    status = max(statuses)
    number, passed = statuses.count(status), statuses.count(Status.PASSED)
    if status is Status.PASSED:
        text = f"✓ {len(outcomes)}"
    elif status in (Status.ARGUED, Status.RECORDED):
        text = f"{status.label} {len(outcomes)}"
    else:
        symbol = {Status.NOT_RUN: "○", Status.MISSING: "?", Status.FAILED: "✗"}[status]
        text = (f"✓ {passed}, " if passed else "") + f"{symbol} {number} {status.label}"
    return {"status": status.label, "text": text}


def _parts(outcome, name):
    """The parts, the worst first; a single one that passed is left out if the entry names it already."""
    parts = sorted(outcome.parts, key=lambda part: -part.status)
    if len(parts) == 1 and outcome.status is Status.PASSED and parts[0].name in name + outcome.command:
        return []
    return [{"name": p.name, "status": p.status.label, "figure": p.figure} for p in parts]


def _outcome(outcome, tree):
    evidence = outcome.evidence
    name = evidence.get("name") or evidence.get("target") or ""
    return {
        "kind": _KIND_NAMES.get(evidence.kind, evidence.kind),
        "engine": outcome.engine,
        "name": name,
        "shows": evidence["shows"],
        "joins": list(evidence.get("joins", ())),
        "statement": tree.theorems.get(name, "") if evidence.kind == "theorem" else "",
        "status": outcome.status.label,
        "is_bad": outcome.status.is_bad,
        "figure": outcome.figure,
        "parts": _parts(outcome, name),
        "command": outcome.command,
    }


def _property(entry, engines, facts, tree):
    kept = entry.property
    return {
        "id": kept.id,
        "title": kept.title,
        "statement": kept.statement,
        "symbols": kept.symbols,
        "reach": kept.reach,
        "kept_in": [str(place) for place in kept.kept_in],
        "status": entry.status.label,
        "cells": {engine: cell(entry.of_engine(engine)) for engine in engines},
        "evidence": [_outcome(outcome, tree) for outcome in entry.outcomes],
        "bibtex": bibtex(facts, kept),
    }


def _table(columns, rows):
    """`columns` is {label: kind of its cells}, the kind one of code, text, number and prose."""
    return {
        "columns": [{"label": label, "kind": kind} for label, kind in columns.items()],
        "rows": [list(row) for row in rows],
    }


def _scenarios(records):
    columns = {
        "Scenario": "code", "Program": "code", "Capacity": "number", "Re-check": "text",
        "Executions": "number", "Redundant": "number", "Coverage": "text", "Over-growth": "number",
        "Seconds": "number", "Verdict": "text",
    }  # fmt: skip
    return _table(columns, (
        (
            record["scenario"], record["program"], record["capacity"], record["recheck"],
            f"{record['executions']:,}", f"{record['redundant']:,}", judge.coverage(record),
            record["max_over_growth"], f"{record['seconds']:.3f}", judge.scenario_verdict(record),
        )
        for record in records
    ))  # fmt: skip


def _refinements(found):
    columns = {
        "Run": "text", "Command": "code", "Executions": "number", "Critical sections": "number",
        "Over-growth": "number", "Verdict": "text",
    }  # fmt: skip
    return _table(columns, (
        (
            name, refinement_runs.command(name), f"{done.executions:,}", f"{done.steps:,}",
            done.over_growth, judge.refinement_verdict(done),
        )
        for name, done in found.items()
    ))  # fmt: skip


def make(facts, catalogue, tree, run, trust):
    """The report of a run; what was not run is None."""
    properties = judge.judge_all(catalogue, tree, run)
    used = {outcome.engine for entry in properties for outcome in entry.outcomes}
    engines = {engine: words for engine, words in ENGINES.items() if engine in used}
    return {
        "date": f"{facts.date:%Y-%m-%d %H:%M} UTC",
        "source": facts.source,
        "exit_code": judge.exit_code(properties),
        "summary": judge.summarize(properties),
        "legend": _LEGEND,
        "engines": [{"id": e, "name": name, "reach": reach} for e, (name, reach) in engines.items()],
        "notation": catalogue.notation,
        "properties": [_property(entry, engines, facts, tree) for entry in properties],
        "scenarios": _scenarios(run.scenarios.values()) if run.scenarios else None,
        "refinements": None if run.refinements is None else _refinements(run.refinements),
        "proof_figures": run.proof_figures,
        "trust": _table(
            {"What": "code", "Taken for granted": "prose"}, ((item.name, item.text) for item in trust)
        ),
        "tools": _table({"Tool": "text", "Version": "text"}, facts.tools),
        "bibtex": bibtex(facts),
    }
