"""The recipe for Slurm on a cluster of this machine: a controller and several nodes of one host.

    slurm_test.py CHECK
"""

import os
import pathlib
import pwd
import socket
import subprocess
import sys
import tempfile
import time
import unittest

NODES = 4
HOLDS, VIOLATED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
# A check whose shard 0 finds a violation, and whose other shards take longer than anybody waits.
VIOLATING = """#!/bin/bash
[[ $1 != --merge ]] || exec {check} "$@"
[[ $* == *"--shard 0/"* ]] || exec sleep 3600
{check} "$@"
sed -i 's/"verdict": "holds"/"verdict": "violated"/; s/"property": null/"property": "S6"/' "${{@: -1}}"
exit 1
"""
# The daemons trust each other: they speak over this machine alone, and for this test.
CONFIGURATION = """
ClusterName=slabproof
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool.%n
SlurmctldPidFile={directory}/controller.pid
SlurmdPidFile={directory}/%n.pid
SlurmctldLogFile={directory}/controller.log
SlurmdLogFile={directory}/%n.log
{nodes}
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """slurmctld and one slurmd a node, until `stop`."""

    def __init__(self, directory):
        self.directory = directory
        host = socket.gethostname()
        port, *node_ports = free_ports(NODES + 1)
        nodes = "\n".join(
            f"NodeName=node{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port} CPUs=1"
            for i, node_port in enumerate(node_ports)
        )
        (directory / "state").mkdir()
        self.configuration = directory / "slurm.conf"
        self.configuration.write_text(
            CONFIGURATION.format(host=host, port=port, user=pwd.getpwuid(os.getuid()).pw_name, directory=directory, nodes=nodes)
        )
        self.environment = os.environ | {"SLURM_CONF": str(self.configuration)}
        self.daemons = [self.start("slurmctld", "-D", "-i")]
        self.daemons += [self.start("slurmd", "-D", "-N", f"node{i}") for i in range(NODES)]
        self.wait()

    def start(self, *command):
        with (self.directory / "daemons.log").open("a") as log:
            return subprocess.Popen(
                [f"/usr/sbin/{command[0]}", *command[1:], "-f", self.configuration],
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            known = subprocess.run(
                ["sinfo", "--noheader", "--format=%T %D"], env=self.environment, capture_output=True, text=True, check=False
            ).stdout
            if known.split() == ["idle", str(NODES)]:
                return
            time.sleep(0.5)
        raise AssertionError(f"the cluster does not come up: {known}\n{self.logs()}")

    def logs(self):
        return "\n".join(path.read_text()[-2000:] for path in sorted(self.directory.glob("*.log")))

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


class SlurmTest(unittest.TestCase):
    check = ""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        cls.cluster = Cluster(cls.root)
        cls.addClassCleanup(cls.cluster.stop)
        cls.recipe = pathlib.Path("tools/cluster/slurm_check.sh").resolve()

    def run_recipe(self, shards, directory, *arguments, check=None):
        done = subprocess.run(
            [self.recipe, str(shards), self.root / directory, check or self.check, *arguments],
            env=self.cluster.environment, cwd=self.root, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def test_shards_on_four_nodes_are_the_whole_search(self):
        code, said = self.run_recipe(8, "whole", "--scenario", "four_growers")
        self.assertEqual(code, HOLDS, said + self.cluster.logs())
        # Counts of the scenario are asserted by the merge, as of a search in one place.
        self.assertRegex(said, r"four_growers .* exhaustive +\d+ +holds\n  8 of 8 shards, [\d.]+ to [\d.]+ s each\n")

    def test_shard_that_was_lost_is_said_and_run_again(self):
        arguments = ("--program", "a f | a f | a f", "--recheck", "new")
        self.assertEqual(self.run_recipe(4, "lost", *arguments)[0], HOLDS)
        (self.root / "lost" / "2.json").unlink()
        said = subprocess.run(
            [self.check, "--merge", *sorted((self.root / "lost").glob("*.json"))], capture_output=True, text=True, check=False
        )
        self.assertEqual(said.returncode, INCONCLUSIVE)
        self.assertIn("missing: 2/4", said.stdout)
        kept = (self.root / "lost" / "1.json").stat().st_mtime_ns
        self.assertEqual(self.run_recipe(4, "lost", *arguments)[0], HOLDS)
        self.assertEqual((self.root / "lost" / "1.json").stat().st_mtime_ns, kept)

    def test_violation_ends_the_other_shards(self):
        check = self.root / "violating"
        check.write_text(VIOLATING.format(check=self.check))
        check.chmod(0o755)
        code, said = self.run_recipe(6, "violated", "--program", "a f | a f", check=check)
        self.assertEqual(code, VIOLATED, said + self.cluster.logs())
        self.assertIn("violated S6", said)

    def test_bad_arguments_leave_no_result_and_are_reported(self):
        code, said = self.run_recipe(2, "bad", "--program", "a q")
        self.assertEqual(code, INCONCLUSIVE)
        self.assertIn("no shard has left a result", said)


def main():
    SlurmTest.check = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
