"""Each argument in verifiers.toml belongs to a mutant of model/ that there is, and says why it changes nothing."""

import pathlib
import unittest

from tests.mutants.schemata import equivalent, generate, subjects
from tests.mutants.schemata.mutant import numbered


class VerifiersTest(unittest.TestCase):
    def test_each_argument_names_a_mutant_and_says_why(self):
        arguments = equivalent.load(subjects.MODEL.arguments)
        named = {key[0] for key in arguments}
        files = [file for file in subjects.MODEL.files(pathlib.Path()) if file.name in named]
        self.assertEqual({file.name for file in files}, named)
        mutants = numbered(generate.mutants_of(files, pathlib.Path()))
        self.assertEqual(equivalent.problems(arguments, mutants), [])


if __name__ == "__main__":
    unittest.main()
