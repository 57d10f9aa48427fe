"""Each argument in equivalent.toml and in verifiers.toml belongs to a mutant that there is: arguments: the headers of impl/."""

import pathlib
import sys
import unittest

from tests.mutants.schemata import equivalent, generate, subjects
from tests.mutants.schemata.mutant import numbered

HEADERS = []


class EquivalentTest(unittest.TestCase):
    def test_each_argument_names_a_mutant_and_says_why(self):
        mutants = numbered(generate.mutants_of(HEADERS))
        self.assertEqual(equivalent.problems(equivalent.load(), mutants), [])

    def test_each_argument_about_a_verifier_names_a_mutant_and_says_why(self):
        arguments = equivalent.load(subjects.MODEL.arguments)
        named = {key[0] for key in arguments}
        files = [file for file in subjects.MODEL.files(pathlib.Path()) if file.name in named]
        self.assertEqual({file.name for file in files}, named)
        mutants = numbered(generate.mutants_of(files, pathlib.Path()))
        self.assertEqual(equivalent.problems(arguments, mutants), [])


if __name__ == "__main__":
    HEADERS, sys.argv = sorted(map(pathlib.Path, sys.argv[1:])), sys.argv[:1]
    unittest.main()
