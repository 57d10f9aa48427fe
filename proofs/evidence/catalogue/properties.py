"""The property catalogue, proofs/properties.yaml, as Python objects.

Reading it checks its form only; rules.py checks that what it names exists.
"""

import dataclasses
import re

import yaml

_IDENTIFIER = re.compile(r"[A-Z]\d+")

# The fields of an entry of evidence by its kind, optional ones in brackets. Each has `kind` and `shows` too.
_FIELDS = {
    "theorem": "name",
    "refinement": "runs joins",
    "scenario": "[names] [suite]",
    "test": "target [cases] [build]",
    "fuzz": "target",
    "mutant": "names target [cases] [build]",
    "planted": "names",
    "mutation": "",
    "review": "file heading",
}
# The builds other than the plain one in which a test may be cited, named as Bazel's --config.
SANITIZERS = ("tsan", "asan")
DEEP = "deep"


class CatalogueError(Exception):
    """The catalogue does not have the form that this module reads."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the code keeps a property: a label in a comment, or a function."""

    file: str
    label: str | None = None
    function: str | None = None

    @property
    def is_mutated(self):
        """Whether it is a function of which `./verify mutants` makes mutants."""
        return self.function is not None and self.file.startswith("impl/")

    def __str__(self):
        return f"{self.file}: {self.label or self.function}"


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One entry of evidence, with the fields of its kind."""

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


def _read_text(where, value):
    if not isinstance(value, str) or not value.strip():
        raise CatalogueError(f"{where} is not text")
    return value.strip()


def _read_list(where, value, read):
    if not isinstance(value, list) or not value:
        raise CatalogueError(f"{where} is not a list with an entry")
    return tuple(read(f"{where}[{index}]", item) for index, item in enumerate(value))


def _check_fields(where, mapping, required, optional=()):
    if not isinstance(mapping, dict):
        raise CatalogueError(f"{where} is not a mapping")
    missing = sorted(set(required) - set(mapping))
    unknown = sorted(set(mapping) - set(required) - set(optional))
    if missing:
        raise CatalogueError(f"{where} lacks {', '.join(missing)}")
    if unknown:
        raise CatalogueError(f"{where} has the unknown field {', '.join(unknown)}")


def _read_fields(where, mapping, required, optional=()):
    """The fields of a mapping: a tuple for those of _ITEMS, text for all others."""
    _check_fields(where, mapping, required, optional)
    return {
        name: _read_list(f"{where}.{name}", value, _ITEMS[name])
        if name in _ITEMS
        else _read_text(f"{where}.{name}", value)
        for name, value in mapping.items()
    }


def _check_either(where, fields, one, other):
    if (one in fields) == (other in fields):
        raise CatalogueError(f"{where} must have either {one} or {other}")


def _read_place(where, mapping):
    fields = _read_fields(where, mapping, {"file"}, {"label", "function"})
    _check_either(where, fields, "label", "function")
    return Place(**fields)


def _read_evidence(where, mapping):
    kind = mapping.get("kind") if isinstance(mapping, dict) else None
    if kind not in _FIELDS:
        raise CatalogueError(f"{where} has an unknown kind: {kind}")
    known = {"kind", "shows", *_FIELDS[kind].split()}
    optional = {name.strip("[]") for name in known if name.startswith("[")}
    fields = _read_fields(where, mapping, {name for name in known if "[" not in name}, optional)
    if kind == "scenario":
        _check_either(where, fields, "names", "suite")
    if fields.get("build", DEEP) not in (*SANITIZERS, DEEP):
        raise CatalogueError(f"{where} has an unknown build: {fields['build']}")
    return Evidence(fields.pop("kind"), fields)


def _read_property(where, mapping):
    fields = _read_fields(where, mapping, set(Property.__annotations__))
    # Evidence of mutation names nothing: it is about the functions that keep the property.
    functions = tuple(place for place in fields["kept_in"] if place.is_mutated)
    fields["evidence"] = tuple(
        Evidence(each.kind, each.fields | {"functions": functions}) if each.kind == "mutation" else each
        for each in fields["evidence"]
    )
    entry = Property(**fields)
    if not _IDENTIFIER.fullmatch(entry.id):
        raise CatalogueError(f"{where} has an id that is not a letter and a number: {entry.id}")
    return entry


# How the items of each field that is a list are read.
_ITEMS = {"kept_in": _read_place, "evidence": _read_evidence} | dict.fromkeys(
    ["names", "cases", "runs", "joins"], _read_text
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
        raise CatalogueError(f"the catalogue has {', '.join(repeated)} twice")
    return Catalogue({str(key): value for key, value in notation.items()}, properties)


def load(root):
    """The catalogue of the tree at `root`, a pathlib.Path."""
    return parse((root / "proofs/properties.yaml").read_text())
