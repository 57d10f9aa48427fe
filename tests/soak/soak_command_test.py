#!/usr/bin/env python3
"""A short soak, and what the command promises: exit codes, seed, progress, an end by Ctrl-C.

    soak_command_test.py SOAK
"""

import re
import signal
import subprocess
import sys
import unittest

SOAK = ""


def soak(*arguments):
    return subprocess.run([SOAK, *arguments], capture_output=True, text=True, check=False)


class SoakTest(unittest.TestCase):
    def test_one_round_of_each_configuration_holds(self):
        kinds = soak("--list").stdout.split()
        self.assertGreater(len(kinds), 10)
        result = soak("--seed", "1", "--rounds", str(len(kinds)))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"^seed \d+\n")
        self.assertIn(f"{len(kinds)} rounds of {len(kinds)} configurations", result.stdout)
        for what in ["operations", "trims", "forks", "requests refused"]:
            self.assertRegex(result.stdout, rf"[1-9]\d* {what}")

    def test_progress_elsewhere_than_on_a_terminal_is_plain_lines(self):
        result = soak("--rounds", "4", "--threads", "2", "--kind", "shared")
        self.assertNotIn("\r", result.stderr)
        self.assertRegex(result.stderr, r"(?m)^\[.*\] +\d+%  \d+ rounds, \d+ operations, \d+ s.*$")

    def test_bad_usage(self):
        for arguments in [["never"], ["0"], ["--rounds", "0"], ["--kind", "no-such-kind"], ["--threads", "1"]]:
            with self.subTest(arguments):
                result = soak(*arguments)
                self.assertEqual((result.returncode, bool(result.stderr)), (2, True))

    def test_interrupted_soak_ends_with_a_summary(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            command = [SOAK, "10000"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
                self.assertRegex(process.stdout.readline(), r"^seed \d+$")
                process.send_signal(number)
                rest = process.stdout.read()
                self.assertEqual(process.wait(), 3, rest)
            self.assertTrue(re.match(r"interrupted after 0%\n\d+ rounds of \d+ configurations", rest), rest)


if __name__ == "__main__":
    SOAK = sys.argv.pop(1)
    unittest.main()
