"""make_mutant changes exactly what it is asked to, and refuses an edit that does not fit."""

import pathlib
import tempfile
import unittest
from unittest import mock

from tools import make_mutant

SOURCE = """namespace slabproof {
int add(int a,
        int b) {
  return a + b;
}
}  // namespace slabproof
"""


def line_of(text, source):
    return source[: source.index(text)].count("\n")


class ApplyEditTest(unittest.TestCase):
    def test_replaces_the_only_occurrence(self):
        self.assertIn("return a - b;", make_mutant.apply_edit(SOURCE, "a + b", "a - b"))

    def test_refuses_a_text_that_does_not_occur(self):
        with self.assertRaisesRegex(make_mutant.MutantError, "found 0"):
            make_mutant.apply_edit(SOURCE, "a * b", "a - b")

    def test_refuses_a_text_that_occurs_twice(self):
        with self.assertRaisesRegex(make_mutant.MutantError, "found 2"):
            make_mutant.apply_edit(SOURCE + SOURCE, "a + b", "a - b")

    def test_refuses_an_edit_without_effect(self):
        with self.assertRaisesRegex(make_mutant.MutantError, "changes nothing"):
            make_mutant.apply_edit(SOURCE, "a + b", "a  +  b")

    def test_refuses_to_look_for_nothing(self):
        with self.assertRaisesRegex(make_mutant.MutantError, "empty"):
            make_mutant.apply_edit(SOURCE, " \n", "x")

    def test_white_space_matches_across_lines(self):
        mutant = make_mutant.apply_edit(SOURCE, "add(int a, int b)", "add(int b, int a)")
        self.assertIn("int add(int b, int a)\n", mutant)

    def test_keeps_line_numbers(self):
        mutant = make_mutant.apply_edit(SOURCE, "add(int a, int b)", "add(int b, int a)")
        self.assertEqual(line_of("return a + b;", mutant), line_of("return a + b;", SOURCE))

    def test_refuses_to_add_lines(self):
        with self.assertRaisesRegex(make_mutant.MutantError, "more lines"):
            make_mutant.apply_edit(SOURCE, "return a + b;", "return a -\n b;")


class MutateTest(unittest.TestCase):
    def test_applies_every_edit(self):
        mutant = make_mutant.mutate(SOURCE, [["a + b", "a - b"], ["a - b", "b - a"]], "wrong")
        self.assertIn("return b - a;", mutant)

    def test_moves_definitions_into_the_namespace_of_the_mutant(self):
        mutant = make_mutant.mutate(SOURCE, [["a + b", "a - b"]], "wrong")
        self.assertTrue(mutant.startswith("namespace slabproof::inline wrong {"))

    def test_moves_nested_namespaces_too(self):
        mutant = make_mutant.separate_namespace("namespace slabproof::detail {\n}", "wrong")
        self.assertEqual(mutant, "namespace slabproof::inline wrong::detail {\n}")


class MainTest(unittest.TestCase):
    def test_one_header_is_changed_and_all_move_to_the_namespace(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            sources = [directory / "sum.h", directory / "same.h"]
            for source in sources:
                source.write_text(SOURCE)
            (directory / "edits.json").write_text('[["a + b", "a - b"]]')
            (directory / "out").mkdir()
            arguments = ["--edits", directory / "edits.json", "--header", "sum.h", "--namespace", "wrong",
                         "--out", directory / "out", *sources]
            with mock.patch("sys.argv", ["make_mutant", *map(str, arguments)]):
                self.assertEqual(make_mutant.main(), 0)
            self.assertIn("inline wrong {\nint add(int a,\n        int b) {\n  return a - b;",
                          (directory / "out/sum.h").read_text())
            self.assertEqual((directory / "out/same.h").read_text(), make_mutant.separate_namespace(SOURCE, "wrong"))
