"""Both forms of the report say what the run gave, cite each property, and fetch nothing."""

import dataclasses
import json
import re
import unittest
import xml.etree.ElementTree

from proofs.evidence.catalogue import example, properties, tree, trust_base
from proofs.evidence.report import content, pages
from proofs.evidence.run import example_run

FETCHING = {"src", "href", "srcset", "data", "action", "poster", "background"}


def attributes(page, names):
    """The values of some attributes in an HTML page, which must be well-formed XML too."""
    elements = xml.etree.ElementTree.fromstring(page).iter()
    return [value for element in elements for name, value in element.items() if name in names]


def trust_items():
    text = "TRUSTED[kernel.pages]: the kernel gives <pages> & keeps | them in `order`\n"
    return trust_base.read_items("proofs/x.md", text)


class ReportCase(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        self.run_results = example_run.make()

    def make(self, facts=example_run.FACTS):
        at = tree.Tree(self.root)
        made = content.make(facts, properties.load(self.root), at, self.run_results, trust_items())
        return json.loads(json.dumps(made))


class HtmlTest(ReportCase):
    def page(self):
        return pages.html(self.make())

    def test_each_property_has_one_anchor(self):
        ids = attributes(self.page(), ["id"])
        self.assertEqual([ids.count("S1"), ids.count("L1")], [1, 1])
        self.assertEqual(len(ids), len(set(ids)))

    def test_each_link_leads_to_an_anchor_and_nothing_is_fetched(self):
        page = self.page()
        anchors = {f"#{anchor}" for anchor in attributes(page, ["id"])}
        self.assertEqual(set(attributes(page, FETCHING)) - anchors, set())
        self.assertNotRegex(page, r"<(script|link|img|iframe|object|base)\b|url\(|@import|https?:")

    def test_text_is_escaped(self):
        page = self.page()
        self.assertIn("own&#39;(b) = ∅ &amp; &lt;nothing&gt;", page)
        self.assertIn("gives &lt;pages&gt; &amp; keeps | them in <code>order</code>", page)

    def test_figures_and_commands_are_shown(self):
        page = self.page()
        for text in [
            "20 executions of 1 scenario, all exhaustive",
            "bazel test //tests:slab_test --test_filter=*SlabTest.Serves*",
            "./verify check --scenario two_growers",
            "Theorem S1_exclusive : True.",
            "40 executions, 240 critical sections in 1 run, all accepted",
            "Joins to the code: <code>S1_taken</code>",
            "found by 1 of 2 engines",
            "bazel run //tests/mutants:engine_table -- --bugs lock_lost",
            "3 of 4 mutants of take killed by 2 engines, 1 argued, in the run of 2026-05-02 with 3 engines",
            "version 1.0.0, commit 0123456789ab",
        ]:
            self.assertIn(text, page)

    def test_a_single_part_that_passed_is_shown_only_if_the_entry_does_not_name_it(self):
        page = self.page()
        self.assertIn("<code>lock_skipped</code>: passed, killed", page)
        self.assertNotIn("<code>S1_exclusive</code>: passed", page)

    def test_a_mutant_that_lived_is_named(self):
        self.run_results.mutation = example_run.mutation("tests", "lived")
        self.assertIn("<code>slab.logical.2</code>: recorded, lived: logical in Slab::take", self.page())

    def test_a_failure_is_shown_at_the_top_and_in_detail(self):
        failed = example_run.record("two_growers", verdict="violated", property="S1")
        self.run_results.scenarios["two_growers"] = failed
        page = self.page()
        self.assertRegex(page, r'class="verdict failed">0 of 2 properties')
        self.assertIn("✗ 1 failed", page)
        self.assertIn("<code>two_growers</code>: failed, violated S1", page)

    def test_what_was_not_run_is_not_said_to_have_passed(self):
        self.run_results.suites = set()
        self.run_results.scenarios = {}
        self.run_results.refinements = None
        page = self.page()
        self.assertIn("○ 2 not run", page)
        self.assertIn("The model checker was not run.", page)
        self.assertIn("The step checker of the proofs was not run.", page)
        self.assertNotRegex(page, r"\d executions")


class MarkdownTest(ReportCase):
    def page(self):
        return pages.markdown(self.make())

    def test_each_property_has_one_anchor_and_a_link_to_it(self):
        page = self.page()
        for identifier in ["S1", "L1"]:
            self.assertEqual(page.count(f'<a id="{identifier}"></a>'), 1)
            self.assertIn(f"[{identifier}](#{identifier})", page)

    def test_every_row_of_a_table_has_the_width_of_its_head(self):
        width = None
        for line in self.page().splitlines():
            if not line.startswith("|"):
                width = None
                continue
            columns = len(re.findall(r"(?<!\\)\|", line)) - 1
            width = width or columns
            self.assertEqual(columns, width, line)

    def test_figures_and_failures_are_shown(self):
        failed = example_run.record("two_growers", verdict="violated", property="S1")
        self.run_results.scenarios["two_growers"] = failed
        page = self.page()
        self.assertIn("S1 Exclusive ownership: failed", page)
        self.assertIn("**failed** model checking", page)
        self.assertIn("`two_growers`: failed, violated S1", page)
        self.assertIn("**passed** theorem `S1_exclusive`: closed under the global context", page)
        self.assertIn("**passed** refinement: 40 executions, 240 critical sections", page)
        self.assertIn("joins to the code: `S1_taken`", page)
        self.assertIn("**recorded** mutation analysis: 3 of 4 mutants of take", page)
        self.assertIn("**recorded** planted bugs: 1 bug found in the run of 2026-05-03", page)


class CitationTest(ReportCase):
    def test_an_entry_names_property_version_and_commit(self):
        entry = self.make()["properties"][0]["bibtex"]
        self.assertTrue(entry.startswith("@software{slabproof-S1,\n"), entry)
        self.assertIn("title   = {slabproof, property S1: Exclusive ownership}", entry)
        self.assertIn("author  = {{The slabproof authors}}", entry)
        self.assertIn("year    = {2026}", entry)
        self.assertIn("version 1.0.0, commit 0123456789ab", entry)
        self.assertEqual(entry.count("{"), entry.count("}"))

    def test_the_whole_report_has_an_entry_too(self):
        entry = self.make()["bibtex"]
        self.assertTrue(entry.startswith("@software{slabproof,\n"), entry)
        self.assertIn("title   = {slabproof: a slab}", entry)
        self.assertIn(entry, pages.markdown(self.make()))

    def test_uncommitted_changes_are_mentioned(self):
        dirty = dataclasses.replace(example_run.FACTS, dirty=True)
        self.assertIn("with uncommitted changes", pages.html(self.make(dirty)))

    def test_what_latex_would_read_is_escaped(self):
        odd = dataclasses.replace(example_run.FACTS, version="1_0%")
        entry = self.make(odd)["properties"][0]["bibtex"]
        self.assertIn(r"version = {1\_0\%}", entry)


class CellTest(ReportCase):
    """Places in the matrix."""

    def cell(self, engine):
        return self.make()["properties"][0]["cells"].get(engine)

    def test_it_counts_what_passed(self):
        self.assertEqual(self.cell("checker"), {"status": "passed", "text": "✓ 2"})

    def test_it_counts_what_was_not_run_apart(self):
        self.run_results.suites = {"default"}
        self.assertEqual(self.cell("checker"), {"status": "not run", "text": "✓ 1, ○ 1 not run"})

    def test_it_shows_a_failure(self):
        self.run_results.theorems["S1_exclusive"] = "assumes classic"
        self.assertEqual(self.cell("coq"), {"status": "failed", "text": "✗ 1 failed"})

    def test_it_shows_what_an_earlier_run_recorded(self):
        self.assertEqual(self.cell("planted"), {"status": "recorded", "text": "recorded 1"})

    def test_it_is_empty_without_evidence(self):
        self.assertIsNone(self.make()["properties"][1]["cells"]["coq"])
