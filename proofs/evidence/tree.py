"""What the source tree has that the catalogue may name: theorems, scenarios, tests, mutants."""

import functools
import pathlib
import re
import textwrap

from proofs.evidence.build_files import BuildFiles

_THEOREM = re.compile(r"^\s*(?:Theorem|Lemma|Corollary|Proposition)\s+([\w']+)", re.MULTILINE)
_SUITE = re.compile(r"kDefaultSuite|kDeepSuite")
_SCENARIO = re.compile(r"\.name\s*=\s*\"(\w+)\"")
_GTEST_CASE = re.compile(
    r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_\w*PROP)\(\s*(\w+)\s*,\s*(\w+)"
)
_PYTHON_CASE = re.compile(r"^class\s+(\w+)\(|^    def (test_\w+)\(", re.MULTILINE)
_PROPERTY_OF_BUG = re.compile(r"\((\w+)\)$")
_HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)


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


class Tree:
    """The tree at `root`, read as needed."""

    def __init__(self, root):
        self.root = root
        self._build_files = BuildFiles(root)

    def text(self, file):
        """The content of a file, or None."""
        path = self.root / file
        return path.read_text(errors="replace") if path.is_file() else None

    def theorems(self, file):
        return set(_THEOREM.findall(self.text(file) or ""))

    @functools.cached_property
    def all_theorems(self):
        """The theorems of every file of the development."""
        files = sorted((self.root / "proofs/coq").glob("*.v"))
        return set().union(*(self.theorems(file.relative_to(self.root)) for file in files))

    def statement(self, file, name):
        """The statement of a theorem, as written; empty if there is none."""
        start = re.search(
            rf"^[ ]*(?:Theorem|Lemma|Corollary|Proposition)\s+{re.escape(name)}\b",
            self.text(file) or "",
            re.MULTILINE,
        )
        if start is None:
            return ""
        rest = self.text(file)[start.start() :]
        # A sentence of Coq ends with a period before white space.
        return textwrap.dedent(re.split(r"(?<=\.)\s", rest, maxsplit=1)[0])

    @functools.cached_property
    def scenarios(self):
        """{scenario: suite}, in the order of model/program/scenario.cc."""
        text = self.text("model/program/scenario.cc") or ""
        found, suite = {}, None
        for match in re.finditer(f"{_SUITE.pattern}|{_SCENARIO.pattern}", text):
            if match.group(1) is None:
                suite = "deep" if "Deep" in match.group() else "default"
            else:
                found[match.group(1)] = suite
        return found

    def scenarios_of(self, evidence):
        """The names that an entry of kind scenario stands for."""
        if evidence.get("names"):
            return evidence["names"]
        suite = evidence["suite"]
        return tuple(name for name, of_suite in self.scenarios.items() if of_suite == suite)

    def target(self, label):
        return self._build_files.target(label)

    def cases(self, label):
        """The test cases that the sources of a target declare, as Suite.Name."""
        target = self.target(label)
        if target is None:
            return set()
        cases = set()
        for file in (*target.files("srcs"), *target.files("data")):
            text = self.text(file) or ""
            if file.endswith(".cc"):
                cases |= {f"{suite}.{name}" for suite, name in _GTEST_CASE.findall(text)}
            elif file.endswith("_test.py"):
                cases |= python_cases(text)
        return cases

    def mutants(self, file):
        """The names of the deliberately wrong slabs that a .bzl or BUILD file lists."""
        if self.text(file) is None:
            return set()
        if file.endswith(".bzl"):
            lists = (v for v in self._build_files.constants(file).values() if isinstance(v, list))
            items = [item for listed in lists for item in listed]
            return {item[0] if isinstance(item, tuple) else item.name for item in items}
        package = str(pathlib.PurePosixPath(file).parent)
        return set(self._build_files.macro_names(package, "impl_mutant"))

    def planted_bugs(self, file):
        """{name: the property that it breaks, as its text says in the end} of planted bugs."""
        if self.text(file) is None:
            return {}
        listed = self._build_files.constants(file)["PLANTED_BUGS"]
        named = ((name, _PROPERTY_OF_BUG.search(what)) for name, _, _, what in listed)
        return {name: found.group(1) if found else None for name, found in named}

    def corpus(self, directory):
        """The files of a fuzzer's corpus."""
        path = self.root / directory
        return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else []

    def headings(self, file):
        return set(_HEADING.findall(self.text(file) or ""))
