"""What must be true of the catalogue with respect to the tree; each rule returns its problems."""

import re

from proofs.evidence.catalogue.refinement_runs import RUNS
from proofs.evidence.catalogue.tree import MUTANTS, MUTATION

_SCANNED_SUFFIXES = {".h", ".cc", ".py", ".sh", ".bzl", ".md", ".v", ".ml", ".yaml", ".j2", ""}
# Safety and liveness properties are named in many ways; the other families only next to the word.
_USED = re.compile(r"(?<![A-Za-z0-9_])([SL]\d+)(?![A-Za-z0-9])")
_USED_BY_WORD = re.compile(r"(?i:propert(?:y|ies))\W{1,4}([A-Z]\d+)\b")
# Programs of locks, such as "L0 U0 | L1 U1", are written with the same letters.
_LOCK_PROGRAM = re.compile(r"\bU\d\b")


def _entries(catalogue):
    """(property, entry of evidence) of the whole catalogue."""
    return ((entry, evidence) for entry in catalogue.properties for evidence in entry.evidence)


def _has_place(text, place):
    if place.label is not None:
        return place.label in text
    return re.search(rf"\b{re.escape(place.function)}\s*[(;{{]", text) is not None


def check_places_exist(catalogue, tree):
    """The code has each place that is said to keep a property."""
    problems = []
    for entry in catalogue.properties:
        for place in entry.kept_in:
            text = tree.text(place.file)
            if text is None:
                problems.append(f"{entry.id}: no such file: {place.file}")
            elif not _has_place(text, place):
                problems.append(f"{entry.id}: {place.file} has no {place.label or place.function}")
    return problems


def _missing_cases(evidence, tree):
    if not tree.has_target(evidence["target"]):
        return [f"no such target: {evidence['target']}"]
    absent = sorted(set(evidence.get("cases", ())) - tree.cases(evidence["target"]))
    return [f"{evidence['target']} has no case {case}" for case in absent]


def _missing_mutants(evidence, tree):
    absent = sorted(set(evidence["names"]) - set(tree.mutants()))
    return [f"{MUTANTS} has no mutant {name}" for name in absent]


def _missing_scenarios(evidence, tree):
    names = tree.scenarios_of(evidence)
    if not names:
        return [f"the suite {evidence['suite']} has no scenario"]
    return [f"no scenario is named {name}" for name in names if name not in tree.scenarios]


def missing(evidence, tree):
    """What an entry of evidence names that the tree does not have."""
    match evidence.kind:
        case "theorem" if evidence["name"] not in tree.theorems:
            return [f"there is no theorem {evidence['name']}"]
        case "refinement":
            runs = [name for name in evidence["runs"] if name not in RUNS]
            joins = [name for name in evidence["joins"] if name not in tree.theorems]
            return [f"no run of the step checker is named {name}" for name in runs] + [
                f"there is no theorem {name} to join to the code" for name in joins
            ]
        case "scenario":
            return _missing_scenarios(evidence, tree)
        case "test":
            return _missing_cases(evidence, tree)
        case "fuzz":
            corpus = [] if tree.corpus(evidence["target"]) else [f"{evidence['target']} has no corpus"]
            return _missing_cases(evidence, tree) + corpus
        case "mutant":
            tests = evidence.mutant_tests().values()
            problems = [problem for test in tests for problem in _missing_cases(test, tree)]
            return _missing_mutants(evidence, tree) or list(dict.fromkeys(problems))
        case "planted":
            return _missing_mutants(evidence, tree)
        case "mutation" if not evidence["functions"]:
            return ["evidence of mutation without a function of impl/ that keeps the property"]
        case "review" if evidence["heading"] not in tree.headings(evidence["file"]):
            return [f"{evidence['file']} has no heading {evidence['heading']}"]
    return []


def check_evidence_exists(catalogue, tree):
    """All that the evidence names is in the tree."""
    return [
        f"{entry.id}: {problem}"
        for entry, evidence in _entries(catalogue)
        for problem in missing(evidence, tree)
    ]


def check_mutants_are_cited(catalogue, tree):
    """Each mutant is evidence of the property that it says it breaks."""
    of_mutants = [pair for pair in _entries(catalogue) if pair[1].kind in ("mutant", "planted")]
    cited = {(name, entry.id) for entry, evidence in of_mutants for name in evidence["names"]}
    found = {
        (name, entry.id)
        for entry, evidence in of_mutants
        if evidence.kind == "planted"
        for name in evidence["names"]
    }
    breaks = {name: mutant.breaks for name, mutant in tree.mutants().items()}
    return sorted(
        [f"{by} does not cite the mutant {name} that breaks it" for name, by in breaks.items() if (name, by) not in cited]
        + [
            f"{by} cites the mutant {name} as found, which says that it breaks {breaks[name]}"
            for name, by in found
            if breaks.get(name, by) != by
        ]
    )


def check_recorded_mutants_exist(catalogue, tree):
    """Each function of which mutants are recorded is still in its header, whether or not a property names it."""
    del catalogue
    problems = []
    for header, function in tree.mutated_functions:
        name = re.compile(rf"(?<!\w){re.escape(function)}(?!\w)")
        if not name.search(tree.text(f"impl/slabproof/{header}") or ""):
            problems.append(f"{MUTATION} has mutants of {function}, which impl/slabproof/{header} lacks")
    return problems


def used_identifiers(text):
    """(line number, id) of every property that a text names."""
    for number, line in enumerate(text.splitlines(), 1):
        found = [] if _LOCK_PROGRAM.search(line) else _USED.findall(line)
        for identifier in found + _USED_BY_WORD.findall(line):
            yield number, identifier


def check_used_identifiers(catalogue, tree):
    """Each id of a property that a file uses is in the catalogue."""
    problems = {
        f"{name}:{number}: {identifier} is not in the catalogue"
        for name, text in tree.files(_SCANNED_SUFFIXES)
        for number, identifier in used_identifiers(text)
        if identifier not in catalogue.ids
    }
    return sorted(problems)


RULES = [
    check_places_exist,
    check_evidence_exists,
    check_mutants_are_cited,
    check_recorded_mutants_exist,
    check_used_identifiers,
]
