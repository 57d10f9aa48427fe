"""Tree finds what the catalogue may name, also behind macros, and nothing that is not there."""

import unittest

from proofs.evidence import example, tree


class TreeReadingTest(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        self.tree = tree.Tree(self.root)

    def test_a_target_is_found_behind_a_macro(self):
        target = self.tree.target("//tests:slab_test")
        self.assertEqual((target.rule, target.files("srcs")), ("cc_test", ["tests/slab_test.cc"]))

    def test_a_target_of_a_list_is_found(self):
        listed = '[cc_test(name = n + "_test", srcs = [n + ".cc"]) for n in ["a", "b"]]\n'
        example.write(self.root, "model/BUILD", listed)
        self.assertEqual(self.tree.target("//model:b_test").files("srcs"), ["model/b.cc"])

    def test_files_are_found_by_glob(self):
        example.write(self.root, "fuzz/replay.cc", "")
        self.assertEqual(self.tree.target("//fuzz/engine:replay_test").files("srcs"), ["fuzz/replay.cc"])

    def test_an_unknown_target_is_none(self):
        self.assertIsNone(self.tree.target("//tests:other_test"))
        self.assertIsNone(self.tree.target("//nowhere:slab_test"))

    def test_cases_of_every_kind_of_test_are_found(self):
        example.write(self.root, "tests/slab_test.cc", "TEST_P(\n    A, B) {}\nTEST_F(C, D) {}")
        self.assertEqual(self.tree.cases("//tests:slab_test"), {"A.B", "C.D"})

    def test_cases_of_python_belong_to_their_class(self):
        text = "class A(T):\n    def test_a(self):\n        x\nclass B(T):\n    def test_b(self):\n"
        self.assertEqual(tree.python_cases(text), {"A.test_a", "B.test_b"})

    def test_scenarios_know_their_suite(self):
        self.assertEqual(
            self.tree.scenarios,
            {"two_growers": "default", "three_growers": "default", "four_growers": "deep"},
        )

    def test_planted_bugs_know_the_property_that_they_break(self):
        file = "tests/mutants/planted_bugs.bzl"
        self.assertEqual(self.tree.planted_bugs(file), {"lock_lost": "S1"})
        example.edit(self.root, file, " (S1)", "")
        self.assertEqual(tree.Tree(self.root).planted_bugs(file), {"lock_lost": None})

    def test_planted_bugs_count_among_the_mutants_of_their_list(self):
        self.assertEqual(self.tree.mutants("tests/mutants/planted_bugs.bzl"), {"lock_lost"})

    def test_theorems_of_all_files_are_found(self):
        example.write(self.root, "proofs/coq/Growth.v", "Theorem S6_exact : True.")
        self.assertEqual(self.tree.all_theorems, {"S1_exclusive", "S1_taken", "S6_exact"})

    def test_mutants_of_a_build_file_are_found(self):
        example.write(self.root, "tools/mutant.bzl", "def impl_mutant(name, header):\n    pass\n")
        mutants = 'load("//tools:mutant.bzl", "impl_mutant")\nimpl_mutant("stale", header = "x.h")\n'
        example.write(self.root, "tests/mutants/BUILD", mutants)
        self.assertEqual(self.tree.mutants("tests/mutants/BUILD"), {"stale"})


if __name__ == "__main__":
    unittest.main()
