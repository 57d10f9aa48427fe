"""Both forms of the report say what the run gave, cite each property, and fetch nothing."""

import html.parser
import re
import unittest

from proofs.evidence import (
    catalogue,
    example,
    example_run,
    facts,
    html_report,
    markdown_report,
    report,
    tree,
    trust_base,
)

_FETCHING = {"src", "href", "srcset", "data", "action", "poster", "background"}


class Reader(html.parser.HTMLParser):
    """Collects ids, links, and whatever a browser would fetch."""

    _VOID = {"meta", "br"}

    def __init__(self, text):
        super().__init__()
        self.ids, self.fetched, self.links, self.tags, self._open = [], [], [], set(), []
        self.unclosed = []
        self.feed(text)
        self.unclosed += self._open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self._VOID:
            self._open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name in _FETCHING and value.startswith("#"):
                self.links.append(value[1:])
            elif name in _FETCHING:
                self.fetched.append(value)

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unclosed.append(tag)


def trust_items():
    text = "TRUSTED[kernel.pages]: the kernel gives <pages> & keeps | them in `order`\n"
    return trust_base.read_items("proofs/x.md", text)


class ReportCase(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        self.run_results = example_run.make()

    def make(self, given=example_run.FACTS):
        known = catalogue.load(self.root)
        at = tree.Tree(self.root)
        return report.make(given, known, at, self.run_results, trust_items())


class HtmlTest(ReportCase):
    def page(self):
        return html_report.render(self.make())

    def test_each_property_has_one_anchor(self):
        ids = Reader(self.page()).ids
        self.assertEqual([ids.count("S1"), ids.count("L1")], [1, 1])
        self.assertEqual(len(ids), len(set(ids)))

    def test_each_link_leads_to_an_anchor(self):
        read = Reader(self.page())
        self.assertEqual(set(read.links) - set(read.ids), set())

    def test_nothing_is_fetched(self):
        page = self.page()
        read = Reader(page)
        self.assertEqual(read.fetched, [])
        self.assertEqual(read.tags & {"script", "link", "img", "iframe", "object", "base"}, set())
        self.assertNotRegex(page, r"url\(|@import|https?:")

    def test_every_element_is_closed(self):
        self.assertEqual(Reader(self.page()).unclosed, [])

    def test_text_is_escaped(self):
        page = self.page()
        self.assertIn("own&#x27;(b) = ∅ &amp; &lt;nothing&gt;", page)
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
            "version 1.0.0, commit 0123456789ab",
        ]:
            self.assertIn(text, page)

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
        return markdown_report.render(self.make())

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
        self.assertIn("**recorded** planted bugs: 1 bug found in the run of 2026-05-03", page)


class CitationTest(ReportCase):
    def test_an_entry_names_property_version_and_commit(self):
        entry = facts.bibtex(example_run.FACTS, self.make().properties[0].property)
        self.assertTrue(entry.startswith("@software{slabproof-S1,\n"), entry)
        self.assertIn("title   = {slabproof, property S1: Exclusive ownership}", entry)
        self.assertIn("author  = {{The slabproof authors}}", entry)
        self.assertIn("year    = {2026}", entry)
        self.assertIn("version 1.0.0, commit 0123456789ab", entry)
        self.assertEqual(entry.count("{"), entry.count("}"))

    def test_the_whole_report_has_an_entry_too(self):
        entry = facts.bibtex(example_run.FACTS)
        self.assertTrue(entry.startswith("@software{slabproof,\n"), entry)
        self.assertIn("title   = {slabproof: a slab}", entry)
        self.assertIn(entry, markdown_report.render(self.make()))

    def test_uncommitted_changes_are_told(self):
        dirty = facts.dataclasses.replace(example_run.FACTS, dirty=True)
        self.assertIn("with uncommitted changes", html_report.render(self.make(dirty)))

    def test_what_latex_would_read_is_escaped(self):
        odd = facts.dataclasses.replace(example_run.FACTS, version="1_0%")
        entry = facts.bibtex(odd, self.make().properties[0].property)
        self.assertIn(r"version = {1\_0\%}", entry)

    def test_facts_are_gathered_outside_a_repository_too(self):
        gathered = facts.gather(self.root)
        self.assertEqual((gathered.version, gathered.commit), ("1.0.0", ""))
        self.assertIn("no commit known", gathered.source)


if __name__ == "__main__":
    unittest.main()
