#!/usr/bin/env python3
"""The check command as its users meet it: exit codes, JSON, shards, workers, checkpoints, bad input.

    check_command_test.py CHECK ORDER_COUNTER
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HOLDS, VIOLATED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
THREE_GROWERS = ["--program", "a f | a f | a f", "--recheck", "new", "--no-symmetry"]
THREE_GROWERS_ORDERS = 1548

JSON_FIELDS = {
    "scenario", "program", "threads", "capacity", "recheck", "search", "executions", "redundant",
    "exhaustive", "verdict", "property", "max_segments", "max_over_growth", "seconds", "replay",
    "symmetry", "memory", "warnings", "protection", "shard", "build",
}  # fmt: skip


class CheckTest(unittest.TestCase):
    check = ""
    order_counter = ""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_check(self, *arguments, text=None):
        return subprocess.run(
            [self.check, *arguments], input=text, capture_output=True, text=True, check=False, timeout=300
        )

    def results(self, *arguments, expected=HOLDS):
        file = self.directory / "results.json"
        done = self.run_check(*arguments, "--json", str(file))
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(file.read_text())

    def result(self, *arguments, expected=HOLDS):
        (result,) = self.results(*arguments, expected=expected)
        return result

    def assert_usage_error(self, message, *arguments, text=None):
        done = self.run_check(*arguments, text=text)
        self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
        self.assertIn(message, done.stderr)


class JsonTest(CheckTest):
    def test_every_promised_field_is_there(self):
        self.assertLessEqual(JSON_FIELDS, set(self.result("--program", "a f")))

    def test_counts_of_two_growers_are_those_of_brute_force(self):
        result = self.result("--program", "a f | a f", "--recheck", "new", "--no-symmetry")
        self.assertEqual((result["executions"], result["redundant"]), (20, 0))
        self.assertTrue(result["exhaustive"])
        self.assertEqual(result["max_over_growth"], 1)

    def test_recheck_of_all_segments_never_over_grows(self):
        self.assertEqual(self.result("--program", "a f | a f")["max_over_growth"], 0)

    def test_full_search_of_two_growers_is_exhaustive_and_agrees(self):
        full = self.result("--program", "a f | a f", "--recheck", "new", "--search", "full")
        self.assertTrue(full["exhaustive"])
        self.assertEqual(full["max_over_growth"], 1)

    def test_bounded_and_random_searches_are_never_called_exhaustive(self):
        for search in (["--search", "bound", "--bound", "1"], ["--search", "random", "--iterations", "50"]):
            result = self.result("--program", "a f | a f", *search)
            self.assertFalse(result["exhaustive"])
            self.assertEqual(result["verdict"], "holds")

    def test_execution_that_is_longer_than_what_is_recorded_is_inconclusive(self):
        program = " | ".join(["a16 F " * 16] * 5)
        result = self.run_check("--program", program, "--search", "random", "--iterations", "1")
        self.assertEqual(result.returncode, INCONCLUSIVE)
        self.assertIn("INCONCLUSIVE, limit:", result.stdout)
        self.assertNotIn("VIOLATION", result.stdout)

    def test_search_that_a_limit_cut_is_inconclusive(self):
        result = self.result(*THREE_GROWERS, "--iterations", "10", expected=INCONCLUSIVE)
        self.assertEqual((result["verdict"], result["exhaustive"]), ("inconclusive", False))
        self.assertEqual(result["limit"], "10 executions")


class CountTest(CheckTest):
    """The reduction explores as many executions as brute force counts orders, and none twice."""

    PROGRAMS = (
        "a f | a f", "a f a f | a f a f", "a a f f | a f", "a f | a a a f f f", "a2 F | a2 F", "a3 F | a f",
        "! a f | a f", "a a f f | a a f f", "a a f f | a f | a f", "a | a | a | a", "a f r | a a f f",
    )  # fmt: skip

    def counted(self, program, capacity, recheck):
        done = subprocess.run(
            [self.order_counter, "--program", program, "--capacity", str(capacity), "--recheck", recheck],
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
        return {
            name: int(re.search(rf"^{name}\s+(\d+)$", done.stdout, re.MULTILINE).group(1))
            for name in ("orders", "orbits", "max over-growth", "max segments")
        }

    def test_counts_equal_those_of_the_brute_force_counter(self):
        for program in self.PROGRAMS:
            for capacity in (1, 2, 3):
                for recheck in ("all", "new"):
                    with self.subTest(program=program, capacity=capacity, recheck=recheck):
                        known = self.counted(program, capacity, recheck)
                        arguments = ["--program", program, "--capacity", str(capacity), "--recheck", recheck]
                        plain = self.result(*arguments, "--no-symmetry")
                        reduced = self.result(*arguments)
                        self.assertEqual(plain["executions"], known["orders"])
                        self.assertEqual(reduced["executions"], known["orbits"])
                        # Executions are cut where only rounds of a wait are left: for a growth or a trim.
                        if not set(program) & set("!r"):
                            self.assertEqual(plain["redundant"] + reduced["redundant"], 0)
                        for result in (plain, reduced):
                            self.assertEqual(result["max_over_growth"], known["max over-growth"])
                            self.assertEqual(result["max_segments"], known["max segments"])


class ShardTest(CheckTest):
    def test_shards_are_disjoint_and_complete(self):
        for count in (2, 3, 7):
            executions = [
                self.result(*THREE_GROWERS, "--shard", f"{index}/{count}")["executions"] for index in range(count)
            ]
            self.assertEqual(sum(executions), THREE_GROWERS_ORDERS, executions)
            self.assertGreater(min(executions), 0)

    def test_shard_is_not_called_exhaustive(self):
        result = self.result(*THREE_GROWERS, "--shard", "0/2")
        self.assertFalse(result["exhaustive"])
        self.assertEqual(result["limit"], "shard 0/2")

    def test_workers_together_explore_what_one_process_does(self):
        result = self.result("--program", "a f a f | a a f f | a f", "--jobs", "3")
        alone = self.result("--program", "a f a f | a a f f | a f")
        for field in ("executions", "exhaustive", "max_over_growth", "max_segments", "verdict"):
            self.assertEqual(result[field], alone[field])

    def test_bad_shard_is_refused(self):
        for shard in ("3/3", "1", "a/b", "1/"):
            self.assert_usage_error("is not a valid shard", "--program", "a f", "--shard", shard)


class WorkerTest(CheckTest):
    LONG = ["--scenario", "three_growers_twice", "--no-symmetry", "--jobs", "2"]
    LONG_ORDERS = 1_151_496

    def start(self, *arguments):
        process = subprocess.Popen([self.check, *self.LONG, *arguments], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def children(process):
        file = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        return [int(child) for child in file.read_text().split()] if file.exists() else []

    def wait_for(self, condition):
        end = time.monotonic() + 120
        while not condition():
            self.assertLess(time.monotonic(), end, "it did not happen in time")
            time.sleep(0.01)

    def test_part_of_a_killed_worker_is_done_again(self):
        file = self.directory / "results.json"
        process = self.start("--json", str(file))
        self.wait_for(lambda: self.children(process) or process.poll() is not None)
        pathlib.os.kill(self.children(process)[0], signal.SIGKILL)
        process.communicate(timeout=300)
        self.assertEqual(process.returncode, HOLDS)
        (result,) = json.loads(file.read_text())
        self.assertEqual((result["executions"], result["exhaustive"]), (self.LONG_ORDERS, True))

    def test_interrupted_run_goes_on_from_its_checkpoint(self):
        checkpoint = self.directory / "checkpoint"
        process = self.start("--checkpoint", str(checkpoint))
        self.wait_for(lambda: checkpoint.exists() and checkpoint.read_text().count("\n") >= 4)
        process.kill()
        process.communicate(timeout=60)
        with checkpoint.open("a") as file:
            file.write('{"job":"cut off in the mid')
        text = checkpoint.read_text()
        lines_before = text.count("\n")
        parts = int(re.search(r"parts=(\d+)", text).group(1))
        result = self.result(*self.LONG, "--checkpoint", str(checkpoint))
        self.assertEqual((result["executions"], result["exhaustive"]), (self.LONG_ORDERS, True))
        done_again = checkpoint.read_text().count("\n") - lines_before
        self.assertLessEqual(done_again, parts - 3 + 1, "what was finished was done again")

    def test_file_that_is_not_a_checkpoint_is_refused_and_kept(self):
        file = self.directory / "letter.txt"
        file.write_text("Dear reader,\n")
        self.assert_usage_error("is not a checkpoint", "--program", "a f", "--checkpoint", str(file))
        self.assertEqual(file.read_text(), "Dear reader,\n")


class EnumerationTest(CheckTest):
    def test_enumeration_runs_every_program_on_every_slab(self):
        results = self.results("--enumerate", "threads=2,ops=2,capacity=2", "--alphabet", "a f")
        # Bodies: a; a a; a f. Programs: 3 of one thread, 6 of two; 2 capacities and 2 scopes.
        self.assertEqual(len(results), (3 + 6) * 4)
        self.assertEqual({result["verdict"] for result in results}, {"holds"})
        self.assertTrue(all(result["exhaustive"] for result in results))

    def test_estimate_of_what_is_small_is_exact(self):
        done = self.run_check("--program", "a f | a f", "--no-symmetry", "--estimate")
        self.assertIn("20 executions, all explored", done.stdout)

    def test_bad_sizes_are_refused(self):
        for size in ("threads=2", "threads=2,ops=2,capacity=0", "threads=9,ops=1,capacity=1", "ops=2,ops=2"):
            self.assertEqual(self.run_check("--enumerate", size).returncode, USAGE)


class SlabFamilyTest(CheckTest):
    CACHED = ["--program", "a a f f | a a f f", "--slab", "cached", "--no-symmetry"]

    def test_json_tells_the_slab(self):
        result = self.result("--program", "a g>1 | t f", "--slab", "owner", "--batch", "2")
        self.assertEqual((result["slab"], result["batch"]), ("owner", 2))
        self.assertEqual(self.result("--program", "a f")["slab"], "shared")

    def test_shards_of_a_slab_with_caches_are_disjoint_and_complete(self):
        whole = self.result(*self.CACHED)["executions"]
        parts = [self.result(*self.CACHED, "--shard", f"{index}/3")["executions"] for index in range(3)]
        self.assertEqual(sum(parts), whole)
        self.assertGreater(min(parts), 0)

    def test_threads_with_caches_are_interchangeable(self):
        alike = self.result(*self.CACHED)["executions"]
        reduced = self.result(*self.CACHED[:-1])["executions"]
        self.assertEqual(2 * reduced, alike)

    def test_enumeration_takes_the_programs_that_fit(self):
        size = ["--enumerate", "threads=1,ops=3,capacity=2", "--alphabet", "a f d"]
        programs = {result["program"] for result in self.results(*size, "--slab", "cached", "--batch", "2")}
        self.assertIn("a f", programs)
        self.assertNotIn("a f d", programs)
        self.assertIn("a f d", {result["program"] for result in self.results(*size)})

    def test_recorded_execution_tells_the_slab(self):
        recorded = {"program": "a f | a", "capacity": 1, "initial_segments": 0, "recheck": "all",
                    "protection": "none", "slab": "cached", "batch": 1, "schedule": "0x3 1x3"}  # fmt: skip
        done = self.run_check("--replay", "-", text=json.dumps(recorded))
        self.assertEqual(done.returncode, HOLDS, done.stderr)
        for change in ({"slab": "heap"}, {"slab": 1}, {"batch": 3}, {"batch": None}, {"slab": "owner"},
                       {"recheck": "new"}, {"protection": "slot-states"}):  # fmt: skip
            self.assert_usage_error("not a valid", "--replay", "-", text=json.dumps(recorded | change))

    def test_what_a_slab_does_not_have_is_refused(self):
        cached, owner = ["--slab", "cached"], ["--slab", "owner"]
        self.assert_usage_error("`d` is not an operation of thread 0", "--program", "a f d", *cached)
        self.assert_usage_error("`a` is not an operation of thread 1", "--program", "a | a", *owner)
        self.assert_usage_error("--recheck all", "--program", "a", *cached, "--recheck", "new")
        self.assert_usage_error("slot-states", "--program", "a", *owner, "--protection", "slot-states")
        self.assert_usage_error("--emit-steps", "--program", "a", *owner, "--emit-steps", "steps")
        self.assert_usage_error("--emit-steps", "--scenario", "caches_grow_a_slab", "--emit-steps", "steps")
        size = ["--enumerate", "threads=1,ops=1,capacity=1"]
        self.assert_usage_error("--emit-steps", *size, *cached, "--emit-steps", "steps")
        self.assert_usage_error("no gifts", *size, *owner)
        self.assert_usage_error("--slab", "--program", "a", "--slab", "heap")
        self.assert_usage_error("--batch", "--program", "a", *cached, "--batch", "3")


class StepsTest(CheckTest):
    def test_steps_of_every_execution_are_written(self):
        steps = self.directory / "steps"
        self.run_check(*THREE_GROWERS, "--emit-steps", steps)
        lines = steps.read_text().splitlines()
        self.assertEqual(sum(line.startswith("slab ") for line in lines), THREE_GROWERS_ORDERS)
        self.assertEqual(sum(line.startswith("end ") for line in lines), THREE_GROWERS_ORDERS)

    def test_suite_leaves_out_what_has_no_steps(self):
        results = self.results("--emit-steps", self.directory / "steps")
        names = {result["scenario"] for result in results}
        self.assertIn("three_growers", names)
        self.assertNotIn("caches_grow_a_slab", names)

    def test_steps_of_a_replay_are_those_of_one_execution(self):
        steps = self.directory / "steps"
        recorded = '{"program":"a f","capacity":1,"initial_segments":0,"recheck":"all","protection":"none","schedule":"0"}'
        self.run_check("--replay", "-", "--emit-steps", steps, text=recorded)
        self.assertRegex(
            steps.read_text(),
            r"^slab 1 all lowest 1 1\nstart 0 1 0\ninstall 0 \d+ - 0:0\nfree 0 0:0\nend 1 1\n$",
        )


class GraphTest(CheckTest):
    GRAPH = ["--search", "graph"]

    def test_the_default_suite_holds_on_graphs_in_as_many_as_orders_of_critical_sections(self):
        # `check` compares the counts of programs without gifts with those that the scenarios state.
        results = self.results("--search", "graph", "--quiet")
        self.assertTrue(all(result["exhaustive"] for result in results))
        families = {"caches_grow_a_slab", "caches_end_with_their_threads", "head_comes_back_during_a_push"}
        self.assertLessEqual(families, {result["scenario"] for result in results})

    def test_counts_are_those_of_the_reduction(self):
        for program in ("a f | a f | a f", "a f a | a f", "a2 | a f", "a f r | a f r | a f"):
            for symmetry in ([], ["--no-symmetry"]):
                arguments = ["--program", program, "--recheck", "new", *symmetry]
                reduced = self.result(*arguments, "--search", "dpor")
                graphs = self.result(*arguments, *self.GRAPH)
                self.assertEqual(graphs["executions"], reduced["executions"], arguments)
                self.assertEqual(graphs["symmetry"], reduced["symmetry"])
                self.assertEqual(graphs["verdict"], "holds")
                self.assertTrue(graphs["exhaustive"])

    def test_shards_are_disjoint_and_complete(self):
        # The segments have mutexes of their own, which the threads make in different orders.
        for program in (THREE_GROWERS, ["--program", "a a r f f | a f r", "--recheck", "new", "--no-symmetry"]):
            whole = self.result(*program, *self.GRAPH)["executions"]
            for count in (1, 2, 4):
                shards = [
                    self.result(*program, *self.GRAPH, "--shard", f"{index}/{count}") for index in range(count)
                ]
                self.assertEqual(sum(shard["executions"] for shard in shards), whole)
                self.assertEqual({shard["verdict"] for shard in shards}, {"holds"})

    def test_workers_together_explore_what_one_process_does(self):
        program = ["--program", "a f a f | a a f f | a f", *self.GRAPH]
        alone = self.result(*program)
        for jobs in ("2", "4"):
            result = self.result(*program, "--jobs", jobs)
            for field in ("executions", "exhaustive", "max_over_growth", "max_segments", "verdict"):
                self.assertEqual(result[field], alone[field])

    def test_workers_find_what_one_process_finds(self):
        program = ["--program", "a f d | a | a f", *self.GRAPH]
        alone = self.result(*program, expected=VIOLATED)
        self.assertEqual(self.result(*program, "--jobs", "2", expected=VIOLATED)["property"], alone["property"])

    def test_violation_is_drawn_with_its_events_by_name(self):
        file = self.directory / "trace.dot"
        self.result("--program", "a f d | a", "--trace", str(file), expected=VIOLATED)
        dot = file.read_text()
        self.assertRegex(dot, r"^digraph execution \{\n(  .*;\n|  subgraph cluster_\d+ \{ label=\"T\d\";\n|  \}\n)+\}\n$")
        events = set(re.findall(r"(e\d+) \[label", dot))
        self.assertRegex(dot, r'e\d+ \[label="lock mutex \d+\\n\S+\.h:\d+"\]')
        for arrow in ("rf", "co"):
            arrows = re.findall(rf"(\w+) -> (\w+) \[label={arrow},", dot)
            self.assertTrue(arrows)
            self.assertLessEqual({end for ends in arrows for end in ends}, events | {"initial"})

    def test_only_graphs_are_drawn(self):
        drawn = ["--trace", str(self.directory / "trace.dot")]
        self.assert_usage_error("only --search graph", "--program", "a", "--search", "dpor", *drawn)
        recorded = '{"program":"a","capacity":1,"initial_segments":0,"recheck":"all","protection":"none","schedule":"0"}'
        self.assert_usage_error("has no execution graph", "--replay", "-", *drawn, text=recorded)


class StatesTest(CheckTest):
    STATES = ["--search", "states"]
    FOUR = ["--program", "a f | a f | a f | a f", "--recheck", "new"]

    def test_states_are_counted_and_agree_with_the_reduction(self):
        states = self.result(*self.FOUR, *self.STATES)
        self.assertEqual(states["max_over_growth"], self.result(*self.FOUR)["max_over_growth"])
        self.assertEqual(states["verdict"], "holds")
        self.assertTrue(states["exhaustive"])
        self.assertLess(states["states"], states["transitions"])
        self.assertGreater(states["state_bytes"], 0)

    def test_without_memory_for_its_states_a_program_is_inconclusive(self):
        results = self.results(*self.FOUR, *self.STATES, "--exact", "--memory-limit", "1", expected=INCONCLUSIVE)
        self.assertEqual(results[0]["limit"], "1 MiB")
        self.assertFalse(results[0]["exhaustive"])

    def test_enumeration_runs_every_program_by_its_states(self):
        arguments = ["--enumerate", "threads=2,ops=2,capacity=1", "--alphabet", "a f a2 r", "--jobs", "2"]
        by_states = self.results(*arguments, *self.STATES)
        reduced = self.results(*arguments)
        for key in ("program", "recheck", "verdict", "exhaustive", "max_segments", "max_over_growth"):
            self.assertEqual([each[key] for each in by_states], [each[key] for each in reduced])

    def test_what_is_not_seen_in_states_is_refused(self):
        self.assert_usage_error("--slab shared", *self.STATES, "--program", "a f | a f", "--slab", "cached")
        self.assert_usage_error("gifts", *self.STATES, "--program", "a g>1 | t f")
        self.assert_usage_error("--emit-steps", *self.STATES, "--program", "a f", "--emit-steps", "steps")
        self.assert_usage_error("--estimate", *self.STATES, "--program", "a f", "--estimate")
        self.assert_usage_error("--exact", "--program", "a f", "--exact")

    def test_scenarios_of_many_threads_are_searched_by_their_states(self):
        for name in ("six_threads_grow_at_once", "eight_threads_fill_two_segments"):
            result = self.result("--scenario", name)
            self.assertEqual(result["search"], "states")
            self.assertTrue(result["exhaustive"])
        listed = '--program "a | a | a | a | a | a" --capacity 1 --recheck new --search states'
        self.assertIn(listed, self.run_check("--list").stdout)


class MemoryTest(CheckTest):
    def test_json_and_table_tell_the_memory_model(self):
        for arguments, search, memory in (
            ([], "dpor", "relacy"),
            (["--search", "graph"], "graph", "cpp20"),
            (["--search", "full"], "full", "relacy"),
            (["--memory", "cpp20"], "graph", "cpp20"),
            (["--memory", "rc11"], "graph", "rc11"),
            (["--memory", "relacy"], "dpor", "relacy"),
            (["--memory", "relacy", "--search", "random"], "random", "relacy"),
        ):
            result = self.result("--program", "a | a", *arguments)
            self.assertEqual((result["search"], result["memory"]), (search, memory))
            table = self.run_check("--program", "a | a", *arguments).stdout
            self.assertRegex(table, rf"search  memory .*\n.* {search} +{memory} ")

    def test_search_that_cannot_run_under_the_model_is_refused(self):
        for search, memory in (("graph", "relacy"), ("dpor", "cpp20"), ("full", "rc11"), ("random", "cpp20")):
            self.assert_usage_error(
                f"--search {search} cannot run under --memory {memory}",
                "--program", "a", "--search", search, "--memory", memory,
            )  # fmt: skip
        self.assert_usage_error("--memory", "--program", "a", "--memory", "sc")
        self.assert_usage_error("--memory", "--replay", "-", "--memory", "cpp20", text="")

    def test_warnings_are_in_the_json(self):
        self.assertEqual(self.result("--program", "a | a")["warnings"], [])


class ClosedOutputTest(CheckTest):
    """`check ... | head`: nobody reads the rest."""

    def run_with_closed(self, stream, *arguments):
        reader, writer = os.pipe()
        os.close(reader)
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writer}
        done = subprocess.run([self.check, *arguments], **streams, check=False, timeout=300)
        os.close(writer)
        return done.returncode

    def test_violation_still_has_its_whole_trace_results_and_exit_code(self):
        violating = ["--program", "a f d | a", "--search", "graph"]
        whole, trace, results = (self.directory / name for name in ("whole.html", "trace.html", "results.json"))
        self.run_check(*violating, "--trace", str(whole))
        code = self.run_with_closed("stdout", *violating, "--trace", str(trace), "--json", str(results))
        self.assertEqual(code, VIOLATED)
        self.assertEqual(trace.read_text(), whole.read_text())
        self.assertEqual(json.loads(results.read_text())[0]["verdict"], "violated")

    def test_program_that_holds_still_has_its_exit_code(self):
        self.assertEqual(self.run_with_closed("stdout", "--program", "a f"), HOLDS)
        self.assertEqual(self.run_with_closed("stdout", "--list"), HOLDS)

    def test_complaint_that_nobody_reads_still_has_its_exit_code(self):
        self.assertEqual(self.run_with_closed("stderr", "--bogus"), USAGE)


class DrawTest(CheckTest):
    def test_drawing_is_the_picture_of_the_trace(self):
        drawn, traced, text = (self.directory / name for name in ("drawn", "trace.svg", "trace"))
        violating = ["--program", "a f d | a"]
        self.run_check(*violating, "--draw", str(drawn), "--trace", str(text))
        self.run_check(*violating, "--trace", str(traced))
        self.assertTrue(drawn.read_text().startswith("<svg "))
        self.assertEqual(drawn.read_text(), traced.read_text())
        self.assertIn("<-- here", text.read_text())

    def test_execution_that_is_replayed_is_drawn(self):
        drawn = self.directory / "drawn.svg"
        recorded = '{"program":"a","capacity":1,"initial_segments":0,"recheck":"all","protection":"none","schedule":"0"}'
        self.run_check("--replay", "-", "--draw", str(drawn), text=recorded)
        self.assertIn("An execution that holds", drawn.read_text())


class UsageTest(CheckTest):
    def test_bad_input_is_refused_with_a_message(self):
        self.assert_usage_error("q", "--program", "a q")
        self.assert_usage_error("--list", "--scenario", "no_such_scenario")
        self.assert_usage_error("--bogus", "--bogus")
        self.assert_usage_error("unknown search 'x'; expected dpor, states, graph, full, bound, random", "--search", "x")
        self.assert_usage_error("unknown search 'replay'", "--search", "replay")
        self.assert_usage_error("cannot read", "--replay", "/nowhere/at/all")
        self.assert_usage_error("cannot write", "--program", "a f", "--json", "/nowhere/at/all")
        self.assert_usage_error("cannot write", "--program", "a f", "--draw", "/nowhere/at/all")
        self.assert_usage_error("cannot write", "--program", "a f", "--emit-steps", "/nowhere/at/all")
        self.assert_usage_error("--emit-steps", "--program", "a f", "--emit-steps", "steps", "--jobs", "2")
        self.assert_usage_error("slot-states", "--program", "a f d", "--protection", "none")

    def test_hostile_replays_are_refused(self):
        good = '{"program":"a f | a f","capacity":1,"initial_segments":0,"recheck":"new",'
        good += '"protection":"none","schedule":"%s"}'
        self.assertEqual(self.run_check("--replay", "-", text=good % "0x4 1x4").returncode, HOLDS)
        for text in ("", "{}", "[]", "\0", good % "7x9", good % "x", good[:20], good.replace('1,"i', '-1,"i') % "0"):
            self.assertEqual(self.run_check("--replay", "-", text=text).returncode, USAGE, text)

    def test_list_tells_the_slab_of_each_scenario(self):
        self.assertIn("--slab owner --batch 2", self.run_check("--list").stdout)

    def test_list_names_the_default_suite(self):
        done = self.run_check("--list")
        self.assertEqual(done.returncode, HOLDS)
        self.assertGreaterEqual(done.stdout.count("(default suite)"), 12)


def main():
    CheckTest.check, CheckTest.order_counter = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])


if __name__ == "__main__":
    main()
