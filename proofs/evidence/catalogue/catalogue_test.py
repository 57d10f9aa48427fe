"""The catalogue is well formed and agrees with the tree; each rule finds an example that breaks it."""

import unittest

from proofs.evidence.catalogue import example, properties, rules, tree
from tests.mutants.schemata import record

# Ids are cited, so none may ever go.
ESTABLISHED = (
    {f"S{number}" for number in range(1, 16)}
    | {f"L{number}" for number in (1, 2, 3, 5, 6, 7)}
    | {f"C{number}" for number in range(1, 8)}
    | {f"R{number}" for number in range(1, 5)}
    | {"O1", "W1", "W2"}
)
CATALOGUE = "proofs/properties.yaml"
MUTANTS = tree.MUTANTS
COQ = "proofs/coq/Ownership.v"
REVIEW = "proofs/REVIEW.md"
SCENARIOS = "model/program/scenario.cc"
SOME_ID = "S" "77"


LAST_ENTRY = "      - {kind: scenario, suite: default, shows: it is explored}\n"
LAST_PLACE = "[{file: impl/slab.h, function: take}]"
CASES = "cases: [SlabTest.Serves]"

# What makes the example's catalogue malformed: the text, what replaces it, and the message.
MALFORMED = {
    "text that is not YAML": ("notation: {seg", "notation: {{seg", "not YAML"),
    "a missing field": ("    title: No deadlock\n", "", "lacks title"),
    "an unknown field": ("    title: No deadlock\n", "    title: x\n    note: y\n", "field note"),
    "an unknown field of the whole": ("notation: {seg", "note: x\nnotation: {seg", "the catalogue .*field note"),
    "an empty statement": ("Nobody waits for ever.", '""', "statement is not text"),
    "two properties of one id": ("id: L1", "id: S1", "has S1 twice"),
    "an id that is not a letter and a number": ("id: L1", "id: first", "not a letter and a number: first"),
    "an unknown kind of evidence": ("kind: review", "kind: hope", "unknown kind: hope"),
    "an unknown build": (CASES, "build: msan", "unknown build: msan"),
    "evidence without its name": ("name: S1_exclusive, ", "", "lacks name"),
    "scenarios and suite together": ("suite: deep", "suite: deep, names: [x]", "either names or suite"),
    "a place without label and function": (", function: take}]", "}]", "either label or function"),
    "a property without evidence": ("\n" + LAST_ENTRY, " []\n", "evidence is not a list with an entry"),
    "a property that is kept nowhere": (LAST_PLACE, "[]", "kept_in is not a list with an entry"),
}
MUTATION_OF_NOTHING = "kept_in: [{file: impl/slab.h, label: void}]\n    evidence:\n      - {kind: mutation, shows: x}"
PLANTED = "{kind: planted, names: [lock_lost], shows: x}"
# What breaks one rule: a file of the example, a text in it, what replaces it, and the problem.
BREACHES = {
    "a label that is gone": ("impl/slab.h", "slab.owned", "slab.kept", r"impl/slab.h has no INVARIANT\[slab.owned\]"),
    "a function that is gone": (
        CATALOGUE, LAST_PLACE, LAST_PLACE.replace("take", "put"), "^L1: impl/slab.h has no put"
    ),
    "a file that is gone": (
        CATALOGUE, LAST_PLACE, LAST_PLACE.replace("slab.h", "pool.h"), "^L1: no such file: impl/pool.h"
    ),
    "a theorem that is gone": (COQ, "S1_exclusive", "S1_shared", "^S1: there is no theorem S1_exclusive"),
    "a joined theorem that is gone": (COQ, "S1_taken", "S1_given", "^S1: there is no theorem S1_taken"),
    "an unknown run of the step checker": (
        CATALOGUE, "[default suite]", "[other suite]", "^S1: no run of the step checker is named other suite"
    ),
    "a scenario that is gone": (SCENARIOS, "two_growers", "two_shrinkers", "^S1: no scenario is named two_growers"),
    "an empty suite": (SCENARIOS, '{.name = "four_growers"}', "", "^S1: the suite deep has no scenario"),
    "a test case that is gone": (
        "tests/slab_test.cc", "Serves", "Refuses", "^S1: //tests:slab_test has no case SlabTest.Serves"
    ),
    "a target that is gone": ("tests/BUILD", '"slab_test"', '"pool_test"', "^S1: no such target: //tests:slab_test"),
    "a mutant that is gone": (
        MUTANTS, 'struct(name = "lock_skipped", breaks = "S1", steps = "rejected"), ', "",
        f"^S1: {MUTANTS} has no mutant lock_skipped",
    ),
    "a mutant in the table that is gone": (
        MUTANTS, ', struct(name = "lock_lost", breaks = "S1", steps = None)', "",
        f"^S1: {MUTANTS} has no mutant lock_lost",
    ),
    "a mutant that nobody cites": (
        MUTANTS, "MUTANTS = [", 'MUTANTS = [struct(name = "lock_left", breaks = "L1", steps = None), ',
        "^L1 does not cite the mutant lock_left",
    ),
    "a mutant cited as found for what it does not break": (
        CATALOGUE, LAST_ENTRY, f"{LAST_ENTRY}      - {PLANTED}\n",
        "^L1 cites the mutant lock_lost as found, which says that it breaks S1",
    ),
    "evidence of mutation without a function": (
        CATALOGUE, f"kept_in: {LAST_PLACE}\n    evidence:", MUTATION_OF_NOTHING,
        "^L1: evidence of mutation without a function of impl/",
    ),
    "a heading that is gone": (REVIEW, "Owners", "Guests", f"^S1: {REVIEW} has no heading Owners"),
}  # fmt: skip


