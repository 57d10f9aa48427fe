"""The results of each engine are read, and any other text is refused."""

import json
import pathlib
import tempfile
import unittest

from proofs.evidence.run import example_run, results
from tests.mutants.schemata import record as mutant_record

XML = """<testsuites><testsuite name="S">
<testcase classname="SlabTest" name="Serves" status="run" result="completed"/>
<testcase classname="SlabTest/0" name="Grows" status="run" result="completed"/>
<testcase classname="SlabTest/1" name="Grows" status="run" result="completed"><failure/></testcase>
<testcase classname="All/EdgeTest" name="Holds/3" status="run" result="completed"/>
<testcase classname="SlabTest" name="Idles" status="notrun"/>
</testsuite></testsuites>"""


class CheckTest(unittest.TestCase):
    def test_records_are_found_by_scenario(self):
        read = results.read_check(json.dumps([example_run.record("two_growers")]))
        self.assertEqual(read["two_growers"]["executions"], 20)

    def test_a_program_of_the_command_line_is_not_a_scenario(self):
        self.assertEqual(results.read_check(json.dumps([example_run.record(None)])), {})

    def test_other_text_is_refused(self):
        record = example_run.record("two_growers")
        del record["exhaustive"]
        for text, message in {"[{": "not JSON", "{}": "not an array", json.dumps([record]): "lacks exhaustive"}.items():
            with self.subTest(message), self.assertRaisesRegex(results.ResultsError, message):
                results.read_check(text)


class TestsTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def event(self, label, status="PASSED", xml=XML, shard=1, log=""):
        outputs = []
        for name, text in {"test.xml": xml, "test.log": log}.items():
            file = self.directory / f"{shard}-{name}"
            file.write_text(text)
            outputs.append({"name": name, "uri": file.as_uri()})
        return {
            "id": {"testResult": {"label": label, "shard": shard}},
            "testResult": {"status": status, "testActionOutput": outputs},
        }

    def read(self, *events):
        return results.read_tests("\n".join(json.dumps(event) for event in events))

    def test_cases_are_found_behind_types_and_parameters(self):
        run = self.read(self.event("//tests:slab_test"))["//tests:slab_test"]
        self.assertEqual(run.find("SlabTest.Serves"), ["passed"])
        self.assertEqual(run.find("SlabTest.Grows"), ["passed", "failed"])
        self.assertEqual(run.find("EdgeTest.Holds"), ["passed"])
        self.assertEqual(run.find("SlabTest.Idles"), ["skipped"])
        self.assertEqual(run.find("SlabTest.Other"), [])

    def test_a_target_has_passed_only_if_each_shard_has(self):
        run = self.read(self.event("//tests:slab_test"), self.event("//tests:slab_test", "FAILED", shard=2))
        self.assertFalse(run["//tests:slab_test"].passed)

    def test_a_case_has_passed_only_if_it_has_in_each_shard(self):
        failed = XML.replace('status="run" result="completed"/>', 'status="run"><failure/></testcase>')
        run = self.read(self.event("//tests:slab_test", "FAILED", failed), self.event("//tests:slab_test", shard=2))
        self.assertEqual(run["//tests:slab_test"].find("SlabTest.Serves"), ["failed"])

    def test_inputs_are_counted_over_properties_and_shards(self):
        run = self.read(
            self.event("//p:x", log="seed 1\nmac: holds, 100 cases\nnone: holds, 20 cases\n"),
            self.event("//p:x", log="7 inputs hold\n", shard=2),
        )
        self.assertEqual(run["//p:x"].inputs, 127)

    def test_a_target_that_did_not_build_has_failed(self):
        unbuilt = {"id": {"targetCompleted": {"label": "//tests:new_test"}}, "aborted": {}}
        run = self.read(self.event("//tests:slab_test"), unbuilt)["//tests:new_test"]
        self.assertEqual((run.passed, run.status), (False, "DID NOT BUILD"))

    def test_no_events_are_no_results(self):
        with self.assertRaisesRegex(results.ResultsError, "empty"):
            results.read_tests("")


class EngineTableTest(unittest.TestCase):
    def read(self, text):
        return results.read_engine_table(text, "2026-05-03, commit 00112233")

    def test_each_bug_has_what_each_engine_made_of_it(self):
        found = {"bug": "b", "engine": "e", "outcome": "found", "found_as": "S1", "seconds": 0.5}
        other = found | {"engine": "f", "outcome": "not found", "found_as": None}
        read = self.read(json.dumps({"outcomes": [found, other]}))
        self.assertEqual(read.found, {"b": {"e": ("S1", 0.5), "f": None}})
        self.assertEqual(read.source, "2026-05-03, commit 00112233")

    def test_other_text_is_refused(self):
        for text in ["{", "[]", "{}", '{"outcomes": [{}]}']:
            with self.subTest(text), self.assertRaisesRegex(results.ResultsError, "cannot be read"):
                self.read(text)


class MutationTest(unittest.TestCase):
    TEXT = mutant_record.text_of(example_run.mutation("tests").record)

    def test_record_says_whether_it_is_of_the_present_headers(self):
        for digest, expected in {"d": True, "e": False}.items():
            read = results.read_mutation(self.TEXT, digest)
            self.assertEqual(read, example_run.mutation("tests", is_of_these_headers=expected))

    def test_other_text_is_refused(self):
        with self.assertRaisesRegex(results.ResultsError, "record of the mutants cannot be read"):
            results.read_mutation(self.TEXT[1:], "d")


class TheoremsTest(unittest.TestCase):
    def test_each_theorem_has_its_assumptions(self):
        text = "coqc 8.16\nS1_exclusive: closed under the global context\nL1_x: assumes classic\n"
        self.assertEqual(
            results.read_theorems(text), {"S1_exclusive": results.CLOSED, "L1_x": "assumes classic"}
        )

    def test_no_theorem_is_no_result(self):
        with self.assertRaisesRegex(results.ResultsError, "names no theorem"):
            results.read_theorems("nothing here\n")
