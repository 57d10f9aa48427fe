"""What the runs of the benchmark program measured, merged: medians, spread, ratios to the best peer."""

import dataclasses
import statistics


class MeasurementError(Exception):
    """A run that has no figure, or not the one that was asked for."""


@dataclasses.dataclass(frozen=True)
class Contender:
    """An allocator: what it is called, and how the program is run to measure it."""

    name: str
    program_name: str  # as the program lists it
    kind: str = "peer"  # "ours", "peer", "one thread" or "limit"; only a peer can be the best one
    preload: str | None = None  # the library whose malloc it is


@dataclasses.dataclass(frozen=True)
class Figure:
    """A median of the repetitions, and its spread."""

    samples: tuple
    ratio: float | None  # to the best peer of the row; None where no peer has the row

    @property
    def median(self):
        return statistics.median(self.samples)


@dataclasses.dataclass(frozen=True)
class Row:
    """A workload, or one of the figures of a workload that has several, over all contenders."""

    name: str
    unit: str
    best_peer: str | None
    figures: dict  # by name of the contender


def figures_of(document):
    """{suffix of the row: (value, unit)} of a document that Google Benchmark wrote for one workload.

    A figure named after its unit is the workload's only one; others are times in nanoseconds. Without
    any, it is the time of an item.
    """
    (run,) = document["benchmarks"]
    if run.get("error_occurred"):
        raise MeasurementError(f"{run['name']}: {run['error_message']}")
    if "bytes" in run:
        return {"": (run["bytes"], "bytes")}
    times = {name: (run[name], "ns") for name in ("p50", "p99", "p99.9", "max") if name in run}
    return times or {"": (1e9 / run["items_per_second"], "ns")}


def merge(runs, contenders):
    """The rows of all runs, which are (workload, name of the contender, document), in their order."""
    samples = {}
    units = {}
    for workload, name, document in runs:
        for suffix, (value, unit) in figures_of(document).items():
            row = f"{workload} {suffix}".rstrip()
            samples.setdefault(row, {}).setdefault(name, []).append(value)
            units[row] = unit
    return [_row(name, units[name], samples[name], contenders) for name in samples]


def _row(name, unit, samples, contenders):
    medians = {
        contender.name: statistics.median(samples[contender.name])
        for contender in contenders
        if contender.kind == "peer" and contender.name in samples
    }
    best = min(medians, key=medians.get, default=None)
    figures = {
        contender.name: Figure(
            tuple(samples[contender.name]),
            statistics.median(samples[contender.name]) / medians[best] if best else None,
        )
        for contender in contenders
        if contender.name in samples
    }
    return Row(name, unit, best, figures)


def as_json(rows):
    """The rows as a list for JSON."""
    return [
        {
            "workload": row.name,
            "unit": row.unit,
            "best_peer": row.best_peer,
            "figures": {
                name: {
                    "median": figure.median,
                    "min": min(figure.samples),
                    "max": max(figure.samples),
                    "samples": list(figure.samples),
                    "ratio": figure.ratio,
                }
                for name, figure in row.figures.items()
            },
        }
        for row in rows
    ]
