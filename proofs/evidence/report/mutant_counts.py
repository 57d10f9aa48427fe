"""What an earlier run of `./verify mutants` made of the mutants of some functions."""

import collections
import pathlib

from proofs.evidence.report.words import count
from tests.mutants.schemata import record


def of_function(recorded, place):
    """The MutantCounts of the function at a place, whatever class it is in."""
    key = (pathlib.PurePath(place.file).name, place.function)
    return MutantCounts(each for each in recorded.entries.values() if (each.file, each.simple_function) == key)


class MutantCounts:
    """Of mutants, which are entries of the record, by their verdicts."""

    def __init__(self, entries):
        self.entries = tuple(entries)
        self._by_verdict = collections.Counter(each.verdict for each in self.entries)

    @property
    def were_tried(self):
        """Whether some were."""
        return self._by_verdict["not tried"] < len(self.entries)

    @property
    def survivors(self):
        return [each for each in self.entries if each.verdict in record.SURVIVED]

    @property
    def killers(self):
        """The engines that killed one."""
        return {each.engine for each in self.entries if each.verdict == "killed"}

    def words(self, of="", by=""):
        """Such as "41 of 44 mutants killed, 2 argued, 1 lived", with what goes before and behind "killed"."""
        others = [f"{self._by_verdict[name]:,} {name}" for name in record.VERDICTS[1:] if self._by_verdict[name]]
        killed = f"{self._by_verdict['killed']:,} of {count(len(self.entries), 'mutant')}{of} killed{by}"
        return ", ".join([killed, *others])
