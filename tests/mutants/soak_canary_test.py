#!/usr/bin/env python3
"""A soak finds bugs of each kind, and says which round repeats them: a block handed out twice, a block lost, a wrong counter.

Arguments: commands of soaks that are linked with a slab that has a bug.
"""

import re
import subprocess
import sys
import unittest

COMMANDS = []


def soak(command, *arguments):
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)


class SoakCanaryTest(unittest.TestCase):
    def test_planted_bug_is_found_and_repeated(self):
        for command in COMMANDS:
            with self.subTest(command):
                found = soak(command, "--rounds", "40", "--seed", "1")
                self.assertEqual(found.returncode, 1, found.stdout + found.stderr)
                self.assertRegex(found.stdout, r"(?m)^VIOLATED: .*in round \d+: ")
                again = re.search(r"(?m)^repeat with: ./verify soak (.*)$", found.stdout)
                self.assertEqual(soak(command, *again.group(1).split()).returncode, 1, again.group(0))


if __name__ == "__main__":
    COMMANDS, sys.argv = sys.argv[1:], sys.argv[:1]
    unittest.main()
