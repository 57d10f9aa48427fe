"""What the tests of consumers share: copies of parts of this tree, as a user has them, and commands that must succeed."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tests.source_rules.source_tree import workspace_root

# What CMake installs from, without the checker.
LIBRARY = ("CMakeLists.txt", "impl", "tools/cmake")
CHECKER = ("model",)


class ConsumerTest(unittest.TestCase):
    """A test in an empty directory, `self.directory`."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def copy(self, target, *sources):
        """Copies files and folders of this tree to the same paths under `target`: files, where Bazel has links.

        A test that has the WORKSPACE file among its data sees the whole tree, and others what they name.
        """
        for source in sources:
            original = workspace_root() / source
            place = self.directory / target / source
            place.parent.mkdir(parents=True, exist_ok=True)
            if original.is_dir():
                shutil.copytree(original, place)
            else:
                shutil.copy(original, place)
        return self.directory / target

    def run_command(self, *command, directory=None, **environment):
        """What the command writes. It must succeed, in `directory` and with `environment` besides."""
        result = subprocess.run(
            [str(part) for part in command],
            cwd=directory or self.directory,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.directory), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(result.returncode, 0, f"{command}:\n{result.stdout}")
        return result.stdout

    def expect_orders(self, program):
        """Runs the program that tests/consumer/plain/orders.cc became."""
        self.assertRegex(self.run_command(program), r"^slabproof \d+\.\d+\.\d+: 42 GOOG\n$")

    def install(self, *options, sources=LIBRARY):
        """The prefix under which CMake has installed the tree, which is gone then."""
        tree = self.copy("slabproof", *sources)
        prefix = self.directory / "installed"
        self.run_command("cmake", "-S", tree, "-B", "build", *options)
        self.run_command("cmake", "--build", "build")
        self.run_command("cmake", "--install", "build", "--prefix", prefix)
        shutil.rmtree(tree)
        shutil.rmtree(self.directory / "build")
        return prefix
