#!/usr/bin/env python3
"""The parts of the table that are easily wrong: what an engine's end means, and how it is shown."""

import pathlib
import unittest

from tests.testdata import engine_table


class EngineTableTest(unittest.TestCase):
    def test_exit_codes_are_verdicts(self):
        self.assertEqual(engine_table.outcome_of(0, False, True), "not found")
        self.assertEqual(engine_table.outcome_of(3, False, True), "not found")
        self.assertEqual(engine_table.outcome_of(1, False, True), "found")
        self.assertEqual(engine_table.outcome_of(77, False, True), "found")
        self.assertEqual(engine_table.outcome_of(-11, False, True), "crashed")
        self.assertEqual(engine_table.outcome_of(139, False, True), "crashed")

    def test_engine_that_keeps_its_limit_stands_still_past_it(self):
        self.assertEqual(engine_table.outcome_of(-9, True, True), "stood still")
        self.assertEqual(engine_table.outcome_of(-9, True, False), "not found")

    def test_executions_of_all_scenarios_are_added_up(self):
        rows = "two_growers  2  all  dpor  1,010  -  exhaustive  0  holds\nother  2  new  dpor  9  -  holds\n"
        self.assertEqual(engine_table.inputs_in(engine_table._CHECK_INPUTS, rows), 1019)

    def test_last_number_of_inputs_counts(self):
        self.assertEqual(engine_table.inputs_in(r"^inputs (\d+)", "inputs 3\nseed 7\ninputs 12, 1.0 s\n"), 12)
        self.assertEqual(engine_table.inputs_in(engine_table._FUZZ_INPUTS, "#2 INITED\n#4096 pulse\n"), 4096)
        self.assertIsNone(engine_table.inputs_in(r"^inputs (\d+)", "Segmentation fault"))

    def test_what_was_not_found_is_said(self):
        outcomes = [
            engine_table.Outcome("a_bug", "fast", "found", 0.25, 1500),
            engine_table.Outcome("a_bug", "blind", "not found", 60.0, 9),
            engine_table.Outcome("a_bug", "brittle", "crashed", 1.0, None),
        ]
        text = engine_table.table(outcomes, [("a_bug", "breaks it")], ["fast", "blind", "brittle"])
        self.assertEqual(
            text.splitlines()[2], "| `a_bug`: breaks it | 0.2 s, 1,500 inputs | - | 1.0 s (crashed) |")

    def test_planted_bugs_are_many_distinct_and_explained(self):
        bugs = engine_table.planted_bugs(pathlib.Path("tests/testdata/planted_bugs.bzl"))
        self.assertGreaterEqual(len(bugs), 12)
        self.assertEqual(len({name for name, _ in bugs}), len(bugs))
        for name, what in bugs:
            self.assertRegex(what, r"\([SL]\d+\)$", name)


if __name__ == "__main__":
    unittest.main()
