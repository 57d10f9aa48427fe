#!/usr/bin/env python3
"""A canary must fail: exit code, JSON, printed text and replay must all say so.

    canary_test.py CHECK --properties S1,S8 --minimal PROGRAM --preemptions N -- ARGUMENTS OF CHECK

CHECK is the checker linked with a deliberately wrong slab.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

VIOLATED = 1
USAGE = 2
TIME_LIMIT_SECONDS = 120
# Of a schedule that was found on an execution graph nobody says how many preemptions it needs.
REDUCED = ["--search", "dpor"]


def run(check, arguments, text=None):
    return subprocess.run(
        [check, *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )


class CanaryTest(unittest.TestCase):
    check = ""
    arguments = []
    properties = []
    minimal = ""
    preemptions = 0

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as directory:
            results = pathlib.Path(directory) / "results.json"
            cls.done = run(cls.check, [*cls.arguments, *REDUCED, "--json", str(results)])
            cls.results = json.loads(results.read_text()) if results.exists() else []

    def test_exit_code_is_1(self):
        self.assertEqual(self.done.returncode, VIOLATED, self.done.stdout + self.done.stderr)

    def test_json_names_the_property(self):
        self.assertEqual([result["verdict"] for result in self.results], ["violated"])
        self.assertIn(self.results[0]["property"], self.properties)

    def test_search_that_stopped_at_a_violation_is_not_called_exhaustive(self):
        self.assertFalse(self.results[0]["exhaustive"])

    def test_text_tells_property_program_and_source_lines(self):
        self.assertIn(f"VIOLATION of {self.results[0]['property']}", self.done.stdout)
        self.assertIn(self.results[0]["program"], self.done.stdout)
        self.assertRegex(self.done.stdout, r"\w+\.h:\d+")

    def test_text_and_json_tell_the_minimal_program(self):
        self.assertEqual(self.results[0]["minimal_program"], self.minimal)
        self.assertIn(f"minimal   {self.minimal} ", self.done.stdout)

    def test_schedule_has_the_fewest_preemptions(self):
        self.assertEqual(self.results[0]["preemptions"], self.preemptions)

    def test_replay_is_of_the_minimal_program(self):
        self.assertEqual(json.loads(self.results[0]["replay"])["program"], self.minimal)

    def test_violation_is_shown_as_found_if_so_asked(self):
        with tempfile.TemporaryDirectory() as directory:
            results = pathlib.Path(directory) / "results.json"
            arguments = [*self.arguments, *REDUCED, "--no-minimize", "--json", str(results)]
            self.assertEqual(run(self.check, arguments).returncode, VIOLATED)
            result = json.loads(results.read_text())[0]
        self.assertIsNone(result["minimal_program"])
        self.assertEqual(json.loads(result["replay"])["program"], result["program"])

    def test_search_of_execution_graphs_finds_it_too(self):
        with tempfile.TemporaryDirectory() as directory:
            results = pathlib.Path(directory) / "results.json"
            arguments = [*self.arguments, "--search", "graph", "--json", str(results)]
            done = run(self.check, arguments)
            self.assertEqual(done.returncode, VIOLATED, done.stdout + done.stderr)
            result = json.loads(results.read_text())[0]
        self.assertIn(result["property"], self.properties)
        again = run(self.check, ["--replay", "-"], result["replay"])
        self.assertEqual(again.returncode, VIOLATED, again.stdout + again.stderr)

    def test_search_over_states_finds_it_too_or_refuses(self):
        with tempfile.TemporaryDirectory() as directory:
            results = pathlib.Path(directory) / "results.json"
            arguments = [*self.arguments, "--search", "states", "--no-minimize"]
            done = run(self.check, [*arguments, "--json", str(results)])
            if self.has_atomics():
                self.assertEqual(done.returncode, USAGE)
                return
            self.assertEqual(done.returncode, VIOLATED, done.stdout + done.stderr)
            result = json.loads(results.read_text())[0]
        self.assertIn(result["property"], self.properties)
        again = run(self.check, ["--replay", "-"], result["replay"])
        self.assertEqual(again.returncode, VIOLATED, again.stdout + again.stderr)

    def has_atomics(self):
        """Whether caches, owners or gifts are part of what is checked."""
        slab = self.arguments[self.arguments.index("--slab") + 1]
        program = self.arguments[self.arguments.index("--program") + 1]
        return slab != "shared" or ">" in program

    def test_printed_trace_is_not_endless(self):
        self.assertLess(len(self.done.stdout.splitlines()), 1000)

    def test_replay_fails_in_the_same_way(self):
        again = run(self.check, ["--replay", "-"], self.results[0]["replay"])
        self.assertEqual(again.returncode, VIOLATED, again.stdout + again.stderr)
        self.assertIn(f"VIOLATION of {self.results[0]['property']}", again.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("check")
    parser.add_argument("--properties", required=True)
    parser.add_argument("--minimal", required=True, help="the program that must be left")
    parser.add_argument("--preemptions", required=True, type=int)
    parser.add_argument("arguments", nargs="+")
    options = parser.parse_args()
    CanaryTest.check = options.check
    CanaryTest.properties = options.properties.split(",")
    CanaryTest.minimal = options.minimal
    CanaryTest.preemptions = options.preemptions
    CanaryTest.arguments = options.arguments
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
