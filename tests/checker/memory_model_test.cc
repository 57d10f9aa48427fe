// What the memory model of the checker is, over families of programs: that of C++20 where it should
// be, and the same in every search.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/support/cpp_memory_model.h"
#include "tests/support/instructions.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::Search;
using enum std::memory_order;
using Kind = Instruction::Kind;

/// An access to one of `x y z`: the first three are loads.
Instruction access(std::size_t number, std::uint8_t value) {
  const auto object = static_cast<std::uint8_t>(number % 3);
  return number < 3 ? load(object, relaxed) : store(object, value, relaxed);
}

/// Whether objects are named in the order in which the program text uses them.
bool has_canonical_names(const SmallProgram& program) {
  std::uint8_t unused = 0;
  for (const SmallThread& thread : program) {
    for (const Instruction& each : thread) {
      if (each.kind == Kind::kFence) continue;
      if (each.object > unused) return false;
      if (each.object == unused) ++unused;
    }
  }
  return true;
}

// With an access more in a thread, what Relacy misses elsewhere is missed here as well: a load that
// is two stores stale, load buffering, stores ordered otherwise than they ran.
TEST(MemoryModel, IsThatOfCppForThreeThreadsOfAccessFenceAccess) {
  constexpr std::size_t kAccesses = 6;
  constexpr std::size_t kThreads = kAccesses * kAccesses;
  const auto thread = [](std::size_t number, std::uint8_t value) {
    return SmallThread{access(number / kAccesses, value), kFence,
                       access(number % kAccesses, static_cast<std::uint8_t>(value + 1))};
  };
  std::size_t programs = 0;
  for (std::size_t a = 0; a < kThreads; ++a) {
    for (std::size_t b = a; b < kThreads; ++b) {
      for (std::size_t c = b; c < kThreads; ++c) {
        const SmallProgram program = {thread(a, 1), thread(b, 3), thread(c, 5)};
        if (!has_canonical_names(program)) continue;
        ++programs;
        EXPECT_EQ(find_all(program, Search::kDpor).outcomes, cpp_outcomes(program))
            << to_text(program);
      }
    }
  }
  EXPECT_EQ(programs, 2'298U);
}

// Relacy's parameter for the kind of search also says how stale a load may read and how often a
// weak compare-exchange may fail without cause.
TEST(MemoryModel, IsThatOfTheFullSearchInEverySearch) {
  const std::array<SmallProgram, 2> programs = {
      {{{store(x, 1, relaxed), store(x, 2, relaxed), store(x, 3, relaxed), store(y, 1, relaxed)},
        {load(y, relaxed), load(x, relaxed)}},
       {{weak_cas(x)}, {weak_cas(x)}}}};
  for (const SmallProgram& program : programs) {
    const auto all = find_all(program, Search::kFull).outcomes;
    for (const Search search : {Search::kRandom, Search::kBound, Search::kDpor}) {
      model::ExploreOptions options;
      options.search = search;
      options.bound = 8;
      EXPECT_EQ(find_all(program, options).outcomes, all) << to_text(search);
    }
  }
}

}  // namespace
}  // namespace slabproof::testing
