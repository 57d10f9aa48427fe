#!/usr/bin/env python3
"""A trace as a page, in a browser: each event of the JSON trace is there, and nothing is fetched.

    trace_page_test.py CHECK OVER_GROWING_CHECK -- ARGUMENTS OF CHECK

CHECK is the checker linked with a deliberately wrong slab, in which a block has two owners; OVER_GROWING_CHECK is linked
with one that installs a segment although a slot is free.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tools import browser

# What a reader would notice: at first, when he steps by keys, and when all is unfolded.
MEASURE = """
  const texts = selector => [...seen.querySelectorAll(selector)].map(e => e.textContent);
  const shown = e => e.offsetHeight > 0 && e.offsetWidth > 0;
  const lines = () => [...seen.querySelectorAll(".row, .event")].filter(shown).map(
    e => e.querySelector(".number").textContent);
  const current = () => [...seen.querySelectorAll(".current")].map(e => e.querySelector(".number").textContent);
  const press = key => {
    seen.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    return current();
  };
  const click = id => { seen.getElementById(id).click(); return current(); };
  const slab = () => [...seen.querySelectorAll(".slab .segment")].filter(shown).map(
    e => [e.querySelector("p").firstChild.textContent, [...e.querySelectorAll(".slot")].map(s => s.textContent)]);
  const folded = {
    lines: lines(), current: current(), slab: slab(),
    keys: ["Home", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "End"].map(press),
    buttons: ["first", "forward", "back", "last"].map(click),
  };
  const sections = [...seen.querySelectorAll(".row")].filter(shown);
  sections[0].click();
  folded.opened = lines().length;
  press("Enter");
  folded.closed = lines().length;
  press("Home");
  click("unfold-all");
  // Step by step to the last event of threads: what the slab is then.
  folded.slabs = [slab()];
  while (!seen.getElementById("forward").disabled) {
    click("forward");
    const now = slab();
    if (JSON.stringify(now) !== JSON.stringify(folded.slabs.at(-1))) folded.slabs.push(now);
  }
  return {
    folded,
    width: seen.documentElement.scrollWidth,
    events: [...seen.querySelectorAll(".event")].filter(shown).map(e => [
      e.querySelector(".number").textContent, e.querySelector(".what").textContent,
      e.querySelector(".place").textContent, e.title]),
    failed: texts(".event.failed .what"),
    clashed: texts(".event.clashed .what"),
    marks: [...seen.querySelectorAll(".mark:not(.of-row)")].filter(shown).length,
    sections: [...seen.querySelectorAll(".section")].filter(shown).map(e => e.title),
    blocks: [...seen.querySelectorAll(".block")].filter(shown).map(e => e.title),
    lanes: texts(".lane-name"),
    accesses: [...seen.querySelectorAll(".access")].filter(shown).map(e => [e.textContent, e.title]),
    arrows: Object.fromEntries(["rf", "co"].map(kind => [kind, texts(`line.${kind}`).length])),
    text: seen.body.innerText,
    fetched: frame.contentWindow.performance.getEntriesByType("resource").map(r => r.name),
  };
