"""The instructions of the production policy are those of the orders that are asked for, on one machine.

    std_sync_instructions_test.py x86-64|aarch64

Compiles a function for each operation and each order, and reads them back from the disassembly. On aarch64 an instruction
names its order, so that each wrong one is another instruction; x86-64 has one for most of them.
"""

import dataclasses
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ORDERS = ("relaxed", "acquire", "release", "acq_rel", "seq_cst")
# (success, failure) of a compare-exchange.
PAIRS = (("relaxed", "relaxed"), ("acquire", "relaxed"), ("acquire", "acquire"), ("relaxed", "acquire"),
         ("release", "relaxed"), ("release", "acquire"), ("acq_rel", "relaxed"), ("acq_rel", "acquire"),
         ("seq_cst", "seq_cst"))  # fmt: skip
_MODIFY = ("exchange", "fetch_add", "fetch_sub")


@dataclasses.dataclass(frozen=True)
class Machine:
    """How to compile for a machine, which of its instructions access memory or order accesses, and which are expected."""

    compiler: tuple
    objdump: str
    of_interest: str
    expected: dict
    weak_and_strong: tuple  # flags that show the difference between both forms, and what is there of the strong form alone


def _of_each(names, orders, instructions):
    return {f"{name}_{order}": [instruction] for name in names for order, instruction in zip(orders, instructions)}


def _x86_64():
    expected = _of_each(["load"], ("relaxed", "acquire", "seq_cst"), ["mov"] * 3)
    expected |= _of_each(["store"], ("relaxed", "release", "seq_cst"), ["mov", "mov", "xchg"])
    expected |= _of_each(["exchange"], ORDERS, ["xchg"] * 5)
    expected |= _of_each(["fetch_add", "fetch_sub"], ORDERS, ["lock xadd"] * 5)
    for form in ("weak", "strong"):
        expected |= {f"{form}_{success}_{failure}": ["lock cmpxchg"] for success, failure in PAIRS}
    # Locked accesses order everything, and the cheapest is one of the stack.
    expected |= _of_each(["fence"], ORDERS, [None, None, None, None, "lock orq"])
    return {name: [each for each in found if each] for name, found in expected.items()}


def _aarch64():
    expected = _of_each(["load"], ("relaxed", "acquire", "seq_cst"), ["ldr", "ldar", "ldar"])
    expected |= _of_each(["store"], ("relaxed", "release", "seq_cst"), ["str", "stlr", "stlr"])
    suffixes = dict(zip(ORDERS, ("", "a", "l", "al", "al")))
    expected |= {f"exchange_{order}": [f"swp{suffix}"] for order, suffix in suffixes.items()}
    expected |= {f"{name}_{order}": [f"ldadd{suffix}"] for name in ("fetch_add", "fetch_sub") for order, suffix in suffixes.items()}
    for form in ("weak", "strong"):
        for success, failure in PAIRS:
            # g++ takes the strongest order where that of the failure asks for more than that of the success.
            is_strongest = success == "relaxed" and failure != "relaxed"
            acquires = "a" if success in ("acquire", "acq_rel", "seq_cst") or failure != "relaxed" else ""
            releases = "l" if success in ("release", "acq_rel", "seq_cst") or is_strongest else ""
            expected[f"{form}_{success}_{failure}"] = [f"cas{acquires}{releases}"]
    fences = (None, "dmb ishld", "dmb ish", "dmb ish", "dmb ish")
    return {name: [each for each in found if each] for name, found in (expected | _of_each(["fence"], ORDERS, fences)).items()}


# On x86-64 what a function does with its own stack and registers is left out.
MACHINES = {
    "x86-64": Machine(
        ("g++-12",), "objdump", r"lock \w+|xchg|[lms]fence|mov(?=l? .*\(%rdi\))", _x86_64(), ()
    ),
    "aarch64": Machine(
        ("aarch64-linux-gnu-g++-12", "-march=armv8.1-a"), "aarch64-linux-gnu-objdump",
        r"dmb \w+|(?:ld|st|swp|cas)\w*", _aarch64(), ("-march=armv8-a", "-mno-outline-atomics"),
    ),
}  # fmt: skip


