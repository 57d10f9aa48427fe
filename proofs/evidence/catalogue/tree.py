"""What the source tree has that the catalogue may name: theorems, scenarios, tests, mutants."""

import functools
import itertools
import pathlib
import re
import textwrap
import types

from tests.mutants.schemata import record, subjects

# A sentence of Coq ends with a period before white space.
_THEOREM = re.compile(r"^\s*(?:Theorem|Lemma|Corollary|Proposition)\s+([\w']+).*?\.(?=\s|\Z)", re.M | re.S)
_SCENARIO = re.compile(r"k(Default|Deep)Suite|\.name\s*=\s*\"(\w+)\"")
_GTEST_CASE = re.compile(
    r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_\w*PROP)\(\s*(\w+)\s*,\s*(\w+)"
)
_PYTHON_CASE = re.compile(r"^class\s+(\w+)\(|^    def (test_\w+)\(", re.MULTILINE)
_HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)
_STRING = re.compile(r"\"([^\"\n]*)\"")
_LOADED_FILE = re.compile(r"^load\(\"//([\w/.-]*):([\w.-]+)\"", re.MULTILINE)


_DIRECTORIES = ("impl", "model", "tests", "fuzz", "proofs", "tools")
_KEPT_OUT = {"__pycache__", "corpus"}
MUTANTS = "tests/mutants/mutants.bzl"
CORPUS = "fuzz/targets/corpus"
# What became of the mutants of the library that a program makes.
MUTATION = subjects.IMPL.record


def workspace_root():
    """The root of the real tree: a test's own data is a link into it."""
    return pathlib.Path("WORKSPACE").resolve().parent


def python_cases(text):
    """Names such as Class.test_what of a unittest module."""
    cases, current = set(), ""
    for match in _PYTHON_CASE.finditer(text):
        current = match.group(1) or current
        if match.group(2):
            cases.add(f"{current}.{match.group(2)}")
    return cases


def _split_label(label):
    package, _, name = label.removeprefix("//").partition(":")
    return package, name


class Tree:
    """The tree at `root`, read as needed."""

    def __init__(self, root):
        self.root = root

    def text(self, file):
        """The content of a file, or None."""
        path = self.root / file
        return path.read_text(errors="replace") if path.is_file() else None

    def files(self, suffixes):
        """(name, text) of each file of the project that a person writes, with one of these suffixes."""
        paths = itertools.chain(*((self.root / name).rglob("*") for name in _DIRECTORIES), self.root.glob("*.md"))
        for path in sorted(paths):
            name = path.relative_to(self.root)
            if path.suffix in suffixes and path.is_file() and not _KEPT_OUT & set(name.parts):
                yield str(name), path.read_text(errors="replace")

    @functools.cached_property
    def theorems(self):
        """{theorem: its statement as written}, of every file of the development."""
        texts = [file.read_text() for file in sorted((self.root / "proofs/coq").glob("*.v"))]
        return {
            match.group(1): textwrap.dedent(match.group().lstrip("\n"))
            for text in texts
            for match in _THEOREM.finditer(text)
        }

    @functools.cached_property
    def scenarios(self):
        """{scenario: suite}, in the order of model/program/scenario.cc."""
        found, suite = {}, None
        for new_suite, name in _SCENARIO.findall(self.text("model/program/scenario.cc") or ""):
            suite = new_suite.lower() or suite
            if name:
                found[name] = suite
        return found

    def scenarios_of(self, evidence):
        """The names that an entry of kind scenario stands for."""
        suite = evidence.get("suite")
        return evidence.get("names") or tuple(n for n, of in self.scenarios.items() if of == suite)

    def has_target(self, label):
        """Whether a BUILD file writes the name of a target: as a string, or as two, one of which a macro or a list
        adds to the other. This reads BUILD files without Bazel, which cannot run inside a test. A wrong name that
        passes is missing from the results of a run.
        """
        package, name = _split_label(label)
        strings = self._strings(f"{package}/BUILD")
        return any(
            name.startswith(string) and (name == string or name[len(string) :] in strings)
            for string in strings
        )

    def _strings(self, file):
        """The strings that a BUILD file and the .bzl files that it loads contain."""
        text = self.text(file) or ""
        found = {string.removeprefix("%s") for string in _STRING.findall(text)} - {""}
        return found.union(*(self._strings(f"{at}/{name}") for at, name in _LOADED_FILE.findall(text)))

    def sources(self, label):
        """The texts of the file that has the name of a target, or else of every test source of its package."""
        package, name = _split_label(label)
        found = [*self.root.glob(f"{package}/*.cc"), *self.root.glob(f"{package}/*_test.py")]
        files = [file for file in found if file.stem == name] or found
        return {file: file.read_text() for file in files}

    def cases(self, label):
        """The test cases that the sources of a target declare, as Suite.Name."""
        cases = set()
        for file, text in self.sources(label).items():
            if file.suffix == ".py":
                cases |= python_cases(text)
            else:
                cases |= {f"{suite}.{name}" for suite, name in _GTEST_CASE.findall(text)}
        return cases

    def constants(self, file):
        """The values that a .bzl file of nothing but data gives names to."""
        values = {"struct": types.SimpleNamespace}
        # Such a file is Python too, and our own.
        exec(self.text(file) or "", values)  # pylint: disable=exec-used
        return values

    def mutants(self):
        """{name: mutant} of the deliberately wrong slabs; `breaks` names a property."""
        return {mutant.name: mutant for mutant in self.constants(MUTANTS).get("MUTANTS", [])}

    @functools.cached_property
    def mutated_functions(self):
        """(header, function without its class) of all mutants that are recorded."""
        text = self.text(MUTATION)
        entries = record.parse(text).entries.values() if text is not None else ()
        return sorted({(each.file, each.simple_function) for each in entries})

    def corpus(self, label):
        """The files that the test of a fuzzer's corpus replays."""
        directory = self.root / CORPUS / _split_label(label)[1].removesuffix("_corpus_test")
        return sorted(file for file in directory.rglob("*") if file.is_file())

    def headings(self, file):
        return set(_HEADING.findall(self.text(file) or ""))
