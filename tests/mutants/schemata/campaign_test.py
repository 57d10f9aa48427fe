"""What follows from runs of engines: what is a kill, what a survivor, and what a run that was stopped goes on with."""

import dataclasses
import json
import os
import pathlib
import tempfile
import unittest

from tests.mutants.schemata import build, campaign, compiled, engines, equivalent, objects, record, report, rewrite, subjects, text_mutants
from tests.mutants.schemata.campaign import Results, Trial
from tests.mutants.schemata.engines import Baseline, Engine
from tests.mutants.schemata.mutant import Edit, Mutant, numbered

CHECK = Engine("check", "//x:check", "x.cc", ("{results}",), True)
TEST = Engine("test", "//x:test", "y.cc")
BASE = Baseline(0.1, [["two", "a | a", 10, "holds"]], {1, 2})


def made(begin=0, operator="constant", text="1", **fields):
    return Mutant("slab.h", 1, begin + 1, "f", operator, "0", text, [Edit(begin, begin + 1, text)], True, **fields)


def counted(executions=10, verdict="holds"):
    return [{"scenario": "two", "program": "a | a", "executions": executions, "verdict": verdict, "property": "S1"}]


class JudgedTest(unittest.TestCase):
    def judged(self, engine, returncode, output="", results=()):
        return engines.judged(engine, returncode, output, list(results), BASE)

    def test_same_counts_are_no_kill(self):
        self.assertEqual(self.judged(CHECK, 0, results=counted()), "")

    def test_violation_is_named_by_its_property(self):
        self.assertEqual(self.judged(CHECK, 1, results=counted(verdict="violated")), "S1")

    def test_other_counts_are_a_kill(self):
        self.assertEqual(self.judged(CHECK, 0, results=counted(executions=9)), "other counts")

    def test_crash_is_named_by_its_signal_and_a_run_without_end_is_a_kill(self):
        self.assertEqual(self.judged(TEST, -11), "SIGSEGV")
        self.assertEqual(self.judged(TEST, None), "no end")

    def test_failed_test_is_named(self):
        self.assertEqual(self.judged(TEST, 1, "[  FAILED  ] Slab.Grows (3 ms)"), "Slab.Grows")
        self.assertEqual(self.judged(TEST, 0), "")


class EnginesOfMutantTest(unittest.TestCase):
    BASES = {"check": Baseline(2.0, [], {1}), "test": Baseline(0.1, [], {1})}

    def test_fastest_engine_that_reaches_the_mutant_is_first(self):
        self.assertEqual(campaign.order_of(made(number=1), [CHECK, TEST], self.BASES), [TEST, CHECK])
        self.assertEqual(campaign.order_of(made(number=2), [CHECK, TEST], self.BASES), [])

    def test_lock_and_order_are_for_model_checkers_alone(self):
        for operator in ("lock", "order"):
            self.assertEqual(campaign.order_of(made(number=1, operator=operator), [CHECK, TEST], self.BASES), [CHECK])


class ResultsTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.file = pathlib.Path(self.scratch.name) / "results.jsonl"

    def test_results_of_the_same_headers_are_kept(self):
        mutant = made()
        Results(self.file, "a").add(Trial(mutant.name, "test", "Slab.Grows", 0.1))
        self.assertIsNotNone(Results(self.file, "a").kill_of(mutant, [TEST]))

    def test_engine_that_is_built_anew_tries_again_what_it_did_not_kill(self):
        lived, killed = made(), made(operator="logical")
        results = Results(self.file, "a")
        for trial in (Trial(lived.name, "test", "", 0.1), Trial(lived.name, "check", "", 0.1), Trial(killed.name, "test", "S1", 0.1)):
            results.add(trial)
        results.forget_survivors_of([TEST])
        for each in (results, Results(self.file, "a")):
            self.assertEqual(set(each.trials), {(lived.name, "check"), (killed.name, "test")})
            self.assertEqual([trial.engine for trial in each.of(lived)], ["check"])

    def test_results_of_other_headers_are_not(self):
        mutant = made()
        Results(self.file, "a").add(Trial(mutant.name, "test", "Slab.Grows", 0.1))
        self.assertIsNone(Results(self.file, "b").kill_of(mutant, [TEST]))

    def test_results_of_other_headers_are_put_aside(self):
        Results(self.file, "a").add(Trial(made().name, "test", "Slab.Grows", 0.1))
        found = self.file.read_text()
        Results(self.file, "b")
        self.assertEqual(self.file.with_name("results.jsonl.old").read_text(), found)

    def test_line_that_was_cut_off_is_passed_over(self):
        mutant = made()
        Results(self.file, "a").add(Trial(mutant.name, "test", "Slab.Grows", 0.1))
        with self.file.open("a") as file:
            file.write('{"mutant": "sl')
        self.assertEqual(len(Results(self.file, "a").trials), 1)

    def test_kill_of_a_lock_by_a_test_does_not_count(self):
        mutant = made(operator="lock")
        results = Results(self.file, "a")
        results.add(Trial(mutant.name, "test", "Slab.Grows", 0.1))
        self.assertIsNone(results.kill_of(mutant, [CHECK, TEST]))


