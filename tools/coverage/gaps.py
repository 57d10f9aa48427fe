"""What no engine reaches, and the file that says why that may be.

The file, exceptions.yaml, is a list. Each entry excuses one place:

    - header: mmap_backing.h
      missed: line                  # or `true`, `false`: the outcome of a condition
      code: return nullptr;         # the source of the line, or of the condition
      why: what would have to happen, and why no test can make it happen

Places are found by their text, so that an edit elsewhere in the header changes nothing here, while
an edit of the place itself asks for the reason anew.
"""

import collections
import dataclasses
import pathlib

import yaml

from tools.coverage.counters import LIBRARY, FileCoverage

EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.yaml")
MISSED = ("line", "true", "false")


@dataclasses.dataclass(frozen=True, order=True)
class Gap:
    """One place that was not reached."""

    header: str
    missed: str
    code: str
    # Where it is in the source of today; two gaps with the same text are alike for an exception.
    line: int = dataclasses.field(default=0, compare=False)

    def __str__(self):
        place = f"{LIBRARY}/{self.header}" + (f":{self.line}" if self.line else "")
        what = "the line" if self.missed == "line" else f"never {self.missed}:"
        return f"{place}: {what} `{self.code}`"


def text_between(source_lines, place):
    """The source from (line, column) to (line, column), both counted from 1, on one line."""
    first, begin, last, end = place
    lines = source_lines[first - 1 : last]
    lines[-1] = lines[-1][: end - 1]
    lines[0] = lines[0][begin - 1 :]
    return " ".join(" ".join(lines).split())


def find_gaps(files, sources):
    """The lines that were not reached, and the outcomes of conditions on lines that were.

    `files` is a dict of FileCoverage, `sources` of source text, both by header name.
    """
    gaps = []
    for header, coverage in sorted(files.items()):
        lines = sources[header].splitlines()
        missed_lines = FileCoverage.missed(coverage.lines)
        for number in missed_lines:
            gaps.append(Gap(header, "line", lines[number - 1].strip(), number))
        for *place, outcome in FileCoverage.missed(coverage.branches):
            if place[0] not in missed_lines:
                code = text_between(lines, place)
                gaps.append(Gap(header, str(outcome).lower(), code, place[0]))
    return gaps


def read_exceptions(text):
    """A dict from Gap to the list of the reasons given for it. Raises ValueError."""
    exceptions = collections.defaultdict(list)
    for entry in yaml.load(text, Loader=yaml.BaseLoader) or []:
        if not isinstance(entry, dict) or set(entry) != {"header", "missed", "code", "why"}:
            raise ValueError(f"an exception has header, missed, code and why, unlike {entry}")
        gap = Gap(entry["header"], entry["missed"], entry["code"])
        if gap.missed not in MISSED:
            raise ValueError(f"{gap.header}: missed is one of {', '.join(MISSED)}")
        if not entry["why"].strip():
            raise ValueError(f"{gap}: no reason is given")
        exceptions[gap].append(" ".join(entry["why"].split()))
    return dict(exceptions)


def compare(gaps, exceptions):
    """(the gaps without an exception, the exceptions that excuse nothing)."""
    room = {gap: len(reasons) for gap, reasons in exceptions.items()}
    unlisted = []
    for gap in gaps:
        if room.get(gap, 0) > 0:
            room[gap] -= 1
        else:
            unlisted.append(gap)
    return unlisted, [gap for gap, left in sorted(room.items()) for _ in range(left)]
