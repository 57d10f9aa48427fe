"""What refine makes of the words and exit codes of the two checkers, which are stubs here."""

import json
import pathlib
import tempfile
import unittest

from proofs.coq import refine

# Writes its steps and its results where it is told to.
CHECK = """#!/bin/bash
while [[ $# -gt 0 ]]; do
  case $1 in
    --emit-steps) echo "steps" > "$2" ;;
    --json)
      echo '[{"executions": 2, "redundant": 1}, {"executions": 4, "redundant": 0, "slab": "shared"},' > "$2"
      echo '{"executions": 5, "redundant": 0, "slab": "cached"}]' >> "$2"
      ;;
  esac
  shift
done
exit %d
"""
USAGE_ERROR = "#!/bin/bash\necho 'check: what is that' >&2\nexit 2\n"
CHECK_TRACE = """#!/bin/bash
cat > /dev/null
echo "%s: %d executions, 20 steps, greatest over-growth 1, 1000 steps/s"
exit %d
"""
SEES_NOTHING = "#!/bin/bash\necho 'no execution in the input' >&2\nexit 2\n"
REJECTS_AT_ONCE = "#!/bin/bash\necho 'line 1: no such step' >&2\nexit 1\n"
# More than a pipe holds, written by a process of its own: it must not wait for a reader for ever.
WRITES_ON = """#!/bin/bash
while [[ $# -gt 0 ]]; do
  case $1 in --emit-steps) head --bytes 1000000 /dev/zero > "$2" ;; esac
  shift
done
"""


class RefineTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def stub(self, name, text):
        file = self.directory / name
        file.write_text(text)
        file.chmod(0o755)
        return str(file)

    def refine(self, check, check_trace):
        return refine.refine(self.stub("check", check), self.stub("check_trace", check_trace), ["x"])

    def test_all_explored_and_all_accepted_is_success(self):
        done = self.refine(CHECK % 0, CHECK_TRACE % ("accepted", 7, 0))
        self.assertEqual((done.explored, done.executions, done.steps, done.exit_code), (7, 7, 20, 0))
        self.assertTrue(refine.sentence(done).startswith("accepted: 7 executions"))

    def test_an_execution_that_was_not_judged_is_no_success(self):
        done = self.refine(CHECK % 0, CHECK_TRACE % ("accepted", 6, 0))
        self.assertEqual(done.exit_code, 1)
        self.assertTrue(refine.sentence(done).startswith("incomplete (7 were explored)"))

    def test_a_rejection_is_a_violation_with_its_line(self):
        done = self.refine(CHECK % 0, REJECTS_AT_ONCE)
        self.assertEqual((done.exit_code, done.complaint), (1, "line 1: no such step"))

    def test_a_rejection_is_told_in_the_words_of_the_judge_alone(self):
        done = self.refine(USAGE_ERROR, REJECTS_AT_ONCE)
        self.assertEqual((done.exit_code, done.complaint), (1, "line 1: no such step"))

    def test_a_rejection_does_not_leave_the_explorer_waiting(self):
        self.assertEqual(self.refine(WRITES_ON, REJECTS_AT_ONCE).exit_code, 1)

    def test_a_violation_that_the_explorer_found_is_one(self):
        self.assertEqual(self.refine(CHECK % 1, CHECK_TRACE % ("accepted", 7, 0)).exit_code, 1)

    def test_a_limit_is_inconclusive_however_much_was_judged(self):
        for judged in (CHECK_TRACE % ("accepted", 7, 0), CHECK_TRACE % ("accepted", 6, 0),
                       CHECK_TRACE % ("bad input", 0, 2)):  # fmt: skip
            done = self.refine(CHECK % 3, judged)
            self.assertEqual(done.exit_code, 3)
            self.assertTrue(refine.sentence(done).startswith("inconclusive (7 were explored"))

    def test_a_rejection_before_a_limit_is_a_violation(self):
        self.assertEqual(self.refine(CHECK % 3, REJECTS_AT_ONCE).exit_code, 1)

    def test_the_command_writes_its_figures_and_hands_on_the_rest(self):
        figures = self.directory / "figures.json"
        check = self.stub("check", CHECK % 0)
        trace = self.stub("check_trace", CHECK_TRACE % ("accepted", 7, 0))
        self.assertEqual(refine.main([check, trace, "--json", str(figures), "--program", "a f"]), 0)
        written = json.loads(figures.read_text())
        self.assertEqual(written["arguments"], ["--program", "a f"])
        self.assertEqual((written["executions"], written["steps"]), (7, 20))

    def test_bad_usage_is_told_in_the_words_of_the_explorer(self):
        done = self.refine(USAGE_ERROR, SEES_NOTHING)
        self.assertEqual((done.exit_code, done.complaint), (2, "check: what is that"))
