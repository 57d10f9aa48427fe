"""The evidence report as one HTML file that fetches nothing."""

import html
import pathlib
import re

from proofs.evidence import judge, refinement_runs, report
from proofs.evidence.catalogue import KIND_NAMES
from proofs.evidence.facts import bibtex
from proofs.evidence.judge import Status

_STYLE = pathlib.Path(__file__).with_name("report.css")


def _escape(text):
    return html.escape(str(text))


def _prose(text):
    """Escaped, with `code` as in Markdown."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _escape(text))


def _badge(status):
    return f'<span class="badge {_class(status)}">{status.value}</span>'


def _class(status):
    return status.value.replace(" ", "-")


def _matrix(content):
    head = "".join(
        f'<th scope="col">{judge.ENGINES[engine]}<small>{report.REACH[engine]}</small></th>'
        for engine in content.engines
    )
    rows = []
    for entry in content.properties:
        identifier = entry.property.id
        cells = []
        for engine in content.engines:
            found = report.cell(entry.of_engine(engine))
            if found is None:
                cells.append('<td class="soft" title="no evidence of this kind">·</td>')
            else:
                cells.append(
                    f'<td class="{_class(found[0])}"><a href="#{identifier}-{engine}">'
                    f"{_escape(found[1]).replace(', ', '<br>')}</a></td>"
                )
        rows.append(
            f'<tr><th scope="row"><a href="#{identifier}">{identifier}</a>'
            f'<span class="title"> {_escape(entry.property.title)}</span></th>{"".join(cells)}</tr>'
        )
    return (
        f'<p class="soft">{_escape(report.LEGEND)}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Properties by engine">'
        '<table class="matrix">'
        f'<thead><tr><th scope="col">Property</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _parts(outcome):
    if len(outcome.parts) < 2 and outcome.status is Status.PASSED:
        return ""
    worst_first = sorted(outcome.parts, key=lambda part: -list(Status).index(part.status))
    items = "".join(
        f"<li><code>{_escape(part.name)}</code>: {part.status.value}"
        + (f", {_escape(part.figure)}" if part.figure else "")
        + "</li>"
        for part in worst_first
    )
    opened = " open" if outcome.status.is_bad else ""
    summary = f"<summary>{len(outcome.parts)} in detail</summary>"
    return f'<details class="parts"{opened}>{summary}<ul>{items}</ul></details>'


def _statement(content, evidence):
    if evidence.kind == "refinement":
        joined = ", ".join(f"<code>{_escape(name)}</code>" for name in evidence["joins"])
        return f"<div>Joins to the code: {joined}</div>"
    if evidence.kind != "theorem":
        return ""
    text = content.statements.get((evidence["file"], evidence["name"]))
    if not text:
        return ""
    return f"<details><summary>statement in Coq</summary><pre>{_escape(text)}</pre></details>"


def _outcome(content, outcome, anchor):
    """A row; `anchor` is its id, or empty."""
    identity = f' id="{anchor}"' if anchor else ""
    evidence = outcome.evidence
    name = evidence.get("name") or evidence.get("target") or ""
    what = KIND_NAMES[evidence.kind] + (f"<br><code>{_escape(name)}</code>" if name else "")
    again = f"<div><code>{_escape(outcome.command)}</code></div>" if outcome.command else ""
    shows = _escape(evidence["shows"])
    return (
        f'<tr{identity}><td data-label="Evidence">{what}</td>'
        f'<td data-label="Shows">{shows}{_statement(content, evidence)}</td>'
        f'<td data-label="In this run">{_escape(outcome.figure)}{_parts(outcome)}{again}</td>'
        f'<td data-label="Status">{_badge(outcome.status)}</td></tr>'
    )


def _property(content, entry):
    kept = entry.property
    places = ", ".join(f"<code>{_escape(place)}</code>" for place in kept.kept_in)
    rows, anchored = "", set()
    for outcome in entry.outcomes:
        # The matrix leads to the first row of each engine.
        anchor = "" if outcome.engine in anchored else f"{kept.id}-{outcome.engine}"
        anchored.add(outcome.engine)
        rows += _outcome(content, outcome, anchor)
    return (
        f'<section class="property" id="{kept.id}" aria-labelledby="{kept.id}-title"><header>'
        f'<h3 id="{kept.id}-title"><a href="#{kept.id}">{kept.id} {_escape(kept.title)}</a></h3>'
        f"{_badge(entry.status)}</header>"
        f'<p class="statement">{_escape(kept.statement)}</p>'
        f'<p class="symbols">{_escape(kept.symbols)}</p>'
        f"<dl><dt>Reach</dt><dd>{_escape(kept.reach)}</dd><dt>Kept in</dt><dd>{places}</dd></dl>"
        '<table class="evidence stack"><thead><tr><th scope="col">Evidence</th>'
        '<th scope="col">Shows</th><th scope="col">In this run, and how to run it again</th>'
        f'<th scope="col">Status</th></tr></thead><tbody>{rows}</tbody></table>'
        "<details><summary>Cite this property (BibTeX)</summary>"
        f"<pre>{_escape(bibtex(content.facts, kept))}</pre></details></section>"
    )


def _rows(labels, rows, numbers=()):
    lines = []
    for row in rows:
        cells = "".join(
            f'<td data-label="{label}"{" class=number" if label in numbers else ""}>{value}</td>'
            for label, value in zip(labels, row)
        )
        lines.append(f"<tr>{cells}</tr>")
    head = "".join(f'<th scope="col">{label}</th>' for label in labels)
    body = "".join(lines)
    return f'<table class="stack"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _scenarios(content):
    if not content.scenarios:
        return "<p>The model checker was not run.</p>"
    labels = ["Scenario", "Program", "Capacity", "Re-check", "Executions", "Redundant", "Coverage",
              "Over-growth", "Seconds", "Verdict"]
    rows = [
        (
            f"<code>{_escape(record['scenario'])}</code>",
            f"<code>{_escape(record['program'])}</code>",
            record["capacity"],
            record["recheck"],
            f"{record['executions']:,}",
            f"{record['redundant']:,}",
            judge.coverage(record),
            record["max_over_growth"],
            f"{record['seconds']:.3f}",
            _escape(" ".join(filter(None, [record["verdict"], record["property"]]))),
        )
        for record in content.scenarios
    ]
    numbers = {"Capacity", "Executions", "Redundant", "Over-growth", "Seconds"}
    return _rows(labels, rows, numbers)


def _refinements(content):
    if content.run.refinements is None:
        return "<p>The step checker of the proofs was not run.</p>"
    labels = ["Run", "Again", "Executions", "Critical sections", "Over-growth", "Verdict"]
    rows = [
        (
            _escape(name),
            f"<code>{_escape(refinement_runs.command(name))}</code>",
            f"{done.executions:,}",
            f"{done.steps:,}",
            done.over_growth,
            _escape(judge.refinement_verdict(done)),
        )
        for name, done in content.run.refinements.items()
    ]
    return _rows(labels, rows, {"Executions", "Critical sections", "Over-growth"})


def _proofs(content):
    if not content.run.proof_figures:
        return ""
    items = "".join(f"<li>{_escape(line)}</li>" for line in content.run.proof_figures)
    return f'<h2 id="proofs">Check of the proofs</h2><ul>{items}</ul>'


def _trust(content):
    rows = [
        (f'<code id="trust-{_escape(i.name)}">{_escape(i.name)}</code>', _prose(i.text))
        for i in content.trust
    ]
    return f'<div class="named">{_rows(["What", "Taken for granted"], rows)}</div>'


def render(content):
    """The whole page."""
    facts = content.facts
    verdict = {0: "passed", 1: "failed", 3: "not-run"}[content.exit_code]
    notation = "".join(
        f"<dt>{_escape(symbol)}</dt><dd>{_escape(meaning)}</dd>"
        for symbol, meaning in content.catalogue.notation.items()
    )
    tools = _rows(["Tool", "Version"], [(_escape(n), _escape(v)) for n, v in facts.tools])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>slabproof: evidence</title>
<style>
{_STYLE.read_text()}</style>
</head>
<body>
<a class="skip" href="#properties">To the properties</a>
<header>
<h1>slabproof: evidence</h1>
<p class="soft">{facts.date:%Y-%m-%d %H:%M} UTC, {_escape(facts.source)}</p>
<p class="verdict {verdict}">{_escape(content.summary)}</p>
</header>
<main>
<h2 id="matrix">Properties and engines</h2>
{_matrix(content)}
<h2 id="properties">Properties</h2>
<details open><summary>Notation</summary><dl>{notation}</dl></details>
{"".join(_property(content, entry) for entry in content.properties)}
<h2 id="scenarios">Scenarios of the model checker</h2>
<div class="scroll named" tabindex="0" role="region" aria-label="Scenarios">{_scenarios(content)}</div>
<h2 id="refinement">Explored executions judged by the proved step checker</h2>
{_refinements(content)}
{_proofs(content)}
<h2 id="trust">What is taken on trust</h2>
{_trust(content)}
<h2 id="tools">Tools</h2>
{tools}
<h2 id="again">All of it again</h2>
<p><code>./verify evidence</code> at this commit makes this page anew.</p>
<h2 id="cite">How to cite</h2>
<p>A single property by the entry that stands with it; the whole report by this one.</p>
<pre>{_escape(bibtex(facts))}</pre>
</main>
</body>
</html>
"""
