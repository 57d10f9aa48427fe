"""verify and setup.sh do what --help says, shown on a machine made of stubs.

The scripts run in a scratch copy of the tree, with a PATH that holds the commands they need and,
in place of Debian's and Bazel's, stubs that write down how they were called.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

COMMANDS = ["bash", "cat", "dirname", "env", "grep", "id", "mktemp", "rm"]
TEST_EVENTS = [
    {
        "id": {"testResult": {"label": "//t:slab_test"}},
        "testResult": {
            "status": "PASSED",
            "testActionOutput": [{"name": "test.xml", "uri": "file://SCRATCH/test.xml"}],
        },
    },
    {"id": {"buildFinished": {}}, "finished": {"exitCode": {"name": "SUCCESS"}}},
]
# Writes the events to the file that the call names, as Bazel does.
BAZEL = """
for argument in "$@"; do
  case $argument in
    --build_event_json_file=*) cat "SCRATCH/events.json" > "${argument#*=}" ;;
  esac
done
"""


class ScriptTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.root = self.scratch / "root"
        self.bin = self.scratch / "bin"
        self.log = self.scratch / "calls"
        (self.root / "tools").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy("verify", self.root)
        for name in ["setup.sh", "summarize_tests.py"]:
            shutil.copy(f"tools/{name}", self.root / "tools")
        shutil.copytree("tools/packages", self.root / "tools" / "packages")
        for command in COMMANDS:
            (self.bin / command).symlink_to(shutil.which(command))
        self.stub("apt-get")
        self.stub("dpkg-query", 'for package in "$@"; do echo "installed $package"; done')
        self.stub("bazel", BAZEL.replace("SCRATCH", str(self.scratch)))
        (self.scratch / "test.xml").write_text("<testsuites><testcase name='x'/></testsuites>")
        lines = [json.dumps(event).replace("SCRATCH", str(self.scratch)) for event in TEST_EVENTS]
        (self.scratch / "events.json").write_text("\n".join(lines) + "\n")

    def stub(self, name, script="true"):
        """Puts a command on the PATH that writes its arguments down, then runs `script`."""
        file = self.bin / name
        # It may be a link to the real command, which must not be written through.
        file.unlink(missing_ok=True)
        file.write_text(f'#!/bin/bash\necho "{name} $*" >> {self.log}\n{script}\n')
        file.chmod(0o755)

    def run_verify(self, *arguments, directory=None):
        return self.run_script("verify", *arguments, directory=directory)

    def run_script(self, script, *arguments, directory=None):
        environment = dict(os.environ, PATH=str(self.bin), BAZEL=str(self.bin / "bazel"))
        return subprocess.run(
            [str(self.root / script), *arguments],
            cwd=directory or self.scratch,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, name):
        """The arguments of each call of a stub."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.split(" ", 1)[1] for line in lines if line.split(" ", 1)[0] == name]


