"""The catalogue is well formed and tells the truth about the tree; each rule is shown a breach."""

import unittest

from proofs.evidence import catalogue, example, rules, tree

# Ids are cited, so none may ever go.
ESTABLISHED = {f"S{number}" for number in range(1, 13)} | {f"L{number}" for number in range(1, 4)}
CATALOGUE = "proofs/properties.yaml"
BUGS = "tests/mutants/planted_bugs.bzl"
SOME_ID = "S" "77"


class FormTest(unittest.TestCase):
    """parse() refuses whatever it would misread."""

    def setUp(self):
        self.text = example.FILES[CATALOGUE]

    def assert_refused(self, old, new, pattern):
        self.assertIn(old, self.text)
        with self.assertRaisesRegex(catalogue.CatalogueError, pattern):
            catalogue.parse(self.text.replace(old, new))

    def test_a_good_catalogue_is_read(self):
        read = catalogue.parse(self.text)
        self.assertEqual(read.ids, {"S1", "L1"})
        self.assertEqual([e.kind for e in read.properties[0].evidence][0], "theorem")
        self.assertEqual(str(read.properties[1].kept_in[0]), "impl/slab.h: take")

    def test_what_is_no_yaml_is_refused(self):
        self.assert_refused("notation: {seg", "notation: {{seg", "not YAML")

    def test_a_missing_field_is_refused(self):
        self.assert_refused("    title: No deadlock\n", "", "lacks title")

    def test_an_unknown_field_is_refused(self):
        self.assert_refused("    title: No deadlock\n", "    title: x\n    note: y\n", "field note")

    def test_an_empty_statement_is_refused(self):
        self.assert_refused("Nobody waits for ever.", '""', "statement is not text")

    def test_two_properties_of_one_id_are_refused(self):
        self.assert_refused("id: L1", "id: S1", "S1 stands twice")

    def test_an_unknown_kind_of_evidence_is_refused(self):
        self.assert_refused("kind: review", "kind: hope", "no known kind: hope")

    def test_evidence_without_its_name_is_refused(self):
        self.assert_refused("name: S1_exclusive, ", "", "lacks name")

    def test_scenarios_and_suite_together_are_refused(self):
        self.assert_refused("suite: deep", "suite: deep, names: [x]", "either scenarios or a suite")

    def test_a_place_without_label_and_function_is_refused(self):
        self.assert_refused(", function: take}]", "}]", "either a label or a function")

    def test_an_id_that_is_none_is_refused(self):
        self.assert_refused("id: L1", "id: first", "no identifier: first")


