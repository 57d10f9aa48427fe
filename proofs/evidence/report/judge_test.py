"""Evidence passes only if all of it ran and passed; every other end has a status of its own."""

import dataclasses
import unittest
from unittest import mock

from proofs.evidence.catalogue import example, properties, tree
from proofs.evidence.report import judge
from proofs.evidence.report.judge import Status
from proofs.evidence.run import example_run, results


SLAB, CANARY, REPLAY = "//tests:slab_test", "//tests:canary_test", "//fuzz/targets:slab_corpus_test"
ABSENT, UNRECORDED = "not among the results", "and no earlier run of the engines is recorded"
NO_MUTANTS = "and no earlier run with any is recorded"


def refined(**changes):
    return {"refinements": {"default suite": example_run.refinement(**changes)}}


def explored(**changes):
    good = example_run.make().scenarios
    return {"scenarios": good | {"two_growers": example_run.record("two_growers", **changes)}}


def tested(label, **changes):
    """The tests of a good run but for one, which is left out without `changes`."""
    builds = example_run.make().builds
    test = builds[None].pop(label)
    if changes:
        builds[None][label] = dataclasses.replace(test, **changes)
    return {"builds": builds}


# What differs from a good run: the engine whose evidence of S1 then has this status, with the figure of a part.
CHANGES = {
    Status.FAILED: {
        "a theorem with an assumption": ({"theorems": {"S1_exclusive": "assumes classic"}}, "coq", "assumes classic"),
        "a step that the proved system lacks": (
            refined(trace_code=1, complaint="line 7: no such step"), "refinement", "not accepted: line 7: no such step"
        ),
        "executions that were not judged": (
            refined(executions=39), "refinement", "incomplete, 39 of 40 executions judged"
        ),
        "a violation during refinement, though its steps are accepted": (
            refined(check_code=1), "refinement", "not accepted"
        ),
        "an exploration that reached a limit": (
            refined(check_code=3), "refinement", "accepted, but the model checker reached a limit"
        ),
        "a planted bug that no engine found": (
            {"engine_table": example_run.engine_table(None)}, "planted", "found by 0 of 2 engines"
        ),
        "a violated scenario, whatever it violates": (
            explored(verdict="violated", property="L1"), "checker", "violated L1; 20 executions, exhaustive"
        ),
        "an inconclusive scenario": (
            explored(verdict="inconclusive", exhaustive=False, limit="10 s"), "checker",
            "inconclusive; 20 executions, bounded (10 s)",
        ),
        "a failed target, even if its cases passed": (
            tested(SLAB, passed=False, status="TIMEOUT"), "tests", "timeout"
        ),
        "a skipped case": (tested(SLAB, cases={("SlabTest", "Serves"): "skipped"}), "tests", "skipped"),
        "a mutant that survives": (
            tested(CANARY, cases={("CanaryTest", "LockSkipped"): "failed"}), "mutants", "CanaryTest.LockSkipped failed"
        ),
    },
    Status.MISSING: {
        "a theorem that was not printed": (
            {"theorems": {"other": results.CLOSED}}, "coq", "its assumptions were not printed"
        ),
        "a refinement that left nothing": ({"refinements": {}}, "refinement", ABSENT),
        "a scenario of a suite that ran without it": (
            {"scenarios": {n: example_run.record(n) for n in ["three_growers", "four_growers"]}}, "checker", ABSENT
        ),
        "a case that did not run": (tested(SLAB, cases={("SlabTest", "Grows"): "passed"}), "tests", ABSENT),
        "a target that did not run": (tested(REPLAY), "fuzz", ABSENT),
    },
    Status.NOT_RUN: {
        "proofs that were not run": ({"theorems": None}, "coq", ""),
        "a refinement that was not run": ({"refinements": None}, "refinement", ""),
        "a suite that was not run": ({"suites": {"default"}}, "checker", ""),
        "a planted bug without a table": ({"engine_table": None}, "planted", UNRECORDED),
        "a planted bug that the table lacks": ({"engine_table": results.EngineTable("", {})}, "planted", UNRECORDED),
        "mutants without a record": ({"mutation": None}, "mutation", NO_MUTANTS),
        "mutants of other functions": (
            {"mutation": example_run.mutation("tests", function="Slab::retake")}, "mutation", NO_MUTANTS
        ),
        "mutants that nobody tried": (
            {"mutation": example_run.mutation("not tried")}, "mutation", "0 of 1 mutant killed, 1 not tried"
        ),
    },
    Status.RECORDED: {
        "mutants that lived, which are named": (
            {"mutation": example_run.mutation("tests", "lived")}, "mutation", "lived: logical in Slab::take"
        ),
        "mutants that nothing reaches, which are named": (
            {"mutation": example_run.mutation("not reached")}, "mutation", "not reached: logical in Slab::take"
        ),
        "mutants of which some were tried": (
            {"mutation": example_run.mutation("not tried", "tests")}, "mutation", "1 of 2 mutants killed, 1 not tried"
        ),
        "mutants with a proof": (
            {"mutation": example_run.mutation("same code", "argued")}, "mutation",
            "0 of 2 mutants killed, 1 argued, 1 same code",
        ),
    },
    Status.PASSED: {
        "a bounded scenario, which says that it is bounded": (
            explored(exhaustive=False, limit="bound 2"), "checker", "20 executions, bounded (bound 2)"
        ),
    },
}  # fmt: skip


