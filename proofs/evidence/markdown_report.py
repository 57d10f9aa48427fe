"""The evidence report as Markdown."""

from proofs.evidence import judge, refinement_runs, report
from proofs.evidence.catalogue import KIND_NAMES
from proofs.evidence.facts import bibtex


def _cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]


def _matrix(content):
    rows = []
    for entry in content.properties:
        cells = [report.cell(entry.of_engine(engine)) for engine in content.engines]
        rows.append(
            [f"[{entry.property.id}](#{entry.property.id})", entry.property.title]
            + ["" if found is None else found[1] for found in cells]
        )
    head = ["id", "property"] + [judge.ENGINES[engine] for engine in content.engines]
    reach = ["", "what a pass says"] + [report.REACH[engine] for engine in content.engines]
    return _table(head, [reach, *rows])


def _parts(outcome):
    if len(outcome.parts) == 1 and outcome.parts[0].figure == outcome.figure:
        return []
    return [
        f"  - `{part.name}`: {part.status.value}" + (f", {part.figure}" if part.figure else "")
        for part in outcome.parts
    ]


def _outcome(content, outcome):
    evidence = outcome.evidence
    what = evidence.get("name") or evidence.get("target") or ""
    title = f"{KIND_NAMES[evidence.kind]}" + (f" `{what}`" if what else "")
    figure = f": {outcome.figure}" if outcome.figure else ""
    lines = [f"- **{outcome.status.value}** {title}{figure}. {evidence['shows'].capitalize()}."]
    lines += _parts(outcome)
    statement = evidence.kind == "theorem" and content.statements.get(
        (evidence["file"], evidence["name"])
    )
    if statement:
        lines += ["", "  ```coq", *(f"  {line}" for line in statement.splitlines()), "  ```", ""]
    if evidence.kind == "refinement":
        lines.append("  - joins to the code: " + ", ".join(f"`{name}`" for name in evidence["joins"]))
    if outcome.command:
        lines.append(f"  - again: `{outcome.command}`")
    return lines


def _property(content, entry):
    kept = entry.property
    lines = [
        "",
        f'### <a id="{kept.id}"></a>{kept.id} {kept.title}: {entry.status.value}',
        "",
        kept.statement,
        "",
        f"> {kept.symbols}",
        "",
        f"Reach: {kept.reach}",
        "",
        "Kept in: " + "; ".join(f"`{place}`" for place in kept.kept_in) + ".",
        "",
    ]
    for outcome in entry.outcomes:
        lines += _outcome(content, outcome)
    return lines + ["", "```bibtex", bibtex(content.facts, kept), "```"]


def _scenarios(content):
    rows = [
        [
            f"`{record['scenario']}`", f"`{record['program']}`", record["capacity"],
            record["recheck"], f"{record['executions']:,}", judge.coverage(record),
            record["max_over_growth"], record["verdict"],
        ]
        for record in content.scenarios
    ]
    head = ["scenario", "program", "capacity", "recheck", "executions", "coverage",
            "over-growth", "verdict"]
    return _table(head, rows) if rows else ["The model checker was not run."]


def _refinements(content):
    if content.run.refinements is None:
        return ["The step checker of the proofs was not run."]
    rows = [
        [
            name, f"`{refinement_runs.command(name)}`", f"{done.executions:,}", f"{done.steps:,}",
            done.over_growth, judge.refinement_verdict(done),
        ]
        for name, done in content.run.refinements.items()
    ]  # fmt: skip
    return _table(["run", "again", "executions", "critical sections", "over-growth", "verdict"], rows)


def render(content):
    """The whole page."""
    facts = content.facts
    lines = [
        "# slabproof: evidence",
        "",
        f"{facts.date:%Y-%m-%d %H:%M} UTC, {facts.source}.",
        "",
        content.summary,
        "",
        *_matrix(content),
        "",
        report.LEGEND,
        "",
        "## Properties",
        "",
        "Notation: " + "; ".join(f"{k}: {v}" for k, v in content.catalogue.notation.items()) + ".",
    ]
    for entry in content.properties:
        lines += _property(content, entry)
    lines += ["", "## Scenarios of the model checker", "", *_scenarios(content)]
    lines += ["", "## Explored executions judged by the proved step checker", "", *_refinements(content)]
    if content.run.proof_figures:
        lines += ["", "## Check of the proofs", ""]
        lines += [f"- {line}" for line in content.run.proof_figures]
    lines += ["", "## What is taken on trust", ""]
    lines += _table(["what", "taken for granted"], [(f"`{i.name}`", i.text) for i in content.trust])
    lines += ["", "## Tools", "", *_table(["tool", "version"], facts.tools)]
    lines += ["", "## All of it again", "", "`./verify evidence` at this commit makes this page anew."]
    lines += ["", "## How to cite", "", "```bibtex", bibtex(facts), "```", ""]
    return "\n".join(lines)
