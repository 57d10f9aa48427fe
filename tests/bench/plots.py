"""The rows of the benchmark as plots. The only module that needs a plotting library."""

import math

import matplotlib

matplotlib.use("Agg")
# The same figures give the same file.
matplotlib.rcParams["svg.hashsalt"] = "slabproof"
from matplotlib import pyplot  # noqa: E402  the backend is chosen before

from tests.bench import tables  # noqa: E402

_COLORS = {"ours": "tab:blue", "peer": "tab:gray", "one thread": "tab:olive", "limit": "tab:green"}
_MARKERS = {"ours": "o", "peer": "s", "one thread": "v", "limit": "^"}


def _spread(figure):
    return figure.median - min(figure.samples), max(figure.samples) - figure.median


def _scale(panel, least, most):
    """From zero, or by powers of ten where the smallest bar would not be seen."""
    if most > 20 * least:
        panel.set_xscale("log")
        panel.set_xlim(left=10 ** math.floor(math.log10(least) - 0.1), right=most * 5)
    else:
        panel.set_xlim(left=0, right=most * 1.25)


def _save(figure, file):
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def bars(heading, rows, contenders, file):
    """A panel for each row with a bar for each contender, and the spread of its runs."""
    columns = min(len(rows), 4)
    lines = -(-len(rows) // columns)
    figure, panels = pyplot.subplots(lines, columns, figsize=(4.5 * columns, 4 * lines), squeeze=False)
    for panel, row in zip(panels.flat, rows):
        known = [c for c in contenders if c.name in row.figures]
        values = [row.figures[c.name] for c in known]
        drawn = panel.barh(
            [c.name for c in known],
            [value.median for value in values],
            xerr=list(zip(*map(_spread, values))),
            color=[_COLORS[c.kind] for c in known],
            capsize=2,
        )
        panel.bar_label(drawn, [tables.number(value.median) for value in values], padding=6, fontsize=6)
        _scale(panel, min(value.median for value in values), max(max(value.samples) for value in values))
        panel.set_title(row.name, fontsize=10)
        panel.set_xlabel(row.unit)
        panel.tick_params(axis="y", labelsize=7)
        panel.invert_yaxis()
    for panel in panels.flat[len(rows) :]:
        panel.remove()
    figure.suptitle(heading)
    _save(figure, file)


def lines(title, xlabel, rows, contenders, file):
    """Rows named PREFIX/NUMBER as lines of cost against that number, one panel for each prefix."""
    prefixes = list(dict.fromkeys(row.name.rsplit("/", 1)[0] for row in rows))
    figure, panels = pyplot.subplots(1, len(prefixes), figsize=(8 * len(prefixes), 5.5), squeeze=False)
    for panel, prefix in zip(panels.flat, prefixes):
        members = [row for row in rows if row.name.rsplit("/", 1)[0] == prefix]
        for contender in contenders:
            points = [
                (int(row.name.rsplit("/", 1)[1]), row.figures[contender.name])
                for row in members
                if contender.name in row.figures
            ]
            if len(points) > 1:
                panel.errorbar(
                    [x for x, _ in points],
                    [value.median for _, value in points],
                    yerr=list(zip(*(_spread(value) for _, value in points))),
                    label=contender.name,
                    marker=_MARKERS[contender.kind],
                    linewidth=2 if contender.kind == "ours" else 1,
                    capsize=2,
                )
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xlabel(xlabel)
        panel.set_ylabel("ns")
        panel.set_title(prefix)
        panel.grid(True, alpha=0.3)
    panels[0, -1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    figure.suptitle(title)
    _save(figure, file)


def draw_all(rows, contenders, directory):
    """Every plot for which there are rows, as SVG."""
    for group, members in tables.group_rows(rows):
        bars(group.heading, members, contenders, directory / f"{group.file}.svg")
    batches = [row for row in rows if row.name.startswith("batch/")]
    if len(batches) > 1:
        lines("Scaling: batches of 1,000 in each thread", "threads", batches, contenders, directory / "threads.svg")
    frees = [row for row in rows if row.name.startswith("free-")]
    if len(frees) > 1:
        lines("Free", "live segments of 1,024 blocks", frees, contenders, directory / "segments.svg")
