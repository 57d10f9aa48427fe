#!/usr/bin/env python3
"""Every execution of the C++ code that the model checker explores is one of the proved system.

    refinement_test.py --check CHECK --check-trace CHECK_TRACE [--deep]
        [--rejected CHECK...] [--accepted CHECK...]

CHECK_TRACE is the step checker extracted from Coq. The other checkers are linked with deliberately
wrong slabs: where the error changes what a critical section does, the proved system has no such
step; where it is in the locking, in termination or in what the system leaves out, the steps are
right, and only the model checker can tell.
"""

import argparse
import sys
import unittest

from proofs.coq import refine

# Explorations that together take minutes.
DEEP = [
    ["--enumerate", "threads=2,ops=4,capacity=2"],
    ["--enumerate", "threads=3,ops=2,capacity=2"],
    ["--enumerate", "threads=2,ops=3,capacity=2", "--alphabet", "a a2 f f@0 F"],
]
DEEP_EXECUTIONS = 7_000_000


class RefinementTest(unittest.TestCase):
    options = None

    def refine(self, *arguments, check=None):
        options = self.options
        done = refine.refine(check or options.check, options.check_trace, arguments)
        print(f"{' '.join(arguments) or 'default suite'}: {refine.sentence(done)}", file=sys.stderr)
        return done

    def assert_accepted(self, done):
        self.assertEqual((done.exit_code, done.complaint), (0, ""))
        self.assertGreater(done.steps, 0)

    def test_the_default_suite_is_accepted(self):
        self.assert_accepted(self.refine())

    def test_the_default_suite_is_accepted_where_equal_threads_are_told_apart(self):
        self.assert_accepted(self.refine("--no-symmetry"))

    def test_all_small_programs_are_accepted(self):
        self.assert_accepted(self.refine("--enumerate", "threads=2,ops=2,capacity=2"))

    def test_orders_that_the_reduction_leaves_out_are_accepted(self):
        self.assert_accepted(self.refine("--program", "a f | a f", "--search", "full"))

    def test_random_executions_are_accepted(self):
        program = "a3 g>1 F r | ! a t F | a2 f f"
        self.assert_accepted(
            self.refine("--program", program, "--capacity", "2", "--search", "random",
                        "--iterations", "20000", "--recheck", "new")
        )  # fmt: skip

    def test_code_that_does_other_steps_is_rejected(self):
        self.assertTrue(self.options.rejected)
        for check in self.options.rejected:
            with self.subTest(check):
                done = self.refine(check=check)
                self.assertEqual((done.trace_code, done.exit_code), (1, 1), done.complaint)
                self.assertIn("the proved system has no such", done.complaint)

    def test_steps_are_right_where_the_error_is_elsewhere(self):
        self.assertTrue(self.options.accepted)
        for check in self.options.accepted:
            with self.subTest(check):
                done = self.refine(check=check)
                self.assertEqual((done.trace_code, done.check_code), (0, 1), done.complaint)

    def test_an_exploration_that_is_no_exploration_is_no_success(self):
        self.assertEqual(self.refine("--program", "a", "--capacity", "none").exit_code, 2)

    def test_deep_explorations_are_accepted(self):
        if not self.options.deep:
            self.skipTest("takes minutes; run by ./verify deep")
        executions = 0
        for arguments in DEEP:
            done = self.refine(*arguments)
            self.assert_accepted(done)
            executions += done.executions
        self.assertGreaterEqual(executions, DEEP_EXECUTIONS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", required=True)
    parser.add_argument("--check-trace", required=True)
    parser.add_argument("--rejected", action="append", default=[])
    parser.add_argument("--accepted", action="append", default=[])
    parser.add_argument("--deep", action="store_true")
    RefinementTest.options = parser.parse_args()
    unittest.main(argv=sys.argv[:1])