class JudgeTest(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        self.run_results = example_run.make()

    def judge(self):
        """The outcomes of S1 and of L1."""
        return judge.judge_all(properties.load(self.root), tree.Tree(self.root), self.run_results)

    def of_engine(self, engine):
        return self.judge()[0].of_engine(engine)

    def outcomes(self):
        """{engine: worst outcome} of S1."""
        entry = self.judge()[0]
        return {
            engine: max(o.status for o in entry.of_engine(engine))
            for engine in judge.ENGINES
            if entry.of_engine(engine)
        }

    def assert_only(self, engine, status):
        """All evidence of S1 is as in a good run but that of one engine."""
        expected = {
            "coq": Status.PASSED, "refinement": Status.PASSED, "checker": Status.PASSED,
            "tests": Status.PASSED, "fuzz": Status.PASSED, "mutants": Status.PASSED,
            "planted": Status.RECORDED, "mutation": Status.RECORDED, "review": Status.ARGUED,
        }
        self.assertEqual(self.outcomes(), expected | {engine: status})
        self.assertEqual(judge.exit_code(self.judge()), 1 if status.is_bad else 0)

    def test_what_differs_from_a_good_run_changes_the_status_of_its_engine(self):
        rows = ((status, *row) for status, rows in CHANGES.items() for row in rows.items())
        for status, what, (changes, engine, figure) in rows:
            with self.subTest(what):
                self.run_results = dataclasses.replace(example_run.make(), **changes)
                self.assert_only(engine, status)
                parts = [part for outcome in self.of_engine(engine) for part in outcome.parts]
                self.assertIn((status, figure), [(part.status, part.figure) for part in parts])

    def test_a_good_run_passes(self):
        self.assert_only("coq", Status.PASSED)
        self.assertEqual(
            judge.summarize(self.judge()),
            "2 of 2 properties have evidence that passed in this run. Of 11 entries of evidence: "
            "2 of an earlier run, which does not count.",
        )

    def test_figures_are_those_of_the_run(self):
        figures = [outcome.figure for outcome in self.judge()[0].outcomes]
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
                "3 of 4 mutants of take killed by 2 engines, 1 argued, in the run of 2026-05-02 with 3 engines",
                "for a reader to judge",
            ],
        )

    def test_evidence_is_in_the_order_of_the_engines(self):
        scenario = "      - {kind: scenario, suite: default, shows: it is explored}\n"
        review = "      - {kind: review, file: proofs/REVIEW.md, heading: Owners, shows: x}\n"
        example.edit(self.root, "proofs/properties.yaml", scenario, review + scenario)
        engines = [outcome.engine for outcome in self.judge()[1].outcomes]
        self.assertEqual(engines, ["checker", "review"])

    def test_a_planted_bug_says_which_engine_found_it_soonest(self):
        part = self.of_engine("planted")[0].parts[0]
        self.assertEqual(part.figure, "found by 1 of 2 engines, soonest by checker: S1 in 0.5 s")

    def mutation_figure(self, *verdicts, **fields):
        self.run_results.mutation = example_run.mutation(*verdicts, **fields)
        return self.of_engine("mutation")[0].figure

    def test_mutants_that_lived_are_in_the_figure_and_each_is_a_part(self):
        self.assertEqual(
            self.mutation_figure("checker", "lived", "lived", "not reached"),
            "1 of 4 mutants of take killed by 1 engine, 2 lived, 1 not reached, in the run of 2026-05-02 with 3 engines",
        )
        (outcome,) = self.of_engine("mutation")
        names = ["impl/slab.h: take", "slab.logical.2", "slab.logical.3", "slab.logical.4"]
        self.assertEqual([part.name for part in outcome.parts], names)
        self.assertEqual(outcome.command, "./verify mutants --file slab.h")

    def test_mutants_of_earlier_headers_are_said_to_be_so(self):
        figure = self.mutation_figure("lived", is_of_these_headers=False)
        self.assertEqual(figure, "0 of 1 mutant of take killed, 1 lived, in the run of 2026-05-02 of earlier headers with 3 engines")
        self.assertEqual(self.mutation_figure("not tried"), "")

    def test_mutants_of_several_functions_are_counted_together(self):
        place = '{file: impl/slab.h, label: "INVARIANT[slab.owned]"}'
        example.edit(self.root, "proofs/properties.yaml", place, "{file: impl/slab.h, function: put}")
        example.write(self.root, "impl/slab.h", "void take();\nvoid put();\n")
        self.assertEqual(
            self.mutation_figure("checker"),
            "1 of 2 mutants of put and take killed by 1 engine, 1 lived, in the run of 2026-05-02 with 3 engines",
        )
        self.assertEqual(
            self.mutation_figure(), "0 of 1 mutant of put killed, 1 lived, in the run of 2026-05-02 with 3 engines"
        )

    def test_what_is_recorded_alone_is_not_evidence_of_this_run(self):
        entry = self.judge()[0]
        recorded = judge.PropertyOutcome(entry.property, tuple(entry.of_engine("planted")))
        self.assertIs(recorded.status, Status.NOT_RUN)

    def test_tests_of_the_proofs_are_not_run_without_coq(self):
        tested, target = '"//tests:slab_test", cases: [SlabTest.Serves]', '"//proofs/coq:slab_test"'
        example.write(self.root, "proofs/coq/BUILD", 'sh_test(name = "slab_test", srcs = ["check"])\n')
        example.edit(self.root, "proofs/properties.yaml", tested, target)
        self.assert_only("tests", Status.MISSING)
        self.run_results.theorems = None
        self.assertIs(self.outcomes()["tests"], Status.NOT_RUN)

    def test_a_corpus_that_was_replayed_in_part_has_failed(self):
        example.write(self.root, "fuzz/targets/corpus/slab/two", "a a")
        self.assert_only("fuzz", Status.FAILED)

    def test_bounded_scenarios_are_counted_apart(self):
        self.run_results = dataclasses.replace(self.run_results, **explored(exhaustive=False, limit="bound 2"))
        figure = self.of_engine("checker")[0].figure
        self.assertEqual(figure, "20 executions of 1 scenario, 1 of them bounded")

    def test_a_case_counts_once_for_each_parameter(self):
        cases = self.run_results.builds[None]["//tests:slab_test"].cases
        del cases[("SlabTest", "Serves")]
        cases |= {("All/SlabTest", "Serves/one"): "passed", ("All/SlabTest", "Serves/two"): "passed"}
        (outcome,) = self.of_engine("tests")
        self.assertEqual(outcome.figure, "2 cases passed")

    def test_random_cases_are_named_as_such(self):
        self.run_results.builds[None]["//tests:slab_test"].inputs = 2000
        self.assertEqual(self.of_engine("tests")[0].figure, "2,000 random cases passed")

    def test_each_mutant_may_have_a_test_of_its_own(self):
        example.edit(
            self.root, "proofs/properties.yaml", '"//tests:canary_test"\n        cases: '
            "[CanaryTest.LockSkipped]", '"//tests:*_test"',
        )
        mutants = '[struct(name = n, breaks = "S1") for n in ["canary", "slab"]]'
        example.write(self.root, "tests/mutants/mutants.bzl", f"MUTANTS = {mutants}\n")
        example.edit(self.root, "proofs/properties.yaml", "[lock_skipped]", "[canary, slab]")
        self.run_results.builds[None]["//tests:slab_test"].passed = False
        (outcome,) = self.of_engine("mutants")
        self.assertEqual([part.status for part in outcome.parts], [Status.PASSED, Status.FAILED])
        self.assertEqual(outcome.command, "bazel test //tests:canary_test //tests:slab_test")

    def test_a_case_of_two_types_says_that_it_passed_twice(self):
        test = mock.Mock(find=lambda case: ["passed", "passed"])
        part = judge._case_part(test, "SlabTest.Serves")
        self.assertEqual((part.status, part.figure, part.passed), (Status.PASSED, "2 times", 2))

    def test_a_target_that_did_not_run_replayed_nothing(self):
        del self.run_results.builds[None][REPLAY]
        (outcome,) = self.of_engine("fuzz")
        self.assertEqual((outcome.status, outcome.figure), (Status.MISSING, ""))

    def test_a_build_that_was_not_tested_is_not_run(self):
        for build, engine in {"tsan": "threads", "deep": "tests"}.items():
            with self.subTest(build):
                self.root = example.make(self)
                cases = "cases: [SlabTest.Serves]"
                example.edit(self.root, "proofs/properties.yaml", cases, f"build: {build}")
                (outcome,) = self.of_engine(engine)
                self.assertIs(outcome.status, Status.NOT_RUN)
                self.assertEqual(outcome.command, f"bazel test --config={build} //tests:slab_test")

    def test_evidence_that_is_not_in_the_tree_is_missing(self):
        example.edit(self.root, "proofs/REVIEW.md", "Owners", "Guests")
        self.assert_only("review", Status.MISSING)

    def test_a_property_of_which_nothing_ran_is_inconclusive(self):
        self.run_results.suites = {"deep"}
        found = self.judge()
        self.assertIs(found[1].status, Status.NOT_RUN)
        self.assertEqual(judge.exit_code(found), 3)
        self.assertIn("2 not run, which does not count", judge.summarize(found))

    def test_a_failure_outweighs_what_was_not_run(self):
        self.run_results.suites = set()
        self.run_results.theorems = {"S1_exclusive": "assumes classic"}
        self.assertEqual(judge.exit_code(self.judge()), 1)
