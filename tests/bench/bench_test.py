"""What the tables of ./verify bench say, shown on saved output of the benchmark program."""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

from tests.bench import bench, figures, tables
from tests.bench.figures import Contender, MeasurementError

_DIRECTORY = pathlib.Path("tests/bench")
_CONTENDERS = [
    Contender("slabproof cached", "slabproof cached", "ours"),
    Contender("glibc", "malloc"),
    Contender("jemalloc", "malloc", preload="libjemalloc.so.2"),
    Contender("bare per-thread stack", "bare per-thread stack", "limit"),
]


def saved_runs():
    records = json.loads((_DIRECTORY / "testdata" / "runs.json").read_text())
    return [(record["workload"], record["contender"], record["document"]) for record in records]


def saved_rows():
    return {row.name: row for row in figures.merge(saved_runs(), _CONTENDERS)}


class MergeTest(unittest.TestCase):
    def test_figure_of_repetitions_is_their_median_with_all_samples(self):
        figure = saved_rows()["hot"].figures["glibc"]
        self.assertEqual((figure.median, figure.samples), (10.0, (10.0, 8.0, 12.5)))

    def test_best_peer_is_neither_ours_nor_the_limit(self):
        row = saved_rows()["hot"]
        medians = {name: figure.median for name, figure in row.figures.items()}
        self.assertEqual(row.best_peer, "jemalloc")
        self.assertLess(medians["slabproof cached"], medians["jemalloc"])
        self.assertLess(medians["bare per-thread stack"], medians["jemalloc"])

    def test_ratio_is_that_of_medians_to_the_best_peer(self):
        ratios = {name: figure.ratio for name, figure in saved_rows()["hot"].figures.items()}
        self.assertEqual(
            ratios,
            {"slabproof cached": 0.5, "glibc": 2.0, "jemalloc": 1.0, "bare per-thread stack": 0.2},
        )

    def test_without_a_peer_there_is_no_ratio(self):
        row = saved_rows()["free-random/16"]
        self.assertEqual((row.best_peer, row.figures["slabproof cached"].ratio), (None, None))

    def test_workload_with_several_figures_gives_a_row_for_each(self):
        rows = saved_rows()
        growth = {name: row.figures["glibc"].median for name, row in rows.items() if name.startswith("growth")}
        self.assertEqual(
            growth, {"growth p50": 31.0, "growth p99": 64.0, "growth p99.9": 1200.0, "growth max": 250000.0}
        )

    def test_memory_is_in_bytes(self):
        row = saved_rows()["bytes/64"]
        self.assertEqual((row.unit, row.figures["glibc"].median), ("bytes", 80.1))

    def test_run_that_failed_is_an_error(self):
        document = {"benchmarks": [{"name": "list", "error_occurred": True, "error_message": "not read again"}]}
        with self.assertRaisesRegex(MeasurementError, "list: not read again"):
            figures.figures_of(document)

    def test_json_holds_median_spread_and_ratio(self):
        (hot,) = (row for row in figures.as_json(saved_rows().values()) if row["workload"] == "hot")
        self.assertEqual(
            hot["figures"]["glibc"],
            {"median": 10.0, "min": 8.0, "max": 12.5, "samples": [10.0, 8.0, 12.5], "ratio": 2.0},
        )


class TableTest(unittest.TestCase):
    def test_cell_has_median_spread_and_ratio(self):
        self.assertEqual(tables.cell(saved_rows()["hot"], "glibc"), "10.0 (8.00-12.5) x2.00")

    def test_best_peer_is_bold(self):
        self.assertEqual(tables.cell(saved_rows()["hot"], "jemalloc"), "**5.00** (4.00-10.0) x1.00")

    def test_contender_that_does_not_serve_a_workload_has_a_dash(self):
        self.assertEqual(tables.cell(saved_rows()["bytes/64"], "jemalloc"), "-")

    def test_every_row_is_in_a_table(self):
        rows = list(saved_rows().values())
        shown = [row for _, members in tables.group_rows(rows) for row in members]
        self.assertCountEqual(shown, rows)

    def test_table_has_a_line_for_each_contender_that_serves_it(self):
        page = tables.markdown(list(saved_rows().values()), _CONTENDERS, 3)
        growth = page.split("## One allocate while memory grows, ns")[1].split("##")[0]
        self.assertEqual(
            growth.strip().splitlines(),
            [
                "|  | growth p50 | growth p99 | growth p99.9 | growth max |",
                "|---|--:|--:|--:|--:|",
                "| glibc | **31.0** x1.00 | **64.0** x1.00 | **1,200** x1.00 | **250,000** x1.00 |",
            ],
        )

    def test_instructions_are_added_up(self):
        page = tables.instructions_markdown({"glibc": {"allocate": 20.5, "free": 30.0}})
        self.assertIn("| glibc | 20.5 | 30.0 | 50.5 |", page)


