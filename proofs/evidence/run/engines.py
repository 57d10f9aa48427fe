"""Runs the engines, each of which leaves its results in a file."""

import shutil
import subprocess

from proofs.coq import refine
from proofs.evidence.catalogue import refinement_runs
from proofs.evidence.catalogue.properties import SANITIZERS
from proofs.evidence.run import results


class Engines:
    """Calls each engine on the tree at `root` and reads what it leaves in `scratch`."""

    def __init__(self, root, bazel, scratch):
        self._root = root
        self._bazel = bazel
        self._scratch = scratch

    def _bazel_run(self, command, *arguments):
        call = [self._bazel, command, "--noshow_progress", *arguments]
        return subprocess.run(call, cwd=self._root, check=False).returncode

    def _build(self, *targets):
        """Whether all targets were built."""
        return self._bazel_run("build", "--ui_event_filters=-info", *targets) == 0

    def model_check(self):
        """{scenario: record} of the default suite; empty if the checker left nothing."""
        _say("model-checking the default suite")
        file = self._scratch / "check.json"
        if self._build("//model/command:check"):
            check = self._root / "bazel-bin/model/command/check"
            subprocess.run([check, "--json", file], cwd=self._root, check=False)
        return results.read_check(file.read_text()) if file.exists() else {}

    def test(self, build, targets):
        """{label: TestRun} of one build, which is None or a configuration of Bazel."""
        name = build or "g++"
        _say(f"testing the {name} build")
        events = self._scratch / f"{name}.json"
        options = [f"--config={build}", "--symlink_prefix=/"] if build else []
        self._bazel_run("test", "--keep_going", "--test_output=summary", *options,
                        f"--build_event_json_file={events}", "--", *targets)
        return results.read_tests(events.read_text())

    def has_coq(self):
        return shutil.which("coqc") is not None

    def prove(self, with_coqchk):
        """What the check of the proofs prints; empty if it failed, for then nothing is proved."""
        _say("checking the proofs")
        if not self._build("//proofs/coq:development"):
            return ""
        built = self._root / "bazel-bin/proofs/coq"
        check = self._root / "proofs/coq/check"
        command = [check, "--built", built / "compiled.tar", built / "build.log"]
        if not with_coqchk:
            command.append("--without-coqchk")
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def refine(self):
        """{run: Refinement}, of what the model checker explores anew and the step checker judges."""
        _say("judging explored executions by the step checker of the proofs")
        if not self._build("//model/command:check", "//proofs/coq:check_trace"):
            return {}
        check = self._root / "bazel-bin/model/command/check"
        check_trace = self._root / "bazel-bin/proofs/coq/check_trace"
        return {
            name: refine.refine(check, check_trace, arguments)
            for name, arguments in refinement_runs.RUNS.items()
        }


def _say(what):
    print(f"verify: {what}", flush=True)


def run_engines(engines, quick, deep):
    """The Run of everything; `quick` leaves out sanitizers and coqchk, `deep` is {scenario: record} of the deep suite.

    An engine that ran and gave nothing gives no result, so that what it should have shown is missing and not merely
    not run.
    """
    run = results.Run(scenarios=dict(deep), suites={"deep"} if deep else set())
    run.scenarios.update(engines.model_check())
    run.suites.add("default")
    targets = ["//..."]
    if engines.has_coq():
        proofs = engines.prove(with_coqchk=not quick)
        run.theorems = results.read_theorems(proofs) if proofs else {}
        run.proof_figures = results.read_proof_figures(proofs)
        if quick:
            run.proof_figures.append("coqchk was left out of this quick run")
        run.refinements = engines.refine()
    else:
        targets.append("-//proofs/coq/...")
    for build in (None,) if quick else (None, *SANITIZERS):
        run.builds[build] = engines.test(build, targets)
    return run
