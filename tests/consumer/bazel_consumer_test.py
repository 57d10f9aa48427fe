"""A Bazel workspace of a user's own, of which this tree is an external repository, builds without the network."""

import unittest

from tests.consumer.consumer import ConsumerTest

# What the labels @slabproof//impl:slabproof and :siphash_mac lead to.
TREE = ("WORKSPACE", "BUILD", "impl", "tools", "third_party")


class BazelConsumerTest(ConsumerTest):
    def test_labels_of_the_external_repository_build(self):
        self.copy("slabproof", *TREE)
        consumer = self.directory / "consumer"
        consumer.mkdir()
        for source, name in (
            ("tests/consumer/bazel/WORKSPACE", "WORKSPACE"),
            ("tests/consumer/bazel/BUILD.consumer", "BUILD"),
            ("tests/consumer/plain/orders.cc", "orders.cc"),
            ("tests/consumer/cmake/siphash.cc", "siphash.cc"),
        ):
            self.copy(".", source)
            (self.directory / source).rename(consumer / name)
        # Sandboxes and downloads are the business of the Bazel that runs this test.
        bazel = ["/usr/bin/bazel", f"--output_user_root={self.directory}/bazel"]
        build = ["build", "--spawn_strategy=local", "--repository_cache=", "//:orders", "//:siphash"]
        try:
            self.run_command(*bazel, *build, directory=consumer)
            self.expect_orders(consumer / "bazel-bin/orders")
            self.run_command(consumer / "bazel-bin/siphash")
        finally:
            self.run_command(*bazel, "shutdown", directory=consumer)
            # Bazel's own files may not be written to, and so not be deleted.
            self.run_command("chmod", "-R", "u+w", self.directory / "bazel")


if __name__ == "__main__":
    unittest.main()
