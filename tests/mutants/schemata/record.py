"""What became of each mutant, as the tree keeps it: MUTATION.json, a head and one mutant a line.

It is renewed by `./verify mutants --record`, goes on with `--resume` on another machine, and is evidence in the catalogue.
"""

import dataclasses
import json

from tests.mutants.schemata.campaign import Trial

VERDICTS = ("killed", "argued", "same code", "lived", "not reached", "not tried")
SURVIVED = ("lived", "not reached")
# Of two runs that had other engines the first of these holds of both.
_OF_SOME_ENGINES = ("killed", "argued", "same code", "not tried", "lived", "not reached")
_FIELDS = ("name", "file", "function", "operator", "verdict", "engine", "killed as", "seconds")


class RecordError(Exception):
    """A file is not such a record."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """What became of one mutant; the last three are of its kill."""

    name: str
    file: str  # without its directory
    function: str
    operator: str
    verdict: str
    engine: str = ""
    killed_as: str = ""
    seconds: float = 0.0

    @property
    def simple_function(self):
        """Without its class."""
        return self.function.rpartition("::")[2]


@dataclasses.dataclass(frozen=True)
class Record:
    """What became of all mutants that have a switch."""

    digest: str  # campaign.fingerprint
    date: str
    engines: tuple  # that ran, by name
    entries: dict  # name: Entry


def _entry(row):
    entry = Entry(*row)
    texts = (entry.name, entry.file, entry.function, entry.operator, entry.engine, entry.killed_as)
    if not all(isinstance(each, str) for each in texts) or entry.verdict not in VERDICTS:
        raise ValueError(f"no verdict of a mutant: {row}")
    if (entry.verdict == "killed") != (len(row) == len(_FIELDS)):
        raise ValueError(f"a kill has an engine, and nothing else has: {row}")
    return entry


def parse(text):
    """The Record of a text that `text_of` gave; raises RecordError."""
    try:
        document = json.loads(text)
        entries = [_entry(row) for row in document["mutants"]]
        return Record(document["headers"], document["date"], tuple(document["engines"]), {each.name: each for each in entries})
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"the record of the mutants cannot be read: {error}") from error


def text_of(record):
    """The same text for the same verdicts, whatever order they were found in."""
    head = {"headers": record.digest, "date": record.date, "engines": sorted(record.engines), "fields": _FIELDS}
    rows = []
    for _, entry in sorted(record.entries.items()):
        row = dataclasses.astuple(entry)
        rows.append(json.dumps(row if entry.verdict == "killed" else row[:5]))
    return json.dumps(head)[:-1] + ', "mutants": [\n' + ",\n".join(rows) + "\n]}\n"


def load(file, digest):
    """The Record in a file, or None where there is none, or it is of other headers."""
    if not file.exists():
        return None
    record = parse(file.read_text())
    return record if record.digest == digest else None


def take_over(record, results):
    """Gives the kills to the results of a run, which then goes on with the rest; returns how many they are."""
    killed = [each for each in record.entries.values() if each.verdict == "killed"]
    for each in killed:
        results.add(Trial(each.name, each.engine, each.killed_as, each.seconds))
    return len(killed)


def later(now, kept, has_last_word):
    """Of two entries of one mutant the one to keep. Now has the last word where it tried the mutant with all engines of the
    record: else a mutant that lived, or that was not reached, is so for some of them alone.
    """
    # Whether there is an argument is a matter of the present, not of an earlier run.
    if kept is None or kept.verdict == "argued":
        return now
    # What is proved of these headers stays.
    if has_last_word and now.verdict != "not tried" and kept.verdict != "same code":
        return now
    if (kept.verdict, now.verdict) == ("lived", "not tried"):
        return kept
    return min(now, kept, key=lambda each: _OF_SOME_ENGINES.index(each.verdict))