class FormTest(unittest.TestCase):
    """parse() refuses whatever it would misread."""

    def test_a_good_catalogue_is_read(self):
        read = properties.parse(example.FILES[CATALOGUE])
        self.assertEqual(read.ids, {"S1", "L1"})
        self.assertEqual([e.kind for e in read.properties[0].evidence][0], "theorem")
        self.assertEqual(str(read.properties[1].kept_in[0]), "impl/slab.h: take")

    def test_evidence_of_mutation_is_about_the_functions_of_the_library_that_keep_the_property(self):
        label = '{file: impl/slab.h, label: "INVARIANT[slab.owned]"}'
        text = example.FILES[CATALOGUE].replace(label, "{file: model/take.cc, function: take}")
        (mutation,) = [each for each in properties.parse(text).properties[0].evidence if each.kind == "mutation"]
        self.assertEqual([str(place) for place in mutation["functions"]], ["impl/slab.h: take"])

    def test_a_malformed_catalogue_is_refused(self):
        text = example.FILES[CATALOGUE]
        for what, (old, new, message) in MALFORMED.items():
            with self.subTest(what):
                self.assertIn(old, text)
                with self.assertRaisesRegex(properties.CatalogueError, message):
                    properties.parse(text.replace(old, new))


class RuleTest(unittest.TestCase):
    """Each rule finds what breaks it, and nothing else."""

    def setUp(self):
        self.root = example.make(self)

    def problems(self):
        at = tree.Tree(self.root)
        read = properties.load(self.root)
        return [problem for rule in rules.RULES for problem in rule(read, at)]

    def assert_only_problem(self, pattern):
        problems = self.problems()
        self.assertEqual(len(problems), 1, problems)
        self.assertRegex(problems[0], pattern)

    def test_a_good_tree_has_no_problem(self):
        self.assertEqual(self.problems(), [])

    def test_each_breach_of_a_rule_is_found(self):
        for what, (file, old, new, problem) in BREACHES.items():
            with self.subTest(what):
                self.root = example.make(self)
                example.edit(self.root, file, old, new)
                self.assert_only_problem(problem)

    def test_a_corpus_that_is_gone_is_found(self):
        (self.root / "fuzz/targets/corpus/slab/one").unlink()
        self.assert_only_problem("^S1: //fuzz/targets:slab_corpus_test has no corpus")

    def test_a_recorded_function_that_is_gone_is_found(self):
        names = ("take", "operator[]")
        entries = [record.Entry(f"slab.lock.{name}", "slab.h", f"Slab::{name}", "lock", "lived") for name in names]
        recorded = record.Record("d", "2026-05-04", ("test",), {each.name: each for each in entries})
        example.write(self.root, tree.MUTATION, record.text_of(recorded))
        header = "impl/slabproof/slab.h"
        example.write(self.root, header, "void take();\nvoid operator[](int);\n")
        self.assertEqual(self.problems(), [])
        example.edit(self.root, header, "take", "take_all")
        self.assert_only_problem(f"^{tree.MUTATION} has mutants of take, which {header} lacks")
        (self.root / header).unlink()
        self.assertEqual(len(self.problems()), 2)

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
        example.write(self.root, "tests/note.cc", "// L0 U0 L1 U1 | AS34 kS99 SHA256 S2x properties h2\n")
        self.assertEqual(self.problems(), [])


class TreeTest(unittest.TestCase):
    """The catalogue of this tree."""

    @classmethod
    def setUpClass(cls):
        cls.tree = tree.Tree(tree.workspace_root())
        cls.catalogue = properties.load(cls.tree.root)

    def test_every_established_id_is_there(self):
        self.assertEqual(ESTABLISHED - self.catalogue.ids, set())

    def test_each_mutant_cited_for_the_step_checker_is_one_that_its_tests_expect_it_to_reject(self):
        cited = [
            name
            for entry in self.catalogue.properties
            for evidence in entry.evidence
            if evidence.kind == "mutant" and evidence["target"].startswith("//proofs/coq:")
            for name in evidence["names"]
        ]
        self.assertTrue(cited)
        for name in cited:
            with self.subTest(name):
                self.assertEqual(self.tree.mutants()[name].steps, "rejected")

    def test_each_property_that_a_function_keeps_has_what_became_of_its_mutants(self):
        for entry in self.catalogue.properties:
            with self.subTest(entry.id):
                kinds = [evidence.kind for evidence in entry.evidence]
                self.assertEqual(kinds.count("mutation"), any(place.is_mutated for place in entry.kept_in))

    def test_every_rule_holds(self):
        for rule in rules.RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(rule(self.catalogue, self.tree), [])
