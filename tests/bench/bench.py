#!/usr/bin/env python3
"""Measures slabproof against other allocators: `./verify bench` runs it.

Each workload with each contender is a process of its own, so that none meets the memory that
another left. The contenders come in turn, and all of that is repeated, so that a busy minute of the
machine hits every contender alike. The result is a Markdown table on standard output, and in the
directory of --out also as JSON and as plots: medians, spread, ratio to the best peer.

With --instructions: counts the instructions of a hit instead, which is the same on every run.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tests.bench import figures, tables
from tests.bench.figures import Contender, MeasurementError

# Libraries whose malloc takes the place of that of the C library.
PRELOADED = {
    "jemalloc": "libjemalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "mimalloc": "libmimalloc.so.2",
}
# What is neither ours nor, as an allocator that is safe with threads, a peer.
KINDS = {"boost::object_pool": "one thread", "bare per-thread stack": "limit"}
ORDER = ["ours", "peer", "one thread", "limit"]
# The workload in which instructions are counted: not measured for its time.
HITS = "hits"
QUICK_SEGMENTS = 256
# Of the loop in which instructions are counted: a multiple of its blocks.
COUNTED_HITS = 8000
COUNTED_FUNCTIONS = {"allocate": "*::allocate_hits<*", "free": "*::free_hits<*"}


def contenders_of(program_names, peers):
    """The contenders in the order of the tables, from the names that the program lists."""
    found = []
    for name in program_names:
        if name == "malloc":
            libraries = {"glibc": None, **PRELOADED, **peers}
            found += [Contender(as_named, name, preload=library) for as_named, library in libraries.items()]
        else:
            kind = "ours" if name.startswith("slabproof") else KINDS.get(name, "peer")
            found.append(Contender(name, name, kind))
    return sorted(found, key=lambda contender: ORDER.index(contender.kind))


def list_cases(program):
    """[(contender, workload)] that the program knows."""
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True)
    return [tuple(line.split("\t")) for line in listed.stdout.splitlines()]


def environment_of(contender):
    """The environment in which the program has the contender's malloc."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    if contender.preload:
        environment["LD_PRELOAD"] = contender.preload
    return environment


