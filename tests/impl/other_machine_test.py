"""Tests of the library on a machine with pointers of 32 bits, or with the other order of bytes, or of another make,
or under another standard library.

    other_machine_test.py MACHINE SOURCES FLAGS...

Compiles each source, and GoogleTest, for the machine with the flags of the project, and runs what it gets: under
qemu-user where the processor at hand does not run it. That shows sizes, byte order and what the compilers make of them,
but not the memory order of the machine: qemu keeps that of the processor at hand, or a stronger one.
"""

import dataclasses
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests.impl.headers_self_contained_test import EVERY_CLASS, EVERY_HEADER, STRICT, compile_source

GOOGLETEST = pathlib.Path("/usr/src/googletest")
PARTS = ("googletest/src/gtest-all.cc", "googlemock/src/gmock-all.cc", "googlemock/src/gmock_main.cc")
INCLUDES = [
    f"-I{GOOGLETEST}/googletest",
    f"-I{GOOGLETEST}/googlemock",
    f"-isystem{GOOGLETEST}/googletest/include",
    f"-isystem{GOOGLETEST}/googlemock/include",
    "-Iimpl",
    "-I.",
]
ENVIRONMENT = "tests/support/environment.cc"


@dataclasses.dataclass(frozen=True)
class Machine:
    """How to compile for a machine and how to run what comes of it, and what it is to differ in."""

    compiler: str
    clang_flags: tuple
    flags: tuple
    runner: tuple
    difference: str


# The headers of the kernel are the same for both sizes, but only the compiler for 64 bits looks where they lie.
M32 = ("-m32", "-idirafter/usr/include/x86_64-linux-gnu")
# Its std::jthread is there on request only.
LIBCPP = ("-stdlib=libc++", "-fexperimental-library")
MACHINES = {
    "x86": Machine("g++-12", M32, M32, (), "sizeof(void*) == 4"),
    "aarch64": Machine(
        "aarch64-linux-gnu-g++-12",
        ("--target=aarch64-linux-gnu",),
        (),
        ("qemu-aarch64",),
        "sizeof(void*) == 8 && std::is_unsigned_v<char>",
    ),
    "libc++": Machine("clang++-19", LIBCPP, LIBCPP, (), "_LIBCPP_VERSION > 0"),
    "s390x": Machine(
        "s390x-linux-gnu-g++-12",
        ("--target=s390x-linux-gnu",),
        (),
        ("qemu-s390x",),
        "std::endian::native == std::endian::big",
    ),
}


def run(command):
    """The exit status and everything that a command writes."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return result.returncode, result.stdout


class OtherMachineTest(unittest.TestCase):
    machine = None
    sources = []
    flags = []

    @classmethod
    def compile(cls, source, *flags):
        """Fails with what the compiler says, if it says anything."""
        status, output = run([cls.machine.compiler, *cls.machine.flags, "-O1", *flags, str(source)])
        if status != 0:
            raise AssertionError(f"{source}:\n{output}")

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.objects = []
        for source in [*(GOOGLETEST / part for part in PARTS), pathlib.Path(ENVIRONMENT)]:
            cls.objects.append(f"{cls.directory}/{source.stem}.o")
            cls.compile(source, "-std=c++23", *INCLUDES, "-c", "-o", cls.objects[-1])

    def test_the_machine_differs_as_it_is_to(self):
        status, output = compile_source(
            self.machine.compiler,
            f"#include <bit>\n#include <type_traits>\nstatic_assert({self.machine.difference});\n",
            *self.machine.flags,
            "-std=c++23",
            "-fsyntax-only",
        )
        self.assertEqual((status, output), (0, ""))

    def test_strict_users_see_no_warning(self):
        pairs = {
            (self.machine.compiler, self.machine.flags),
            ("clang++-19", self.machine.clang_flags),
        }
        for compiler, flags in pairs:
            with self.subTest(compiler=compiler):
                source = EVERY_HEADER + EVERY_CLASS
                strict = STRICT.get(compiler, STRICT["g++"])
                outcome = compile_source(
                    compiler, source, *flags, "-std=c++23", "-fsyntax-only", "-O2", *strict
                )
                self.assertEqual(outcome, (0, ""))

    def test_the_tests_hold(self):
        self.assertNotEqual(self.sources, [])
        for source in self.sources:
            with self.subTest(source=source):
                program = f"{self.directory}/{pathlib.Path(source).stem}"
                # Static: the runner then need not know where the libraries of the machine lie.
                self.compile(
                    source, *self.flags, *INCLUDES, *self.objects, "-static", "-pthread", "-o", program
                )
                status, output = run([*self.machine.runner, program, "--gtest_brief=1"])
                self.assertEqual(status, 0, output)
                self.assertIn("[  PASSED  ]", output)


if __name__ == "__main__":
    OtherMachineTest.machine = MACHINES[sys.argv[1]]
    OtherMachineTest.sources = [each for each in sys.argv[2:] if each.endswith(".cc")]
    OtherMachineTest.flags = [each for each in sys.argv[2:] if not each.endswith(".cc")]
    unittest.main(argv=sys.argv[:1], verbosity=2)
