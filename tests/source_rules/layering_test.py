"""References between the directories point one way, as the README lists them.

The list is the block after the heading "## Layers": one line for each directory, bottom-up, that
names what it may refer to. The rules read it from there, so that the two cannot drift apart.
"""

import pathlib
import re
import tempfile
import unittest

from tests.source_rules import source_tree

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]", re.MULTILINE)
_LABEL = re.compile(r"\"//([\w.-]+)[/:\"]")


class LayersError(Exception):
    """The README's list is missing or contradicts itself."""


def parse_layers(readme):
    """Returns {directory: set of directories it may refer to}."""
    block = re.search(r"^## Layers$.*?^```\w*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    if block is None:
        raise LayersError("README.md has no fenced block after the heading ## Layers")
    layers = {}
    for line in block.group(1).splitlines():
        name, colon, below = line.partition(":")
        allowed = set() if below.strip() == "(nothing)" else set(below.split())
        if not colon or not (allowed or below.strip() == "(nothing)"):
            raise LayersError(f"not a line of the list: {line!r}")
        if not allowed <= set(layers):
            raise LayersError(f"{name} refers to what is not listed below it: {line!r}")
        layers[name] = allowed
    return layers


def layer_of_include(include, file, root, layers):
    """The directory that an include refers to, or None if it leads nowhere in the tree."""
    parts = include.split("/")
    if parts[0] == "slabproof":
        if len(parts) == 2:
            return "impl"
        return parts[1] if parts[1] in layers else None
    if parts[0] in layers:
        return parts[0]
    target = (root / file.parent / include).resolve()
    if target.is_file() and target.is_relative_to(root.resolve()):
        return target.relative_to(root.resolve()).parts[0]
    return None


def check_reference(file, number, what, target, layers):
    """The violation, as a list of at most one message."""
    layer = file.parts[0]
    if target is None:
        return [f"{file}:{number}: {what} is not in the tree"]
    if target != layer and target not in layers[layer]:
        return [f"{file}:{number}: {layer} must not refer to {target}: {what}"]
    return []


def check_includes(file, root, layers):
    text = (root / file).read_text()
    problems = []
    for match in _INCLUDE.finditer(text):
        bracket, include = match.groups()
        if bracket == "<" and include.split("/")[0] not in {"slabproof", *layers}:
            continue
        number = source_tree.line_number(text, match.start())
        target = layer_of_include(include, file, root, layers)
        problems += check_reference(file, number, include, target, layers)
    return problems


def check_labels(file, root, layers):
    """The labels in a BUILD file; what is no layer, such as //tools, is at everyone's service."""
    text = (root / file).read_text()
    problems = []
    for match in _LABEL.finditer(text):
        if match.group(1) in layers:
            number = source_tree.line_number(text, match.start())
            problems += check_reference(file, number, match.group(), match.group(1), layers)
    return problems


def check_tree(root):
    """Every violation in the tree."""
    layers = parse_layers((root / "README.md").read_text())
    missing = [name for name in layers if not (root / name).is_dir()]
    problems = [f"{name} is listed, but is no directory" for name in missing]
    for file in source_tree.walk(root):
        layer = file.parts[0]
        if file.suffix in source_tree.CXX_SUFFIXES:
            if layer in layers:
                problems += check_includes(file, root, layers)
            else:
                problems.append(f"{file}: {layer} holds C++ but is not listed in the README")
        elif file.name in {"BUILD", "BUILD.bazel"} and layer in layers:
            problems += check_labels(file, root, layers)
    return problems


README = """# slabproof
## Layers

What may refer to what:

```text
impl: (nothing)
model: impl
tests: impl model
```
"""


class ParseLayersTest(unittest.TestCase):
    def test_reads_the_block_after_the_heading(self):
        layers = parse_layers(README)
        self.assertEqual(layers, {"impl": set(), "model": {"impl"}, "tests": {"impl", "model"}})

    def test_refuses_a_readme_without_the_block(self):
        with self.assertRaisesRegex(LayersError, "no fenced block"):
            parse_layers("# slabproof\n")

    def test_refuses_a_reference_to_a_layer_above(self):
        with self.assertRaisesRegex(LayersError, "impl refers"):
            parse_layers(README.replace("(nothing)", "model"))

    def test_refuses_a_line_without_references(self):
        with self.assertRaisesRegex(LayersError, "not a line"):
            parse_layers(README.replace("(nothing)", ""))


class BadTreeTest(unittest.TestCase):
    """Each rule is shown a tree that breaks it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.write("README.md", README)
        self.write("impl/slabproof/slab.h", "#include <vector>\n")
        self.write("model/oracle/oracle.h", '#include "slabproof/slab.h"\n')
        self.write("tests/impl/slab_test.cc", '#include "model/oracle/oracle.h"\n')
        self.write("tests/BUILD", 'deps = ["//impl:slabproof", "//model", "//tools:x"]\n')

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
        self.write("impl/slabproof/slab.h", '\n#include "model/oracle/oracle.h"\n')
        self.assert_only_problem(r"impl/slab\.h:2: impl must not refer to model")

    def test_an_upward_include_in_angle_brackets_is_found(self):
        self.write("impl/slabproof/slab.h", "#include <model/oracle/oracle.h>\n")
        self.assert_only_problem("impl must not refer to model")

    def test_an_upward_include_by_path_is_found(self):
        self.write("model/oracle/oracle.h", '#include "tests/helper.h"\n')
        self.assert_only_problem("model must not refer to tests")

    def test_an_upward_include_by_relative_path_is_found(self):
        self.write("model/oracle/oracle.h", '#include "../tests/impl/slab_test.cc"\n')
        self.assert_only_problem("model must not refer to tests")

    def test_an_include_that_leads_nowhere_is_found(self):
        self.write("model/oracle/oracle.h", '#include "helper.h"\n')
        self.assert_only_problem("helper.h is not in the tree")

    def test_an_upward_dependency_of_a_build_file_is_found(self):
        self.write("impl/BUILD", 'deps = ["//model/oracle"]\n')
        self.assert_only_problem(r"impl/BUILD:1: impl must not refer to model")

    def test_a_directory_that_the_readme_omits_is_found(self):
        self.write("extra/helper.cc", "int x;\n")
        self.assert_only_problem("extra holds C\\+\\+ but is not listed")

    def test_a_listed_directory_that_does_not_exist_is_found(self):
        self.write("README.md", README.replace("tests: impl", "fuzz: impl\ntests: impl"))
        self.assert_only_problem("fuzz is listed, but is no directory")


class TreeTest(unittest.TestCase):
    def test_references_in_this_tree_point_one_way(self):
        self.assertEqual(check_tree(source_tree.workspace_root()), [])


if __name__ == "__main__":
    unittest.main()