class SetupTest(ScriptTest):
    def test_nothing_is_installed_when_all_is_there(self):
        result = self.run_verify("setup")
        self.assertEqual((result.returncode, result.stdout, self.calls("apt-get")), (0, "", []))

    def test_only_what_is_missing_is_installed(self):
        self.stub(
            "dpkg-query",
            'for package in "$@"; do [[ $package == relacy-dev ]] || echo "installed $package"; done',
        )
        self.stub("id", "echo 0")
        result = self.run_verify("setup")
        self.assertEqual(result.returncode, 0, result.stderr)
        update, install = self.calls("apt-get")
        self.assertIn("update", update)
        self.assertEqual(install.split()[-2:], ["--no-install-recommends", "relacy-dev"])

    def nothing_is_there(self, user=0):
        self.stub("dpkg-query", "exit 1")
        self.stub("id", f"echo {user}")

    def installed_by(self, *command):
        """What a command installs on a bare system."""
        self.run_verify(*command)
        install = [call for call in self.calls("apt-get") if call.startswith("install")]
        self.assertEqual(len(install), 1)
        return install[0].split("--no-install-recommends ")[1].split()

    def test_the_checker_asks_for_what_it_is_built_with_and_no_more(self):
        self.nothing_is_there()
        self.assertEqual(
            self.installed_by(),
            ["bazel-bootstrap", "g++", "libcli11-dev", "libfmt-dev", "nlohmann-json3-dev", "relacy-dev"],
        )

    def test_an_unknown_list_is_an_error(self):
        result = self.run_script("tools/setup.sh", "no-such-list")
        self.assertEqual(result.returncode, 2)
        self.assertIn("no such list of packages: tools/packages/no-such-list.txt", result.stderr)

    def test_it_says_what_it_installs_before_it_does(self):
        self.nothing_is_there()
        self.stub("apt-get", "echo apt-get runs")
        lines = self.run_verify("setup").stdout.splitlines()
        self.assertRegex(lines[0], '^verify: installing what "build" needs .*relacy-dev')

    def test_without_root_it_uses_sudo(self):
        self.nothing_is_there(user=1000)
        self.stub("sudo")
        self.assertEqual(self.run_verify("setup").returncode, 0)
        self.assertIn("apt-get update", self.calls("sudo")[0])
        self.assertEqual(self.calls("apt-get"), [])

    def test_without_root_and_sudo_it_explains_itself(self):
        self.nothing_is_there(user=1000)
        result = self.run_verify("setup")
        self.assertEqual(result.returncode, 2)
        self.assertIn("not root, and sudo is missing", result.stderr)

    def test_another_system_than_debian_is_refused(self):
        (self.bin / "apt-get").unlink()
        result = self.run_verify("setup")
        self.assertEqual(result.returncode, 2)
        self.assertIn("not a Debian-like system", result.stderr)

    def test_a_failing_installation_is_reported(self):
        self.nothing_is_there()
        self.stub("apt-get", "[[ $1 == update ]]")
        result = self.run_verify("setup")
        self.assertEqual(result.returncode, 2)
        self.assertIn("could not install", result.stderr)


class DispatchTest(ScriptTest):
    def test_help_lists_every_command(self):
        result = self.run_verify("--help")
        self.assertEqual(result.returncode, 0)
        for command in [
            "check", "test", "deep", "fuzz", "soak", "bench", "bench-check", "coverage", "lint", "refine", "evidence", "docs", "setup",
        ]:
            self.assertRegex(result.stdout, rf"(?m)^  {command} ")

    def test_an_unknown_command_is_refused(self):
        result = self.run_verify("proove")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("unknown command 'proove'", result.stderr)

    def test_the_command_that_was_probably_meant_is_named(self):
        for wrong, meant in {"chek": "check", "tests": "test", "bench_check": "bench-check", "lnit": None, "frobnicate": None}.items():
            with self.subTest(wrong):
                said = self.run_verify(wrong).stderr
                if meant is None:
                    self.assertNotIn("did you mean", said)
                else:
                    self.assertIn(f"did you mean '{meant}'?", said)

    def test_arguments_that_would_be_ignored_are_refused(self):
        result = self.run_verify("test", "--quick")
        self.assertEqual(result.returncode, 2)
        self.assertIn("takes no arguments", result.stderr)

    def test_help_of_a_command_without_arguments_is_that_of_all(self):
        for command in ("test", "docs", "lint"):
            result = self.run_verify(command, "--help")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("usage: ./verify [COMMAND]", result.stdout)

    def test_help_of_a_program_is_shown_before_anything_is_built(self):
        for command, module in {
            "bench": "tests/bench/bench.py", "bench-check": "tools/bench_check.py", "refine": "proofs/coq/refine.py",
        }.items():
            with self.subTest(command):
                program = self.root / module
                program.parent.mkdir(parents=True, exist_ok=True)
                program.write_text("import sys\nprint(*sys.argv[1:])\n")
                self.assertEqual(self.run_verify(command, "--quick", "--help").stdout, "--help\n")
        self.assertEqual((self.calls("dpkg-query"), self.calls("bazel")), ([], []))


