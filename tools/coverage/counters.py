"""The counters of the headers of impl/: what llvm-cov says was executed."""

import collections
import re

# Where the headers are, below the root.
LIBRARY = "impl/slabproof"
# Headers are compiled where Bazel presents them under their public name.
PUBLIC_HEADER = re.compile(r"/impl/(?:_virtual_includes/\w+/)?slabproof/(\w+\.h)$")
CONTROL_STATEMENT = re.compile(r"^\s+(?:\} else )?(?:if|for|while|switch|return|throw)\b")


class FileCoverage:
    """The counters of one header, summed over tests and instantiations.

    A line is known by its number. An outcome of a branch is known by where its condition stands
    (first line, first column, last line, last column; the last column is excluded) and its value.
    """

    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.Counter()

    def add_uninstantiated(self, source):
        """Adds, as missed, each control statement that no counter covers."""
        for number, text in enumerate(source.splitlines(), start=1):
            if CONTROL_STATEMENT.match(text) and number not in self.lines:
                self.lines[number] = 0

    def drop_what_is_no_code(self, source):
        """Drops counters that llvm-cov gives to what nobody wrote to be executed: comments, where a
        program never uses the function around them, and the branches of a defaulted function."""
        lines = source.splitlines()
        for number in list(self.lines):
            if not lines[number - 1].strip() or lines[number - 1].lstrip().startswith("//"):
                del self.lines[number]
        for place in list(self.branches):
            if lines[place[0] - 1].endswith("= default;"):
                del self.branches[place]

    @staticmethod
    def missed(counters):
        return sorted(key for key, count in counters.items() if count == 0)


def header_of(path):
    """The name of the header of impl/ that the coverage data calls `path`, or None."""
    match = PUBLIC_HEADER.search(path)
    return match.group(1) if match else None


def read_lines(lcov, files):
    """Adds the line counters of an lcov report to `files`, a dict from header name."""
    header = None
    for line in lcov.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            header = header_of(rest)
        elif kind == "DA" and header is not None:
            number, count = rest.split(",")[:2]
            files[header].lines[int(number)] += int(count)


def read_branches(export, files):
    """Adds the branch counters of llvm-cov's JSON to `files`: each branch has two outcomes."""
    for data in export["data"]:
        for entry in data["files"]:
            header = header_of(entry["filename"])
            if header is None:
                continue
            for branch in entry["branches"]:
                place, (taken, not_taken) = tuple(branch[:4]), branch[4:6]
                files[header].branches[(*place, True)] += taken
                files[header].branches[(*place, False)] += not_taken


def together(parts):
    """The sum of several dicts of FileCoverage by header."""
    files = collections.defaultdict(FileCoverage)
    for part in parts:
        for header, coverage in part.items():
            files[header].lines.update(coverage.lines)
            files[header].branches.update(coverage.branches)
    return files


def covered(counters, universe):
    """How many of the keys of `universe` have been executed according to `counters`."""
    return sum(1 for key in universe if counters[key] > 0)
