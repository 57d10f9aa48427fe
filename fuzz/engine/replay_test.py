"""The replay driver of a target with a violation in it: a corpus test can fail, and says why."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

_REPLAY, _CORPUS_FILE, _PLANTED = (pathlib.Path(argument) for argument in sys.argv[1:4])
del sys.argv[1:4]


def run(*arguments):
    return subprocess.run([_REPLAY, *arguments], capture_output=True, text=True)


class ReplayTest(unittest.TestCase):
    def test_sound_inputs_hold(self):
        result = run(_CORPUS_FILE)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("1 inputs hold", result.stdout)

    def test_directory_stands_for_its_files(self):
        result = run(_CORPUS_FILE.parent)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(_CORPUS_FILE.name, result.stdout)

    def test_planted_input_fails_and_is_named(self):
        result = run(_CORPUS_FILE, _PLANTED)
        self.assertNotEqual(result.returncode, 0)
        self.assertTrue(result.stdout.rstrip().endswith(_PLANTED.name), result.stdout)
        self.assertIn("violation of S1: an answer to a question", result.stderr)
        self.assertIn("text: what? why? stop! now!", result.stderr)

    def test_show_runs_nothing(self):
        result = run("--show", _PLANTED)
        self.assertEqual((result.returncode, result.stdout), (0, "text: what? why? stop! now!\n"))

    def test_table_names_what_is_reached(self):
        result = run("--table", _CORPUS_FILE)
        self.assertEqual(result.stdout, f"| `{_CORPUS_FILE.name}` | 5 | an input of something |\n")

    def test_minimized_input_is_minimal(self):
        with tempfile.TemporaryDirectory() as directory:
            output = pathlib.Path(directory) / "smaller"
            result = run("--minimize", output, _PLANTED)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(output.read_bytes(), b"?!")
        self.assertIn("fuzz: violation of S1", result.stdout)

    def test_sound_input_cannot_be_minimized(self):
        with tempfile.TemporaryDirectory() as directory:
            result = run("--minimize", pathlib.Path(directory) / "smaller", _CORPUS_FILE)
        self.assertEqual(result.returncode, 2)
        self.assertIn("nothing to minimise", result.stderr)

    def test_bad_usage_exits_with_2(self):
        for arguments in [(), ("--no-such-option",), ("no/such/file",)]:
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertNotEqual(result.stderr, "")

    def test_directory_without_files_is_an_error(self):
        with tempfile.TemporaryDirectory() as directory:
            result = run(directory)
        self.assertEqual(result.returncode, 2)


if __name__ == "__main__":
    unittest.main()