class StaleEngineTest(unittest.TestCase):
    def test_engine_is_built_anew_where_its_source_or_what_bazel_built_has_changed(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        root = pathlib.Path(scratch.name)
        test = dataclasses.replace(TEST, label="//tests/impl:a_test", source="tests/impl/a_test.cc")
        check = dataclasses.replace(CHECK, label="//model/command:check", source="model/slab/subject_factory.cc")
        made_of = {test: root / test.source, check: root / "bazel-bin/model/command/check"}
        for engine in (test, check):
            for file in (made_of[engine], build.binary_of(root, engine)):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("")
        self.assertEqual(build.clear_stale(root, [test, check], root), [])
        for engine in (test, check):
            later = build.binary_of(root, engine).stat().st_mtime + 10
            os.utime(made_of[engine], (later, later))
            self.assertEqual(build.clear_stale(root, [test, check], root), [engine])
            self.assertFalse(build.binary_of(root, engine).exists())
            build.binary_of(root, engine).write_text("")
            os.utime(build.binary_of(root, engine), (later, later))


class SpreadTest(unittest.TestCase):
    def test_each_file_has_its_turn_and_a_longer_sample_holds_a_shorter_one(self):
        many = numbered([dataclasses.replace(made(begin), file=file) for file in ("a.cc", "b.cc") for begin in range(20)])
        ordered = campaign.spread(many)
        self.assertEqual([each.file for each in ordered[:4]], ["a.cc", "b.cc", "a.cc", "b.cc"])
        fewer = [each for each in many if each.file == "a.cc"]
        self.assertEqual([each for each in ordered if each.file == "a.cc"], campaign.spread(fewer))


class SubjectTest(unittest.TestCase):
    def test_each_mutated_file_of_the_verifiers_has_a_part(self):
        for pattern in subjects.MODEL.patterns:
            name = pathlib.PurePath(pattern).name
            part = subjects.MODEL.part_of_mutant(dataclasses.replace(made(), file=name))
            self.assertEqual(part == "rules of the oracle", pattern.startswith("model/oracle/"), pattern)

    def test_object_that_bazel_made_is_traced_to_its_source(self):
        line = "bazel-out/k8-fastbuild/bin/model/search/_objs/search/explore.pic.o"
        self.assertEqual(objects.source_of(line), "model/search/explore")
        self.assertIsNone(objects.source_of("-Wl,--start-lib"))


class TextMutantsTest(unittest.TestCase):
    def test_same_text_on_two_lines_is_two_mutants(self):
        both = [text_mutants.TextMutant("a.ml", line, "logical", "x && y", "x || y", "") for line in (7, 3)]
        ordered = text_mutants.numbered(both)
        self.assertEqual([(each.line, each.occurrence) for each in ordered], [(3, 0), (7, 1)])
        self.assertEqual(len({each.key for each in ordered}), 2)

    def test_table_counts_and_names_what_lived(self):
        killed, lived = (text_mutants.TextMutant("a.ml", line, "logical", "x && y", "x || y", "") for line in (1, 2))
        killed.killed_by = "a test"
        table = text_mutants.markdown([killed, lived], {})
        self.assertIn("| `a.ml` | 2 | 1 | 0 | 1 |", table)
        self.assertIn("**lived**", table)


class ReportTest(unittest.TestCase):
    BASE = Baseline(0.1, [], {1, 2, 3, 5})

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.mutants = numbered([made(0), made(1), made(2), made(3), made(4)])
        results = Results(pathlib.Path(self.scratch.name) / "results.jsonl", "a")
        results.add(Trial(self.mutants[0].name, "test", "Slab.Grows", 0.1))
        results.add(Trial(self.mutants[1].name, "test", "", 0.1))
        results.add(Trial(self.mutants[2].name, "test", "", 0.1))
        why = {self.mutants[2].key: equivalent.Argument(self.mutants[2].key, "Nobody reads it any more.")}
        self.found = report.Found(self.mutants, self.mutants, [TEST], {"test": self.BASE}, results, why)

    def test_survivor_is_what_lives_or_is_not_reached_without_an_argument(self):
        verdicts = [self.found.verdict(each) for each in self.mutants]
        self.assertEqual(verdicts, ["killed", "lived", "equivalent", "not reached", "not tried"])
        self.assertEqual(self.found.survivors(), [self.mutants[1], self.mutants[3]])

    def test_table_and_page_name_each_survivor(self):
        for text in (self.found.markdown(), self.found.page({"slab.h": ["int x = 0;"]})):
            self.assertIn("lived", text)
            self.assertIn("Nobody reads it any more.", text)

    def test_json_has_each_mutant_with_its_verdict(self):
        rows = json.loads(json.dumps(self.found.to_json()))
        self.assertEqual([row["verdict"] for row in rows], ["killed", "lived", "equivalent", "not reached", "not tried"])


class RecordTest(unittest.TestCase):
    """The file of what became of each mutant, which the tree keeps."""

    BOTH = {"check": Baseline(0.2, [], {1, 2, 3}), "test": Baseline(0.1, [], {1, 2, 3})}

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.file = pathlib.Path(self.scratch.name) / "MUTATION.json"
        self.mutants = numbered([made(0), made(1), made(2), made(3)])

    def run_with(self, killed=(), lived=(), tried=None, bases=None, why=(), proved=(), kept=None, engine="test"):
        """The record of a run in which the mutants of these places were killed by an engine, or lived with both."""
        file = pathlib.Path(self.scratch.name) / "results.jsonl"
        file.unlink(missing_ok=True)
        results = Results(file, "a")
        for place in killed:
            results.add(Trial(self.mutants[place].name, engine, "Slab.Grows", 0.123))
        for place in lived:
            for name in ("test", "check"):
                results.add(Trial(self.mutants[place].name, name, "", 0.1))
        subject = dataclasses.replace(subjects.IMPL, engines=[TEST, CHECK])
        chosen = [each for each in subject.engines if each.name in (bases or self.BOTH)]
        arguments = {self.mutants[place].key: equivalent.Argument(self.mutants[place].key, "Nobody reads it any more.") for place in why}
        tried = self.mutants if tried is None else [self.mutants[place] for place in tried]
        found = report.Found(self.mutants, tried, chosen, bases or self.BOTH, results, arguments, subject)
        found.proved = {self.mutants[place].name for place in proved}
        return found.record("a", "2026-05-04", kept)

    def verdicts(self, recorded):
        return [recorded.entries[each.name].verdict for each in self.mutants]

    def test_each_mutant_with_a_switch_has_its_verdict_and_a_kill_its_engine(self):
        self.mutants[2].has_switch = False
        recorded = self.run_with(killed=[0], lived=[1])
        self.assertEqual([each.verdict for each in recorded.entries.values()], ["killed", "lived", "not reached"])
        kill = recorded.entries[self.mutants[0].name]
        self.assertEqual((kill.engine, kill.killed_as, kill.seconds), ("test", "Slab.Grows", 0.12))

    def test_argument_and_same_code_are_told_apart(self):
        self.assertEqual(self.verdicts(self.run_with(lived=[0, 1, 2], why=[0], proved=[1])), ["argued", "same code", "lived", "not reached"])

    def test_text_is_json_with_a_mutant_a_line_and_is_read_again(self):
        recorded = self.run_with(killed=[0], lived=[1])
        text = record.text_of(recorded)
        self.assertEqual(len(text.splitlines()), 1 + len(self.mutants) + 1)
        self.assertEqual(json.loads(text)["engines"], ["check", "test"])
        self.assertEqual(record.parse(text), recorded)

    def test_text_is_the_same_in_whatever_order_mutants_were_found(self):
        recorded = self.run_with(killed=[0], lived=[1])
        turned = dataclasses.replace(recorded, entries=dict(reversed(recorded.entries.items())))
        self.assertEqual(record.text_of(turned), record.text_of(recorded))

    def test_record_of_other_headers_is_not_taken(self):
        self.assertIsNone(record.load(self.file, "a"))
        self.file.write_text(record.text_of(self.run_with()))
        self.assertIsNotNone(record.load(self.file, "a"))
        self.assertIsNone(record.load(self.file, "b"))

    def test_other_text_is_refused(self):
        good = record.text_of(self.run_with(killed=[0]))
        for old, new in {"[": "{", '"killed",': '"hurt",', '"not reached"]': '"killed"]', '"not tried"]': '"unseen"]', '"f"': "7", '"date"': '"day"'}.items():
            with self.subTest(new), self.assertRaisesRegex(record.RecordError, "cannot be read"):
                self.assertIn(old, good)
                record.parse(good.replace(old, new))

    def test_kills_alone_are_taken_over(self):
        results = Results(self.file, "a")
        self.assertEqual(record.take_over(self.run_with(killed=[0], lived=[1]), results), 1)
        self.assertIsNotNone(results.kill_of(self.mutants[0], [TEST]))
        self.assertEqual(len(results.trials), 1)
        self.assertEqual(len(Results(self.file, "a").trials), 1)

    def test_what_was_not_tried_now_keeps_its_verdict(self):
        kept = self.run_with(killed=[0], lived=[1])
        self.assertEqual(self.verdicts(self.run_with(killed=[2], lived=[0], tried=[2], kept=kept)), ["killed", "lived", "killed", "not reached"])
        self.assertEqual(self.verdicts(self.run_with(kept=kept)), ["killed", "lived", "not tried", "not reached"])

    def test_whole_run_has_the_last_word(self):
        kept = self.run_with(killed=[0])
        self.assertEqual(self.verdicts(self.run_with(lived=[0], kept=kept))[0], "lived")

    def test_run_without_some_engine_takes_no_kill_away_and_shows_no_survivor(self):
        kept, alone = self.run_with(killed=[0], engine="check"), {"test": self.BOTH["test"]}
        self.assertEqual(self.verdicts(self.run_with(lived=[0, 1], bases=alone, kept=kept))[:2], ["killed", "not tried"])

    def test_what_engines_reach_in_two_runs_is_what_one_of_them_reaches(self):
        no_test = {"test": Baseline(0.1, [], set())}
        kept = self.run_with(lived=[0], tried=[0], bases={"check": self.BOTH["check"]})
        self.assertEqual(self.verdicts(kept), ["lived", "not tried", "not tried", "not reached"])
        self.assertEqual(self.verdicts(self.run_with(bases=no_test, kept=kept)), self.verdicts(kept))
        kept = self.run_with(bases=no_test)
        self.assertEqual(self.verdicts(kept), ["not reached"] * 4)
        recorded = self.run_with(lived=[0], bases={"check": self.BOTH["check"]}, kept=kept)
        self.assertEqual(self.verdicts(recorded), ["lived", "not tried", "not tried", "not reached"])

    def test_kill_by_an_engine_that_is_gone_is_not_kept(self):
        kept = self.run_with(killed=[0])
        kill = dataclasses.replace(kept.entries[self.mutants[0].name], engine="gone")
        gone = dataclasses.replace(kept, engines=("gone", "test"), entries=kept.entries | {kill.name: kill})
        recorded = self.run_with(kept=gone)
        self.assertEqual(self.verdicts(recorded)[0], "not tried")
        self.assertEqual(recorded.engines, ("check", "test"))

    def test_engines_are_those_of_all_runs(self):
        alone = {"test": self.BOTH["test"]}
        self.assertEqual(self.run_with(bases=alone).engines, ("test",))
        self.assertEqual(self.run_with(bases=alone, killed=[0], engine="check").engines, ("check", "test"))
        self.assertEqual(self.run_with(bases=alone, kept=self.run_with()).engines, ("check", "test"))

    def test_kill_by_an_engine_of_an_earlier_run_on_the_same_results_counts(self):
        recorded = self.run_with(killed=[0], engine="check", bases={"test": self.BOTH["test"]})
        self.assertEqual(self.verdicts(recorded)[0], "killed")

    def test_argument_that_is_gone_is_not_kept_and_same_code_is(self):
        kept = self.run_with(why=[0, 1], proved=[2])
        self.assertEqual(self.verdicts(self.run_with(lived=[0, 2], kept=kept)), ["lived", "not tried", "same code", "not reached"])


class EquivalentTest(unittest.TestCase):
    def test_argument_of_a_mutant_that_is_gone_is_a_problem(self):
        key = made().key
        arguments = {key: equivalent.Argument(key, "The value is never read.")}
        self.assertEqual(equivalent.problems(arguments, [made()]), [])
        self.assertEqual(len(equivalent.problems(arguments, [])), 1)

    def test_missing_argument_is_a_problem(self):
        key = made().key
        self.assertEqual(len(equivalent.problems({key: equivalent.Argument(key, " ")}, [made()])), 1)


class CompiledTest(unittest.TestCase):
    def test_error_in_a_library_belongs_to_the_place_that_it_was_required_from(self):
        output = ("/usr/include/move.h: In instantiation of 'f':\n"
                  "/x/slab.h:7:3:   required from here\n"
                  "/usr/include/move.h:160:13: error: assignment of read-only reference\n"
                  "/x/slab.h:9:5: error: no match\n")  # fmt: skip
        errors = compiled.parsed(output)
        self.assertEqual([places for places, _ in errors],
                         [[("move.h", 160, 13), ("slab.h", 7, 3)], [("slab.h", 9, 5)]])  # fmt: skip

    def test_error_takes_the_switch_from_the_innermost_mutant(self):
        text = "x = a + b;\n"
        outer = Mutant("slab.h", 1, 1, "f", "statement", text[:9], "", [Edit(0, 9, "", "statement")], True, number=1)
        inner = Mutant("slab.h", 1, 5, "f", "arithmetic", "a + b", "a - b", [Edit(4, 9, "a - b")], True, number=2)
        body = rewrite.body_of(rewrite.schemata(text, [outer, inner]))
        errors = [([("slab.h", 1, body.index("a - b") + 1)], "no match")]
        self.assertTrue(compiled._take_out([outer, inner], {"slab.h": text}, errors))
        self.assertEqual([outer.has_switch, inner.has_switch], [True, False])


if __name__ == "__main__":
    unittest.main()