class RunTest(unittest.TestCase):
    def test_contenders_come_in_turn_and_each_first_once(self):
        order = list(bench.interleaved(["hot"], ["a", "b"], 2))
        self.assertEqual(order, [("hot", "a"), ("hot", "b"), ("hot", "b"), ("hot", "a")])

    def test_malloc_stands_for_each_library(self):
        found = bench.contenders_of(["malloc", "slabproof shared", "tbbmalloc"], {"mine": "/x/libmine.so"})
        self.assertEqual(
            [contender.name for contender in found],
            ["slabproof shared", "glibc", "jemalloc", "tcmalloc", "mimalloc", "mine", "tbbmalloc"],
        )
        self.assertEqual({c.name: c.preload for c in found}["mine"], "/x/libmine.so")

    def test_allocator_of_one_thread_is_no_peer_of_those_that_are_safe(self):
        (found,) = bench.contenders_of(["boost::object_pool"], {})
        self.assertNotEqual(found.kind, "peer")

    def test_only_the_contenders_library_is_preloaded(self):
        with unittest.mock.patch.dict(os.environ, {"LD_PRELOAD": "/of/the/caller.so"}):
            self.assertEqual(bench.environment_of(_CONTENDERS[2])["LD_PRELOAD"], "libjemalloc.so.2")
            self.assertNotIn("LD_PRELOAD", bench.environment_of(_CONTENDERS[1]))

    def test_library_that_was_not_loaded_is_an_error(self):
        document = {"context": {"malloc": "/lib/x86_64-linux-gnu/libc.so.6"}}
        bench.check_malloc(_CONTENDERS[1], document)
        with self.assertRaisesRegex(MeasurementError, "jemalloc: malloc is that of libc.so.6"):
            bench.check_malloc(_CONTENDERS[2], document)

    def test_file_of_the_library_may_have_another_version(self):
        document = {"context": {"malloc": "/usr/lib/libtcmalloc_minimal.so.4.5.10"}}
        bench.check_malloc(Contender("tcmalloc", "malloc", preload="libtcmalloc_minimal.so.4"), document)

    def test_peer_must_be_a_library_that_exists(self):
        with self.assertRaisesRegex(argparse.ArgumentTypeError, "expected NAME=PATH"):
            bench.peer_of("mine=/no/such/library.so")

    def test_time_of_a_run_must_be_one(self):
        for text in ["0", "-1", "nan", "inf", "soon"]:
            with self.subTest(text), self.assertRaisesRegex(argparse.ArgumentTypeError, "expected seconds"):
                bench.seconds(text)
        self.assertEqual(bench.seconds("0.5"), 0.5)

    def test_quick_run_has_fewer_segments_and_counts_no_instructions(self):
        options = bench.parse(["--program", "x", "--quick"])
        cases = [("malloc", name) for name in ("hot", "hits", "free-random/256", "free-random/4096")]
        self.assertEqual(bench.select(options, cases)[1], ["hot", "free-random/256"])

    def test_patterns_select(self):
        options = bench.parse(["--program", "x", "--contender", "^gl", "--workload", "batch"])
        contenders, workloads = bench.select(options, [("malloc", "hot"), ("malloc", "batch/1")])
        self.assertEqual(([c.name for c in contenders], workloads), (["glibc"], ["batch/1"]))


class InstructionsTest(unittest.TestCase):
    def test_count_is_the_total_of_the_profile(self):
        self.assertEqual(bench.instructions_in("events: Ir\nsummary: 42000\n\nfn=(1) f\n3 7\n"), 42000)

    def test_profile_without_the_function_is_an_error(self):
        with self.assertRaisesRegex(MeasurementError, "did not see the function"):
            bench.instructions_in("events: Ir\nsummary: 0\n")


class ProgramTest(unittest.TestCase):
    """The whole, with a program that prints saved output."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.program = self.scratch / "program"

    def write_program(self, output):
        self.program.write_text(
            "#!/bin/sh\n"
            "if [ \"$1\" = --list ]; then printf 'malloc\\thot\\n'; exit; fi\n"
            f"cat <<'END'\n{output}\nEND\n"
        )
        self.program.chmod(0o755)

    def run_bench(self, *arguments):
        return bench.main(["--program", str(self.program), "--contender", "glibc", *arguments])

    def test_it_writes_what_it_measured(self):
        self.write_program(json.dumps(saved_runs()[1][2]))
        out = self.scratch / "out"
        # The tests do without the plotting library.
        with unittest.mock.patch.dict(sys.modules, {"tests.bench.plots": unittest.mock.Mock()}) as modules:
            self.assertEqual(self.run_bench("--out", str(out)), 0)
            modules["tests.bench.plots"].draw_all.assert_called_once()
        (row,) = json.loads((out / "bench.json").read_text())["rows"]
        self.assertEqual((row["workload"], row["figures"]["glibc"]["samples"]), ("hot", [10.0] * 3))
        self.assertIn("| glibc | **10.0** (10.0-10.0) x1.00 |", (out / "bench.md").read_text())

    def test_program_that_fails_is_an_error(self):
        self.program.write_text("#!/bin/sh\n[ \"$1\" = --list ] && printf 'malloc\\thot\\n'\n")
        self.program.chmod(0o755)
        self.assertEqual(self.run_bench(), 2)

    def test_name_that_nothing_matches_is_an_error(self):
        self.write_program("")
        self.assertEqual(self.run_bench("--workload", "none of them"), 2)