def source():
    """One function of C for each operation and order."""
    functions = [
        f"int load_{order}(Number& x) {{ return x.load(std::memory_order::{order}); }}"
        for order in ("relaxed", "acquire", "seq_cst")
    ]
    functions += [
        f"void store_{order}(Number& x, int value) {{ x.store(value, std::memory_order::{order}); }}"
        for order in ("relaxed", "release", "seq_cst")
    ]
    functions += [
        f"int {name}_{order}(Number& x, int value) {{ return x.{name}(value, std::memory_order::{order}); }}"
        for name in _MODIFY
        for order in ORDERS
    ]
    functions += [
        f"bool {form}_{success}_{failure}(Number& x, int expected) {{"
        f" return x.compare_exchange_{form}(expected, 7, std::memory_order::{success}, std::memory_order::{failure}); }}"
        for form in ("weak", "strong")
        for success, failure in PAIRS
    ]
    functions += [f"void fence_{order}() {{ Sync::fence(std::memory_order::{order}); }}" for order in ORDERS]
    functions += [
        "void pause_once() { Sync::pause(); }",
        "void lock_and_unlock(Sync::Mutex& mutex) { mutex.lock(); mutex.unlock(); }",
        "int read_variable(Sync::Var<int>& x) { return x.read(); }",
        "void write_variable(Sync::Var<int>& x) { x.write() = 7; }",
    ]
    head = '#include "slabproof/std_sync.h"\nusing Sync = slabproof::StdSync;\nusing Number = Sync::Atomic<int>;\n'
    return head + 'extern "C" {\n' + "\n".join(functions) + "\n}\n"


def disassembled(machine, *flags):
    """{function: its instructions as text}."""
    with tempfile.TemporaryDirectory() as directory:
        target = pathlib.Path(directory) / "sync.o"
        command = [*machine.compiler, *flags, "-std=c++23", "-O2", "-Iimpl", "-x", "c++", "-c", "-", "-o", str(target)]
        subprocess.run(command, input=source(), text=True, check=True)
        text = subprocess.run(
            [machine.objdump, "-dr", "--no-show-raw-insn", str(target)], capture_output=True, text=True, check=True
        ).stdout  # fmt: skip
    functions = {}
    for block in re.split(r"\n(?=[0-9a-f]+ <)", text):
        name = re.match(r"[0-9a-f]+ <([\w.]+)>:\n", block)
        if name:
            functions[name[1]] = [" ".join(line.split(":", 1)[1].split()) for line in block.splitlines()[1:] if ":" in line]
    return functions


class InstructionsTest(unittest.TestCase):
    machine = None

    @classmethod
    def setUpClass(cls):
        cls.functions = disassembled(cls.machine)

    def found(self, function):
        # What stands behind the return only fills the space to the next function.
        body = itertools.takewhile(lambda line: line != "ret", self.functions[function])
        matches = (re.match(self.machine.of_interest, line) for line in body)
        return [match[0] for match in matches if match]

    def called(self, function):
        """By the linker's notes."""
        return [match[1] for line in self.functions[function] if (match := re.match(r"R_\w+ (\w+)", line))]

    def test_each_operation_has_the_instruction_of_its_order(self):
        for function, expected in self.machine.expected.items():
            with self.subTest(function):
                self.assertEqual(self.found(function), expected, "\n".join(self.functions[function]))

    def test_strong_exchange_tries_again_and_weak_one_does_not(self):
        if not self.machine.weak_and_strong:
            self.skipTest("both forms are one instruction")
        functions = disassembled(self.machine, *self.machine.weak_and_strong)
        for success, failure in PAIRS:
            with self.subTest(success=success, failure=failure):
                tries = [any(line.startswith("cbnz") for line in functions[f"{form}_{success}_{failure}"]) for form in ("weak", "strong")]
                self.assertEqual(tries, [False, True])

    def test_pause_lets_another_thread_run(self):
        self.assertEqual(self.called("pause_once"), ["sched_yield"])

    def test_mutex_is_locked_and_unlocked(self):
        called = [each for each in self.called("lock_and_unlock") if each.startswith("pthread")]
        self.assertEqual(called, ["pthread_mutex_lock", "pthread_mutex_unlock"])

    def test_plain_variable_costs_one_plain_access(self):
        for function, plain in (("read_variable", "load_relaxed"), ("write_variable", "store_relaxed")):
            self.assertEqual(self.found(function), self.found(plain))


if __name__ == "__main__":
    InstructionsTest.machine = MACHINES[sys.argv[1]]
    unittest.main(argv=sys.argv[:1], verbosity=2)
