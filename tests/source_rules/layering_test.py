"""References between the folders and rooms of the tree point one way, as ARCHITECTURE.md lists them.

The list is the block after the heading "## Layers": one line for each place, bottom-up, that names
what it may refer to. A place is a folder ("impl"), a room of one ("model/search"), or a single header
that is all a room may use of a folder. A folder stands for all of its rooms. The rules read the list
from there, so that the two cannot drift apart.
"""

import pathlib
import re
import tempfile
import unittest

from tests.source_rules import source_tree

LIST = "ARCHITECTURE.md"

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]", re.MULTILINE)
_LABEL = re.compile(r"\"//([\w./-]+)(?::([\w./-]+))?\"")
# An include of what users include names no folder of the tree: its headers are found as a user finds them.
_PUBLIC = "slabproof/"
_PUBLIC_ROOTS = ("model/check", "impl")


class LayersError(Exception):
    """The list is missing or contradicts itself."""


def is_within(place, outer):
    return place == outer or place.startswith(outer + "/")


def parse_layers(page):
    """Returns {place: set of places that it may refer to}."""
    block = re.search(r"^## Layers$.*?^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    if block is None:
        raise LayersError(f"{LIST} has no fenced block after the heading ## Layers")
    layers = {}
    for line in block.group(1).splitlines():
        name, colon, below = line.partition(":")
        allowed = set() if below.strip() == "(nothing)" else set(below.split())
        if not colon or not (allowed or below.strip() == "(nothing)"):
            raise LayersError(f"not a line of the list: {line!r}")
        for place in allowed:
            if not any(is_within(place, known) or is_within(known, place) for known in layers):
                raise LayersError(f"{name} refers to what is not listed below it: {line!r}")
        layers[name] = allowed
    return layers


def layer_of(path, layers):
    """The listed place that holds the file or package `path`, or None."""
    holders = [name for name in layers if is_within(path, name)]
    return max(holders, key=len, default=None)


def path_of_include(include, file, root):
    """The file of the tree that an include names, relative to `root`, or None."""
    if include.startswith(_PUBLIC):
        found = [base for base in _PUBLIC_ROOTS if (root / base / include).is_file()]
        return f"{(found or ['impl'])[0]}/{include}"
    for target in (root / include, root / file.parent / include):
        if target.is_file() and target.resolve().is_relative_to(root.resolve()):
            return target.resolve().relative_to(root.resolve()).as_posix()
    return None


def check_reference(file, number, what, target, layers):
    """The violation, as a list of at most one message. `target` is a path within the tree, or None."""
    layer = layer_of(file.as_posix(), layers)
    if target is None:
        return [f"{file}:{number}: {what} is not in the tree"]
    if is_within(target, layer) or any(is_within(target, place) for place in layers[layer]):
        return []
    return [f"{file}:{number}: {layer} must not refer to {layer_of(target, layers) or target}: {what}"]


def check_includes(file, root, layers):
    text = (root / file).read_text()
    folders = {"slabproof", *(name.split("/")[0] for name in layers)}
    problems = []
    for match in _INCLUDE.finditer(text):
        bracket, include = match.groups()
        if bracket == "<" and include.split("/")[0] not in folders:
            continue
        number = source_tree.line_number(text, match.start())
        target = path_of_include(include, file, root)
        problems += check_reference(file, number, include, target, layers)
    return problems


def check_labels(file, root, layers):
    """The labels in a BUILD file; what is not listed, such as //tools, is at everyone's service.

    A room that may use a single header of a place may depend on the targets of that place.
    """
    text = (root / file).read_text()
    layer = layer_of(file.as_posix(), layers)
    holders = {layer_of(place, layers) for place in layers[layer] if place.endswith(".h")}
    layers = {**layers, layer: layers[layer] | holders}
    problems = []
    for match in _LABEL.finditer(text):
        if layer_of(match.group(1), layers):
            number = source_tree.line_number(text, match.start())
            problems += check_reference(file, number, match.group(), match.group(1), layers)
    return problems


def check_tree(root):
    """Every violation in the tree."""
    layers = parse_layers((root / LIST).read_text())
    missing = [name for name in layers if not (root / name).is_dir()]
    problems = [f"{name} is listed, but is not a directory" for name in missing]
    for file in source_tree.walk(root):
        listed = layer_of(file.as_posix(), layers)
        if file.suffix in source_tree.CXX_SUFFIXES:
            if listed:
                problems += check_includes(file, root, layers)
            else:
                problems.append(f"{file}: {file.parent} holds C++ but {LIST} does not list it")
        elif file.name in {"BUILD", "BUILD.bazel"} and listed:
            problems += check_labels(file, root, layers)
    return problems


PAGE = """# Architecture
## Layers

What may refer to what:

```text
impl: (nothing)
model/search: (nothing)
model/runtime: impl/slabproof/sync.h model/search
model/slab: impl model/search model/runtime
tests: impl model
```
"""


class ParseLayersTest(unittest.TestCase):
    def test_reads_the_block_after_the_heading(self):
        layers = parse_layers(PAGE)
        self.assertEqual(layers["impl"], set())
        self.assertEqual(layers["model/runtime"], {"impl/slabproof/sync.h", "model/search"})
        self.assertEqual(layers["tests"], {"impl", "model"})

    def test_refuses_a_page_without_the_block(self):
        with self.assertRaisesRegex(LayersError, "no fenced block"):
            parse_layers("# Architecture\n")

    def test_refuses_a_reference_to_a_layer_above(self):
        with self.assertRaisesRegex(LayersError, "impl refers"):
            parse_layers(PAGE.replace("impl: (nothing)", "impl: model"))

    def test_refuses_a_line_without_references(self):
        with self.assertRaisesRegex(LayersError, "not a line"):
            parse_layers(PAGE.replace("impl: (nothing)", "impl:"))


class BadTreeTest(unittest.TestCase):
    """Each rule is shown a tree that breaks it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.write("ARCHITECTURE.md", PAGE)
        self.write("impl/slabproof/sync.h", "#include <vector>\n")
        self.write("impl/slabproof/slab.h", "#include <vector>\n")
        self.write("model/search/explore.h", "#include <string>\n")
        self.write("model/runtime/checked.h", '#include "slabproof/sync.h"\n#include "model/search/explore.h"\n')
        self.write("model/slab/history.h", '#include "slabproof/slab.h"\n')
        self.write("tests/slab_test.cc", '#include "model/slab/history.h"\n')
        self.write("model/runtime/BUILD", 'deps = ["//impl:slabproof", "//model/search"]\n')
        self.write("tests/BUILD", 'deps = ["//impl:slabproof", "//model/slab:x", "//tools:x"]\n')

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def assert_only_problem(self, pattern):
        problems = check_tree(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assertRegex(problems[0], pattern)

    def test_a_good_tree_has_no_problem(self):
        self.assertEqual(check_tree(self.root), [])

    def test_an_upward_include_is_found(self):
        self.write("impl/slabproof/slab.h", '\n#include "model/search/explore.h"\n')
        self.assert_only_problem(r"impl/slabproof/slab\.h:2: impl must not refer to model/search")

    def test_an_upward_include_in_angle_brackets_is_found(self):
        self.write("impl/slabproof/slab.h", "#include <model/search/explore.h>\n")
        self.assert_only_problem("impl must not refer to model/search")

    def test_an_upward_include_between_rooms_is_found(self):
        self.write("model/search/explore.h", '#include "model/runtime/checked.h"\n')
        self.assert_only_problem("model/search must not refer to model/runtime")

    def test_an_include_beyond_the_one_header_that_a_room_may_use_is_found(self):
        self.write("model/runtime/checked.h", '#include "slabproof/slab.h"\n')
        self.assert_only_problem("model/runtime must not refer to impl")

    def test_an_upward_include_by_relative_path_is_found(self):
        self.write("model/search/explore.h", '#include "../../tests/slab_test.cc"\n')
        self.assert_only_problem("model/search must not refer to tests")

    def test_an_include_that_leads_nowhere_is_found(self):
        self.write("model/slab/history.h", '#include "helper.h"\n')
        self.assert_only_problem("helper.h is not in the tree")

    def test_an_upward_dependency_of_a_build_file_is_found(self):
        self.write("impl/BUILD", 'deps = ["//model/slab"]\n')
        self.assert_only_problem(r"impl/BUILD:1: impl must not refer to model/slab")

    def test_an_upward_dependency_between_rooms_is_found(self):
        self.write("model/search/BUILD", 'deps = ["//model/slab:history"]\n')
        self.assert_only_problem(r"model/search/BUILD:1: model/search must not refer to model/slab")

    def test_a_dependency_beyond_the_place_of_the_one_header_that_a_room_may_use_is_found(self):
        page = PAGE.replace("tests: impl", "model/program: model/search/limits.h\ntests: impl")
        self.write("ARCHITECTURE.md", page)
        self.write("model/program/BUILD", 'deps = ["//model/search:limits", "//model/runtime"]\n')
        self.assert_only_problem("model/program must not refer to model/runtime")

    def test_a_directory_that_the_page_omits_is_found(self):
        self.write("extra/helper.cc", "int x;\n")
        self.assert_only_problem("extra holds C\\+\\+ but ARCHITECTURE.md does not list it")

    def test_a_room_that_the_page_omits_is_found(self):
        self.write("model/extra/helper.cc", "int x;\n")
        self.assert_only_problem("model/extra holds C\\+\\+")

    def test_a_listed_directory_that_does_not_exist_is_found(self):
        self.write("ARCHITECTURE.md", PAGE.replace("tests: impl", "fuzz: impl\ntests: impl"))
        self.assert_only_problem("fuzz is listed, but is not a directory")


class TreeTest(unittest.TestCase):
    def test_references_in_this_tree_point_one_way(self):
        self.assertEqual(check_tree(source_tree.workspace_root()), [])
