"""The tables of ./verify coverage, as Markdown and as JSON, and what is wrong with them."""

import dataclasses

from tools.coverage.counters import FileCoverage, covered
from tools.coverage.gaps import compare

TOGETHER = "together"
MIN_LINE_PERCENT = 98
MIN_BRANCH_PERCENT = 95


@dataclasses.dataclass
class Tally:
    """How many lines and outcomes of branches there are, and how many were executed."""

    lines: int = 0
    lines_covered: int = 0
    branches: int = 0
    branches_covered: int = 0

    def __add__(self, other):
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other))
        return Tally(*(a + b for a, b in pairs))

    @property
    def line_percent(self):
        return 100 * self.lines_covered / self.lines if self.lines else 100.0

    @property
    def branch_percent(self):
        return 100 * self.branches_covered / self.branches if self.branches else 100.0


def tally(part, whole):
    """What `part`, the counters of one engine, covers of all that is in `whole`."""
    return Tally(
        len(whole.lines),
        covered(part.lines, whole.lines),
        len(whole.branches),
        covered(part.branches, whole.branches),
    )


class Table:
    """Tallies by engine and header. `engines` maps a title to a dict of FileCoverage by header;
    the one titled TOGETHER says what there is to cover."""

    def __init__(self, engines):
        together = engines[TOGETHER]
        self.headers = sorted(together)
        self.engines = list(engines)
        self._cells = {
            (engine, header): tally(files.get(header, FileCoverage()), together[header])
            for engine, files in engines.items()
            for header in self.headers
        }

    def cell(self, engine, header):
        return self._cells[engine, header]

    def total(self, engine):
        return sum((self.cell(engine, header) for header in self.headers), Tally())


def percent(value):
    # Rounded down: what is not wholly covered never reads 100.0%.
    return f"{int(value * 10) / 10:.1f}%"


def rows_of(table, kind):
    """The rows of a table by header of `kind`, lines or branches, the heading first."""
    heading = {"lines": "lines", "branches": "branch outcomes"}[kind]
    attribute = {"lines": "line_percent", "branches": "branch_percent"}[kind]
    rows = [["header", heading, *table.engines]]

    def row(name, tallies):
        count = getattr(tallies[0], kind)
        shares = [percent(getattr(each, attribute)) if count else "-" for each in tallies]
        return [name, str(count), *shares]

    for header in table.headers:
        cells = [table.cell(engine, header) for engine in table.engines]
        # A header that only declares has nothing to execute.
        if cells[0].lines:
            rows.append(row(header, cells))
    rows.append(row("total", [table.total(engine) for engine in table.engines]))
    return rows


def as_markdown(rows):
    """The rows as a table whose columns line up, so that it reads well as plain text too."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row):
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        return f"| {' | '.join(cells)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(rows[0]), line(rule), *(line(row) for row in rows[1:])])


def gap_lines(gaps, exceptions):
    """What no engine reaches, each with its reason, as a Markdown list."""
    reasons = {gap: list(given) for gap, given in exceptions.items()}
    lines = []
    for gap in gaps:
        left = reasons.get(gap)
        lines.append(f"- {gap}: {left.pop(0) if left else 'NO REASON IS GIVEN'}")
    return lines or ["Nothing: each line and each outcome of a branch is reached."]


def render(table, gaps, exceptions):
    """The whole report as Markdown."""
    return "\n".join(
        [
            as_markdown(rows_of(table, "lines")),
            "",
            as_markdown(rows_of(table, "branches")),
            "",
            "What no engine reaches:",
            "",
            *gap_lines(gaps, exceptions),
        ]
    )


def as_json(table, gaps, exceptions):
    """The report as an object for other programs: counts, not percentages."""
    unlisted = {id(gap) for gap in compare(gaps, exceptions)[0]}

    def counts(tally_of):
        return {engine: dataclasses.asdict(tally_of(engine)) for engine in table.engines}

    return {
        "total": counts(table.total),
        "headers": {
            header: counts(lambda engine, header=header: table.cell(engine, header))
            for header in table.headers
        },
        "unreached": [
            {**dataclasses.asdict(gap), "justified": id(gap) not in unlisted} for gap in gaps
        ],
    }


def shortcomings(total, unlisted, stale):
    """What is wrong with the figures, as messages."""
    messages = []
    if total.line_percent < MIN_LINE_PERCENT:
        messages.append(f"{total.line_percent:.2f}% of the lines, not {MIN_LINE_PERCENT}%")
    if total.branch_percent < MIN_BRANCH_PERCENT:
        messages.append(
            f"{total.branch_percent:.2f}% of the outcomes of branches, not {MIN_BRANCH_PERCENT}%"
        )
    messages += [f"not reached, and no exception says why: {gap}" for gap in unlisted]
    messages += [f"an exception for what is reached or gone: {gap}" for gap in stale]
    return messages
