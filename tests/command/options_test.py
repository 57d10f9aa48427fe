#!/usr/bin/env python3
"""Options of check that would be ignored, or would lose something, are refused; and what cannot be written.

    options_test.py CHECK
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HOLDS, VIOLATED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
TWO_GROWERS = ("--program", "a f | a f")


class OptionsTest(unittest.TestCase):
    check = ""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_check(self, *arguments, text=None, **options):
        return subprocess.run(
            [self.check, *map(str, arguments)],
            input=text, capture_output=True, text=True, check=False, timeout=300, cwd=self.directory, **options,
        )  # fmt: skip

    def assert_refused(self, message, *arguments, **options):
        done = self.run_check(*arguments, **options)
        self.assertEqual((done.returncode, done.stdout), (USAGE, ""), done.stderr)
        self.assertIn(message, done.stderr)

    def result(self, *arguments):
        file = self.directory / "result.json"
        done = self.run_check(*arguments, "--json", file)
        self.assertEqual(done.returncode, HOLDS, done.stderr)
        (result,) = json.loads(file.read_text())
        return result


class IgnoredTest(OptionsTest):
    def test_slab_of_a_scenario_cannot_be_changed(self):
        for option, value in (("--recheck", "new"), ("--capacity", "3"), ("--initial", "2"), ("--slab", "cached"),
                              ("--protection", "slot-states")):  # fmt: skip
            with self.subTest(option):
                self.assert_refused(f"{option} needs --program", "--scenario", "two_growers", option, value)
                self.assert_refused(f"{option} needs --program", option, value)

    def test_enumeration_says_capacities_and_scopes_itself(self):
        for option, value in (("--recheck", "new"), ("--capacity", "3"), ("--initial", "2")):
            with self.subTest(option):
                self.assert_refused(f"{option} needs", "--enumerate", "threads=1,ops=1,capacity=1", option, value)

    def test_option_of_another_search_or_slab_is_refused(self):
        for option, value, needs in (("--bound", "3", "--search bound"), ("--seed", "4", "--search random"),
                                     ("--memory-limit", "9", "--search states"), ("--batch", "2", "--slab cached")):  # fmt: skip
            with self.subTest(option):
                self.assert_refused(f"{option} needs {needs}", *TWO_GROWERS, option, value)

    def test_replay_merge_and_estimate_search_nothing(self):
        for mode in (("--replay", "file"), ("--merge", "file")):
            for ignored in (TWO_GROWERS, ("--enumerate", "x"), ("--search", "full"), ("--jobs", "2"), ("--estimate",)):
                with self.subTest(mode=mode, ignored=ignored):
                    self.assert_refused("excludes", *mode, *ignored)
        for ignored in (("--trace", "t.html"), ("--draw", "t.svg"), ("--json", "x.json")):
            self.assert_refused("excludes", *TWO_GROWERS, "--estimate", *ignored)

    def test_search_that_cannot_be_cut_has_no_shards(self):
        for search in ("full", "bound", "random"):
            self.assert_refused("--shard", *TWO_GROWERS, "--search", search, "--shard", "1/3")
            environment = os.environ | {"TEST_TOTAL_SHARDS": "3", "TEST_SHARD_INDEX": "1"}
            self.assert_refused("TEST_TOTAL_SHARDS", *TWO_GROWERS, "--search", search, env=environment)

    def test_shard_of_the_environment_must_be_valid(self):
        for index in ("3", "x"):
            environment = os.environ | {"TEST_TOTAL_SHARDS": "3", "TEST_SHARD_INDEX": index}
            self.assert_refused("TEST_SHARD_INDEX", *TWO_GROWERS, env=environment)

    def test_scenario_by_states_has_no_steps_and_no_estimate(self):
        scenario = ("--scenario", "six_threads_grow_at_once")
        self.assert_refused("--emit-steps", *scenario, "--emit-steps", "steps")
        self.assert_refused("--estimate", *scenario, "--estimate")

    def test_suite_says_what_it_leaves_out(self):
        done = self.run_check("--suite", "default", "--search", "states", "--memory-limit", "1")
        self.assertRegex(done.stdout, r"\d+ scenarios of the suite left out")

    def test_numbers_are_read_as_a_whole(self):
        for option, value in (("--iterations", "0"), ("--iterations", "1.5"), ("--time-limit", "5s"),
                              ("--time-limit", "nan"), ("--time-limit", "0"), ("--seed", "-4")):  # fmt: skip
            with self.subTest(option=option, value=value):
                self.assert_refused(f'not "{value}"', *TWO_GROWERS, "--search", "random", option, value)

    def test_names_of_files_are_not_empty(self):
        for option in ("--json", "--trace", "--draw", "--emit-steps", "--checkpoint"):
            self.assert_refused(f"{option} is empty", *TWO_GROWERS, option, "")

    def test_enumeration_that_is_too_large_is_refused_before_it_is_made(self):
        self.assert_refused("has more than", "--enumerate", "threads=8,ops=32,capacity=8")

    def test_enumeration_of_nothing_is_refused(self):
        done = self.run_check("--enumerate", "threads=1,ops=1,capacity=1", "--alphabet", "f")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("no program", done.stderr)


class ListTest(OptionsTest):
    def test_listed_commands_run_the_scenarios_that_they_are_listed_for(self):
        listed = re.findall(r"^(\w+) \(default suite\)\n.*\n  --program \"(.*)\" (.*)$", self.run_check("--list").stdout, re.M)
        by_name = {name: (program, options.split()) for name, program, options in listed}
        for name in ("initial_segments_race", "two_growers", "magazines_of_one_move_through_the_depot"):
            program, options = by_name[name]
            with self.subTest(name):
                self.assertEqual(
                    self.result("--program", program, *options)["executions"],
                    self.result("--scenario", name)["executions"],
                )


class LostTest(OptionsTest):
    def test_output_that_is_also_an_input_is_refused_and_kept(self):
        shards = []
        for index in range(2):
            shards.append(self.directory / f"{index}.json")
            self.run_check(*TWO_GROWERS, "--shard", f"{index}/2", "--json", shards[-1])
        before = shards[0].read_text()
        self.assert_refused("also read", "--merge", *shards, "--json", shards[0])
        (self.directory / "same.json").symlink_to(shards[0])
        self.assert_refused("also read", "--merge", *shards, "--json", "same.json")
        self.assert_refused("also read", "--replay", shards[0], "--trace", shards[0])
        self.assertEqual(shards[0].read_text(), before)

    def test_streams_are_neither_overwritten_nor_the_same(self):
        recorded = '{"program":"a f","capacity":1,"initial_segments":0,"recheck":"all","protection":"none","schedule":"0x4"}'
        done = self.run_check("--replay", "-", "--quiet", "--json", "-", text=recorded)
        self.assertEqual(json.loads(done.stdout)[0]["verdict"], "holds", done.stderr)
        done = self.run_check(*TWO_GROWERS, "--json", "/dev/null", "--draw", "/dev/null")
        self.assertEqual(done.returncode, HOLDS, done.stderr)

    def test_two_outputs_have_two_files(self):
        self.assert_refused("also that of --trace", *TWO_GROWERS, "--trace", "x.json", "--json", "x.json")

    def test_file_keeps_what_it_holds_where_the_command_is_refused(self):
        kept = self.directory / "kept.json"
        kept.write_text("kept")
        (self.directory / "bad").write_text("not JSON")
        self.assert_refused("not a valid", "--replay", "bad", "--json", kept)
        self.assert_refused("not results", "--merge", "bad", "--json", kept)
        self.assertEqual(kept.read_text(), "kept")

    def test_directory_and_nothing_are_not_results(self):
        (self.directory / "empty.json").write_text("[]")
        self.assert_refused("no result", "--merge", "empty.json")
        for mode in ("--merge", "--replay"):
            self.assert_refused("is a directory", mode, self.directory)

    def test_over_growth_of_an_enumeration_is_written_as_a_trace(self):
        self.run_check("--enumerate", "threads=2,ops=2,capacity=1", "--alphabet", "a f", "--trace", "t.txt")
        self.assertIn("install", (self.directory / "t.txt").read_text())

    def test_minus_is_standard_output(self):
        done = self.run_check(*TWO_GROWERS, "--quiet", "--json", "-")
        self.assertEqual(json.loads(done.stdout)[0]["verdict"], "holds")
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_table_does_not_go_to_a_file_in_place_of_a_closed_stream(self):
        subprocess.run(["bash", "-c", '"$0" --program "a | a" --json x.json >&-', self.check], check=True, cwd=self.directory)
        json.loads((self.directory / "x.json").read_text())

    def test_exit_code_is_there_with_no_stream_at_all(self):
        for redirection in (">&- 2>&-", ">/dev/full 2>/dev/full", "<&- >&- 2>&-"):
            done = subprocess.run(["bash", "-c", f'"$0" --bogus {redirection}', self.check], check=False)
            self.assertEqual(done.returncode, USAGE, redirection)

    def test_output_that_cannot_be_written_is_an_error(self):
        for arguments in ('--program "a | a"', "--help", "--version", "--list", '--program "a" --quiet --json /dev/full'):
            with self.subTest(arguments):
                done = subprocess.run(
                    ["bash", "-c", f'"$0" {arguments} >/dev/full', self.check], capture_output=True, check=False
                )
                self.assertEqual(done.returncode, USAGE)
                self.assertNotEqual(done.stderr, b"")


class OtherBuildTest(OptionsTest):
    """What another build has found may be of other code."""

    def test_checkpoint_is_refused_and_kept(self):
        self.run_check(*TWO_GROWERS, "--checkpoint", "checkpoint")
        file = self.directory / "checkpoint"
        file.write_text(re.sub('"build":"[0-9a-f]{4}', '"build":"....', file.read_text()))
        before = file.read_text()
        done = self.run_check(*TWO_GROWERS, "--checkpoint", "checkpoint")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("of another build", done.stderr)
        self.assertEqual(file.read_text(), before)

    def test_shards_are_not_added(self):
        for index in range(2):
            self.run_check(*TWO_GROWERS, "--shard", f"{index}/2", "--json", f"{index}.json")
        file = self.directory / "1.json"
        (result,) = json.loads(file.read_text())
        file.write_text(json.dumps([result | {"build": "0" * 32}]))
        self.assert_refused("of another build", "--merge", "0.json", "1.json")

    def test_scenario_must_be_the_program_that_it_is_here(self):
        for index in range(2):
            self.run_check("--scenario", "two_growers", "--shard", f"{index}/2", "--json", f"{index}.json")
            file = self.directory / f"{index}.json"
            (result,) = json.loads(file.read_text())
            file.write_text(json.dumps([result | {"program": "a"}]))
        self.assert_refused("is another program here", "--merge", "0.json", "1.json")


class AddressSpaceTest(OptionsTest):
    def test_machine_that_is_too_small_is_not_a_violation(self):
        done = subprocess.run(
            ["bash", "-c", 'ulimit -v 200000; exec "$0" --program "a f | a f"', self.check],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        self.assertEqual(done.returncode, USAGE, done.stdout)
        self.assertIn("address space", done.stderr)
        self.assertNotIn("VIOLATION", done.stdout)


def main():
    OptionsTest.check = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
