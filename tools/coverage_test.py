"""coverage sums counters over instantiations, and does not overlook what was never instantiated."""

import collections
import unittest

from tools import coverage

PUBLIC = "/proc/self/cwd/bazel-out/x/bin/impl/_virtual_includes/slabproof/slabproof/slab.h"
MUTANT = "/proc/self/cwd/bazel-out/x/bin/tests/wrong_headers/slabproof/slab.h"


def read_lines(lcov):
    files = collections.defaultdict(coverage.FileCoverage)
    coverage.read_lines(lcov, files)
    return files


class ReadLinesTest(unittest.TestCase):
    def test_a_line_counts_wherever_it_was_executed(self):
        files = read_lines(f"SF:{PUBLIC}\nDA:3,0\nDA:4,0\nend_of_record\nSF:{PUBLIC}\nDA:3,2\n")
        self.assertEqual(dict(files["slab.h"].lines), {3: 2, 4: 0})

    def test_a_mutant_is_not_the_shipped_source(self):
        self.assertEqual(dict(read_lines(f"SF:{MUTANT}\nDA:3,1\n")), {})


class ReadBranchesTest(unittest.TestCase):
    def test_each_outcome_counts_over_all_instantiations(self):
        files = collections.defaultdict(coverage.FileCoverage)
        branches = [[3, 7, 3, 12, 5, 0, 0, 0, 4], [3, 7, 3, 12, 0, 2, 0, 0, 4]]
        entry = {"filename": PUBLIC, "branches": branches}
        coverage.read_branches({"data": [{"files": [entry]}]}, files)
        self.assertEqual(sorted(files["slab.h"].branches.values()), [2, 5])


class UninstantiatedTest(unittest.TestCase):
    def test_a_control_statement_without_counter_is_missed(self):
        file = coverage.FileCoverage()
        file.lines[2] = 1
        file.add_uninstantiated("int f() {\n  return 1;\n}\nvoid g() {\n  if (x) {\n  }\n}\n")
        self.assertEqual(coverage.FileCoverage.missed(file.lines), [5])


class RenderTest(unittest.TestCase):
    def test_the_total_sums_over_files(self):
        files = read_lines(f"SF:{PUBLIC}\nDA:3,1\nDA:4,0\n")
        files["other.h"].lines.update({1: 1, 2: 1})
        self.assertEqual(
            coverage.render(files).splitlines()[-1], "| total | 4 | 75.0% | 0 | - | 1 lines |"
        )

    def test_missed_lines_are_given_as_ranges(self):
        self.assertEqual(coverage.ranges([3, 4, 5, 9]), "3-5, 9")


if __name__ == "__main__":
    unittest.main()
