"""Tools that watch memory find in a slab what they find in the C heap, and nothing in a program without errors.

Each tool has a build of its own of errors_in_a_slab.cc, which has one error of a kind in a slab of a family.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).parent
SOURCE = FOLDER / "errors_in_a_slab.cc"
FLAGS = ["-std=c++23", "-g", "-Wall", "-Wextra", "-Werror", "-Iimpl", "-I."]
FAMILIES = ["shared", "cached", "fixed", "owner", "hardened"]

UNINITIALISED = "use-of-uninitialized-value"
# For each tool: how to build and to run a program, and what it says of each error. It finds no others.
ADDRESS_SANITIZER = {
    "use-after-free": "use-after-poison",
    "use-after-two-frees": "use-after-poison",
    "write-past-the-block": "use-after-poison",
    "read-of-a-slot-never-used": "use-after-poison",
    "leak-of-a-heap-block": r"LeakSanitizer: detected memory leaks[^$]*4 byte\(s\) leaked in 1 allocation",
}
TOOLS = {
    "AddressSanitizer": (["clang++-19", "-fsanitize=address"], [], ADDRESS_SANITIZER),
    "MemorySanitizer": (
        ["clang++-19", "-fsanitize=memory"],
        [],
        {
            "use-after-free": UNINITIALISED,
            "use-after-two-frees": UNINITIALISED,
            "read-of-a-slot-never-used": UNINITIALISED,
            "read-of-a-fresh-block": UNINITIALISED,
            "stale-read": UNINITIALISED,
        },
    ),
    # Nothing in a slab wraps around. It knows no memory, so there is no error for it to report.
    "the integer sanitizer": (
        ["clang++-19", "-fsanitize=integer", "-fno-sanitize-recover=all"],
        [],
        {},
    ),
    "Valgrind": (
        ["g++", "-DWITH_VALGRIND"],
        ["valgrind", "-q", "--error-exitcode=1", "--leak-check=full", "--show-leak-kinds=definite",
         "--errors-for-leak-kinds=definite"],
        {
            "use-after-free": "Invalid read of size 4",
            "use-after-two-frees": "Invalid read of size 4",
            "write-past-the-block": "Invalid write of size 1",
            "read-of-a-slot-never-used": "Invalid read of size 4",
            "read-of-a-fresh-block": "depends on uninitialised value",
            "stale-read": "depends on uninitialised value",
            "leak-of-a-heap-block": "4 bytes in 1 blocks are definitely lost",
            "leak-of-a-block": "40 bytes in 1 blocks are definitely lost",
        },
    ),
}  # fmt: skip
# A program for a tool that fails unless each call of the policy told the tool what it says.
CHECKS = {
    "AddressSanitizer": "address_sanitizer_check.cc",
    "MemorySanitizer": "memory_sanitizer_check.cc",
    "Valgrind": "valgrind_memcheck_check.cc",
}
ERRORS = ["none", *TOOLS["Valgrind"][2]]
# A cache still names the blocks that it has handed out, so that none of them is lost.
REACHABLE = ("Valgrind", "cached", "leak-of-a-block")


def errors_of(family):
    """All of the first two families; what the others have of their own shows in fewer."""
    return ERRORS if family in FAMILIES[:2] else ["none", "use-after-free", "stale-read"]


def build(directory, tool, source=SOURCE):
    compiler, _, _ = TOOLS[tool]
    program = f"{directory}/{tool.replace(' ', '-')}"
    command = [*compiler, *FLAGS, str(source), "-o", program, "-lpthread"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"{tool}: {result.stderr}")
    return program


def run(program, tool, family, error):
    """The exit status and what the program and the tool wrote."""
    command = [*TOOLS[tool][1], program, family, error]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return result.returncode, result.stdout


class InstrumentationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.results = {}
        with tempfile.TemporaryDirectory() as directory:
            with concurrent.futures.ThreadPoolExecutor(max_workers=2) as executor:
                programs = dict(zip(TOOLS, executor.map(lambda each: build(directory, each), TOOLS)))
                cases = [
                    (t, f, e) for t in TOOLS for f in FAMILIES for e in errors_of(f) if TOOLS[t][2] or e == "none"
                ]
                outcomes = executor.map(lambda case: run(programs[case[0]], *case), cases)
                cls.results = dict(zip(cases, outcomes))

    def test_errors_are_reported(self):
        for tool, (_, _, reports) in TOOLS.items():
            for family in FAMILIES:
                for error in set(reports) & set(errors_of(family)):
                    if (tool, family, error) == REACHABLE:
                        continue
                    with self.subTest(tool=tool, family=family, error=error):
                        status, text = self.results[tool, family, error]
                        self.assertEqual(status, 1, text)
                        self.assertRegex(text, reports[error])

    def test_programs_without_errors_are_clean(self):
        for tool in TOOLS:
            for family in FAMILIES:
                with self.subTest(tool=tool, family=family):
                    self.assertEqual(self.results[tool, family, "none"], (0, ""))

    def test_each_call_tells_a_tool_what_it_says(self):
        for tool, source in CHECKS.items():
            with self.subTest(tool=tool), tempfile.TemporaryDirectory() as directory:
                program = build(directory, tool, FOLDER / source)
                command = [*TOOLS[tool][1], program]
                result = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_slab_that_says_nothing_hides_errors(self):
        # What the reports above are owed to.
        with tempfile.TemporaryDirectory() as directory:
            text = re.sub(
                r"slabproof::BuildInstrumentation;", "slabproof::NoInstrumentation;", SOURCE.read_text()
            )
            source = pathlib.Path(directory) / "uninstrumented.cc"
            source.write_text(text)
            program = f"{directory}/uninstrumented"
            subprocess.run(
                ["clang++-19", *FLAGS, "-fsanitize=address", str(source), "-o", program, "-lpthread"],
                check=True,
            )
            status, text = run(program, "AddressSanitizer", "shared", "use-after-two-frees")
        self.assertEqual((status, text), (0, "reached the end\n"))


if __name__ == "__main__":
    unittest.main()
