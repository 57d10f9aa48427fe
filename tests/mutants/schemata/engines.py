"""The engines: what each is built from, how it runs, and what counts as a kill."""

import dataclasses
import functools
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time

# A run that takes more processor time than so many times the run without a mutant, and so many seconds more, has no end.
_TIMES = 10
_MORE_SECONDS = 5
# Who waits for a lock uses no processor time; other programs may have the processor.
_WALL_TIMES = 10
_MODEL = "tests/checker"


@dataclasses.dataclass(frozen=True)
class Engine:
    """`label` is what Bazel builds with the shipped headers, `source` what is compiled anew with the mutants, by `compiler`.
    `runner` runs the program that comes of it.
    """

    name: str
    label: str
    source: str
    arguments: tuple[str, ...] = ()
    is_checker: bool = False
    compiler: tuple[str, ...] = ("g++",)
    runner: tuple[str, ...] = ()
    is_optimised: bool = False  # a test of what threads see needs the speed

    @property
    def prints_counts(self):
        return "{results}" in self.arguments


def _test(name, folder="tests/impl"):
    is_checker = folder == _MODEL
    return Engine(name, f"//{folder}:{name}", f"{folder}/{name}.cc", ("--gtest_fail_fast", "--gtest_brief"), is_checker)


def _tool(name, compiler, runner=()):
    """A program that asks a tool that watches memory what it was told."""
    folder = "tests/impl/instrumentation"
    return Engine(f"{name}_check", f"//{folder}:instrumentation_test", f"{folder}/{name}_check.cc", compiler=compiler, runner=runner)


_CHECK = ("//model/command:check", "model/slab/subject_factory.cc")
RESULTS = ("--quiet", "--no-minimize", "--json", "{results}")

# Of the default suite: their executions take most of its time.
_LONG = ("three_growers_one_of_them_twice", "three_growers_of_segments_of_two", "two_trims", "trim_against_refused_growth",
         "head_comes_back_during_a_push")  # fmt: skip
SHORT = "{short}"  # all others
SHORT_SHARED = "{short of shared slabs}"

ENGINES = [
    Engine("default suite, short", *_CHECK, ("--scenario", SHORT, *RESULTS), True),
    Engine("default suite, long", *_CHECK, ("--scenario", *_LONG, *RESULTS), True),
    *(_test(f"{name}_checked_test", _MODEL) for name in
      ("segment_chunk", "shared_growth", "page_release", "thread_cache", "slab_owner", "wrappers", "locked_calls",
       "magazine_depot")),
    _test("object_lifetime_test", _MODEL),
    *(_test(f"{name}_test") for name in (
        "extendable_slab", "slab", "batch", "misuse", "reserve_and_clear", "failing_backing", "fault_plan", "slot_states",
        "segment_directory", "open_set", "segment_chunk", "layout", "backing", "batch_policy", "contents", "destroy",
        "link_lifetime", "lock_count", "object_factory", "object_owner", "slab_owner", "growth_race", "redzone",
        "size_classed", "statistics", "trim_policy", "watermark", "with_fallback", "allocator", "slab_resource", "trim",
        "cached_slab", "shared_growth", "page_release", "fork_guard", "concurrency", "slot_shape", "std_sync",
        "never_destroyed", "segment_limit", "instrumentation_calls", "std_blocking_sync", "siphash_mac")),
    Engine("std_sync_litmus_test", "//tests/impl:std_sync_litmus_test", "tests/impl/std_sync_litmus_test.cc", is_optimised=True),
    _tool("address_sanitizer", ("clang++-19", "-fsanitize=address")),
    _tool("memory_sanitizer", ("clang++-19", "-fsanitize=memory")),
    _tool("valgrind_memcheck", ("g++",), ("valgrind", "-q", "--error-exitcode=1")),
    Engine("default suite, graph", *_CHECK, ("--search", "graph", *RESULTS), True),
    Engine("programs of two operations", *_CHECK, ("--enumerate", "threads=2,ops=2,capacity=2", *RESULTS), True),
]  # fmt: skip


@dataclasses.dataclass
class Baseline:
    """A run without a mutant: its processor time, what it counts, and which mutants it reaches."""

    seconds: float
    counts: list
    reached: set


@dataclasses.dataclass
class Outcome:
    """`killed_as` is empty where the engine noticed nothing."""

    killed_as: str
    seconds: float


@functools.cache
def _short_scenarios(binary, placeholder):
    """The scenarios of the default suite that are not long ones, as the checker lists them."""
    listed = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout
    scenarios = re.findall(r"^(\w+) \(default suite\)\n.*\n  (.*)$", listed, re.MULTILINE)
    is_shared_only = placeholder == SHORT_SHARED
    return [name for name, options in scenarios if name not in _LONG and not (is_shared_only and "--slab" in options)]


def _command(engine, binary, results):
    command = [*engine.runner, str(binary)]
    for each in engine.arguments:
        if each in (SHORT, SHORT_SHARED):
            command += _short_scenarios(str(binary), each)
        else:
            command.append(each.format(results=results))
    return command


def _limits(processor_seconds):
    def set_limits():
        resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.setsid()

    return set_limits


def run(engine, binary, number, seconds=30.0, reached=None):
    """(return code or None where there was no end, output, what was counted, seconds)."""
    processor_seconds = int(_TIMES * seconds + _MORE_SECONDS)
    environment = dict(os.environ, SLABPROOF_MUTANT=str(number))
    if reached:
        environment["SLABPROOF_MUTANTS_REACHED"] = str(reached)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile("w+", errors="replace") as output:
        results = pathlib.Path(scratch) / "results.json"
        command = _command(engine, binary, results)
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=scratch,
            preexec_fn=_limits(processor_seconds)
        )  # fmt: skip
        try:
            returncode = process.wait(_WALL_TIMES * processor_seconds)
        except subprocess.TimeoutExpired:
            returncode = None
        finally:
            _end_group(process)
        if returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            returncode = None
        output.seek(0)
        counted = json.loads(results.read_text()) if results.exists() and results.stat().st_size else []
        return returncode, output.read(), counted, time.monotonic() - start


def _end_group(process):
    """What it started may outlive it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _counts(results):
    return [[each["scenario"], each["program"], each["executions"], each["verdict"]] for each in results]


def baseline(engine, binary, mutants):
    """None where the engine fails without a mutant: then it says nothing of mutants."""
    with tempfile.NamedTemporaryFile() as marks:
        marks.write(bytes(mutants + 1))
        marks.flush()
        returncode, _, results, _ = run(engine, binary, 0, reached=marks.name)
        reached = {number for number, mark in enumerate(pathlib.Path(marks.name).read_bytes()) if mark}
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    again, *_ = run(engine, binary, 0)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    return Baseline(seconds, _counts(results), reached) if returncode == again == 0 else None


def attempt(engine, binary, number, base):
    """Runs the engine on one mutant."""
    returncode, output, results, seconds = run(engine, binary, number, base.seconds)
    return Outcome(judged(engine, returncode, output, results, base), round(seconds, 2))


def judged(engine, returncode, output, results, base):
    """What the mutant was killed as."""
    if returncode is None:
        return "no end"
    violated = [each["property"] for each in results if each["verdict"] == "violated"]
    if violated:
        return violated[0] or "violation"
    if returncode < 0:
        return signal.Signals(-returncode).name
    if engine.prints_counts:
        return "other counts" if _counts(results) != base.counts else f"exit {returncode}" if returncode else ""
    failed = re.search(r"\[  FAILED  \] (\w+\.\w+)", output)
    return "" if returncode == 0 else failed[1] if failed else f"exit {returncode}"
