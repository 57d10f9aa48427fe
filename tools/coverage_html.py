"""The pages of ./verify coverage: an index with the tables, and each header line by line."""

import html

from tools.coverage_counters import FileCoverage
from tools.coverage_gaps import text_between
from tools.coverage_report import TOGETHER, gap_lines, rows_of

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }}
table {{ border-collapse: collapse; margin: 1.5rem 0; }}
th, td {{ padding: 0.1rem 0.7rem; text-align: right; white-space: nowrap; }}
th {{ border-bottom: 1px solid #888; text-align: right; }}
.left {{ text-align: left; }}
.share td, .share th {{ border-bottom: 1px solid #ddd; }}
.share tr:last-child td {{ font-weight: bold; }}
.source td {{ font: 13px/1.4 ui-monospace, monospace; }}
.source td.left {{ white-space: pre; }}
.missed {{ background: #fbd5d5; }}
.partly {{ background: #fdf0c4; }}
.note {{ color: #8a2a00; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def cell(tag, text, css=""):
    attribute = f' class="{css}"' if css else ""
    return f"<{tag}{attribute}>{text}</{tag}>"


def row(tag, texts):
    first, *rest = texts
    return "<tr>" + cell(tag, first, "left") + "".join(cell(tag, text) for text in rest) + "</tr>"


def share_table(rows, headers):
    """A table by header, in which the name of each header links its page."""
    heading, *body = rows
    lines = [row("th", map(html.escape, heading))]
    for name, *rest in body:
        shown = f'<a href="{name}.html">{name}</a>' if name in headers else html.escape(name)
        lines.append(row("td", [shown, *rest]))
    return '<table class="share">\n' + "\n".join(lines) + "\n</table>"


def index_page(table, gaps, exceptions):
    tables = [share_table(rows_of(table, kind), table.headers) for kind in ("lines", "branches")]
    lines = [line.removeprefix("- ") for line in gap_lines(gaps, exceptions)]
    items = [cell("li", html.escape(line)) for line in lines]
    listed = "<ul>\n" + "\n".join(items) + "\n</ul>"
    body = "\n".join([*tables, "<h2>What no engine reaches</h2>", listed])
    return PAGE.format(title="Coverage of impl/", body=body)


def missed_outcomes(branches, number, source_lines):
    """The conditions that begin on a line and never had one of their values, as text."""
    return [
        f"{text_between(source_lines, place)}: never {str(outcome).lower()}"
        for *place, outcome in FileCoverage.missed(branches)
        if place[0] == number
    ]


def mark(count):
    # No number: programs share functions, and the profiles of an engine are merged before each is
    # read, so that the sum over programs says whether a line was executed and not how often.
    return "yes" if count > 0 else "-"


def header_page(header, source, engines):
    """The source of a header; before each line, which engines executed it."""
    parts = {engine: files.get(header, FileCoverage()) for engine, files in engines.items()}
    together = parts[TOGETHER]
    source_lines = source.splitlines()
    heading = [cell("th", html.escape(engine)) for engine in parts]
    rows = [f"<tr><th></th>{''.join(heading)}{cell('th', 'source', 'left')}</tr>"]
    for number, text in enumerate(source_lines, start=1):
        executable = number in together.lines
        marks = [mark(part.lines[number]) if executable else "" for part in parts.values()]
        notes = missed_outcomes(together.branches, number, source_lines)
        css = "partly" if notes else ""
        if executable and together.lines[number] == 0:
            css, notes = "missed", []
        note = cell("span", html.escape("  " + "; ".join(notes)), "note") if notes else ""
        cells = "".join(cell("td", each) for each in marks)
        shown = cell("td", html.escape(text) + note, "left")
        rows.append(f'<tr id="L{number}" class="{css}">{cell("td", number)}{cells}{shown}</tr>')
    back = '<p><a href="index.html">All headers</a>. Which engine executed each line.</p>'
    body = back + '\n<table class="source">\n' + "\n".join(rows) + "\n</table>"
    return PAGE.format(title=f"impl/{header}", body=body)


def write(directory, table, engines, sources, gaps, exceptions):
    """Writes index.html and a page for each header into a new directory."""
    directory.mkdir(parents=True)
    (directory / "index.html").write_text(index_page(table, gaps, exceptions))
    for header in table.headers:
        (directory / f"{header}.html").write_text(header_page(header, sources[header], engines))
