#!/usr/bin/env python3
"""What the check command says of itself: help, completion, what was probably meant, colours.

    help_test.py CHECK
"""

import os
import pathlib
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

USAGE = 2
RESET = "\x1b[0m"


class HelpTest(unittest.TestCase):
    check = ""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_check(self, *arguments):
        return subprocess.run(
            [self.check, *arguments], cwd=self.directory, capture_output=True, text=True, check=False, timeout=300
        )

    def help(self):
        return self.run_check("--help").stdout


class ManualTest(HelpTest):
    def test_it_has_the_sections_of_a_manual(self):
        for section in ("Usage: check .*", "What to check:", r"\*Programs\*", "Examples:", r"\*Exit codes\*", "Environment:"):
            self.assertRegex(self.help(), rf"(?m)^{section}$")

    def test_no_line_is_wider_than_a_terminal(self):
        self.assertEqual([line for line in self.help().splitlines() if len(line) > 80], [])

    def test_examples_do_what_they_say(self):
        examples = re.findall(r"^  (check.*)$", self.help().split("\nExamples:")[1], re.MULTILINE)
        self.assertGreater(len(examples), 5)
        for example in examples:
            with self.subTest(example):
                done = self.run_check(*shlex.split(example)[1:])
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_it_names_the_command_as_it_was_called(self):
        other = self.directory / "other-check"
        other.symlink_to(self.check)
        said = subprocess.run([other, "--help"], capture_output=True, text=True, check=True).stdout
        self.assertIn("Usage: other-check [OPTIONS]", said)
        self.assertIn('  other-check --program "a f | a f"', said)


class SuggestionTest(HelpTest):
    def test_what_was_probably_meant_is_named(self):
        for arguments, meant in (
            (["--programm", "a f"], "--program"),
            (["--job=2"], "--jobs"),
            (["--scenario", "two_grower"], "two_growers"),
            (["two_growers"], "--scenario two_growers"),
        ):  # fmt: skip
            with self.subTest(arguments):
                done = self.run_check(*arguments)
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(f"did you mean {meant}?", done.stderr)

    def test_nothing_is_suggested_where_nothing_is_near(self):
        self.assertNotIn("did you mean", self.run_check("--frobnicate").stderr)


class CompletionTest(HelpTest):
    def completed(self, line):
        """What bash offers for the last word of a line."""
        (self.directory / "completion").write_text(self.run_check("--completion", "bash").stdout)
        script = """
            source ./completion
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _check
            printf '%s\\n' "${COMPREPLY[@]}"
        """
        words = line.replace("=", " = ").split(" ")
        return subprocess.run(
            ["bash", "-c", script, "bash", *words], cwd=self.directory, capture_output=True, text=True, check=True
        ).stdout.split()

    def test_every_option_of_the_help_is_completed(self):
        options = re.findall(r"^  (?:-h,)?(--[a-z-]+)", self.help(), re.MULTILINE)
        self.assertGreater(len(options), 20)
        self.assertEqual(sorted(self.completed("check --")), sorted(options))

    def test_values_are_completed(self):
        self.assertEqual(self.completed("check --recheck "), ["all", "new"])
        self.assertEqual(self.completed("check --quiet --recheck "), ["all", "new"])
        self.assertIn("--scenario", self.completed("check --quiet --sc"))
        self.assertEqual(self.completed("check --search=gr"), ["graph"])
        self.assertIn("two_growers", self.completed("check --scenario two_"))

    def test_files_are_completed(self):
        (self.directory / "recorded.json").touch()
        self.assertEqual(self.completed("check --replay rec"), ["recorded.json"])

    def test_zsh_gets_every_option_too(self):
        script = self.run_check("--completion", "zsh").stdout
        self.assertTrue(script.startswith("#compdef check\n"))
        self.assertRegex(script, r"'\*--recheck\[[^]]+\]:value:\(all new\)'")
        self.assertEqual(script.count("'*--"), len(self.completed("check --")))


class ColorTest(HelpTest):
    PROGRAM = ["--program", "a f"]

    def on_terminal(self, **environment):
        primary, secondary = pty.openpty()
        done = subprocess.run(
            [self.check, *self.PROGRAM], stdout=secondary, stderr=subprocess.DEVNULL, check=True,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
        )  # fmt: skip
        os.close(secondary)
        text = b""
        try:
            while part := os.read(primary, 4096):
                text += part
        except OSError:
            pass  # how Linux says that the terminal was closed
        os.close(primary)
        self.assertEqual(done.returncode, 0)
        return text.decode()

    def test_the_verdict_is_in_colour_on_a_terminal(self):
        self.assertIn(f"\x1b[32mholds{RESET}", self.on_terminal())

    def test_there_is_none_elsewhere(self):
        self.assertNotIn("\x1b", self.run_check(*self.PROGRAM).stdout)

    def test_there_is_none_where_the_environment_says_so(self):
        self.assertNotIn("\x1b", self.on_terminal(NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_terminal(TERM="dumb"))
        self.assertIn("\x1b", self.on_terminal(NO_COLOR=""))


def main():
    HelpTest.check = str(pathlib.Path(sys.argv[1]).resolve().parent / "check")
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
