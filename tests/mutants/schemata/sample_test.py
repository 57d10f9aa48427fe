"""The default suite kills most mutants of a sample, so the switch and the suite work; `./verify mutants` asks for all, of all engines.

Arguments: the checker of shared slabs, linked with the sample, and the list of its mutants.
"""

import json
import pathlib
import sys
import unittest

from tests.mutants.schemata import campaign, engines
from tests.mutants.schemata.mutant import Mutant

FILES = []
# Of the default suite, what has no caches and no owners.
ENGINE = engines.Engine("suite of shared slabs", "", "", ("--scenario", engines.SHORT_SHARED, *engines.RESULTS), True)
# Fewer would say that the suite, or the switch, does not work. What is left is for other engines.
LEAST_REACHED = 25
LEAST_KILLED_SHARE = 0.65


class SampleTest(unittest.TestCase):
    def test_default_suite_kills_most_of_what_it_reaches(self):
        check, listed = pathlib.Path(FILES[0]).absolute(), pathlib.Path(FILES[1])
        mutants = [Mutant.from_json(each) for each in json.loads(listed.read_text())]
        base = engines.baseline(ENGINE, check, max(each.number for each in mutants))
        self.assertIsNotNone(base, "the suite fails without a mutant")
        reached = [each for each in mutants if campaign.order_of(each, [ENGINE], {ENGINE.name: base})]
        self.assertGreaterEqual(len(reached), LEAST_REACHED)
        lived = [each for each in reached if not engines.attempt(ENGINE, check, each.number, base).killed_as]
        for each in lived:
            print("lived:", each.place, each.operator, each.original)
        self.assertLessEqual(len(lived), (1 - LEAST_KILLED_SHARE) * len(reached))


if __name__ == "__main__":
    FILES, sys.argv = sys.argv[1:], sys.argv[:1]
    unittest.main()
