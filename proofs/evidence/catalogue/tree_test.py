"""Tree finds what the catalogue may name, also behind macros, and nothing that does not exist."""

import unittest

from proofs.evidence.catalogue import example, tree


class TreeReadingTest(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        self.tree = tree.Tree(self.root)

    def test_a_target_is_found_by_its_name(self):
        self.assertTrue(self.tree.has_target("//tests:slab_test"))

    def test_a_target_whose_name_a_list_completes_is_found(self):
        listed = '[cc_test(name = n + "_test", srcs = [n + ".cc"]) for n in ["a", "b"]]\n'
        example.write(self.root, "model/BUILD", listed)
        self.assertTrue(self.tree.has_target("//model:b_test"))

    def test_a_target_whose_name_a_macro_completes_is_found(self):
        example.write(self.root, "tools/rules.bzl", 'def house_test(name):\n    cc_test("%s_deep" % name)\n')
        self.assertTrue(self.tree.has_target("//tests:slab_test_deep"))

    def test_an_unknown_target_is_not_found(self):
        self.assertFalse(self.tree.has_target("//tests:other_test"))
        self.assertFalse(self.tree.has_target("//tests:slab_test_of_another_name"))
        self.assertFalse(self.tree.has_target("//nowhere:slab_test"))

    def test_cases_of_a_target_are_those_of_the_source_of_its_name(self):
        self.assertEqual(self.tree.cases("//tests:canary_test"), {"CanaryTest.LockSkipped"})

    def test_cases_of_a_target_without_a_source_of_its_name_are_those_of_the_package(self):
        found = {"CanaryTest.LockSkipped", "SlabTest.Serves", "SlabTest.Grows"}
        self.assertEqual(self.tree.cases("//tests:canary_deep_test"), found)

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

    def test_mutants_know_the_properties_that_they_break(self):
        mutants = self.tree.mutants()
        self.assertEqual({name: mutant.breaks for name, mutant in mutants.items()}, {"lock_skipped": "S1", "lock_lost": "S1"})

    def test_a_statement_is_the_whole_sentence(self):
        text = "  Theorem S6_exact a.b :\n    True.\n  Proof. done. Qed.\n"
        example.write(self.root, "proofs/coq/Growth.v", text)
        self.assertEqual(self.tree.theorems["S6_exact"], "Theorem S6_exact a.b :\n  True.")

    def test_theorems_of_all_files_are_found(self):
        example.write(self.root, "proofs/coq/Growth.v", "Theorem S6_exact : True.")
        self.assertEqual(set(self.tree.theorems), {"S1_exclusive", "S1_taken", "S6_exact"})
