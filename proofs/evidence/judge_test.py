"""Evidence passes only if all of it ran and passed; each other way to end is told apart."""

import unittest

from proofs.evidence import catalogue, example, example_run, judge, report, tree
from proofs.evidence.judge import Status


class ReportCase(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        self.run_results = example_run.make()

    def report(self):
        at = tree.Tree(self.root)
        known = catalogue.load(self.root)
        return report.make(example_run.FACTS, known, at, self.run_results, [])


class JudgeTest(ReportCase):
    def outcomes(self):
        """{engine: worst outcome} of S1."""
        entry = self.report().properties[0]
        return {
            engine: judge.worst([o.status for o in entry.of_engine(engine)])
            for engine in judge.ENGINES
            if entry.of_engine(engine)
        }

    def assert_only(self, engine, status, exit_code):
        """All evidence of S1 is as in a good run but that of one engine."""
        expected = {
            "coq": Status.PASSED, "refinement": Status.PASSED, "checker": Status.PASSED,
            "tests": Status.PASSED, "fuzz": Status.PASSED, "mutants": Status.PASSED,
            "planted": Status.RECORDED, "review": Status.ARGUED,
        }
        self.assertEqual(self.outcomes(), expected | {engine: status})
        self.assertEqual(self.report().exit_code, exit_code)

    def test_a_good_run_passes(self):
        self.assert_only("coq", Status.PASSED, 0)
        self.assertEqual(
            self.report().summary,
            "2 of 2 properties have evidence that passed in this run. Of 10 entries of evidence: "
            "1 of an earlier run, which counts for nothing either.",
        )

    def test_figures_are_those_of_the_run(self):
        figures = [outcome.figure for outcome in self.report().properties[0].outcomes]
        self.assertEqual(
            figures,
            [
                "closed under the global context",
                "40 executions, 240 critical sections in 1 run, all accepted",
                "20 executions of 1 scenario, all exhaustive",
                "20 executions of 1 scenario, all exhaustive",
                "1 case passed",
                "1 input replayed",
                "1 mutant killed",
                "1 bug found in the run of 2026-05-03, commit 00112233",
                "for a reader to judge",
            ],
        )

    def test_evidence_stands_in_the_order_of_the_engines(self):
        scenario = "      - {kind: scenario, suite: default, shows: it is explored}\n"
        review = "      - {kind: review, file: proofs/REVIEW.md, heading: Owners, shows: x}\n"
        example.edit(self.root, "proofs/properties.yaml", scenario, review + scenario)
        engines = [outcome.engine for outcome in self.report().properties[1].outcomes]
        self.assertEqual(engines, ["checker", "review"])

    def test_a_theorem_with_an_assumption_has_failed(self):
        self.run_results.theorems["S1_exclusive"] = "assumes classic"
        self.assert_only("coq", Status.FAILED, 1)

    def test_a_theorem_that_was_not_printed_is_missing(self):
        self.run_results.theorems = {"other": "closed under the global context"}
        self.assert_only("coq", Status.MISSING, 1)

    def test_proofs_that_were_not_run_are_not_run(self):
        self.run_results.theorems = None
        self.assert_only("coq", Status.NOT_RUN, 0)

    def test_a_step_that_the_proved_system_lacks_is_a_failure(self):
        self.refine(trace_code=1, complaint="line 7: the proved system has no such step")
        self.assert_only("refinement", Status.FAILED, 1)
        part = self.report().properties[0].of_engine("refinement")[0].parts[0]
        self.assertEqual(part.figure, "not accepted: line 7: the proved system has no such step")

    def test_executions_that_were_not_judged_are_a_failure(self):
        self.refine(executions=39)
        self.assert_only("refinement", Status.FAILED, 1)

    def test_a_violation_during_refinement_is_a_failure_though_its_steps_are_accepted(self):
        self.refine(check_code=1)
        self.assert_only("refinement", Status.FAILED, 1)

    def test_an_exploration_that_reached_a_limit_has_not_passed(self):
        self.refine(check_code=3)
        self.assert_only("refinement", Status.FAILED, 1)

    def test_a_refinement_that_left_nothing_is_missing(self):
        self.run_results.refinements = {}
        self.assert_only("refinement", Status.MISSING, 1)

    def test_a_refinement_that_was_not_run_is_not_run(self):
        self.run_results.refinements = None
        self.assert_only("refinement", Status.NOT_RUN, 0)

    def refine(self, **changes):
        self.run_results.refinements["default suite"] = example_run.refinement(**changes)

    def test_a_planted_bug_of_no_table_is_not_run(self):
        self.run_results.engine_table = None
        self.assert_only("planted", Status.NOT_RUN, 0)

    def test_a_planted_bug_that_the_table_lacks_is_not_run(self):
        self.run_results.engine_table.found.clear()
        self.assert_only("planted", Status.NOT_RUN, 0)

    def test_a_planted_bug_that_no_engine_found_is_a_failure(self):
        self.run_results.engine_table = example_run.engine_table(found=None)
        self.assert_only("planted", Status.FAILED, 1)

    def test_a_planted_bug_says_which_engine_found_it_soonest(self):
        part = self.report().properties[0].of_engine("planted")[0].parts[0]
        self.assertEqual(
            part.figure, "found by 1 of 2 engines, soonest by checker: S1 in 0.5 s"
        )

    def test_what_is_recorded_alone_is_no_evidence_of_this_run(self):
        entry = self.report().properties[0]
        recorded = judge.PropertyOutcome(entry.property, tuple(entry.of_engine("planted")))
        self.assertIs(recorded.status, Status.NOT_RUN)

    def test_a_violated_scenario_has_failed_whatever_it_violates(self):
        self.run_results.scenarios["two_growers"] = example_run.record(
            "two_growers", verdict="violated", property="L1"
        )
        self.assert_only("checker", Status.FAILED, 1)

    def test_an_inconclusive_scenario_has_not_passed(self):
        self.run_results.scenarios["two_growers"] = example_run.record(
            "two_growers", verdict="inconclusive", exhaustive=False, limit="10 s"
        )
        self.assert_only("checker", Status.FAILED, 1)

    def test_a_bounded_scenario_passes_and_says_that_it_is_bounded(self):
        self.run_results.scenarios["two_growers"] = example_run.record(
            "two_growers", exhaustive=False, limit="bound 2"
        )
        self.assert_only("checker", Status.PASSED, 0)
        outcome = self.report().properties[0].of_engine("checker")[0]
        self.assertEqual(outcome.figure, "20 executions of 1 scenario, 1 of them bounded")
        self.assertEqual(outcome.parts[0].figure, "20 executions, bounded (bound 2)")

    def test_a_scenario_of_a_suite_that_ran_without_it_is_missing(self):
        del self.run_results.scenarios["two_growers"]
        self.assert_only("checker", Status.MISSING, 1)

    def test_a_suite_that_was_not_run_is_not_run(self):
        self.run_results.suites = {"default"}
        del self.run_results.scenarios["four_growers"]
        self.assert_only("checker", Status.NOT_RUN, 0)

    def test_a_failed_target_has_failed_even_if_its_cases_passed(self):
        test = self.run_results.builds["g++"]["//tests:slab_test"]
        test.passed, test.status = False, "TIMEOUT"
        self.assert_only("tests", Status.FAILED, 1)

    def test_a_skipped_case_has_not_passed(self):
        cases = self.run_results.builds["g++"]["//tests:slab_test"].cases
        cases[("SlabTest", "Serves")] = "skipped"
        self.assert_only("tests", Status.FAILED, 1)

    def test_a_case_that_did_not_run_is_missing(self):
        del self.run_results.builds["g++"]["//tests:slab_test"].cases[("SlabTest", "Serves")]
        self.assert_only("tests", Status.MISSING, 1)

    def test_a_target_that_did_not_run_is_missing(self):
        del self.run_results.builds["g++"]["//fuzz/engine:replay_test"]
        self.assert_only("fuzz", Status.MISSING, 1)

    def test_a_deep_target_that_did_not_run_is_not_run(self):
        example.edit(self.root, "fuzz/BUILD", "srcs =", 'tags = ["deep"], srcs =')
        del self.run_results.builds["g++"]["//fuzz/engine:replay_test"]
        self.assert_only("fuzz", Status.NOT_RUN, 0)

    def test_tests_of_the_proofs_are_not_run_without_coq(self):
        tested, target = '"//tests:slab_test", cases: [SlabTest.Serves]', '"//proofs/coq:slab_test"'
        example.write(self.root, "proofs/coq/BUILD", 'sh_test(name = "slab_test", srcs = ["check"])\n')
        example.edit(self.root, "proofs/properties.yaml", tested, target)
        self.assert_only("tests", Status.MISSING, 1)
        self.run_results.theorems = None
        self.assertIs(self.outcomes()["tests"], Status.NOT_RUN)

    def test_a_corpus_that_was_replayed_in_part_has_failed(self):
        example.write(self.root, "fuzz/targets/corpus/slab/two", "a a")
        self.assert_only("fuzz", Status.FAILED, 1)

    def test_a_case_counts_once_for_each_parameter(self):
        cases = self.run_results.builds["g++"]["//tests:slab_test"].cases
        del cases[("SlabTest", "Serves")]
        cases |= {("All/SlabTest", "Serves/one"): "passed", ("All/SlabTest", "Serves/two"): "passed"}
        (outcome,) = self.report().properties[0].of_engine("tests")
        self.assertEqual(outcome.figure, "2 cases passed")

    def test_random_cases_are_told_as_such(self):
        self.run_results.builds["g++"]["//tests:slab_test"].inputs = 2000
        self.assertIn("2,000 random cases passed", [
            outcome.figure for outcome in self.report().properties[0].outcomes
        ])

    def test_a_mutant_that_survives_has_failed(self):
        cases = self.run_results.builds["g++"]["//tests:canary_test"].cases
        cases[("CanaryTest", "LockSkipped")] = "failed"
        self.assert_only("mutants", Status.FAILED, 1)

    def test_each_mutant_may_have_a_test_of_its_own(self):
        example.edit(
            self.root, "proofs/properties.yaml", '"//tests:canary_test"\n        cases: '
            "[CanaryTest.LockSkipped]", '"//tests:*_test"',
        )
        mutants = '[struct(name = "canary"), struct(name = "slab")]'
        example.write(self.root, "tests/mutants/canaries.bzl", f"CANARIES = {mutants}\n")
        example.edit(self.root, "proofs/properties.yaml", "[lock_skipped]", "[canary, slab]")
        self.run_results.builds["g++"]["//tests:slab_test"].passed = False
        (outcome,) = self.report().properties[0].of_engine("mutants")
        self.assertEqual([part.status for part in outcome.parts], [Status.PASSED, Status.FAILED])
        self.assertEqual(outcome.command, "bazel test //tests:canary_test //tests:slab_test")

    def test_a_build_that_was_not_tested_is_not_run(self):
        example.edit(self.root, "proofs/properties.yaml", 'cases: [SlabTest.Serves]', "build: tsan")
        entry = self.report().properties[0]
        self.assertIs(entry.of_engine("threads")[0].status, Status.NOT_RUN)

    def test_evidence_that_is_not_in_the_tree_is_missing(self):
        example.edit(self.root, "proofs/REVIEW.md", "Owners", "Guests")
        self.assert_only("review", Status.MISSING, 1)

    def test_a_property_of_which_nothing_ran_is_inconclusive(self):
        self.run_results.suites = {"deep"}
        content = self.report()
        self.assertIs(content.properties[1].status, Status.NOT_RUN)
        self.assertEqual(content.exit_code, 3)
        self.assertIn("2 not run, which counts for nothing", content.summary)

    def test_a_failure_outweighs_what_was_not_run(self):
        self.run_results.suites = set()
        self.run_results.theorems = {"S1_exclusive": "assumes classic"}
        self.assertEqual(self.report().exit_code, 1)


class CellTest(ReportCase):
    """Places in the matrix."""

    def cell(self, engine):
        return report.cell(self.report().properties[0].of_engine(engine))

    def test_it_counts_what_passed(self):
        self.assertEqual(self.cell("checker"), (Status.PASSED, "✓ 2"))

    def test_it_counts_what_was_not_run_apart(self):
        self.run_results.suites = {"default"}
        self.assertEqual(self.cell("checker"), (Status.NOT_RUN, "✓ 1, ○ 1 not run"))

    def test_it_shows_a_failure(self):
        self.run_results.theorems["S1_exclusive"] = "assumes classic"
        self.assertEqual(self.cell("coq"), (Status.FAILED, "✗ 1 failed"))

    def test_it_tells_what_an_earlier_run_recorded(self):
        self.assertEqual(self.cell("planted"), (Status.RECORDED, "recorded 1"))

    def test_it_is_empty_without_evidence(self):
        self.assertIsNone(self.cell("properties"))


if __name__ == "__main__":
    unittest.main()