class RuleTest(unittest.TestCase):
    """Each rule finds what breaks it, and nothing else."""

    def setUp(self):
        self.root = example.make(self)

    def problems(self):
        at = tree.Tree(self.root)
        read = catalogue.load(self.root)
        return [problem for rule in rules.RULES for problem in rule(read, at)]

    def assert_only_problem(self, pattern):
        problems = self.problems()
        self.assertEqual(len(problems), 1, problems)
        self.assertRegex(problems[0], pattern)

    def test_a_good_tree_has_no_problem(self):
        self.assertEqual(self.problems(), [])

    def test_a_property_without_evidence_is_found(self):
        entry = "    evidence:\n      - {kind: scenario, suite: default, shows: it is explored}\n"
        example.edit(self.root, CATALOGUE, entry, "    evidence: []\n")
        self.assert_only_problem("^L1 has no evidence")

    def test_a_property_that_is_kept_nowhere_is_found(self):
        kept = "[{file: impl/slab.h, function: take}]"
        example.edit(self.root, CATALOGUE, kept, "[]")
        self.assert_only_problem("^L1 does not say where")

    def test_a_label_that_is_gone_is_found(self):
        example.edit(self.root, "impl/slab.h", "slab.owned", "slab.kept")
        self.assert_only_problem(r"impl/slab.h has no INVARIANT\[slab.owned\]")

    def test_a_function_that_is_gone_is_found(self):
        example.edit(self.root, CATALOGUE, "[{file: impl/slab.h, function: take}]",
                     "[{file: impl/slab.h, function: put}]")
        self.assert_only_problem("^L1: impl/slab.h has no put")

    def test_a_file_that_is_gone_is_found(self):
        example.edit(self.root, CATALOGUE, "[{file: impl/slab.h, function: take}]",
                     "[{file: impl/pool.h, function: take}]")
        self.assert_only_problem("^L1: no such file: impl/pool.h")

    def test_a_theorem_that_is_gone_is_found(self):
        example.edit(self.root, "proofs/coq/Ownership.v", "S1_exclusive", "S1_shared")
        self.assert_only_problem("^S1: proofs/coq/Ownership.v has no theorem S1_exclusive")

    def test_a_scenario_that_is_gone_is_found(self):
        example.edit(self.root, "model/program/scenario.cc", "two_growers", "two_shrinkers")
        self.assert_only_problem("^S1: no scenario is named two_growers")

    def test_an_empty_suite_is_found(self):
        example.edit(self.root, "model/program/scenario.cc", '{.name = "four_growers"}', "")
        self.assert_only_problem("^S1: the suite deep has no scenario")

    def test_a_test_case_that_is_gone_is_found(self):
        example.edit(self.root, "tests/slab_test.cc", "Serves", "Refuses")
        self.assert_only_problem("^S1: //tests:slab_test has no case SlabTest.Serves")

    def test_a_target_that_is_gone_is_found(self):
        example.edit(self.root, "tests/BUILD", '"slab_test"', '"pool_test"')
        self.assert_only_problem("^S1: no such target: //tests:slab_test")

    def test_a_corpus_that_is_gone_is_found(self):
        (self.root / "fuzz/targets/corpus/slab/one").unlink()
        self.assert_only_problem("^S1: no corpus in fuzz/targets/corpus/slab")

    def test_a_mutant_that_is_gone_is_found(self):
        example.edit(self.root, "tests/mutants/canaries.bzl", "lock_skipped", "lock_taken")
        self.assert_only_problem("^S1: tests/mutants/canaries.bzl has no mutant lock_skipped")

    def test_a_run_of_the_step_checker_that_is_none_is_found(self):
        example.edit(self.root, CATALOGUE, "[default suite]", "[other suite]")
        self.assert_only_problem("^S1: no run of the step checker is named other suite")

    def test_a_joined_theorem_that_is_gone_is_found(self):
        example.edit(self.root, "proofs/coq/Ownership.v", "S1_taken", "S1_given")
        self.assert_only_problem("^S1: there is no theorem S1_taken")

    def test_a_planted_bug_that_is_gone_is_found(self):
        example.edit(self.root, BUGS, '("lock_lost", "slab.h", [], "lost lock (S1)")', "")
        self.assert_only_problem(f"^S1: {BUGS} has no planted bug lock_lost")

    def test_a_planted_bug_that_nobody_cites_is_found(self):
        example.edit(self.root, BUGS, '(S1)")', '(S1)"), ("lock_left", "slab.h", [], "stuck (L1)")')
        self.assert_only_problem("^L1 does not cite the planted bug lock_left")

    def test_a_planted_bug_cited_for_what_it_does_not_break_is_found(self):
        entry = "      - {kind: scenario, suite: default, shows: it is explored}\n"
        planted = ("{kind: planted, list: tests/mutants/planted_bugs.bzl, names: [lock_lost], "
                   "figures: tests/mutants/ENGINES.json, shows: x}")
        example.edit(self.root, CATALOGUE, entry, f"{entry}      - {planted}\n")
        self.assert_only_problem("^L1 cites the planted bug lock_lost, which says")

    def test_a_heading_that_is_gone_is_found(self):
        example.edit(self.root, "proofs/REVIEW.md", "Owners", "Guests")
        self.assert_only_problem("^S1: proofs/REVIEW.md has no heading Owners")

    def test_an_id_that_the_catalogue_lacks_is_found(self):
        for name, text in {
            "impl/note.h": f"// keeps {SOME_ID}\n",
            "model/note.cc": f'violation.property = "{SOME_ID}";\n',
            "proofs/coq/Note.v": f"Theorem {SOME_ID}_holds : True.\n",
            "proofs/note.md": "property C" "1 of the cache\n",
        }.items():
            with self.subTest(name):
                example.write(self.root, name, text)
                self.assert_only_problem(f"^{name}:1: .* is not in the catalogue")
                (self.root / name).unlink()

    def test_what_only_looks_like_an_id_is_no_problem(self):
        example.write(self.root, "tests/note.cc", "// L0 U0 L1 U1 | AS34 kS99 SHA256 S2x\n")
        self.assertEqual(self.problems(), [])


class TreeTest(unittest.TestCase):
    """The catalogue of this tree."""

    @classmethod
    def setUpClass(cls):
        cls.tree = tree.Tree(tree.workspace_root())
        cls.catalogue = catalogue.load(cls.tree.root)

    def test_every_established_id_is_there(self):
        self.assertEqual(ESTABLISHED - self.catalogue.ids, set())

    def test_what_the_step_checker_is_said_to_reject_is_what_its_tests_reject(self):
        cited = [
            evidence
            for entry in self.catalogue.properties
            for evidence in entry.evidence
            if evidence.kind == "mutant" and evidence["target"].startswith("//proofs/coq:")
        ]
        self.assertTrue(cited)
        for evidence in cited:
            arguments = " ".join(self.tree.target(evidence["target"]).attributes["args"])
            for name in evidence["names"]:
                with self.subTest(name):
                    checker = rf":(check_{name}|{name}_check)\)"
                    self.assertRegex(arguments, rf"--rejected=\$\(location //[\w/]+{checker}")

    def test_every_rule_holds(self):
        for rule in rules.RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(rule(self.catalogue, self.tree), [])


if __name__ == "__main__":
    unittest.main()
