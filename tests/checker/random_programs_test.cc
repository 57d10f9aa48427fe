// The reduction against the exhaustive search on random small programs: atomics of every order,
// fences, mutexes (nested, so that some deadlock), plain variables (so that some race). The two
// must agree on the verdict, and where nothing goes wrong on every outcome, every order of locks
// and every Mazurkiewicz trace.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <random>
#include <set>
#include <string>

#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::Search;
using Kind = Instruction::Kind;

/// Bounds the exhaustive search; a program that has more executions is not compared.
constexpr std::uint64_t kMaxExecutions = 8'000;

enum class Flavour : std::uint8_t { kMixedOrders, kSeqCst, kFences, kLocks, kRaces };

class Generator {
 public:
  Generator(Flavour flavour, std::uint32_t seed) : flavour_(flavour), random_(seed) {}

  SmallProgram program() {
    SmallProgram result(2 + below(2));
    for (SmallThread& thread : result) {
      const std::size_t length = 1 + below(result.size() == 2 ? 4 : 3);
      if (flavour_ == Flavour::kLocks || flavour_ == Flavour::kRaces) {
        sections(thread, 1 + below(2));
      }
      while (thread.size() < length) thread.push_back(instruction());
    }
    return result;
  }

 private:
  std::uint8_t below(std::size_t limit) { return static_cast<std::uint8_t>(random_() % limit); }

  template <std::size_t kCount>
  std::memory_order one_of(const std::array<std::memory_order, kCount>& orders) {
    return flavour_ == Flavour::kSeqCst && below(4) != 0 ? std::memory_order::seq_cst
                                                         : orders[below(kCount)];
  }

  Instruction instruction() {
    using enum std::memory_order;
    if (flavour_ == Flavour::kFences && below(2) == 0) {
      return {Kind::kFence, 0, std::array{acquire, release, acq_rel, seq_cst, seq_cst}[below(5)]};
    }
    const std::uint8_t object = below(2);
    const auto value = static_cast<std::uint8_t>(1 + below(2));
    switch (below(6)) {
      case 0:
      case 1:
        return {Kind::kLoad, object, one_of(std::array{relaxed, acquire, seq_cst})};
      case 2:
      case 3:
        return {Kind::kStore, object, one_of(std::array{relaxed, release, seq_cst}), value};
      case 4:
        return {below(2) == 0 ? Kind::kFetchAdd : Kind::kExchange, object,
                one_of(std::array{relaxed, acquire, release, acq_rel, seq_cst}), value};
      default:
        return {below(2) == 0 ? Kind::kWeakCas : Kind::kStrongCas, object,
                one_of(std::array{relaxed, acquire, release, acq_rel, seq_cst}), value};
    }
  }

  Instruction guarded() {
    if (below(2) == 0) return instruction();
    if (below(2) == 0) return {Kind::kRead, below(2)};
    return {Kind::kWrite, below(2), std::memory_order::seq_cst, 1};
  }

  /// Critical sections, some of them nested.
  void sections(SmallThread& thread, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t mutex = below(2);
      const auto other = static_cast<std::uint8_t>(1 - mutex);
      if (flavour_ == Flavour::kRaces && below(6) == 0) {
        thread.push_back(guarded());
        continue;
      }
      thread.push_back({Kind::kLock, mutex});
      if (below(3) == 0) {
        thread.push_back({Kind::kLock, other});
        thread.push_back({Kind::kUnlock, below(2) == 0 ? mutex : other});
        thread.push_back({Kind::kUnlock, thread.back().object == mutex ? other : mutex});
        continue;
      }
      if (below(2) == 0) {
        thread.push_back(flavour_ == Flavour::kRaces ? guarded() : instruction());
      }
      thread.push_back({Kind::kUnlock, mutex});
    }
  }

  Flavour flavour_;
  std::mt19937 random_;
};

class RandomProgramsTest : public ::testing::TestWithParam<Flavour> {};

TEST_P(RandomProgramsTest, ReductionAgreesWithExhaustiveSearch) {
  constexpr std::uint32_t kPrograms = 500;
  std::uint32_t compared = 0;
  std::uint32_t violated = 0;
  std::uint64_t all_executions = 0;
  std::uint64_t reduced_executions = 0;
  std::uint64_t redundant = 0;
  std::uint32_t seed = 0;
  while (compared < kPrograms) {
    const SmallProgram program = Generator(GetParam(), ++seed).program();
    ExploreOptions options;
    options.run.refuse_unmodelled = false;
    options.search = Search::kFull;
    options.iterations = kMaxExecutions;
    const Findings all = find_all(program, options);
    if (!all.result.exhaustive) continue;
    options.search = Search::kDpor;
    const Findings reduced = find_all(program, options);
    ++compared;
    all_executions += all.result.executions;
    reduced_executions += reduced.result.executions;
    redundant += reduced.result.redundant;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + to_text(program));
    ASSERT_TRUE(reduced.result.exhaustive);
    ASSERT_EQ(reduced.violations, all.violations);
    ASSERT_EQ(reduced.repeated, 0U);
    // A race ends an execution at once, and with it the search for what else could happen.
    if (all.violations.contains(model::Defect::kDataRace)) {
      ++violated;
      continue;
    }
    ASSERT_EQ(reduced.outcomes, all.outcomes);
    ASSERT_EQ(reduced.lock_orders, all.lock_orders);
    ASSERT_EQ(reduced.traces, all.traces);
  }
  std::cout << "seeds 1 to " << seed << ": " << compared << " programs, " << violated
            << " with data races, " << all_executions << " executions, reduced to "
            << reduced_executions << " and " << redundant << " redundant\n";
}

std::string name_of(const ::testing::TestParamInfo<Flavour>& info) {
  constexpr std::array<const char*, 5> kNames = {"MixedOrders", "SeqCst", "Fences", "Locks",
                                                 "Races"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Flavours, RandomProgramsTest,
                         ::testing::Values(Flavour::kMixedOrders, Flavour::kSeqCst,
                                           Flavour::kFences, Flavour::kLocks, Flavour::kRaces),
                         name_of);

}  // namespace
}  // namespace slabproof::testing
