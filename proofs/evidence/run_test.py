"""The run calls each engine, writes both forms of the report, and lets no bad end pass.

It runs over the tree of example.py, with stubs in place of Bazel, the checker and the proofs.
"""

import json
import os
import pathlib
import subprocess
import unittest

from proofs.evidence import example, example_run, refinement_runs

CASES = {
    "//tests:slab_test": ("SlabTest", "Serves"),
    "//tests:canary_test": ("CanaryTest", "LockSkipped"),
    "//fuzz/engine:replay_test": ("replay", "all"),
}
# Leaves the events where it is told to, as Bazel does, and the checker where it belongs.
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
        self.leave_results("two_growers", "three_growers")
        self.script("bazel", BAZEL)
        self.script("bazel-bin/model/command/check", CHECK)
        self.script("bazel-bin/proofs/coq/check_trace", CHECK_TRACE)
        self.script("proofs/coq/check", PROOFS)
        self.script("tools-of-test/coqc", "#!/bin/bash\n")
        # Coq is there or not as each test wants it, whatever this machine has.
        for tool in ["bash", "cat"]:
            (self.root / "tools-of-test" / tool).symlink_to(f"/usr/bin/{tool}")

    def leave_results(self, *names, **changes):
        records = [example_run.record(name, **changes) for name in names]
        example.write(self.root, "results.json", json.dumps(records))

    def script(self, name, text):
        example.write(self.root, name, text.replace("ROOT", str(self.root)))
        (self.root / name).chmod(0o755)

    def run_it(self, *arguments):
        return subprocess.run(
            ["/usr/bin/python3", "-m", "proofs.evidence.run", "--bazel", self.root / "bazel",
             *arguments],
            cwd=self.root,
            env=dict(
                os.environ, PATH=str(self.root / "tools-of-test"),
                PYTHONPATH=str(pathlib.Path.cwd()), PYTHONSAFEPATH="1",
            ),
            capture_output=True, text=True, check=False,
        )

    def page(self, directory="out"):
        return (self.root / directory / "evidence.html").read_text()

    def test_a_good_run_writes_both_forms(self):
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('id="S1"', self.page())
        self.assertIn("7 theorems", self.page())
        self.assertIn('<a id="S1">', (self.root / "out/evidence.md").read_text())
        self.assertIn("2 of 2 properties", done.stdout)

    def test_every_build_is_tested_unless_it_shall_be_quick(self):
        self.run_it()
        calls = (self.root / "calls").read_text()
        self.assertIn("--config=tsan", calls)
        self.assertIn("--config=asan", calls)
        (self.root / "calls").unlink()
        self.run_it("--quick")
        self.assertNotIn("--config", (self.root / "calls").read_text())

    def test_coqchk_is_run_unless_it_shall_be_quick(self):
        self.run_it()
        built = self.root / "bazel-bin/proofs/coq"
        self.assertEqual(
            (self.root / "checks").read_text(), f"--built {built}/compiled.tar {built}/build.log\n"
        )
        self.run_it("--quick")
        self.assertIn("--without-coqchk", (self.root / "checks").read_text())
        self.assertIn("coqchk was left out", self.page())

    def test_each_run_of_the_step_checker_is_explored_and_shown(self):
        self.run_it()
        explored = (self.root / "explorations").read_text()
        for arguments in refinement_runs.RUNS.values():
            self.assertIn(" ".join(["", *arguments]) + "\n", explored)
        self.assertIn("40 executions, 240 critical sections in 1 run, all accepted", self.page())

    def test_a_step_that_is_rejected_is_the_exit_code(self):
        self.script("bazel-bin/proofs/coq/check_trace", CHECK_TRACE + "exit 1\n")
        self.assertEqual(self.run_it().returncode, 1)
        self.assertIn("not accepted", self.page())

    def test_a_step_checker_that_is_not_built_is_a_failure(self):
        self.script("bazel", BAZEL + 'if [[ $* == *check_trace* ]]; then exit 1; fi\n')
        self.assertEqual(self.run_it().returncode, 1)
        self.assertIn("default suite</code>: missing", self.page())

    def test_without_coq_its_evidence_is_not_run(self):
        (self.root / "tools-of-test/coqc").unlink()
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("S1_exclusive</code>: not run", self.page())
        self.assertIn("The step checker of the proofs was not run.", self.page())
        self.assertIn("-//proofs/coq/...", (self.root / "calls").read_text())

    def test_planted_bugs_have_the_figures_of_the_table_in_the_tree(self):
        self.assertIn("lock_lost</code>: not run", self.page_after())
        found = {"bug": "lock_lost", "engine": "e", "outcome": "found", "found_as": "S1", "seconds": 2}
        table = json.dumps({"limit": 20, "outcomes": [found]})
        example.write(self.root, "tests/mutants/ENGINES.json", table)
        self.assertIn("1 bug found in the run of unknown date", self.page_after())

    def test_a_table_of_planted_bugs_that_is_none_is_refused(self):
        example.write(self.root, "tests/mutants/ENGINES.json", "{}")
        done = self.run_it()
        self.assertEqual(done.returncode, 2)
        self.assertIn("the table of engines and planted bugs cannot be read", done.stderr)

    def test_results_of_the_deep_suite_are_taken_from_a_file(self):
        self.assertIn("four_growers</code>: not run", self.page_after())
        deep = json.dumps([example_run.record("four_growers")])
        example.write(self.root, "deep.json", deep)
        self.assertNotIn(
            "four_growers</code>: not run", self.page_after("--deep", "deep.json")
        )

    def page_after(self, *arguments):
        self.run_it(*arguments)
        return self.page()

    def test_the_caller_says_where_to_write(self):
        self.run_it("--output", "elsewhere")
        self.assertIn('id="S1"', self.page("elsewhere"))

    def test_a_violation_is_the_exit_code(self):
        self.leave_results("two_growers", "three_growers", verdict="violated", property="S1")
        self.assertEqual(self.run_it().returncode, 1)

    def test_a_checker_that_leaves_nothing_is_a_failure(self):
        self.script("bazel-bin/model/command/check", "#!/bin/bash\nexit 2\n")
        self.assertEqual(self.run_it().returncode, 1)
        self.assertIn("not among the results", self.page())

    def test_proofs_that_fail_prove_nothing(self):
        self.script("proofs/coq/check", PROOFS + "exit 1\n")
        self.assertEqual(self.run_it().returncode, 1)
        self.assertIn("its assumptions were not printed", self.page())

    def test_a_bazel_that_leaves_no_events_is_a_failure(self):
        example.write(self.root, "events.json", "")
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("build event file is empty", done.stderr)

    def test_a_file_of_deep_results_that_is_none_is_refused(self):
        self.assertEqual(self.run_it("--deep", "no.json").returncode, 2)
        example.write(self.root, "no.json", "{}")
        done = self.run_it("--deep", "no.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no array", done.stderr)

    def test_a_catalogue_that_cannot_be_read_is_refused(self):
        example.edit(self.root, "proofs/properties.yaml", "id: L1", "id: S1")
        done = self.run_it()
        self.assertEqual(done.returncode, 2)
        self.assertIn("S1 stands twice", done.stderr)


if __name__ == "__main__":
    unittest.main()
