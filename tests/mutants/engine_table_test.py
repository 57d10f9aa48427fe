"""The parts of the table that are easily wrong: what an engine's end means, and how it is shown."""

import json
import pathlib
import sys
import tempfile
import unittest

from tests.mutants import engine_run, engine_table
from tests.mutants.engine_run import Engine, Outcome, Run

_DIRECTORY = pathlib.Path("tests/mutants")


def ended(returncode, *lines, timed_out=False):
    """A process that printed these lines, one each second."""
    return Run([(float(i + 1), line) for i, line in enumerate(lines)], returncode, len(lines) + 1.0, timed_out)


class JudgeFuzzerTest(unittest.TestCase):
    def test_violation_is_found_at_the_moment_of_its_line(self):
        run = ended(77, "#2 INITED", "fuzz: violation of S7: too many", "after 812 executions",
                    "==1== ERROR: libFuzzer: deadly signal", "stat::number_of_executed_units: 120")  # fmt: skip
        self.assertEqual(engine_run.judge_fuzzer(run), ("S7", 2.0, 120, 812))

    def test_sanitizers_report_is_a_finding(self):
        run = ended(1, "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1", "#64 pulse")
        self.assertEqual(engine_run.judge_fuzzer(run), ("heap-buffer-overflow", 1.0, 64, None))

    def test_endless_input_is_a_hang(self):
        self.assertEqual(engine_run.judge_fuzzer(ended(70, "ERROR: libFuzzer: timeout after 5 s"))[0], "hang")

    def test_end_of_the_time_finds_nothing(self):
        run = ended(0, "stat::number_of_executed_units: 10", "stat::judged_executions:        70")
        self.assertEqual(engine_run.judge_fuzzer(run), (None, 3.0, 10, 70))


class JudgePropertiesTest(unittest.TestCase):
    def test_property_is_that_of_the_first_violation(self):
        run = ended(1, "one: holds, 25 cases", "two: VIOLATED", "Falsifiable after 4 tests",
                    '  "found": "S12: another block', "three: holds, 25 cases", "four: VIOLATED",
                    "Falsifiable after 2 tests", '  "found": "S2: no slot"')  # fmt: skip
        self.assertEqual(engine_run.judge_properties(run), ("S12", 2.0, 29))

    def test_property_of_a_case_that_was_not_made_smaller_is_that_of_its_message(self):
        run = ended(1, "one: VIOLATED", "Falsifiable after 1 tests", "S9, S10: corruption_events is 1, not 0")
        self.assertEqual(engine_run.judge_properties(run)[0], "S9, S10")

    def test_all_cases_count_where_everything_holds(self):
        run = ended(0, "one: holds, 25 cases", "two: holds, 400 cases")
        self.assertEqual(engine_run.judge_properties(run), (None, 3.0, 425))

    def test_signal_is_a_crash_and_a_round_without_end_a_hang(self):
        self.assertEqual(engine_run.judge_properties(ended(-11))[0], "crash")
        self.assertEqual(engine_run.judge_properties(ended(-9, timed_out=True))[0], "hang")


class JudgeCheckerTest(unittest.TestCase):
    def judge(self, run, results):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "results.json"
            if results is not None:
                file.write_text(json.dumps(results))
            return engine_run.judge_checker(run, file)

    def test_only_what_came_before_the_first_violation_counts(self):
        results = [
            {"seconds": 0.5, "executions": 20, "verdict": "holds", "property": None},
            {"seconds": 0.25, "executions": 3, "verdict": "violated", "property": "S8"},
            {"seconds": 9, "executions": 9, "verdict": "violated", "property": "S1"},
        ]
        self.assertEqual(self.judge(ended(1), results), ("S8", 0.75, 23))

    def test_end_without_results_is_judged_by_how_it_ended(self):
        self.assertEqual(self.judge(ended(-6), None)[0], "crash")

    def test_inconclusive_is_not_found(self):
        results = [{"seconds": 1, "executions": 7, "verdict": "inconclusive", "property": None}]
        self.assertEqual(self.judge(ended(3), results), (None, 1.0, 7))