"""


def what_of(event):
    text = event["operation"]
    if event["object"]:
        text += " " + event["object"]
    if event["value"]:
        text += " = " + event["value"]
    return text


def place_of(event):
    return f"{event['file']}:{event['line']} {event['function']}" if event["line"] else ""


class TracePageTest(unittest.TestCase):
    command = []
    over_growing = []

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.directory = pathlib.Path(scratch.name)
        cls.page = cls.trace_as("trace.html")
        cls.trace = json.loads(cls.trace_as("trace.json"))
        cls.wide = cls.probe(1400)

    @classmethod
    def trace_as(cls, name, *arguments, check=None):
        file = cls.directory / name
        subprocess.run(
            [*(check or cls.command), *arguments, "--trace", str(file)], capture_output=True, timeout=60, check=False
        )
        return file.read_text()

    @classmethod
    def probe(cls, width, page=None):
        return browser.measure(page or cls.page, width, MEASURE)

    def test_each_event_of_the_json_trace_is_shown_with_its_source_line(self):
        expected = [
            [f"{number} {event['thread']}", what_of(event), place_of(event), place_of(event)]
            for number, event in enumerate(self.trace["events"], 1)
        ]
        self.assertGreater(len(expected), 20)
        self.assertEqual(self.wide["events"], expected)
        self.assertEqual(self.wide["marks"], len(expected))

    def test_each_critical_section_is_a_bar(self):
        locks = [event for event in self.trace["events"] if event["operation"] == "lock"]
        self.assertGreater(len(locks), 0)
        self.assertEqual(len(self.wide["sections"]), len(locks))

    def test_each_hand_out_is_a_span_of_its_block(self):
        handed_out = [e for e in self.trace["events"] if e["operation"] == "hand out"]
        self.assertGreater(len(handed_out), 1)
        for event in handed_out:
            owner = f"{event['thread']} owns {event['object']}, "
            self.assertTrue(any(t.startswith(owner) for t in self.wide["blocks"]), owner)

    def test_the_violating_pair_is_highlighted(self):
        for mark in ["failed", "clashed"]:
            expected = [what_of(event) for event in self.trace["events"] if event[mark]]
            self.assertEqual(len(expected), 1, mark)
            self.assertEqual(self.wide[mark], expected)

    def test_property_message_program_and_replay_are_told(self):
        for member in ["property", "message", "program", "slab", "replay"]:
            self.assertIn(self.trace[member], self.wide["text"])

    def test_it_folds_to_critical_sections_and_opens_by_a_click_and_by_enter(self):
        expected = []
        for row in self.trace["rows"]:
            end = row["first"] + row["count"]
            numbers = f"{row['first'] + 1}-{end}" if row["count"] > 1 else str(end)
            expected.append(f"{numbers} {self.trace['events'][row['first']]['thread']}")
        folded = self.wide["folded"]
        self.assertLess(len(expected), len(self.trace["events"]) / 2)
        self.assertEqual(folded["lines"], expected)
        opened = next(row["count"] for row in self.trace["rows"] if row["count"] > 1)
        self.assertEqual(folded["opened"], len(expected) + opened)
        self.assertEqual(folded["closed"], len(expected))

    def test_it_begins_where_it_broke_and_is_stepped_through_by_keys_and_buttons(self):
        folded = self.wide["folded"]
        lines = folded["lines"]
        broken = next(number for number, event in enumerate(self.trace["events"]) if event["failed"])
        row = next(n for n, row in enumerate(self.trace["rows"]) if broken < row["first"] + row["count"])
        self.assertEqual(folded["current"], [lines[row]])
        steps = [lines[n] for n in (0, 1, 2, 1, 0, -1)]
        self.assertEqual(folded["keys"], [[line] for line in steps])
        self.assertEqual(folded["buttons"], [[lines[n]] for n in (0, 1, 0, -1)])

    def test_it_fits_a_wide_and_a_narrow_screen(self):
        self.assertLessEqual(self.wide["width"], 1400)
        narrow = self.probe(400)
        self.assertLessEqual(narrow["width"], 400)
        self.assertEqual(narrow["events"], self.wide["events"])

    def test_an_execution_graph_is_drawn_with_its_arrows(self):
        self.assertEqual(self.wide["accesses"], [])
        graph = json.loads(self.trace_as("graph.json", "--search", "graph"))["graph"]
        seen = self.probe(400, self.trace_as("graph.html", "--search", "graph"))
        self.assertEqual(seen["accesses"], [[what_of(e), place_of(e)] for e in graph["events"]])
        reads = [event for event in graph["events"] if isinstance(event["reads_from"], int)]
        self.assertGreater(len(reads), 0)
        steps = sum(len(order) - 1 for order in graph["coherence"])
        self.assertEqual(seen["arrows"], {"rf": len(reads), "co": steps})
        self.assertLessEqual(seen["width"], 400)

    def test_nothing_is_fetched_and_the_page_forbids_it(self):
        self.assertEqual(self.wide["fetched"], [])
        self.assertNotRegex(self.page, r"(?i)<script[^>]*\bsrc|<link|<img|https?://|@import|url\(")
        self.assertIn("Content-Security-Policy\" content=\"default-src 'none'", self.page)

    def test_the_slab_is_shown_as_it_is_after_each_step(self):
        over_grown = self.probe(1280, self.trace_as("over.html", check=self.over_growing))["folded"]
        brought = ["T1 has brought a segment ", []]
        full, free = ["Segment 0 ", ["T0"]], ["Segment 0 ", ["free"]]
        # It begins with the whole section that installed, whose thread has yet to hand out what it took.
        self.assertEqual(over_grown["slab"], [free, ["Segment 1 ", ["taken"]]])
        told = over_grown["slabs"]
        for state in ([full, brought], [free, brought], [free, ["Segment 1 ", ["uncarved"]]], [free, ["Segment 1 ", ["T1"]]]):
            self.assertIn(state, told)
            told = told[told.index(state) :]

    def test_a_slot_with_two_owners_names_both(self):
        self.assertEqual(self.wide["folded"]["slab"], [["Segment 0 ", ["T0 and T1", "taken"]]])

    def test_over_growth_is_marked_at_the_install_and_at_the_free_that_made_room(self):
        trace = json.loads(self.trace_as("over.json", check=self.over_growing))
        marked = {
            mark: [trace["rows"][n]["text"] for n, row in enumerate(trace["rows"]) if any(
                event[mark] for event in trace["events"][row["first"] : row["first"] + row["count"]])]
            for mark in ("failed", "clashed")
        }  # fmt: skip
        self.assertRegex(marked["failed"][0], r"segments 2, live 1")
        self.assertRegex(marked["clashed"][0], r"segments 1, live 0")
        self.assertRegex(trace["message"], r"although segment 0 had a free slot since `f` \(thread 0, operation 1\)\.$")

    def test_it_prints(self):
        file = self.directory / "trace.pdf"
        browser.browse(self.page, f"--print-to-pdf={file}")
        self.assertTrue(file.read_bytes().startswith(b"%PDF-"))


if __name__ == "__main__":
    split = sys.argv.index("--")
    check, over_growing = sys.argv[1:split]
    TracePageTest.command = [check, *sys.argv[split + 1 :]]
    TracePageTest.over_growing = [over_growing, "--program", "a f | a"]
    unittest.main(argv=sys.argv[:1])
