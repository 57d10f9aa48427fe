"""The examples with a `main` hold, find the error that is planted in them, and say how to see it again.

    examples_test.py BINARY...
"""

import os
import re
import subprocess
import sys
import unittest

BINARIES = []


def run(binary, *args, **environment):
    return subprocess.run([binary, *args], env={**os.environ, **environment}, capture_output=True, text=True)


class ExamplesTest(unittest.TestCase):
    def test_each_holds(self):
        for binary in BINARIES:
            with self.subTest(binary):
                result = run(binary)
                self.assertEqual(result.returncode, 0, result.stdout)
                self.assertRegex(result.stdout, r"^holds: \d+ executions?, exhaustive")

    def test_each_planted_error_is_found_and_can_be_replayed(self):
        for binary in BINARIES:
            with self.subTest(binary):
                found = run(binary, "planted")
                self.assertEqual(found.returncode, 1, found.stdout)
                replay = re.search(r"SLABPROOF_REPLAY='(.*)'", found.stdout).group(1)
                again = run(binary, "planted", SLABPROOF_REPLAY=replay)
                self.assertEqual(again.returncode, 1, again.stdout)
                self.assertRegex(again.stdout, "^violated: 1 execution,")


if __name__ == "__main__":
    BINARIES = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
