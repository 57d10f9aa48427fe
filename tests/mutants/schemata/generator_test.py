"""The generator on a small header: which mutants there are, and what the text with all of them does."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from tests.mutants.schemata import generate, mutant, rewrite, same_code

_SOURCE = """
#include <atomic>
#include <optional>

namespace slabproof {

enum class Color { kRed, kGreen };

template <class Mutex>
struct LockGuard {
  explicit LockGuard(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~LockGuard() { mutex_.unlock(); }
  Mutex& mutex_;
};

struct CountingMutex {
  int locks = 0;
  void lock() { ++locks; }
  void unlock() {}
};

constexpr int kLimit = 4;

constexpr int difference(int a, int b) { return a - b; }

struct Counter {
  CountingMutex mutex_;
  int value_ = 0;
  std::atomic<int> seen_{0};

  std::optional<int> next(bool wanted) {
    if (!wanted) return std::nullopt;
    const LockGuard guard(mutex_);
    value_ += 2;
    seen_.store(value_, std::memory_order::release);
    return difference(value_, 1);
  }
  Color color() const { return value_ < kLimit && value_ != 0 ? Color::kRed : Color::kGreen; }
};

}  // namespace slabproof
"""

_PROGRAM = """
#include <cstdio>
#include "slabproof/counter.h"
static_assert(slabproof::difference(3, 1) == 2);
int main() {
  slabproof::Counter counter;
  const int refused = counter.next(false) ? 1 : 0;
  const int first = counter.next(true).value_or(-1);
  std::printf("%d %d %d %d %d\\n", refused, first, counter.value_, counter.mutex_.locks,
              static_cast<int>(counter.color()));
}
"""


def parsed(directory):
    header = pathlib.Path(directory) / "counter.h"
    header.write_text(_SOURCE)
    return mutant.numbered(generate.mutants_of([header]))


class OperatorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as directory:
            cls.mutants = parsed(directory)

    def changes(self, operator, function=None):
        return {
            (each.original, each.replacement)
            for each in self.mutants
            if each.operator == operator and function in (None, each.function)
        }

    def test_condition_is_negated_and_an_early_return_left_out(self):
        self.assertIn(("!wanted", "!(!wanted)"), self.changes("condition"))
        self.assertIn(("!wanted", "false"), self.changes("exit"))

    def test_comparison_is_shifted(self):
        self.assertIn(("value_ < kLimit", "value_ <= kLimit"), self.changes("comparison"))

    def test_arithmetic_and_assignment_operators_are_replaced(self):
        self.assertIn(("a - b", "a + b"), self.changes("arithmetic"))
        self.assertIn(("value_ += 2", "value_ -= 2"), self.changes("arithmetic"))

    def test_either_side_of_a_conjunction_is_left_out(self):
        both = "value_ < kLimit && value_ != 0"
        for replacement in ("value_ < kLimit || value_ != 0", "value_ < kLimit", "value_ != 0"):
            self.assertIn((both, replacement), self.changes("logical"))

    def test_statement_is_dropped(self):
        self.assertIn(("value_ += 2", ""), self.changes("statement"))

    def test_arguments_are_swapped(self):
        self.assertIn(("value_, 1", "1, value_"), self.changes("arguments"))

    def test_constants_and_enumerators_change(self):
        self.assertIn(("2", "(2 + 1)"), self.changes("constant"))
        self.assertIn(("Color::kRed", "Color::kGreen"), self.changes("enumerator"))

    def test_memory_order_is_weakened(self):
        self.assertEqual(self.changes("order"), {("std::memory_order::release", "std::memory_order::relaxed")})

    def test_lock_guard_is_dropped_moved_down_and_ended_early(self):
        self.assertEqual({replacement for _, replacement in self.changes("lock")},
                         {"no lock", "locked after the next statement", "unlocked before the last statement"})  # fmt: skip

    def test_what_must_be_constant_has_no_switch(self):
        of_limit = [each for each in self.mutants if each.original == "4"]
        self.assertTrue(of_limit)
        self.assertFalse(any(each.has_switch for each in of_limit))

    def test_numbers_follow_the_source_and_names_differ(self):
        self.assertEqual([each.number for each in self.mutants], list(range(1, len(self.mutants) + 1)))
        self.assertEqual([each.line for each in self.mutants], sorted(each.line for each in self.mutants))
        self.assertEqual(len({each.name for each in self.mutants}), len(self.mutants))

    def test_names_stay_when_lines_move(self):
        with tempfile.TemporaryDirectory() as directory:
            header = pathlib.Path(directory) / "counter.h"
            header.write_text("\n\n// More.\n" + _SOURCE)
            moved = mutant.numbered(generate.mutants_of([header]))
        self.assertEqual([each.name for each in moved], [each.name for each in self.mutants])


class SchemataTest(unittest.TestCase):
    """One program with all mutants behaves as each of them when that is switched on."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        directory = pathlib.Path(cls.scratch.name)
        cls.mutants = parsed(directory)
        headers = directory / "out" / "slabproof"
        headers.mkdir(parents=True)
        (headers / "counter.h").write_text(rewrite.schemata(_SOURCE, [each for each in cls.mutants if each.has_switch]))
        (headers / rewrite.SWITCH).write_text(rewrite.switch_text())
        (directory / "main.cc").write_text(_PROGRAM)
        cls.program = directory / "program"
        subprocess.run(
            ["g++", "-std=c++23", "-I", directory / "out", directory / "main.cc", "-o", cls.program], check=True
        )

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def output(self, operator=None, replacement=None, **environment):
        number = 0
        if operator:
            (number,) = (
                each.number for each in self.mutants if (each.operator, each.replacement) == (operator, replacement)
            )
        environment = dict(os.environ, SLABPROOF_MUTANT=str(number), **environment)
        return subprocess.run(
            [self.program], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    def test_without_a_mutant_all_is_as_shipped(self):
        self.assertEqual(self.output(), "0 1 2 1 0")

    def test_each_mutant_does_what_it_says(self):
        for operator, replacement, expected in [
            ("condition", "!(!wanted)", "1 -1 2 1 0"),
            ("exit", "false", "1 3 4 2 1"),
            ("arithmetic", "a + b", "0 3 2 1 0"),
            ("arithmetic", "value_ -= 2", "0 -3 -2 1 0"),
            ("arguments", "1, value_", "0 -1 2 1 0"),
            ("lock", "no lock", "0 1 2 0 0"),
            ("constant", "(2 + 1)", "0 2 3 1 0"),
        ]:
            with self.subTest(replacement=replacement):
                self.assertEqual(self.output(operator, replacement), expected)

    def test_each_lock_mutant_compiles_alone(self):
        directory = pathlib.Path(self.scratch.name)
        for each in self.mutants:
            if each.operator != "lock":
                continue
            with self.subTest(each.replacement):
                alone = directory / "alone" / "slabproof"
                alone.mkdir(parents=True, exist_ok=True)
                (alone / "counter.h").write_text(rewrite.schemata(_SOURCE, [each]))
                (alone / rewrite.SWITCH).write_text(rewrite.switch_text())
                subprocess.run(["g++", "-std=c++23", "-fsyntax-only", "-I", alone.parent, directory / "main.cc"], check=True)

    def test_run_notes_which_mutants_it_reaches(self):
        reached = pathlib.Path(self.scratch.name) / "reached"
        reached.write_bytes(bytes(len(self.mutants) + 1))
        self.output(SLABPROOF_MUTANTS_REACHED=str(reached))
        numbers = {number for number, mark in enumerate(reached.read_bytes()) if mark}
        self.assertLessEqual({each.number for each in self.mutants if each.operator == "lock"}, numbers)
        unreached = {each.number for each in self.mutants if not each.has_switch}
        self.assertFalse(numbers & unreached)


class SameCodeTest(unittest.TestCase):
    _HEADER = """namespace slabproof {
inline int counted(int a) {
  int sum = 0;
  sum = a + 1;
  return sum;
}
template <class T>
T halved(T a) {
  T half = 0;
  half = a / 2;
  return half;
}
}  // namespace slabproof
"""

    def proved(self, function, original, replacement):
        with tempfile.TemporaryDirectory() as scratch:
            directory = pathlib.Path(scratch)
            header = directory / "shipped" / "counted.h"
            header.parent.mkdir()
            header.write_text(self._HEADER)
            source = directory / "main.cc"
            source.write_text('#include "slabproof/counted.h"\nint main(int a, char**) { return slabproof::counted(a); }\n')
            (changed,) = (each for each in mutant.numbered(generate.mutants_of([header]))
                          if (each.function.endswith(function), each.original, each.replacement) == (True, original, replacement))  # fmt: skip
            file = directory / "same_code.json"
            same_code.prove(directory, [header], [changed], file, "headers", 1, source)
            return same_code.load(file, "headers")[changed.name]

    def test_value_that_is_overwritten_is_proved(self):
        self.assertTrue(self.proved("counted", "0", "1"))

    def test_value_that_is_used_is_not(self):
        self.assertFalse(self.proved("counted", "1", "0"))

    def test_template_that_nobody_instantiates_is_not(self):
        self.assertFalse(self.proved("halved", "0", "1"))


if __name__ == "__main__":
    unittest.main()
