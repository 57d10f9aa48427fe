"""The Debian packages: what is in them, and programs of a user that build against them.

They are unpacked and not installed, which needs no rights.
"""

import os
import re
import unittest

from tests.consumer.consumer import CHECKER, LIBRARY, ConsumerTest

TREE = (*LIBRARY, *CHECKER, "debian", "LICENSE")
CONSUMERS = ("tests/consumer/debian", "tests/consumer/plain/orders.cc")


class DebianConsumerTest(ConsumerTest):
    def test_packages_hold_the_library_the_checker_and_its_manual(self):
        tree = self.copy("slabproof", *TREE)
        options = f"parallel={os.cpu_count()} noautodbgsym nocheck"
        build = ("dpkg-buildpackage", "--build=binary", "--unsigned-changes", "--unsigned-buildinfo")
        self.run_command(*build, directory=tree, DEB_BUILD_OPTIONS=options)
        root = self.directory / "root"
        packages = sorted(self.directory.glob("*.deb"))
        names = [path.name.split("_")[0] for path in packages]
        self.assertEqual(names, ["libslabproof-dev", "slabproof-check"])
        for package in packages:
            self.run_command("dpkg-deb", "--extract", package, root)

        with self.subTest("command"):
            arguments = ("--program", "a f | a f", "--capacity", "1")
            said = self.run_command(root / "usr/bin/slabproof-check", *arguments)
            self.assertRegex(said, r"a f \| a f +2 .* 10 .* holds\n")

        with self.subTest("manual"):
            page = root / "usr/share/man/man1/slabproof-check.1.gz"
            manual = self.run_command("man", "--local-file", page, LC_ALL="C.UTF-8", MANWIDTH="100")
            self.assertRegex(manual, r"slabproof-check - model checker of the slabproof allocator")
            self.assertRegex(manual, r"SYNOPSIS\n +slabproof-check \[OPTIONS\]")
            for section in ("PROGRAMS", "EXAMPLES", "EXIT CODES", "ENVIRONMENT"):
                self.assertRegex(manual, rf"(?m)^{section}$")
            # Each option that the command has.
            usage = self.run_command(root / "usr/bin/slabproof-check", "--help")
            for option in re.findall(r"^ +(--[a-z-]+)", usage, re.MULTILINE):
                self.assertIn(option, manual)

        with self.subTest("completion"):
            script = root / "usr/share/bash-completion/completions/slabproof-check"
            loaded = self.run_command("bash", "-c", f"source {script} && complete -p slabproof-check")
            self.assertIn("-F _slabproof_check slabproof-check", loaded)
            self.assertTrue((root / "usr/share/zsh/vendor-completions/_slabproof-check").exists())

        with self.subTest("consumer"):
            consumer = self.copy(".", *CONSUMERS) / "tests/consumer/debian"
            prefix = f"-DCMAKE_PREFIX_PATH={root}/usr"
            self.run_command("cmake", "-S", consumer, "-B", "out", prefix, "-DCMAKE_BUILD_TYPE=Release")
            self.run_command("cmake", "--build", "out")
            self.expect_orders("out/orders")

        with self.subTest("examples of the checker"):
            examples = self.copy(".", "examples") / "examples"
            self.run_command("cmake", "-S", examples, "-B", "built", prefix, "-DCMAKE_BUILD_TYPE=Release")
            self.run_command("cmake", "--build", "built")
            self.run_command("ctest", "--test-dir", "built")


if __name__ == "__main__":
    unittest.main()
