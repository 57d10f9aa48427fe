"""What a mutant is."""

import collections
import dataclasses
import hashlib


@dataclasses.dataclass(frozen=True, order=True)
class Edit:
    """`text` in the place of what stands from `begin` to `end`, offsets in the shipped file.

    `form` says how the two texts are put behind the switch: "value", "condition" (a value that becomes a bool), "statement"
    (which is left out), "guard" (a lock guard that does not lock), "late" (one that locks later), "early" (one that may unlock early) or "insert" (`text` is
    there only in the mutant, and nothing is replaced).
    """

    begin: int
    end: int
    text: str
    form: str = "value"


@dataclasses.dataclass
class Mutant:
    """One change of one header. `number` is its place in the list of all, from 1."""

    file: str
    line: int
    column: int
    function: str
    operator: str
    original: str
    replacement: str
    edits: list[Edit]
    has_switch: bool  # else it needs a build of its own
    run_time: bool = False  # stands in what may be a constant expression too
    occurrence: int = 0  # among those of the same text in the same function
    number: int = 0
    why_none: str = ""  # why it has no switch, or does not compile

    @property
    def key(self):
        """Stays the same when lines move: (file, function, operator, original, replacement, occurrence)."""
        return (self.file, self.function, self.operator, self.original, self.replacement, self.occurrence)

    @property
    def name(self):
        """Short, and the same for the same key."""
        digest = hashlib.sha256("\0".join(map(str, self.key)).encode()).hexdigest()
        return f"{self.file.removesuffix('.h')}.{self.operator}.{digest[:8]}"

    @property
    def place(self):
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def needs_checker(self):
        """Whether only a model checker's verdict counts: it touches a lock or a memory order."""
        return self.operator in ("order", "lock")

    def to_json(self):
        return dataclasses.asdict(self) | {"name": self.name}

    @staticmethod
    def from_json(fields):
        fields = {name: value for name, value in fields.items() if name != "name"}
        return Mutant(**fields | {"edits": [Edit(**edit) for edit in fields["edits"]]})


def numbered(mutants):
    """In a stable order, without duplicates, with numbers and occurrences."""
    different = {}
    for mutant in mutants:
        different.setdefault((mutant.file, tuple(sorted(mutant.edits))), mutant)
    ordered = sorted(different.values(), key=lambda each: (each.file, each.edits[0].begin, each.edits, each.operator))
    seen = collections.Counter()
    for number, mutant in enumerate(ordered, 1):
        mutant.number = number
        mutant.occurrence = seen[mutant.key[:-1]]
        seen[mutant.key[:-1]] += 1
    return ordered


def one_line(text):
    """Without line breaks, for a name and for a table."""
    return " ".join(text.split())
