"""What mutants are made of: the library, or the programs that judge it."""

import dataclasses
import fnmatch

from tests.mutants.schemata import engines, verifier_engines
from tests.mutants.schemata.engines import Engine

_HERE = "tests/mutants/schemata"


@dataclasses.dataclass(frozen=True)
class Subject:
    """A part of the tree that is mutated, and who must notice. File names in it differ, whatever their directory."""

    name: str
    title: str
    patterns: tuple[str, ...]  # of its files
    included_from: str  # what their names in includes are relative to
    namespace: str  # inline one that they move into, or empty
    engines: list[Engine]
    arguments: str  # the file with arguments about its mutants
    out: str
    record: str  # what became of them, in the tree
    parts: tuple[tuple[str, str], ...] = ()  # (what it does, a pattern of the files that do it)

    def files(self, root):
        return sorted(file for pattern in self.patterns for file in root.glob(pattern))

    def place(self, root, file):
        """How it is named in an include, and so in the tree of mutated files."""
        return file.relative_to(root / self.included_from)

    @property
    def has_own_objects(self):
        """Whether its sources are compiled by themselves, and not with each engine."""
        return any(pattern.endswith(".cc") for pattern in self.patterns)

    def part_of_mutant(self, mutant):
        """What the code does that a mutant changes."""
        return next((part for part, pattern in self.parts if fnmatch.fnmatchcase(mutant.file, pattern)), "")


IMPL = Subject(
    "impl", "Mutants of impl/", ("impl/slabproof/*.h",), "impl", "all_mutants", engines.ENGINES, "equivalent.toml", "mutants",
    f"{_HERE}/MUTATION.json",
)  # fmt: skip

# By file names.
_PARTS = (
    ("dependencies, races of steps, sleep sets", "dpor_scheduler.cc"),
    ("dependencies, races of steps, sleep sets", "execution.h"),
    ("data races", "race_cell.h"),
    ("lifetimes and memory", "checked_memory.cc"),
    ("parts of a split search, limits", "explore.cc"),
    ("repetitions of waits", "wait_turns.cc"),
    ("revisits", "revisits.cc"),
    ("revisits", "memory_reuse.cc"),
    ("executions of graphs", "explorer.cc"),
    ("symmetry of graphs", "symmetry.cc"),
    ("axioms of the memory models", "consistency.cc"),
    ("states", "canonical_state.cc"),
    ("states", "state_*.cc"),
    ("minimisation, sums of parts", "minimize.cc"),
    ("minimisation, sums of parts", "part_outcome.cc"),
    ("rules of the oracle", "*"),
)

MODEL = Subject(
    "model",
    "Mutants of the verifiers",
    (
        *(f"model/search/{name}" for name in ("dpor_scheduler.cc", "execution.h", "explore.cc", "race_cell.h", "wait_turns.cc")),
        *(f"model/graph/{name}.cc" for name in ("consistency", "explorer", "memory_reuse", "revisits", "symmetry")),
        *(f"model/states/{name}.cc" for name in ("canonical_state", "state_scheduler", "state_table")),
        "model/runtime/checked_memory.cc",
        "model/oracle/*.cc",
        *(f"model/oracle/{name}.h" for name in ("first_fit", "segment_slots")),
        *(f"model/campaign/{name}.cc" for name in ("minimize", "part_outcome")),
    ),
    "",
    "",
    verifier_engines.ENGINES,
    "verifiers.toml",
    "mutants_of_model",
    f"{_HERE}/VERIFIERS.json",
    _PARTS,
)

SUBJECTS = {each.name: each for each in (IMPL, MODEL)}