class DeepTest(ScriptTest):
    def setUp(self):
        super().setUp()
        for room in ["engine", "oss-fuzz"]:
            (self.root / "fuzz" / room).mkdir(parents=True)
        self.fuzz_command("engine/fuzzer.sh")
        self.fuzz_command("oss-fuzz/build_test.sh")
        self.set_seconds(None)

    def fuzz_command(self, name, exit_code=0):
        file = self.root / "fuzz" / name
        file.write_text(f'#!/bin/bash\necho "{name} $*" >> {self.log}\nexit {exit_code}\n')
        file.chmod(0o755)

    def set_seconds(self, seconds):
        patch = unittest.mock.patch.dict(os.environ)
        patch.start()
        self.addCleanup(patch.stop)
        os.environ.pop("SLABPROOF_FUZZ_SECONDS", None)
        if seconds is not None:
            os.environ["SLABPROOF_FUZZ_SECONDS"] = seconds

    def test_it_fuzzes_for_ten_minutes_and_tries_the_other_build(self):
        result = self.run_verify("deep")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.calls("engine/fuzzer.sh"), ["run --all 600"])
        self.assertEqual(len(self.calls("oss-fuzz/build_test.sh")), 1)

    def test_the_environment_says_for_how_long(self):
        self.set_seconds("7")
        self.run_verify("deep")
        self.assertEqual(self.calls("engine/fuzzer.sh"), ["run --all 7"])

    def test_an_invalid_number_of_seconds_is_refused_before_anything_runs(self):
        self.set_seconds("a while")
        result = self.run_verify("deep")
        self.assertEqual(result.returncode, 2)
        self.assertIn("not a valid number of seconds in SLABPROOF_FUZZ_SECONDS: a while", result.stderr)
        self.assertEqual(self.calls("bazel"), [])

    def test_a_finding_fails_although_every_test_passes(self):
        self.fuzz_command("engine/fuzzer.sh", exit_code=1)
        result = self.run_verify("deep")
        self.assertEqual(result.returncode, 1)
        self.assertTrue([call for call in self.calls("bazel") if "--config=deep" in call], "no tests were run")

    def test_a_failing_build_for_oss_fuzz_fails(self):
        self.fuzz_command("oss-fuzz/build_test.sh", exit_code=1)
        self.assertEqual(self.run_verify("deep").returncode, 1)


class FuzzTest(ScriptTest):
    def test_arguments_reach_the_fuzzer_in_the_directory_of_the_caller(self):
        file = self.root / "fuzz" / "engine" / "fuzzer.sh"
        file.parent.mkdir(parents=True)
        file.write_text('#!/bin/bash\necho "$PWD: $*"\nexit 3\n')
        file.chmod(0o755)
        result = self.run_verify("fuzz", "show", "a_fuzzer", "input")
        self.assertEqual((result.stdout, result.returncode), (f"{self.scratch}: show a_fuzzer input\n", 3))


class CheckTest(ScriptTest):
    def setUp(self):
        super().setUp()
        check = self.root / "bazel-bin" / "model" / "command" / "check"
        check.parent.mkdir(parents=True)
        check.write_text('#!/bin/bash\necho "$PWD: $*"\nexit 3\n')
        check.chmod(0o755)

    def test_without_a_command_the_checker_runs(self):
        result = self.run_verify()
        self.assertEqual(self.calls("bazel")[0].split()[-1], "//model/command:check")
        self.assertEqual(result.returncode, 3)

    def test_arguments_reach_the_checker_in_the_directory_of_the_caller(self):
        directory = self.scratch / "elsewhere"
        directory.mkdir()
        result = self.run_verify("check", "--trace", "x.txt", directory=directory)
        self.assertEqual(result.stdout, f"{directory}: --trace x.txt\n")

    def test_a_checker_that_does_not_build_is_not_a_violation(self):
        self.stub("bazel", "exit 1")
        self.assertEqual(self.run_verify().returncode, 2)


