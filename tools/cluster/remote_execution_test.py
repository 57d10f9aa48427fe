"""The recipe for Bazel's remote execution, on a server of this machine: shards of a check as remote actions.

    remote_execution_test.py CHECK

The workspace has the command as it was built and `sharded_check`, so that nothing but shards is left to run.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SHARDS = 8
BUILD = """
load(":sharded_check.bzl", "sharded_check")

exports_files(["check"])

sharded_check(
    name = "whole",
    size = "small",
    arguments = ["--scenario", "four_growers"],
    check = "//:check",
    shards = {shards},
)

sharded_check(
    name = "refused",
    size = "small",
    arguments = ["--program", "a q"],
    check = "//:check",
    shards = 2,
)

sharded_check(
    name = "violated",
    size = "small",
    arguments = ["--program", "a f | a f"],
    check = "//:violating",
    shards = 2,
)

exports_files(["violating"])
"""
# What shard 1 has found is a violation, wherever it ran.
VIOLATING = """#!/bin/bash
[[ $1 != --merge ]] || exec {check} "$@"
{check} "$@"
[[ $* == *"--shard 1/"* ]] || exit 0
sed -i 's/"verdict": "holds"/"verdict": "violated"/; s/"property": null/"property": "S6"/' "${{@: -1}}"
exit 1
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class RemoteExecutionTest(unittest.TestCase):
    check = ""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        cls.workspace = cls.root / "workspace"
        cls.workspace.mkdir()
        # Bazel's own repositories, which it would fetch, come with the tree.
        tree = pathlib.Path("tools/cluster/sharded_check.bzl").resolve().parents[2]
        shutil.copy(tree / "WORKSPACE", cls.workspace)
        shutil.copytree(tree / "third_party/bazel", cls.workspace / "third_party/bazel")
        (cls.workspace / "BUILD").write_text(BUILD.format(shards=SHARDS))
        shutil.copy("tools/cluster/sharded_check.bzl", cls.workspace)
        shutil.copy(cls.check, cls.workspace / "check")
        violating = cls.workspace / "violating"
        violating.write_text(VIOLATING.format(check=cls.check))
        violating.chmod(0o755)
        cls.port = free_port()
        cls.start_worker()
        cls.addClassCleanup(cls.shut_down)

    @classmethod
    def start_worker(cls):
        cls.log = cls.root / "worker.log"
        with cls.log.open("w") as log:
            # The script becomes the server, so its process group is that of both.
            cls.worker = subprocess.Popen(
                ["tools/cluster/remote_worker.sh", str(cls.port), cls.root / "worker"],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        cls.addClassCleanup(cls.stop_worker)
        end = time.monotonic() + 600
        while time.monotonic() < end and cls.worker.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", cls.port)) == 0:
                    return
            time.sleep(0.5)
        raise AssertionError(f"the server does not come up:\n{cls.log.read_text()}")

    @classmethod
    def stop_worker(cls):
        if cls.worker.poll() is None:
            os.killpg(cls.worker.pid, signal.SIGKILL)
            cls.worker.wait()

    @classmethod
    def shut_down(cls):
        cls.bazel("shutdown")
        # Bazel's own files may not be written to, and so not be deleted.
        subprocess.run(["chmod", "-R", "u+w", cls.root / "bazel"], check=False)

    @classmethod
    def bazel(cls, command, *arguments):
        done = subprocess.run(
            ["/usr/bin/bazel", f"--output_user_root={cls.root}/bazel", "--host_jvm_args=-Xmx512m", command, *arguments],
            cwd=cls.workspace, capture_output=True, text=True, check=False, timeout=1200,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def run_check(self, name, *arguments):
        return self.bazel(
            "test", f"--remote_executor=grpc://localhost:{self.port}", "--strategy=Genrule=remote",
            "--strategy=TestRunner=local", "--disk_cache=", "--test_output=all", *arguments, f"//:{name}",
        )  # fmt: skip

    def test_shards_run_on_the_server_and_are_the_whole_search(self):
        code, said = self.run_check("whole")
        self.assertEqual(code, 0, said + self.log.read_text())
        # Counts of the scenario are asserted by the merge, as of a search in one place.
        self.assertRegex(said, rf"four_growers .* exhaustive +\d+ +holds\n  {SHARDS} of {SHARDS} shards, [\d.]+ to [\d.]+ s each\n")
        self.assertRegex(said, rf"\b{SHARDS} remote\b")
        self.bazel("clean")
        code, said = self.run_check("whole")
        self.assertEqual(code, 0, said)
        # The test itself may come from there as well.
        hits = re.search(r"(\d+) remote cache hit", said)
        self.assertTrue(hits and int(hits[1]) >= SHARDS, said)
        self.assertNotRegex(said, r"\d remote[,.]")

    def test_violation_in_a_shard_fails_the_test_and_is_shown(self):
        code, said = self.run_check("violated")
        self.assertEqual(code, 3, said)
        self.assertRegex(said, r"\b2 remote\b")
        self.assertIn("violated S6", said)

    def test_bad_arguments_fail_the_build(self):
        code, said = self.run_check("refused")
        self.assertEqual(code, 1, said)
        self.assertTrue(re.search(r"check: .*q", said), said)


def main():
    RemoteExecutionTest.check = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
