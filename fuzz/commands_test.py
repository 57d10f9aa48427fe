"""The commands of this directory: what they refuse, and the choice of a small corpus."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

_DIRECTORY = pathlib.Path(sys.argv.pop(1)).parent


def load_select_inputs():
    spec = importlib.util.spec_from_file_location("select_inputs", _DIRECTORY / "select_inputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class UsageTest(unittest.TestCase):
    def test_bad_usage_is_told_on_stderr_and_exits_with_2(self):
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
            ("merge",),
            ("merge", "no_such_fuzzer"),
        ]:
            with self.subTest(command=command, arguments=arguments):
                result = subprocess.run([_DIRECTORY / command, *arguments], capture_output=True, text=True)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertRegex(result.stderr, f"^fuzz/{command}: .+; see --help\n$")
                self.assertEqual(result.stdout, "")

    def test_help_lists_the_targets(self):
        for command in ["run", "show", "minimize", "merge"]:
            result = subprocess.run([_DIRECTORY / command, "--help"], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("schedule_fuzzer", result.stdout)


class SelectionTest(unittest.TestCase):
    def setUp(self):
        self.module = load_select_inputs()
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


if __name__ == "__main__":
    unittest.main()
