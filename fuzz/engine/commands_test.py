"""`./verify fuzz`: what it refuses, the choice of a small corpus, and the figures of a run."""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

_FUZZER = pathlib.Path(sys.argv.pop(1))
_DIRECTORY = _FUZZER.parent
_COMMANDS = ["run", "show", "minimize", "merge", "measure"]


def fuzz(*arguments):
    return subprocess.run([_FUZZER, *arguments], capture_output=True, text=True)


def load(name):
    spec = importlib.util.spec_from_file_location(name, _DIRECTORY / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class UsageTest(unittest.TestCase):
    def test_bad_usage_is_reported_on_stderr_and_exits_with_2(self):
        for command, *arguments in [
            ("run",),
            ("run", "no_such_fuzzer"),
            ("run", "--no-such-option", "parser_fuzzer"),
            ("run", "parser_fuzzer", "soon"),
            ("run", "parser_fuzzer", "0"),
            ("run", "parser_fuzzer", "1", "2"),
            ("run", "--seed", "x", "parser_fuzzer"),
            ("show", "parser_fuzzer"),
            ("show", "parser_fuzzer", "no/such/file"),
            ("minimize", "parser_fuzzer", "no/such/file"),
            ("minimize", "--seed", "1", "parser_fuzzer", "file"),
            ("merge", "--fresh", "parser_fuzzer"),
            ("merge", "--slab", "//a:slab", "parser_fuzzer"),
            ("merge",),
            ("merge", "no_such_fuzzer"),
        ]:
            with self.subTest(command=command, arguments=arguments):
                result = fuzz(command, *arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertRegex(result.stderr, f"^verify fuzz {command}: .+; see --help\n$")
                self.assertEqual(result.stdout, "")

    def test_measure_refuses_bad_usage_with_2(self):
        for arguments in [("soon",), ("0",), ("5", "no_such_fuzzer"), ("--no-such-option",)]:
            result = fuzz("measure", *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)

    def test_an_unknown_command_is_refused_and_the_known_ones_are_listed(self):
        result = fuzz("runn", "parser_fuzzer")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("unknown command 'runn'; expected run, show, minimize, merge or measure", result.stderr)

    def test_a_missing_command_is_refused(self):
        result = fuzz()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(result.stderr, "verify fuzz: COMMAND is missing; see --help\n")

    def test_help_lists_the_commands(self):
        result = fuzz("--help")
        self.assertEqual(result.returncode, 0, result.stderr)
        for command in _COMMANDS:
            self.assertRegex(result.stdout, rf"(?m)^  {command} ")

    def test_help_of_a_command_says_how_to_call_it(self):
        for command in _COMMANDS:
            result = fuzz(command, "--help")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(f"usage: ./verify fuzz {command}", result.stdout)

    def test_help_lists_the_targets(self):
        for command in ["run", "show", "minimize", "merge"]:
            self.assertIn("schedule_fuzzer", fuzz(command, "--help").stdout)


class SelectionTest(unittest.TestCase):
    def setUp(self):
        self.module = load("select_inputs")
        self.rows = self.module.parse_table(
            ["| `long` | 9 | x; y |", "| `short` | 3 | x |", "| `rare` | 30 | z |", "| `none` | 1 |  |"]
        )

    def test_each_landmark_is_kept(self):
        chosen = self.module.select(self.rows, times=1, most=2)
        self.assertEqual(set(chosen), {"long", "rare"})

    def test_no_more_than_asked_for(self):
        self.assertEqual(len(self.module.select(self.rows, times=9, most=3)), 3)

    def test_malformed_row_is_refused(self):
        with self.assertRaises(ValueError):
            self.module.parse_table(["| long | 9 | x |"])


class MeasureTest(unittest.TestCase):
    OUTPUT = [
        (100.0, "INFO: Seed: 1"),
        (101.0, "#2\tINITED cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 30Mb"),
        (101.5, "#90\tNEW    cov: 3 ft: 5 corp: 2/2b lim: 4 exec/s: 90 rss: 40Mb L: 1/1 MS: 1 Custom-"),
        (105.0, "#900\tpulse  cov: 3 ft: 5 corp: 2/2b lim: 4 exec/s: 180 rss: 44Mb"),
        (111.0, "Done 1000 runs in 10 second(s)"),
        (111.0, "stat::number_of_executed_units: 1000"),
        (111.0, "stat::peak_rss_mb:              45"),
        (111.0, "stat::judged_executions:        7000"),
    ]

    def setUp(self):
        self.module = load("measure")

    def test_figures_are_those_that_libfuzzer_prints(self):
        figures = self.module.figures_of("a_fuzzer", self.OUTPUT)
        self.assertEqual(figures, self.module.Figures("a_fuzzer", 10.0, 1000, 7000, early_rss=40, peak_rss=45))
        text = self.module.document(10, 1, "a machine", [figures])
        self.assertIn("| `a_fuzzer` | 10 | 700 | 100 | 40 | 45 | flat |\n", text)

    def test_committed_table_is_what_its_figures_give(self):
        saved = json.loads((_DIRECTORY.parent / "FIGURES.json").read_text())
        figures = [self.module.Figures(**each) for each in saved["figures"]]
        text = self.module.document(saved["wanted_seconds"], saved["seed"], saved["machine"], figures)
        self.assertEqual((_DIRECTORY.parent / "FIGURES.md").read_text(), text)

    def test_memory_that_goes_on_growing_is_not_called_flat(self):
        self.assertFalse(self.module.Figures("a_fuzzer", 10.0, 1, 1, early_rss=100, peak_rss=126).is_flat())

    def test_run_that_did_not_end_has_no_figures(self):
        self.assertIsNone(self.module.figures_of("a_fuzzer", self.OUTPUT[:4]))

    def test_run_that_printed_no_figures_is_a_failure(self):
        with tempfile.TemporaryDirectory() as directory:
            self.module._DIRECTORY = pathlib.Path(directory)
            fuzzer = self.module._DIRECTORY / "fuzzer.sh"
            for code, expected in [(0, 2), (1, 1), (2, 2)]:
                fuzzer.write_text(f"#!/bin/bash\nexit {code}\n")
                fuzzer.chmod(0o755)
                self.assertEqual(self.module.measure("a_fuzzer", 1, 1), (None, expected))

    def test_targets_are_those_of_the_other_commands(self):
        self.assertIn(f"TARGET is one of: {' '.join(self.module.TARGETS)}\n", fuzz("--help").stdout)


if __name__ == "__main__":
    unittest.main()
