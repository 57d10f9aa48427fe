"""The run calls each engine, writes both forms of the report, and reports every failure.

It runs over the tree of example.py, with stubs in place of Bazel, the checker and the proofs.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import unittest

from proofs.evidence.catalogue import example, refinement_runs
from proofs.evidence.catalogue.properties import SANITIZERS
from proofs.evidence.catalogue.tree import MUTATION
from proofs.evidence.run import example_run
from tests.mutants.schemata import campaign, record

CASES = {
    "//tests:slab_test": ("SlabTest", "Serves"),
    "//tests:canary_test": ("CanaryTest", "LockSkipped"),
    "//fuzz/targets:slab_corpus_test": ("replay", "all"),
}
# Writes the events to the file of the option, as Bazel does.
BAZEL = """#!/bin/bash
echo "$*" >> ROOT/calls
for argument in "$@"; do
  case $argument in
    --build_event_json_file=*) cat ROOT/events.json > "${argument#*=}" ;;
  esac
done
"""
CHECK = """#!/bin/bash
echo "$*" >> ROOT/explorations
while [[ $# -gt 0 ]]; do
  if [[ $1 == --json ]]; then cat ROOT/results.json > "$2"; fi
  shift
done
"""
CHECK_TRACE = """#!/bin/bash
cat > /dev/null
echo "accepted: 40 executions, 240 steps, greatest over-growth 0, 9 steps/s"
"""
PROOFS = """#!/bin/bash
echo "$*" >> ROOT/checks
echo 'S1_exclusive: closed under the global context'
echo '7 theorems'
"""


class RunTest(unittest.TestCase):
    def setUp(self):
        self.root = example.make(self)
        example.write(self.root, "WORKSPACE", "")
        events = []
        for number, (label, (suite, name)) in enumerate(CASES.items()):
            xml = f'<testsuites><testcase classname="{suite}" name="{name}"/></testsuites>'
            example.write(self.root, f"results/{number}.xml", xml)
            uri = (self.root / f"results/{number}.xml").as_uri()
            example.write(self.root, "results/log", "1 inputs hold\n")
            log = (self.root / "results/log").as_uri()
            outputs = [{"name": "test.xml", "uri": uri}, {"name": "test.log", "uri": log}]
            result = {"status": "PASSED", "testActionOutput": outputs}
            events.append({"id": {"testResult": {"label": label}}, "testResult": result})
        example.write(self.root, "events.json", "\n".join(map(json.dumps, events)))
        records = [example_run.record(name) for name in ["two_growers", "three_growers"]]
        example.write(self.root, "results.json", json.dumps(records))
        self.script("bazel", BAZEL)
        self.script("bazel-bin/model/command/check", CHECK)
        self.script("bazel-bin/proofs/coq/check_trace", CHECK_TRACE)
        self.script("proofs/coq/check", PROOFS)
        self.script("tools-of-test/coqc", "#!/bin/bash\n")
        # Whether Coq is installed depends on the test, not on this machine.
        for tool in ["bash", "cat"]:
            (self.root / "tools-of-test" / tool).symlink_to(f"/usr/bin/{tool}")

    def script(self, name, text):
        example.write(self.root, name, text.replace("ROOT", str(self.root)))
        (self.root / name).chmod(0o755)

    def run_it(self, *arguments):
        return subprocess.run(
            ["/usr/bin/python3", "-m", "proofs.evidence.report.main", "--bazel", self.root / "bazel",
             *arguments],
            cwd=self.root,
            env=dict(
                os.environ, PATH=str(self.root / "tools-of-test"),
                PYTHONPATH=str(pathlib.Path.cwd()), PYTHONSAFEPATH="1",
            ),
            capture_output=True, text=True, check=False,
        )

    def text(self, name):
        return (self.root / name).read_text()

    def page(self, directory="out"):
        return self.text(f"{directory}/evidence.html")

    def page_after(self, *arguments):
        self.run_it(*arguments)
        return self.page()

    def test_a_good_run_calls_every_engine_and_writes_both_forms(self):
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 of 2 properties", done.stdout)
        page, calls = self.page(), self.text("calls")
        for text in ['id="S1"', "7 theorems", "40 executions, 240 critical sections in 1 run, all accepted"]:
            self.assertIn(text, page)
        self.assertIn('<a id="S1">', self.text("out/evidence.md"))
        for build in SANITIZERS:
            self.assertIn(f"--config={build}", calls)
        built = self.root / "bazel-bin/proofs/coq"
        self.assertEqual(self.text("checks"), f"--built {built}/compiled.tar {built}/build.log\n")
        for arguments in refinement_runs.RUNS.values():
            self.assertIn(" ".join(["", *arguments]) + "\n", self.text("explorations"))

    def test_a_quick_run_leaves_out_sanitizers_and_coqchk(self):
        self.run_it("--quick")
        self.assertNotIn("--config", self.text("calls"))
        self.assertIn("--without-coqchk", self.text("checks"))
        self.assertIn("coqchk was left out", self.page())

    def test_without_coq_its_evidence_is_not_run(self):
        (self.root / "tools-of-test/coqc").unlink()
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("S1_exclusive</code>: not run", self.page())
        self.assertIn("The step checker of the proofs was not run.", self.page())
        self.assertIn("-//proofs/coq/...", self.text("calls"))

    def test_planted_bugs_have_the_figures_of_the_table_in_the_tree(self):
        self.assertIn("lock_lost</code>: not run", self.page_after())
        found = {"bug": "lock_lost", "engine": "e", "outcome": "found", "found_as": "S1", "seconds": 2}
        example.write(self.root, "tests/mutants/ENGINES.json", json.dumps({"outcomes": [found]}))
        self.assertIn("1 bug found in the run of unknown date", self.page_after())

    def test_mutants_have_the_verdicts_of_the_record_in_the_tree(self):
        self.assertIn("mutants of take</code>: not run", self.page_after())
        example.write(self.root, "impl/slabproof/slab.h", "void take();\nvoid put();\n")
        recorded = example_run.mutation("tests").record
        example.write(self.root, MUTATION, record.text_of(recorded))
        self.assertIn("killed by 1 engine, in the run of 2026-05-02 of earlier headers with 3 engines", self.page_after())
        digest = campaign.fingerprint([self.root / "impl/slabproof/slab.h"])
        example.write(self.root, MUTATION, record.text_of(dataclasses.replace(recorded, digest=digest)))
        self.assertIn("in the run of 2026-05-02 with 3 engines\n", self.page_after())

    def test_results_of_the_deep_suite_are_taken_from_a_file(self):
        self.assertIn("four_growers</code>: not run", self.page_after())
        example.write(self.root, "deep.json", json.dumps([example_run.record("four_growers")]))
        self.assertNotIn("four_growers</code>: not run", self.page_after("--deep", "deep.json"))

    def test_the_caller_says_where_to_write(self):
        self.run_it("--output", "elsewhere")
        self.assertIn('id="S1"', self.page("elsewhere"))

    def test_an_engine_that_fails_or_leaves_nothing_is_the_exit_code(self):
        violated = json.dumps([example_run.record("two_growers", verdict="violated", property="S1")])
        for file, text, shown in [
            ("results.json", violated, "violated S1"),
            ("bazel-bin/model/command/check", "#!/bin/bash\nexit 2\n", "not among the results"),
            ("bazel-bin/proofs/coq/check_trace", CHECK_TRACE + "exit 1\n", "not accepted"),
            ("bazel", BAZEL + "if [[ $* == *check_trace* ]]; then exit 1; fi\n", "default suite</code>: missing"),
            ("proofs/coq/check", PROOFS + "exit 1\n", "its assumptions were not printed"),
        ]:
            with self.subTest(file):
                self.setUp()
                self.script(file, text)
                self.assertEqual(self.run_it().returncode, 1)
                self.assertIn(shown, self.page())

    def test_a_bazel_that_leaves_no_events_is_a_failure(self):
        example.write(self.root, "events.json", "")
        self.assert_refused(1, "build event file is empty")

    def test_what_cannot_be_read_is_refused(self):
        twice = self.text("proofs/properties.yaml").replace("id: L1", "id: S1")
        self.assert_refused(2, "No such file", "--deep", "deep.json")
        for file, text, message in [
            ("deep.json", "{}", "not an array"),
            ("tests/mutants/ENGINES.json", "{}", "the table of engines and planted bugs cannot be read"),
            (MUTATION, "{}", "the record of the mutants cannot be read"),
            ("proofs/properties.yaml", twice, "has S1 twice"),
        ]:
            with self.subTest(file):
                self.setUp()
                example.write(self.root, file, text)
                self.assert_refused(2, message, *(["--deep", file] if file == "deep.json" else []))

    def assert_refused(self, code, message, *arguments):
        done = self.run_it(*arguments)
        self.assertEqual(done.returncode, code)
        self.assertIn(message, done.stderr)