class RunTest(unittest.TestCase):
    """Against a process that is not an engine."""

    def run_engine(self, kind, program, limit=1):
        engine = Engine("an engine", "", (), ("-c", program), kind)
        with tempfile.TemporaryDirectory() as scratch:
            return engine_run.run(engine, "a_bug", sys.executable, limit, scratch)

    def test_properties_are_tried_with_new_seeds_up_to_the_limit(self):
        outcome = self.run_engine("properties", "print('p: holds, 25 cases')")
        self.assertEqual((outcome.outcome, outcome.found_as), ("not found", None))
        self.assertGreater(outcome.inputs, 25)

    def test_finding_is_one_whatever_the_exit_code_says(self):
        outcome = self.run_engine("fuzzer", "print('fuzz: violation of S3: moved')")
        self.assertEqual((outcome.outcome, outcome.found_as), ("found", "S3"))


class DocumentTest(unittest.TestCase):
    def test_cells_say_as_what_when_and_after_how_much_a_bug_was_found(self):
        cell = engine_table.cell
        self.assertEqual(cell(Outcome("b", "e", "found", "S8", 0.25, 9, 1500)), "**S8**, 0.2 s, 1,500 executions")
        self.assertEqual(cell(Outcome("b", "e", "found", "crash", 1.0, None, None)), "**crash**, 1.0 s")
        self.assertEqual(cell(Outcome("b", "e", "not found", None, 20.0, 1200, 1200)), "not found, 1,200 inputs")
        self.assertEqual(cell(Outcome("b", "e", "not built", None, 0, None, None)), "not built")

    def test_it_counts_what_each_engine_found_of_what_it_tried_and_says_what_was_not(self):
        outcomes = [
            Outcome("one", "checker dpor", "found", "S8", 0.1, None, 3),
            Outcome("two", "checker dpor", "not found", None, 20, None, 3),
            Outcome("two", "schedule_fuzzer", "found", "S1", 1.0, 3, 20),
        ]
        text = engine_table.document(20, outcomes, [("one", "first"), ("two", "second"), ("three", "third")])
        self.assertIn("2 of 3 mutants were tried", text)
        self.assertIn("| `one`: first | **S8**, 0.1 s, 3 executions | not tried |\n", text)
        self.assertTrue(text.endswith("| found | 1 of 2 | 1 of 1 |\n"), text)

    def test_later_outcomes_replace_earlier_ones(self):
        old = Outcome("one", "e", "not found", None, 20, 1, None)
        new = Outcome("one", "e", "found", "S1", 1, 1, None)
        self.assertEqual(engine_table.merge([old], [new]), [new])

    def test_outcomes_of_another_limit_are_not_mixed_in(self):
        with tempfile.TemporaryDirectory() as directory:
            outcome = Outcome("one", "checker dpor", "found", "S8", 0.1, None, 3)
            engine_table.save(pathlib.Path(directory), 20, [outcome], [("one", "first")])
            file = pathlib.Path(directory) / "ENGINES.json"
            self.assertEqual(engine_table.load(file, 20), [outcome])
            self.assertEqual(engine_table.load(file, 30), [])

    def test_committed_document_is_what_its_figures_give(self):
        bugs = engine_table.mutants(_DIRECTORY / "mutants.bzl")
        saved = json.loads((_DIRECTORY / "ENGINES.json").read_text())
        outcomes = [Outcome(**outcome) for outcome in saved["outcomes"]]
        self.assertLessEqual({outcome.bug for outcome in outcomes}, {name for name, _ in bugs})
        text = engine_table.document(saved["limit"], outcomes, bugs)
        self.assertEqual((_DIRECTORY / "ENGINES.md").read_text(), text)


class UsageTest(unittest.TestCase):
    def test_unknown_names_are_bad_usage(self):
        self.assertEqual(engine_table.chosen(["one", "two"], "two", "engine"), ["two"])
        with self.assertRaises(SystemExit) as end:
            engine_table.chosen(["one", "two"], "two,three", "engine")
        self.assertEqual(end.exception.code, 2)


class PlantedBugsTest(unittest.TestCase):
    def test_mutants_are_many_distinct_and_explained(self):
        bugs = engine_table.mutants(_DIRECTORY / "mutants.bzl")
        self.assertGreaterEqual(len(bugs), 12)
        self.assertEqual(len({name for name, _ in bugs}), len(bugs))
        for name, what in bugs:
            self.assertRegex(what, r"\([SLCR]\d+\)$", name)
