#!/usr/bin/env python3
"""Every engine's verdict reaches its exit code, and says how to repeat and keep what it found.

Arguments: pairs of an engine and its command, linked with a slab that has a bug which that engine
finds. What the seed is does not matter: the bugs are found within the usual number of cases.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

COMMANDS = {}

# What the checked engine may report, but for the order of the threads: no simpler program makes the
# bug show. With room for one block in a segment, one must be freed meanwhile; with kNewSegments, the
# segment is only looked at after a refusal. The concurrent engine may stop earlier, since a race that
# did not happen looks like none.
MINIMAL_PROGRAMS = {"checked": {("a", "a"), ("a", "a f"), ("! a", "a"), ("! a", "a f")}}


def run(engine, *arguments, directory=None):
    environment = dict(os.environ)
    environment.pop("TEST_UNDECLARED_OUTPUTS_DIR", None)
    if directory is not None:
        environment["SLABPROOF_REGRESSIONS"] = directory
    return subprocess.run(
        [COMMANDS[engine], *arguments],
        capture_output=True, text=True, env=environment, check=False)


class EngineCanaryTest(unittest.TestCase):
    def test_planted_bug_makes_the_engine_exit_with_failure(self):
        for engine in COMMANDS:
            with self.subTest(engine=engine):
                result = run(engine, "--no-save", "--no-shrink", "--seed", "1")
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                self.assertIn("VIOLATED", result.stdout)

    def test_failing_case_is_saved_where_it_says(self):
        for engine in COMMANDS:
            with self.subTest(engine=engine), tempfile.TemporaryDirectory() as directory:
                result = run(engine, "--seed", "2", directory=directory)
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                saved = list(pathlib.Path(directory).glob("*.json"))
                self.assertTrue(saved, result.stdout)
                for file in saved:
                    self.assertIn(str(file), result.stdout)
                    case = json.loads(file.read_text())
                    self.assertEqual(case["engine"], engine)
                    self.assertEqual(case["seed"], 2)

    def test_seed_is_printed_and_repeats_the_run(self):
        # Real threads do not repeat; the other two engines do, word for word.
        for engine in sorted(set(COMMANDS) - {"concurrent"}):
            with self.subTest(engine=engine):
                first = run(engine, "--no-save")
                seed = re.search(r"^seed (\d+)$", first.stdout, re.MULTILINE).group(1)
                again = run(engine, "--no-save", "--seed", seed)
                self.assertEqual(self.without_times(first.stdout), self.without_times(again.stdout))

    def test_reported_program_is_minimal(self):
        for engine, minimal in MINIMAL_PROGRAMS.items():
            for seed in ("3", "4", "5"):
                with self.subTest(engine=engine, seed=seed):
                    result = run(engine, "--no-save", "--seed", seed)
                    programs = re.findall(r'"program": "([^"]*)"', result.stdout)
                    self.assertTrue(programs, result.stdout)
                    for program in programs:
                        self.assertIn(tuple(sorted(program.split(" | "))), minimal)

    def test_unknown_option_and_unknown_property_are_bad_usage(self):
        for engine in COMMANDS:
            with self.subTest(engine=engine):
                self.assertEqual(run(engine, "--sead", "1").returncode, 2)
                self.assertEqual(run(engine, "--only", "no_such_property").returncode, 2)

    @staticmethod
    def without_times(output):
        # Times, and addresses that a message may name, differ from run to run.
        return re.sub(r"0x[0-9a-f]+|\d+\.\d s", "", output)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    COMMANDS.update(zip(arguments[::2], arguments[1::2]))
    if not COMMANDS:
        sys.exit("usage: engine_canary_test.py ENGINE COMMAND [ENGINE COMMAND]...")
    unittest.main(argv=sys.argv[:1])
