"""The trust base on one page is complete and fresh; each way to write a marker is read."""

import contextlib
import io
import unittest
from unittest import mock

from proofs.evidence.catalogue import example, tree, trust_base

CPP = """// Talk.
// TRUSTED[kernel.zero_pages]: fresh pages are zero,
//   and stay so until they are written.
//
// More talk.
int x;  // TRUSTED[kernel.other]: one line of five words
"""
COQ = """(** Talk.

    TRUSTED[coq.kernel]: the kernel of Coq
    accepts no false proof. *)
Definition x := 1.
"""
PROSE = """# Page

- TRUSTED[relacy.order]: stores happen in the order in which they run.
  Shown by //tests:slab_test SlabTest.Serves, SlabTest.Grows. Shown by //tests:canary_test.

Talk.
"""


class ReadTest(unittest.TestCase):
    def test_a_comment_is_read_to_its_empty_line(self):
        items = trust_base.read_items("impl/x.h", CPP)
        self.assertEqual(
            [(item.name, item.text) for item in items],
            [
                ("kernel.zero_pages", "fresh pages are zero, and stay so until they are written."),
                ("kernel.other", "one line of five words"),
            ],
        )

    def test_a_comment_of_a_proof_is_read_to_its_end(self):
        (item,) = trust_base.read_items("proofs/coq/x.v", COQ)
        self.assertEqual(item.text, "the kernel of Coq accepts no false proof.")

    def test_prose_is_read_to_the_end_of_its_paragraph(self):
        (item,) = trust_base.read_items("proofs/x.md", PROSE)
        self.assertEqual(item.text, "stores happen in the order in which they run.")

    def test_what_shows_it_is_read_apart(self):
        (item,) = trust_base.read_items("proofs/x.md", PROSE)
        cases = ("SlabTest.Serves", "SlabTest.Grows")
        self.assertEqual(item.shown_by, (("//tests:slab_test", cases), ("//tests:canary_test", ())))

    def test_one_marker_ends_where_the_next_begins(self):
        text = "// TRUSTED[kernel.a]: one\n// TRUSTED[kernel.b]: two\n"
        items = trust_base.read_items("impl/x.h", text)
        self.assertEqual([item.text for item in items], ["one", "two"])


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)

    def problems(self, text):
        example.write(self.root, "proofs/page.md", text)
        at = tree.Tree(self.root)
        return trust_base.check(trust_base.collect(at), at)

    def test_a_good_page_has_no_problem(self):
        self.assertEqual(self.problems(PROSE), [])

    def test_what_is_wrong_with_an_item_is_found(self):
        for what, (text, problem) in {
            "an unknown group": (PROSE.replace("relacy.", "luck."), "the name must be group.name"),
            "a marker without text": ("TRUSTED[kernel.x]: pages\n", "does not say what is trusted"),
            "a test that is gone": (PROSE.replace("Serves", "Refuses"), "has no case SlabTest.Refuses"),
            "a target that is gone": (PROSE.replace("canary", "parrot"), "no such target: .*parrot_test"),
            "a parameter that is gone": (PROSE.replace("Serves", "Serves/Large"), "has no case SlabTest.Serves/Large"),
        }.items():
            with self.subTest(what):
                (found,) = self.problems(text)
                self.assertRegex(found, problem)

    def test_a_name_that_is_declared_twice_is_found(self):
        example.write(self.root, "impl/slab.h", "// TRUSTED[relacy.order]: a b c d e\n")
        problems = self.problems(PROSE)
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("is declared twice", problems[0])

    def test_a_parameter_of_a_case_is_found(self):
        example.edit(self.root, "tests/slab_test.cc", "{}", '{ f("Large"); }')
        self.assertEqual(self.problems(PROSE.replace("Serves", "Serves/Large")), [])


class RenderTest(unittest.TestCase):
    def test_each_item_has_an_anchor_and_its_source(self):
        page = trust_base.render(trust_base.read_items("proofs/x.md", PROSE))
        self.assertIn('<a id="relacy.order"></a>`relacy.order` | stores happen', page)
        self.assertIn("`//tests:slab_test` `SlabTest.Serves`, `SlabTest.Grows`; `//tests", page)
        self.assertIn("[proofs/x.md](../proofs/x.md)", page)
        self.assertEqual(page.count("\n## "), 1, "a heading of a group without an item")


class MainTest(unittest.TestCase):
    def test_problem_is_reported_and_no_page_is_written(self):
        root = example.make(self)
        example.write(root, "proofs/page.md", PROSE.replace("relacy.", "luck."))
        said = io.StringIO()
        with mock.patch.object(trust_base, "workspace_root", return_value=root), contextlib.redirect_stderr(said):
            self.assertEqual(trust_base.main(), 1)
        self.assertIn("the name must be group.name", said.getvalue())
        self.assertFalse((root / trust_base.PAGE).exists())


class TreeTest(unittest.TestCase):
    """The page of this tree."""

    @classmethod
    def setUpClass(cls):
        cls.tree = tree.Tree(tree.workspace_root())
        cls.items = trust_base.collect(cls.tree)

    def test_every_item_is_well_formed(self):
        self.assertEqual(trust_base.check(self.items, self.tree), [])

    def test_every_group_has_an_item(self):
        self.assertEqual(set(trust_base.GROUPS) - {item.group for item in self.items}, set())

    def test_the_page_is_fresh(self):
        self.assertEqual(self.tree.text(trust_base.PAGE), trust_base.render(self.items),
                         "run ./verify docs")
