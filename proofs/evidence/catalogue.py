"""The property catalogue, proofs/properties.yaml, as Python objects.

Reading it checks its form and nothing else: whether what it names exists is a matter of rules.py.
"""

import dataclasses
import re

import yaml

IDENTIFIER = re.compile(r"[A-Z]\d+")

# What an entry of evidence must say (True) and may say (False), by its kind.
EVIDENCE_FIELDS = {
    "theorem": {"file": True, "name": True, "shows": True},
    "refinement": {"runs": True, "joins": True, "shows": True},
    "scenario": {"names": False, "suite": False, "shows": True},
    "test": {"target": True, "cases": False, "build": False, "shows": True},
    "fuzz": {"target": True, "corpus": True, "shows": True},
    "mutant": {"list": True, "names": True, "target": True, "cases": False, "shows": True},
    "planted": {"list": True, "names": True, "figures": True, "shows": True},
    "review": {"file": True, "heading": True, "shows": True},
}
KIND_NAMES = {
    "theorem": "theorem",
    "refinement": "refinement",
    "scenario": "model checking",
    "test": "test",
    "fuzz": "fuzzing",
    "mutant": "mutants",
    "planted": "planted bugs",
    "review": "review",
}
_PROPERTY_FIELDS = {
    "id", "title", "statement", "symbols", "reach", "kept_in", "evidence",
}
_PLACE_FIELDS = {"file", "label", "function"}
_LISTS = {"names", "cases", "runs", "joins"}


class CatalogueError(Exception):
    """The catalogue is not of the form that this module reads."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the code keeps a property: a label in a comment, or a function."""

    file: str
    label: str | None = None
    function: str | None = None

    def __str__(self):
        return f"{self.file}: {self.label or self.function}"


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One entry of evidence; `fields` are those of EVIDENCE_FIELDS for its kind."""

    kind: str
    fields: dict

    def __getitem__(self, name):
        return self.fields[name]

    def get(self, name, default=None):
        return self.fields.get(name, default)

    def mutant_tests(self):
        """{mutant: the test that must notice it}; a `*` in the target stands for the mutant's name."""
        return {
            name: Evidence("test", self.fields | {"target": self["target"].replace("*", name)})
            for name in self["names"]
        }


@dataclasses.dataclass(frozen=True)
class Property:
    """A property, what keeps it and what shows it."""

    id: str
    title: str
    statement: str
    symbols: str
    reach: str  # how far the evidence goes, and what it leaves open
    kept_in: tuple
    evidence: tuple


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """All properties, in the order of the file."""

    notation: dict  # symbol: what it stands for
    properties: tuple

    @property
    def ids(self):
        return {entry.id for entry in self.properties}


def _check_fields(where, mapping, required, optional=frozenset()):
    if not isinstance(mapping, dict):
        raise CatalogueError(f"{where} is not a mapping")
    missing = sorted(set(required) - set(mapping))
    unknown = sorted(set(mapping) - set(required) - set(optional))
    if missing:
        raise CatalogueError(f"{where} lacks {', '.join(missing)}")
    if unknown:
        raise CatalogueError(f"{where} has the unknown field {', '.join(unknown)}")


def _read_text(where, value):
    if not isinstance(value, str) or not value.strip():
        raise CatalogueError(f"{where} is not text")
    return value.strip()


def _read_names(where, value):
    if not isinstance(value, list) or not value:
        raise CatalogueError(f"{where} is not a list of names")
    return tuple(_read_text(where, name) for name in value)


def _read_place(where, mapping):
    _check_fields(where, mapping, {"file"}, _PLACE_FIELDS)
    if ("label" in mapping) == ("function" in mapping):
        raise CatalogueError(f"{where} names either a label or a function")
    return Place(**{name: _read_text(f"{where}.{name}", value) for name, value in mapping.items()})


def _read_evidence(where, mapping):
    kind = mapping.get("kind") if isinstance(mapping, dict) else None
    if kind not in EVIDENCE_FIELDS:
        raise CatalogueError(f"{where} is of no known kind: {kind}")
    known = EVIDENCE_FIELDS[kind]
    required = {name for name, needed in known.items() if needed}
    _check_fields(where, mapping, required | {"kind"}, set(known))
    if kind == "scenario" and ("names" in mapping) == ("suite" in mapping):
        raise CatalogueError(f"{where} names either scenarios or a suite")
    fields = {}
    for name, value in mapping.items():
        if name != "kind":
            read = _read_names if name in _LISTS else _read_text
            fields[name] = read(f"{where}.{name}", value)
    return Evidence(kind, fields)


def _read_list(where, value, read):
    if not isinstance(value, list):
        raise CatalogueError(f"{where} is not a list")
    return tuple(read(f"{where}[{index}]", item) for index, item in enumerate(value))


def _read_property(where, mapping):
    _check_fields(where, mapping, _PROPERTY_FIELDS)
    identifier = _read_text(f"{where}.id", mapping["id"])
    if not IDENTIFIER.fullmatch(identifier):
        raise CatalogueError(f"{where} has no identifier: {identifier}")
    texts = {
        name: _read_text(f"{identifier}.{name}", mapping[name])
        for name in ("title", "statement", "symbols", "reach")
    }
    return Property(
        id=identifier,
        kept_in=_read_list(f"{identifier}.kept_in", mapping["kept_in"], _read_place),
        evidence=_read_list(f"{identifier}.evidence", mapping["evidence"], _read_evidence),
        **texts,
    )


def parse(text):
    """The Catalogue that `text` describes; raises CatalogueError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CatalogueError(f"not YAML: {error}") from error
    _check_fields("the catalogue", document, {"notation", "properties"})
    notation = document["notation"]
    if not isinstance(notation, dict) or not all(isinstance(v, str) for v in notation.values()):
        raise CatalogueError("notation is not a mapping from symbols to text")
    properties = _read_list("properties", document["properties"], _read_property)
    ids = [entry.id for entry in properties]
    repeated = sorted({identifier for identifier in ids if ids.count(identifier) > 1})
    if repeated:
        raise CatalogueError(f"{', '.join(repeated)} stands twice in the catalogue")
    return Catalogue({str(key): value for key, value in notation.items()}, properties)


def load(root):
    """The catalogue of the tree at `root`, a pathlib.Path."""
    return parse((root / "proofs/properties.yaml").read_text())
