#!/usr/bin/env python3
"""Chooses a small corpus: reads the table of a large one, prints the names of the files to keep.

    NAME_replay --table DIRECTORY | select_inputs.py [--times N] [--most N]

Every landmark that any input reaches is reached by N of the inputs kept (or by all that reach it);
the rest, up to `--most`, are those that reach the most. Of inputs that serve alike, the shortest is
taken.
"""

import argparse
import re
import sys

_ROW = re.compile(r"\| `(?P<name>[^`]+)` \| (?P<size>\d+) \| (?P<reached>.*) \|")


def parse_table(lines):
    """Returns [(name, size, set of landmarks)]."""
    rows = []
    for line in lines:
        match = _ROW.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"not a row of the table: {line!r}")
        reached = {name for name in match["reached"].split("; ") if name}
        rows.append((match["name"], int(match["size"]), reached))
    return rows


def select(rows, times, most):
    """The names to keep, in the order of choice; greedy."""
    wanted = {}
    for _, _, reached in rows:
        for name in reached:
            wanted[name] = min(times, wanted.get(name, 0) + 1)
    rest = sorted(rows, key=lambda row: (row[1], row[0]))
    chosen = []
    while rest and len(chosen) < most:
        best = max(rest, key=lambda row: sum(wanted[name] > 0 for name in row[2]))
        if not any(wanted[name] > 0 for name in best[2]):
            best = max(rest, key=lambda row: len(row[2]))
        rest.remove(best)
        chosen.append(best[0])
        for name in best[2]:
            wanted[name] = max(0, wanted[name] - 1)
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("--most", type=int, default=40)
    arguments = parser.parse_args()
    print("\n".join(select(parse_table(sys.stdin), arguments.times, arguments.most)))


if __name__ == "__main__":
    main()
