#!/usr/bin/env python3
"""Measures the model checker: `./verify bench-check` runs it, and --help lists its options.

    bench_check.py --check CHECK [--out DIR] [--runs N] [--time-limit S]
    bench_check.py --check CHECK --memory [--executions N]

Without --memory: a table (Markdown, also on standard output) of executions, redundant executions,
executions/s, wall time and peak memory for each program and search, and a plot of executions
against threads. The runs of all rows are interleaved, so that a busy minute of the machine hits
every row alike, and each figure is the median of its runs.

With --memory: the resident memory of one exploration, sampled while it runs.
"""

import argparse
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SEARCHES = {
    "full": ["--search", "full"],
    "bound 2": ["--search", "bound", "--bound", "2"],
    "dpor": ["--search", "dpor", "--no-symmetry"],
    "dpor, symmetry": ["--search", "dpor"],
    "graph": ["--search", "graph", "--no-symmetry"],
    "graph, symmetry": ["--search", "graph"],
}
# A run that is shorter than this has no figure of memory.
SAMPLE_SECONDS = 0.002
SCENARIOS = ["trim_against_growth", "two_trims", "bad_pointers_during_growth"]


@dataclasses.dataclass
class Row:
    """One line of the table: a program, a search, and what its runs gave."""

    name: str
    threads: int | None  # of the programs that the plot compares
    search: str
    arguments: list
    runs: list = dataclasses.field(default_factory=list)  # (record of check --json, seconds, KiB)

    def median(self, figure):
        return statistics.median(figure(run) for run in self.runs)


def rows():
    """Every program with every search."""
    programs = [(f"{n} x `a f`", n, " | ".join(["a f"] * n)) for n in range(2, 6)]
    programs += [(f"{n} x `a f a f`", None, " | ".join(["a f a f"] * n)) for n in range(2, 4)]
    what = [
        (name, threads, ["--program", program, "--capacity", "1", "--recheck", "new"])
        for name, threads, program in programs
    ]
    what += [(scenario, None, ["--scenario", scenario]) for scenario in SCENARIOS]
    return [
        Row(name, threads, search, [*program, *flags])
        for name, threads, program in what
        for search, flags in SEARCHES.items()
    ]


def memory_kib(pid, figure):
    """A figure of /proc/PID/status; 0 where the process has just ended.

    Not the peak that wait4 reports: that one includes the memory of this script, from which the
    process was forked.
    """
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(figure)), 0)


def measure(check, row, time_limit):
    """Runs a row once; raises if the checker refuses or finds a violation."""
    with tempfile.TemporaryDirectory() as scratch:
        results = pathlib.Path(scratch) / "results.json"
        command = [check, *row.arguments, "--time-limit", str(time_limit), "--quiet", "--json", results]
        start = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            peak = 0
            while process.poll() is None:
                peak = max(peak, memory_kib(process.pid, "VmHWM"))
                time.sleep(SAMPLE_SECONDS)
        seconds = time.monotonic() - start
        code = process.returncode
        if code not in (0, 3):
            raise RuntimeError(f"{row.name}, {row.search}: the checker ended with {code}")
        row.runs.append((json.loads(results.read_text())[0], seconds, peak))


def is_finished(row):
    """Whether each run did all that its search is for."""
    return all(record["verdict"] != "inconclusive" for record, _, _ in row.runs)


def table(measured, runs, time_limit):
    """The rows as Markdown."""
    lines = [
        f"Medians of {runs} interleaved runs; a search is cut after {time_limit:g} s, and its counts "
        "are then marked `>`.",
        "",
        "| program | search | executions | redundant | executions/s | wall time | peak RSS |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in measured:
        executions = row.median(lambda run: run[0]["executions"])
        seconds = row.median(lambda run: run[0]["seconds"])
        rate = f"{executions / seconds:,.0f}" if seconds >= 0.001 else "-"
        peak = max(kib for _, _, kib in row.runs)
        # Below a mebibyte the only sample came before the checker was loaded.
        memory = f"{peak / 1024:.1f} MiB" if peak >= 1024 else "-"
        lines.append(
            f"| {row.name} | {row.search} | {'' if is_finished(row) else '> '}{executions:,.0f} "
            f"| {row.median(lambda run: run[0]['redundant']):,.0f} | {rate} "
            f"| {row.median(lambda run: run[1]):.3f} s "
            f"| {memory} |"
        )
    return "\n".join(lines) + "\n"


def plot(measured, file):
    """Executions against threads, for the searches that finished."""
    import matplotlib  # here, so that the table needs no plotting library

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for search in ["full", "dpor", "dpor, symmetry"]:
        points = [
            (row.threads, row.median(lambda run: run[0]["executions"]))
            for row in measured
            if row.threads and row.search == search and is_finished(row)
        ]
        if points:
            axes.plot(*zip(*points), marker="o", label=search)
    axes.set_yscale("log")
    axes.set_xticks(sorted({row.threads for row in measured if row.threads}))
    axes.set_xlabel("threads, each runs `a f`")
    axes.set_ylabel("executions")
    axes.set_title("Executions of a finished search (capacity 1, recheck new)")
    axes.grid(True, which="major", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(file)


def show_memory(check, executions):
    """Prints the resident memory of a long exploration, about thirty times."""
    program = " | ".join(["a f"] * 5)
    with tempfile.TemporaryDirectory() as scratch:
        results = pathlib.Path(scratch) / "results.json"
        command = [
            check, "--program", program, "--capacity", "1", "--recheck", "new", "--no-symmetry",
            "--iterations", str(executions), "--quiet", "--json", str(results),
        ]
        samples = []
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            start = time.monotonic()
            while process.poll() is None:
                samples.append((time.monotonic() - start, memory_kib(process.pid, "VmRSS")))
                time.sleep(1)
        samples = [(seconds, kib) for seconds, kib in samples if kib != 0]
        record = json.loads(results.read_text())[0]
    print(f"{record['executions']:,} executions in {record['seconds']:.1f} s")
    for seconds, kib in samples[:: max(1, len(samples) // 30)]:
        print(f"{seconds:7.1f} s  {kib / 1024:8.1f} MiB")
    settled = [kib for _, kib in samples[1:]] or [kib for _, kib in samples]
    print(f"after the first second: {min(settled) / 1024:.1f} to {max(settled) / 1024:.1f} MiB")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=pathlib.Path, help="directory for the table and the plot")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--time-limit", type=float, default=10, help="seconds for each run")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--executions", type=int, default=10_000_000, help="for --memory")
    options = parser.parse_args()
    if options.memory:
        show_memory(options.check, options.executions)
        return 0
    measured = rows()
    for _ in range(options.runs):
        for row in measured:
            measure(options.check, row, options.time_limit)
    text = table(measured, options.runs, options.time_limit)
    print(text, end="")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "bench-check.md").write_text(text)
        plot(measured, options.out / "bench-check.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
