"""Each argument in equivalent.toml belongs to a mutant that there is: arguments: the headers of impl/."""

import pathlib
import sys
import unittest

from tests.mutants.schemata import equivalent, generate
from tests.mutants.schemata.mutant import numbered

HEADERS = []


class EquivalentTest(unittest.TestCase):
    def test_each_argument_names_a_mutant_and_says_why(self):
        mutants = numbered(generate.mutants_of(HEADERS))
        self.assertEqual(equivalent.problems(equivalent.load(), mutants), [])


if __name__ == "__main__":
    HEADERS, sys.argv = sorted(map(pathlib.Path, sys.argv[1:])), sys.argv[:1]
    unittest.main()
