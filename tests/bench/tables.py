"""The rows of the benchmark as tables in Markdown."""

import typing


class Group(typing.NamedTuple):
    """Rows that are shown together."""

    heading: str
    file: str  # the stem of its plot
    prefixes: tuple  # of the rows' names


GROUPS = [
    Group(
        "Allocate and free, ns for a pair",
        "pairs",
        ("hot", "batch/", "producer-consumer", "larson/", "cold"),
    ),
    Group(
        "Free, ns, against the number of live segments of 1,024",
        "free",
        ("free-sequential/", "free-random/"),
    ),
    Group(
        "Nodes of containers, ns for an element added and removed",
        "containers",
        ("list", "map", "unordered_map"),
    ),
    Group("One allocate while memory grows, ns", "growth", ("growth",)),
    Group("Resident bytes for an object, by its size", "bytes", ("bytes/",)),
]


def group_rows(rows):
    """[(group, its rows)] without empty ones."""
    groups = [(group, [row for row in rows if row.name.startswith(group.prefixes)]) for group in GROUPS]
    return [(group, members) for group, members in groups if members]


def number(value):
    """Three digits or more, without a fraction that says nothing."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(row, name):
    """`median (least-most) xRATIO`; the best peer is bold."""
    figure = row.figures.get(name)
    if figure is None:
        return "-"
    median = number(figure.median)
    if name == row.best_peer:
        median = f"**{median}**"
    text = median
    if len(figure.samples) > 1:
        text += f" ({number(min(figure.samples))}-{number(max(figure.samples))})"
    return text if figure.ratio is None else f"{text} x{figure.ratio:.2f}"


def table(header, lines):
    """A table in Markdown whose first column is text."""
    return [
        f"| {' | '.join(header)} |",
        f"|---|{'--:|' * (len(header) - 1)}",
        *(f"| {' | '.join(line)} |" for line in lines),
        "",
    ]


def markdown(rows, contenders, repetitions):
    """All tables."""
    lines = [
        f"Medians of {repetitions} interleaved runs, (least-most), and the ratio to the best peer of the "
        "column, which is bold: an allocator that is safe with threads and not ours.",
        "",
    ]
    for group, members in group_rows(rows):
        names = [c.name for c in contenders if any(c.name in row.figures for row in members)]
        lines += [f"## {group.heading}", ""]
        lines += table(
            ["", *(row.name for row in members)],
            [[name, *(cell(row, name) for row in members)] for name in names],
        )
    return "\n".join(lines)


def instructions_markdown(counts):
    """`counts`: {contender: {"allocate": n, "free": n}}."""
    lines = ["Instructions of a hit, with the loop around it, as `valgrind --tool=callgrind` counts them.", ""]
    lines += table(
        ["", "allocate", "free", "both"],
        [
            [name, *(f"{value:.1f}" for value in (count["allocate"], count["free"], sum(count.values())))]
            for name, count in counts.items()
        ],
    )
    return "\n".join(lines)
