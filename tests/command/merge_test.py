#!/usr/bin/env python3
"""check --merge: results of shards become that of the whole search, and what is missing is said.

    merge_test.py CHECK
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HOLDS, VIOLATED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
PROGRAM = ["--program", "a f | a f | a f", "--recheck", "new", "--no-symmetry"]
SUMMED = (
    "executions", "states", "transitions", "max_over_growth", "max_segments", "verdict", "exhaustive", "search", "symmetry"
)  # fmt: skip


class MergeTest(unittest.TestCase):
    check = ""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_check(self, *arguments):
        return subprocess.run([self.check, *arguments], capture_output=True, text=True, check=False, timeout=300)

    def shards(self, count, *arguments):
        files = []
        for index in range(count):
            file = self.directory / f"{index}of{count}.json"
            self.run_check(*arguments, "--shard", f"{index}/{count}", "--json", str(file))
            files.append(str(file))
        return files

    def merged(self, files, expected=HOLDS):
        file = self.directory / "merged.json"
        done = self.run_check("--merge", *files, "--json", str(file))
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(file.read_text()), done.stdout

    def change(self, file, **members):
        results = json.loads(pathlib.Path(file).read_text())
        results[0] |= members
        pathlib.Path(file).write_text(json.dumps(results))

    def assert_refused(self, message, *files):
        done = self.run_check("--merge", *files)
        self.assertEqual(done.returncode, USAGE, done.stdout)
        self.assertIn(message, done.stderr)

    def test_shards_together_are_the_whole_search(self):
        for arguments in (PROGRAM, ["--scenario", "two_growers_share_one_segment"],
                          ["--program", "a a f f | a f", "--slab", "cached"],
                          ["--program", "a f | a f | a f", "--search", "states"]):  # fmt: skip
            with self.subTest(arguments):
                whole = self.directory / "whole.json"
                self.run_check(*arguments, "--json", str(whole))
                (expected,) = json.loads(whole.read_text())
                (result,), said = self.merged(self.shards(3, *arguments))
                self.assertEqual({k: result[k] for k in SUMMED}, {k: expected[k] for k in SUMMED})
                self.assertIn("3 of 3 shards", said)

    def test_shards_are_about_as_large_as_each_other(self):
        sizes = [
            json.loads(pathlib.Path(file).read_text())[0]["executions"]
            for file in self.shards(8, "--scenario", "four_growers")
        ]
        self.assertLess(max(sizes), 1.25 * min(sizes), sizes)

    def test_missing_shards_are_named_and_the_result_is_inconclusive(self):
        files = self.shards(4, *PROGRAM)
        (result,), said = self.merged([files[0], files[3]], expected=INCONCLUSIVE)
        self.assertIn("missing: 1/4 2/4", said)
        self.assertEqual((result["verdict"], result["exhaustive"], result["limit"]), ("inconclusive", False, "2 of 4 shards"))

    def test_shard_that_was_cut_makes_the_result_inconclusive(self):
        files = self.shards(2, *PROGRAM)
        self.change(files[1], limit="1 s", verdict="inconclusive")
        (result,), _ = self.merged(files, expected=INCONCLUSIVE)
        self.assertEqual((result["exhaustive"], result["limit"]), (False, "shard 1/2: 1 s"))

    def test_violation_of_one_shard_is_that_of_the_whole(self):
        files = self.shards(3, *PROGRAM)
        recorded = '{"program":"a","capacity":1,"initial_segments":0,"recheck":"new","protection":"none","schedule":"0"}'
        self.change(files[1], verdict="violated", property="S6", message="planted", replay=recorded)
        (result,), said = self.merged([files[1], files[0]], expected=VIOLATED)
        self.assertEqual((result["verdict"], result["property"]), ("violated", "S6"))
        self.assertIn("VIOLATION of S6: planted", said)
        self.assertIn("missing: 2/3", said)

    def test_counts_that_a_scenario_states_are_judged(self):
        files = self.shards(2, "--scenario", "two_growers")
        self.change(files[0], executions=1000)
        _, said = self.merged(files, expected=VIOLATED)
        self.assertIn("violated S12", said)

    def test_files_of_suites_are_merged_scenario_by_scenario(self):
        names = ("two_growers", "stale_observer")
        results, _ = self.merged(self.shards(2, *(part for name in names for part in ("--scenario", name))))
        self.assertEqual([result["scenario"] for result in results], list(names))
        self.assertTrue(all(result["exhaustive"] for result in results))

    def test_what_does_not_belong_together_is_refused(self):
        files, others = self.shards(2, *PROGRAM), self.shards(3, *PROGRAM)
        self.assert_refused("shard 0/2 of a f | a f | a f is in", files[0], files[0])
        self.assert_refused("shard 1/3, where others are of 2", files[0], others[1])
        whole = self.directory / "whole.json"
        self.run_check(*PROGRAM, "--json", str(whole))
        self.assert_refused("not the result of a shard", str(whole))

    def test_what_is_not_a_result_is_refused(self):
        for text in ("", "{}", "[1]", "[{}]", '[{"scenario":"no such"}]', "\0"):
            file = self.directory / "bad.json"
            file.write_text(text)
            self.assert_refused("not results of check --json", str(file))
        self.assert_refused("cannot read", "/nowhere/at/all")


def main():
    MergeTest.check = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