class SoakTest(ScriptTest):
    def test_arguments_reach_the_soak(self):
        soak = self.root / "bazel-bin" / "tests" / "soak" / "soak"
        soak.parent.mkdir(parents=True)
        soak.write_text('#!/bin/bash\necho "$*"\nexit 3\n')
        soak.chmod(0o755)
        result = self.run_verify("soak", "30", "--seed", "7")
        self.assertEqual(self.calls("bazel")[0].split()[-1], "//tests/soak")
        self.assertEqual((result.stdout, result.returncode), ("30 --seed 7\n", 3))

    def test_a_soak_that_does_not_build_is_not_a_violation(self):
        self.stub("bazel", "exit 1")
        self.assertEqual(self.run_verify("soak").returncode, 2)


class RefineTest(ScriptTest):
    def put_program(self, root, name):
        """A program in place of proofs/coq/refine.py, which says where and how it was called."""
        file = root / "proofs" / "coq" / "refine.py"
        file.parent.mkdir(parents=True)
        file.write_text(f"import os, sys\nprint('{name}', os.getcwd(), *sys.argv[1:])\n")

    def test_both_checkers_are_built_and_run_in_the_directory_of_the_caller(self):
        self.put_program(self.root, "this")
        directory = self.scratch / "elsewhere"
        directory.mkdir()
        result = self.run_verify("refine", "--scenario", "two_growers", directory=directory)
        self.assertEqual(
            self.calls("bazel")[0].split()[-2:], ["//model/command:check", "//proofs/coq:check_trace"]
        )
        binaries = f"{self.root}/bazel-bin/model/command/check {self.root}/bazel-bin/proofs/coq/check_trace"
        self.assertEqual(
            result.stdout, f"this {directory} {binaries} --scenario two_growers\n", result.stderr
        )

    def test_a_tree_in_the_directory_of_the_caller_is_not_taken_for_this_one(self):
        self.put_program(self.root, "this")
        other = self.scratch / "other"
        self.put_program(other, "another")
        self.assertRegex(self.run_verify("refine", directory=other).stdout, "^this ")

    def test_a_checker_that_does_not_build_is_not_a_violation(self):
        self.stub("bazel", "exit 1")
        self.assertEqual(self.run_verify("refine").returncode, 2)


class BenchTest(ScriptTest):
    def test_the_optimised_program_is_measured_in_the_directory_of_the_caller(self):
        file = self.root / "tests" / "bench" / "bench.py"
        file.parent.mkdir(parents=True)
        file.write_text("import os, sys\nprint(os.getcwd(), *sys.argv[1:])\n")
        self.stub("bazel", "[[ $1 != info ]] || echo /optimised")
        directory = self.scratch / "elsewhere"
        directory.mkdir()
        result = self.run_verify("bench", "--quick", directory=directory)
        self.assertEqual(
            result.stdout, f"{directory} --program /optimised/tests/bench/bench --quick\n", result.stderr
        )
        self.assertTrue(all("--config=opt" in call for call in self.calls("bazel")))

    def test_a_program_that_does_not_build_is_not_a_violation(self):
        self.stub("bazel", "exit 1")
        self.assertEqual(self.run_verify("bench").returncode, 2)


class TestCommandTest(ScriptTest):
    def test_every_build_is_tested(self):
        self.run_verify("test")
        configs = [
            [flag for flag in call.split() if flag.startswith("--config")]
            for call in self.calls("bazel")
        ]
        self.assertEqual(configs, [[], ["--config=tsan"], ["--config=asan"]])

    def test_the_last_line_sums_over_the_builds(self):
        result = self.run_verify("test")
        self.assertEqual(result.stdout.splitlines()[-1], "3 passed, 0 failed")
        self.assertEqual(result.returncode, 0)

    def test_a_build_that_leaves_no_events_fails(self):
        self.stub("bazel", "exit 1")
        result = self.run_verify("test")
        self.assertRegex(result.stdout.splitlines()[-1], r"^0 passed, \d+ failed$")
        self.assertEqual(result.returncode, 1)