def run_program(command, contender):
    """Its standard output; raises if it fails."""
    done = subprocess.run(command, env=environment_of(contender), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeasurementError(
            f"{contender.name}: {' '.join(map(str, command))} ended with {done.returncode}: {done.stderr}"
        )
    return done.stdout


def check_malloc(contender, document):
    """A library that cannot be preloaded is skipped by the loader: then the figures are another's."""
    library = pathlib.Path(document["context"]["malloc"]).name
    expected = pathlib.Path(contender.preload).name if contender.preload else "libc.so.6"
    if library.split(".so")[0] != expected.split(".so")[0]:
        raise MeasurementError(f"{contender.name}: malloc is that of {library}, not of {expected}")


def measure(options, contender, workload):
    """Runs a workload once: the document of Google Benchmark."""
    command = [
        options.program, "--contender", contender.program_name, "--workload", workload,
        f"--benchmark_min_time={options.min_time}", "--benchmark_format=json",
    ]  # fmt: skip
    if options.quick:
        command.append("--quick")
    document = json.loads(run_program(command, contender))
    check_malloc(contender, document)
    return document


def count_instructions(options, contender):
    """{"allocate": instructions of a hit, "free": ...}."""
    counts = {}
    for what, function in COUNTED_FUNCTIONS.items():
        with tempfile.TemporaryDirectory() as scratch:
            profile = pathlib.Path(scratch) / "callgrind.out"
            command = [
                "valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}",
                f"--toggle-collect={function}", options.program, "--contender", contender.program_name,
                "--hits", str(COUNTED_HITS),
            ]  # fmt: skip
            run_program(command, contender)
            counts[what] = instructions_in(profile.read_text()) / COUNTED_HITS
    return counts


def instructions_in(profile):
    """How many instructions callgrind counted. None at all means that it did not see the function."""
    total = re.search(r"^(?:totals|summary): (\d+)", profile, re.MULTILINE)
    if total is None or int(total[1]) == 0:
        raise MeasurementError("callgrind did not see the function in which it should count")
    return int(total[1])


def interleaved(workloads, contenders, repetitions):
    """(workload, contender) for each run. Who comes first changes with each repetition."""
    for repetition in range(repetitions):
        first = repetition % len(contenders)
        for workload in workloads:
            for contender in contenders[first:] + contenders[:first]:
                yield workload, contender


def peer_of(text):
    name, _, path = text.partition("=")
    if not name or not pathlib.Path(path).is_file():
        raise argparse.ArgumentTypeError(f"expected NAME=PATH of a library, not {text!r}")
    return name, str(pathlib.Path(path).resolve())


def pattern_of(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a valid pattern: {text!r}: {error}") from error


def positive(text):
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a positive number, not {text!r}")
    return int(text)


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 3600:
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0 and less than 3600, not {text!r}")
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="verify bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=pathlib.Path, help="directory for bench.md, bench.json and plots")
    parser.add_argument("--repetitions", type=positive, metavar="R", help="default: 3; with --quick: 1")
    parser.add_argument("--min-time", type=seconds, metavar="SECONDS", help="of each run; default: 0.3")
    parser.add_argument("--quick", action="store_true", help="less work and fewer segments: a minute or so")
    parser.add_argument(
        "--peer", action="append", default=[], type=peer_of, metavar="NAME=PATH",
        help="one more allocator: a library that replaces malloc",
    )  # fmt: skip
    parser.add_argument("--contender", type=pattern_of, metavar="PATTERN", help="only those whose name matches")
    parser.add_argument("--workload", type=pattern_of, metavar="PATTERN", help="only those whose name matches")
    parser.add_argument("--instructions", action="store_true", help="counts the instructions of a hit instead")
    options = parser.parse_args(arguments)
    options.repetitions = options.repetitions or (1 if options.quick else 3)
    options.min_time = options.min_time or (0.01 if options.quick else 0.3)
    return options


def select(options, cases):
    """The contenders and the workloads that the options leave."""
    contenders = contenders_of(dict.fromkeys(name for name, _ in cases), dict(options.peer))
    workloads = list(dict.fromkeys(workload for _, workload in cases if workload != HITS))
    if options.quick:
        segments = re.compile(r"free-\w+/(\d+)")
        workloads = [w for w in workloads if not (m := segments.match(w)) or int(m[1]) <= QUICK_SEGMENTS]
    if options.contender:
        contenders = [c for c in contenders if options.contender.search(c.name)]
    if options.workload:
        workloads = [w for w in workloads if options.workload.search(w)]
    return contenders, workloads


def write(directory, name, text):
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


def report_instructions(options, contenders):
    counts = {contender.name: count_instructions(options, contender) for contender in contenders}
    text = tables.instructions_markdown(counts)
    print(text)
    write(options.out, "instructions.md", text)
    write(options.out, "instructions.json", json.dumps(counts, indent=2) + "\n")


def report_measurements(options, contenders, workloads, known):
    runs = []
    for workload, contender in interleaved(workloads, contenders, options.repetitions):
        if (contender.program_name, workload) in known:
            print(f"bench: {workload}, {contender.name}", file=sys.stderr)
            runs.append((workload, contender.name, measure(options, contender, workload)))
    rows = figures.merge(runs, contenders)
    text = tables.markdown(rows, contenders, options.repetitions)
    print(text)
    write(options.out, "bench.md", text)
    result = {"repetitions": options.repetitions, "context": runs[0][2]["context"], "rows": figures.as_json(rows)}
    write(options.out, "bench.json", json.dumps(result, indent=2) + "\n")
    if options.out:
        from tests.bench import plots  # here, so that the table needs no plotting library

        plots.draw_all(rows, contenders, options.out)


def main(arguments=None):
    options = parse(arguments)
    known = list_cases(options.program)
    contenders, workloads = select(options, known)
    if not contenders or not workloads:
        print("bench: no contender or no workload has such a name", file=sys.stderr)
        return 2
    try:
        if options.instructions:
            report_instructions(options, contenders)
        else:
            report_measurements(options, contenders, workloads, set(known))
    except MeasurementError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
