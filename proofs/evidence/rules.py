"""What must be true of the catalogue with respect to the tree; each rule returns its problems."""

import re

from proofs.evidence.catalogue import IDENTIFIER
from proofs.evidence.refinement_runs import RUNS

_SCANNED = ("impl", "model", "tests", "fuzz", "proofs", "tools")
_SCANNED_SUFFIXES = {".h", ".cc", ".py", ".sh", ".bzl", ".md", ".v", ".ml", ".yaml", ""}
_KEPT_OUT = {"__pycache__", "corpus"}
# Safety and liveness properties are named in many ways; the other families only next to the word.
_USED = re.compile(r"(?<![A-Za-z0-9_])([SL]\d+)(?![A-Za-z0-9])")
_USED_BY_WORD = re.compile(r"propert(?:y|ies)\W{1,4}([A-Z]\d+)\b", re.IGNORECASE)
# Programs of locks, such as "L0 U0 | L1 U1", are written with the same letters.
_LOCK_PROGRAM = re.compile(r"\bU\d\b")


def check_evidence_is_there(catalogue, tree):
    """Every property has evidence, and a place in the code that keeps it."""
    problems = []
    for entry in catalogue.properties:
        if not entry.evidence:
            problems.append(f"{entry.id} has no evidence")
        if not entry.kept_in:
            problems.append(f"{entry.id} does not say where it is kept")
        for place in entry.kept_in:
            text = tree.text(place.file)
            if text is None:
                problems.append(f"{entry.id}: no such file: {place.file}")
            elif not _has_place(text, place):
                problems.append(f"{entry.id}: {place.file} has no {place.label or place.function}")
    return problems


def _has_place(text, place):
    if place.label is not None:
        return place.label in text
    return re.search(rf"\b{re.escape(place.function)}\s*[(;{{]", text) is not None


def _missing_theorem(evidence, tree):
    if evidence["name"] not in tree.theorems(evidence["file"]):
        yield f"{evidence['file']} has no theorem {evidence['name']}"


def _missing_refinement(evidence, tree):
    for name in evidence["runs"]:
        if name not in RUNS:
            yield f"no run of the step checker is named {name}"
    for name in evidence["joins"]:
        if name not in tree.all_theorems:
            yield f"there is no theorem {name} to join to the code"


def _missing_scenario(evidence, tree):
    names = tree.scenarios_of(evidence)
    if not names:
        yield f"the suite {evidence['suite']} has no scenario"
    for name in names:
        if name not in tree.scenarios:
            yield f"no scenario is named {name}"


def _missing_cases(evidence, tree):
    if tree.target(evidence["target"]) is None:
        yield f"no such target: {evidence['target']}"
        return
    for case in sorted(set(evidence.get("cases", ())) - tree.cases(evidence["target"])):
        yield f"{evidence['target']} has no case {case}"


def _missing_fuzz(evidence, tree):
    if tree.target(evidence["target"]) is None:
        yield f"no such target: {evidence['target']}"
    if not tree.corpus(evidence["corpus"]):
        yield f"no corpus in {evidence['corpus']}"


def _missing_mutant(evidence, tree):
    for name in sorted(set(evidence["names"]) - tree.mutants(evidence["list"])):
        yield f"{evidence['list']} has no mutant {name}"
    for test in evidence.mutant_tests().values():
        yield from _missing_cases(test, tree)


def _missing_planted(evidence, tree):
    for name in sorted(set(evidence["names"]) - set(tree.planted_bugs(evidence["list"]))):
        yield f"{evidence['list']} has no planted bug {name}"


def _missing_review(evidence, tree):
    if evidence["heading"] not in tree.headings(evidence["file"]):
        yield f"{evidence['file']} has no heading {evidence['heading']}"


_MISSING = {
    "theorem": _missing_theorem,
    "refinement": _missing_refinement,
    "scenario": _missing_scenario,
    "test": _missing_cases,
    "fuzz": _missing_fuzz,
    "mutant": _missing_mutant,
    "planted": _missing_planted,
    "review": _missing_review,
}


def missing(evidence, tree):
    """What an entry of evidence names that the tree does not have."""
    return list(_MISSING[evidence.kind](evidence, tree))


def check_evidence_exists(catalogue, tree):
    """All that the evidence names is in the tree."""
    return [
        f"{entry.id}: {problem}"
        for entry in catalogue.properties
        for evidence in entry.evidence
        for problem in missing(evidence, tree)
    ]


def check_planted_bugs_are_cited(catalogue, tree):
    """Each planted bug, of a list that is cited, is evidence of the property that its text names."""
    cited, lists = set(), set()
    for entry in catalogue.properties:
        for evidence in entry.evidence:
            if evidence.kind == "planted":
                lists.add(evidence["list"])
                cited |= {(evidence["list"], name, entry.id) for name in evidence["names"]}
    planted = {
        (file, name, identifier)
        for file in lists
        for name, identifier in tree.planted_bugs(file).items()
    }
    known = {(file, name) for file, name, _ in planted}
    problems = [
        f"{identifier} does not cite the planted bug {name} that breaks it"
        for _, name, identifier in planted - cited
    ]
    problems += [
        f"{identifier} cites the planted bug {name}, which says that it breaks something else"
        for file, name, identifier in cited - planted
        if (file, name) in known
    ]
    return sorted(problems)


def used_identifiers(text):
    """(line number, id) of every property that a text names."""
    for number, line in enumerate(text.splitlines(), 1):
        if not _LOCK_PROGRAM.search(line):
            for match in _USED.finditer(line):
                yield number, match.group(1)
        for match in _USED_BY_WORD.finditer(line):
            if IDENTIFIER.fullmatch(match.group(1)):
                yield number, match.group(1)


def _scanned_files(root):
    for name in _SCANNED:
        for file in sorted((root / name).rglob("*")):
            parts = file.relative_to(root).parts
            if file.suffix in _SCANNED_SUFFIXES and file.is_file() and not _KEPT_OUT & set(parts):
                yield file
    yield from sorted(root.glob("*.md"))


def check_used_identifiers(catalogue, tree):
    """Whatever names a property names one of the catalogue."""
    problems = set()
    for file in _scanned_files(tree.root):
        for number, identifier in used_identifiers(file.read_text(errors="replace")):
            if identifier not in catalogue.ids:
                where = f"{file.relative_to(tree.root)}:{number}"
                problems.add(f"{where}: {identifier} is not in the catalogue")
    return sorted(problems)


RULES = [
    check_evidence_is_there,
    check_evidence_exists,
    check_planted_bugs_are_cited,
    check_used_identifiers,
]
