#!/usr/bin/env python3
"""The backing refuses each allocation of a program its next request, and each two of them, while others grow: every
execution of each such plan holds.

    fault_plan_check_test.py CHECK
"""

import itertools
import json
import subprocess
import sys
import tempfile
import unittest

CHECK = ""

# Each with the options of its slab. An owner's remotes allocate nothing.
WORKLOADS = [
    ("a f | a f | a f", []),
    ("a f | a f | a f", ["--recheck", "new", "--capacity", "2"]),
    ("a a F | a f", ["--recheck", "new"]),
    ("a2 F | a f a f", ["--capacity", "2"]),
    ("a a f f | a f", ["--slab", "cached"]),
    ("a g>1 a g>2 a | t f | t f", ["--slab", "owner"]),
]


def plans(program):
    """The program with `!` ahead of each allocation, and of each two."""
    tokens = program.split()
    allocations = [place for place, token in enumerate(tokens) if token.startswith("a")]
    for count in (1, 2):
        for refused in itertools.combinations(allocations, count):
            yield " ".join(f"! {token}" if place in refused else token for place, token in enumerate(tokens))


def check(program, options):
    """The exit code, and the result as JSON has it."""
    with tempfile.NamedTemporaryFile("r") as file:
        command = [CHECK, "--program", program, *options, "--json", file.name]
        status = subprocess.run(command, capture_output=True, text=True, check=False)
        return status.returncode, json.load(file)[0], status.stdout + status.stderr


class FaultPlanTest(unittest.TestCase):
    def test_every_execution_of_every_plan_holds(self):
        for program, options in WORKLOADS:
            for plan in plans(program):
                with self.subTest(plan, options=options):
                    status, result, said = check(plan, options)
                    self.assertEqual(status, 0, said)
                    self.assertEqual((result["verdict"], result["exhaustive"]), ("holds", True))


if __name__ == "__main__":
    CHECK = sys.argv.pop(1)
    unittest.main()
