"""Each mutant of the sample that the default suite reaches is killed by the checker, or has an argument.

Arguments: the checker of shared slabs, linked with the sample, and the list of its mutants.
"""

import json
import pathlib
import sys
import unittest

from tests.mutants.schemata import campaign, engines, equivalent
from tests.mutants.schemata.mutant import Mutant

FILES = []
# Of the default suite, what has no caches and no owners.
ENGINE = engines.Engine("suite of shared slabs", "", "", ("--scenario", engines.SHORT_SHARED, *engines.RESULTS), True)
# Fewer would say that the suite, or the switch, does not work.
LEAST_REACHED = 25


class SampleTest(unittest.TestCase):
    def test_what_the_default_suite_reaches_it_kills(self):
        check, listed = FILES
        mutants = [Mutant.from_json(each) for each in json.loads(pathlib.Path(listed).read_text())]
        base = engines.baseline(ENGINE, pathlib.Path(check).absolute(), max(each.number for each in mutants))
        self.assertIsNotNone(base, "the suite fails without a mutant")
        arguments = equivalent.load()
        reached = [each for each in mutants if campaign.order_of(each, [ENGINE], {ENGINE.name: base})]
        self.assertGreaterEqual(len(reached), LEAST_REACHED)
        for each in reached:
            if each.key in arguments:
                continue
            with self.subTest(each.place, operator=each.operator, original=each.original):
                self.assertTrue(engines.attempt(ENGINE, pathlib.Path(check).absolute(), each.number, base).killed_as)


if __name__ == "__main__":
    FILES, sys.argv = sys.argv[1:], sys.argv[:1]
    unittest.main()
