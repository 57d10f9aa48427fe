"""The page that compares two traces: where they part, and that each row of both is there."""

import contextlib
import io
import json
import pathlib
import re
import tempfile
import unittest

from model.trace import compare_traces
from tools import browser

MEASURE = """
  return {
    width: seen.documentElement.scrollWidth,
    rows: seen.querySelectorAll(".row").length,
    bars: seen.querySelectorAll(".bar").length,
    fetched: frame.contentWindow.performance.getEntriesByType("resource").length,
  };
"""


def event(thread, operation, value="", **marks):
    return {
        "thread": thread, "file": "stack.h", "line": 7, "function": "push", "operation": operation, "object": "x",
        "value": value, "failed": False, "clashed": False, **marks,
    }  # fmt: skip


def trace(*rows, **heading):
    """A trace of which each argument is the events of one row."""
    result = {"program": "a | a", "slab": "", "property": "", "message": "", "events": [], "rows": [], **heading}
    for events in rows:
        text = f"row {len(result['rows'])}"
        is_section = events[0]["operation"] == "lock"
        first = len(result["events"])
        result["rows"].append({"first": first, "count": len(events), "is_section": is_section, "text": text})
        result["events"] += events
    return result


COMMON = [event("main", "construct")]
SECTION = [event("T0", "lock"), event("T0", "write", "1"), event("T0", "unlock")]
OTHER_VALUE = [event("T0", "lock"), event("T0", "write", "2", failed=True), event("T0", "unlock")]


class CompareTracesTest(unittest.TestCase):
    def rows_with(self, mark, page):
        return re.findall(rf'<div class="row[^"]*\b{mark}\b[^"]*"', page)

    def test_first_difference_is_the_first_event_that_is_not_the_same(self):
        left, right = trace(COMMON, SECTION), trace(COMMON, OTHER_VALUE)
        self.assertEqual(compare_traces.first_difference(left["events"], right["events"]), 2)

    def test_first_difference_is_the_end_of_the_shorter_one(self):
        left, right = trace(COMMON), trace(COMMON, SECTION)
        self.assertEqual(compare_traces.first_difference(left["events"], right["events"]), 1)
        self.assertIn("It ends where the other one goes on.", compare_traces.page_of(left, right))

    def test_marks_of_a_violation_are_no_difference(self):
        unmarked = trace([event("T0", "lock")])
        marked = trace([event("T0", "lock", failed=True)])
        self.assertIsNone(compare_traces.first_difference(unmarked["events"], marked["events"]))
        self.assertIn("They do not differ.", compare_traces.page_of(unmarked, marked))

    def test_page_marks_the_row_and_the_event_at_which_the_runs_part(self):
        page = compare_traces.page_of(trace(COMMON, SECTION), trace(COMMON, OTHER_VALUE))
        self.assertEqual(len(self.rows_with("differs", page)), 2)
        self.assertEqual(len(self.rows_with("same", page)), 2)
        self.assertEqual(re.findall(r'<li value="(\d)" class="differs">(.*?)</li>', page),
                         [("3", "write x = 1"), ("3", "write x = 2")])  # fmt: skip
        self.assertLess(page.index("row 0"), page.index('id="parted"'))
        self.assertLess(page.index('id="parted"'), page.index("row 1"))

    def test_page_marks_what_broke_the_property(self):
        page = compare_traces.page_of(trace(COMMON, SECTION), trace(COMMON, OTHER_VALUE, property="S6"))
        self.assertEqual(len(self.rows_with("failed", page)), 1)
        self.assertIn("Violation of S6", page)

    def test_text_of_a_trace_never_becomes_markup(self):
        hostile = trace([event("T0", "<b>")], message="<b>", program="<b>")
        self.assertNotIn("<b>", compare_traces.page_of(hostile, trace(COMMON)))

    def test_page_fits_a_narrow_screen_and_fetches_nothing(self):
        page = compare_traces.page_of(trace(COMMON, SECTION), trace(COMMON, OTHER_VALUE, SECTION))
        seen = browser.measure(page, 400, MEASURE)
        self.assertLessEqual(seen.pop("width"), 400)
        self.assertEqual(seen, {"rows": 5, "bars": 3, "fetched": 0})
        self.assertIn("Content-Security-Policy\" content=\"default-src 'none'", page)

    def test_what_is_not_a_trace_is_refused(self):
        with tempfile.TemporaryDirectory() as scratch:
            good, bad = (pathlib.Path(scratch) / name for name in ("good.json", "bad.json"))
            good.write_text(json.dumps(trace(COMMON)))
            for text in ("", "[]", "{}", "7"):
                bad.write_text(text)
                complaint = io.StringIO()
                with contextlib.redirect_stderr(complaint):
                    self.assertEqual(compare_traces.main([str(good), str(bad)]), 2, text)
                self.assertIn("is not a trace as JSON", complaint.getvalue())


if __name__ == "__main__":
    unittest.main()
