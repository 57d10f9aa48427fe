"""summarize_tests counts every way in which a test run can end, and lets no failure pass."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

from tools import summarize_tests

TWO_PASS = """<testsuites tests="2"><testsuite name="Slab">
<testcase name="Serves" classname="Slab" status="run" result="completed"/>
<testcase name="Grows" classname="Slab" status="run" result="completed"/>
</testsuite></testsuites>"""
ONE_FAILS = TWO_PASS.replace(
    'name="Grows" classname="Slab" status="run" result="completed"/>',
    'name="Grows" classname="Slab" status="run" result="completed"><failure/></testcase>',
)
ONE_SKIPPED = TWO_PASS.replace('name="Grows" classname="Slab" status="run" result="completed"',
                               'name="Grows" classname="Slab" status="run" result="skipped"')
NO_CASE = '<testsuites tests="0"/>'
FINISHED = {"id": {"buildFinished": {}}, "finished": {"exitCode": {"name": "SUCCESS"}}}


class SummarizeTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.files = 0

    def result(self, xml, status="PASSED", label="//t:slab_test", **key):
        """The event of one test result whose XML is `xml`, or which wrote none."""
        outputs = []
        if xml is not None:
            self.files += 1
            file = self.directory / f"test {self.files}.xml"
            file.write_text(xml)
            outputs = [{"name": "test.xml", "uri": file.as_uri()}]
        return {
            "id": {"testResult": {"label": label, **key}},
            "testResult": {"status": status, "testActionOutput": outputs},
        }

    def counts(self, *events):
        summary = summarize_tests.summarize(list(events))
        return summary.passed, summary.failed, summary.skipped

    def test_counts_the_cases_of_a_test(self):
        self.assertEqual(self.counts(self.result(TWO_PASS), FINISHED), (2, 0, 0))

    def test_counts_a_failed_case(self):
        self.assertEqual(self.counts(self.result(ONE_FAILS, "FAILED"), FINISHED), (1, 1, 0))

    def test_a_skipped_case_has_not_passed(self):
        self.assertEqual(self.counts(self.result(ONE_SKIPPED), FINISHED), (1, 0, 1))

    def test_a_test_that_ends_badly_after_its_cases_passed_fails(self):
        self.assertEqual(self.counts(self.result(TWO_PASS, "FAILED"), FINISHED), (2, 1, 0))

    def test_a_timeout_without_xml_fails(self):
        self.assertEqual(self.counts(self.result(None, "TIMEOUT"), FINISHED), (0, 1, 0))

    def test_a_test_without_cases_fails(self):
        self.assertEqual(self.counts(self.result(NO_CASE), FINISHED), (0, 1, 0))

    def test_one_shard_may_have_no_case(self):
        shards = [self.result(TWO_PASS, shard=1), self.result(NO_CASE, shard=2)]
        self.assertEqual(self.counts(*shards, FINISHED), (2, 0, 0))

    def test_only_the_last_attempt_counts(self):
        attempts = [self.result(ONE_FAILS, "FAILED", attempt=1), self.result(TWO_PASS, attempt=2)]
        self.assertEqual(self.counts(*attempts, FINISHED), (2, 0, 0))

    def test_a_target_that_does_not_build_fails(self):
        unbuilt = {"id": {"targetCompleted": {"label": "//t:library"}}, "completed": {}}
        self.assertEqual(self.counts(self.result(TWO_PASS), unbuilt, FINISHED), (2, 1, 0))

    def test_a_target_that_cannot_be_analysed_fails(self):
        aborted = {"id": {"targetCompleted": {"label": "//t:x"}}, "aborted": {"reason": "ANALYSIS"}}
        self.assertEqual(self.counts(self.result(TWO_PASS), aborted, FINISHED), (2, 1, 0))

    def test_a_run_without_tests_fails(self):
        self.assertEqual(self.counts(FINISHED), (0, 1, 0))

    def test_another_bad_end_of_bazel_fails(self):
        interrupted = {"id": {"buildFinished": {}}, "finished": {"exitCode": {"code": 8}}}
        self.assertEqual(self.counts(self.result(TWO_PASS), interrupted), (2, 1, 0))

    def test_a_bazel_that_did_not_finish_fails(self):
        self.assertEqual(self.counts(self.result(TWO_PASS)), (2, 1, 0))

    def run_main(self, *event_lists):
        arguments = []
        for number, events in enumerate(event_lists):
            file = self.directory / f"events{number}.json"
            file.write_text("".join(json.dumps(event) + "\n" for event in events))
            arguments.append(f"build{number}={file}")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = summarize_tests.main(arguments)
        return code, output.getvalue().splitlines()[-1]

    def test_the_last_line_sums_over_the_builds(self):
        code, last_line = self.run_main(
            [self.result(TWO_PASS), FINISHED], [self.result(ONE_FAILS, "FAILED"), FINISHED]
        )
        self.assertEqual((code, last_line), (1, "3 passed, 1 failed"))

    def test_the_exit_code_is_zero_only_if_nothing_failed(self):
        code, last_line = self.run_main([self.result(TWO_PASS), FINISHED])
        self.assertEqual((code, last_line), (0, "2 passed, 0 failed"))

    def test_an_event_file_that_was_never_written_fails(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(summarize_tests.main([f"build={self.directory}/missing.json"]), 1)
