"""Every package with tests belongs to an engine of the coverage report, or is said to belong to none."""

import re
import unittest

from tests.source_rules import source_tree
from tools.coverage.engines import engine_of

_TEST_RULE = re.compile(r"\b\w*_test\(")


class CoverageEnginesTest(unittest.TestCase):
    def test_every_package_with_tests_has_a_rule(self):
        root = source_tree.workspace_root()
        packages = [
            path.parent
            for path in source_tree.walk(root)
            if path.name == "BUILD" and _TEST_RULE.search((root / path).read_text())
        ]
        self.assertGreater(len(packages), 20)
        for package in packages:
            for depends_on_relacy in (False, True):
                with self.subTest(package=str(package), depends_on_relacy=depends_on_relacy):
                    engine_of(f"//{package}:any_test", depends_on_relacy)


if __name__ == "__main__":
    unittest.main()
