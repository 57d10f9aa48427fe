// The reduction against the exhaustive search on random small programs with pauses anywhere, and
// both against the same program without them: where nobody waits, a pause changes nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>

#include "tests/support/instructions.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::Search;
using Kind = Instruction::Kind;

/// Bounds the exhaustive search; a program that has more executions is not compared.
constexpr std::uint64_t kMaxExecutions = 1'500;

enum class Flavour : std::uint8_t { kSeqCst, kMixedOrders, kMutexes, kWaits };

class Generator {
 public:
  Generator(Flavour flavour, std::uint32_t seed) : flavour_(flavour), random_(seed) {}

  SmallProgram program() {
    SmallProgram result(2 + (below(4) == 0 ? 1 : 0));
    for (SmallThread& thread : result) {
      const std::size_t length = 1 + below(result.size() == 2 ? 4 : 2);
      while (thread.size() < length) add(thread);
      for (std::size_t pauses = below(3); pauses-- > 0;) {
        const auto at = static_cast<std::ptrdiff_t>(below(thread.size() + 1));
        thread.insert(thread.begin() + at, {Kind::kPause});
      }
    }
    return result;
  }

 private:
  std::uint8_t below(std::size_t limit) { return static_cast<std::uint8_t>(random_() % limit); }

  std::memory_order one_of(const std::array<std::memory_order, 3>& orders) {
    return flavour_ == Flavour::kSeqCst ? std::memory_order::seq_cst : orders[below(3)];
  }

  Instruction access() {
    using enum std::memory_order;
    const std::uint8_t object = below(2);
    const auto value = static_cast<std::uint8_t>(1 + below(2));
    switch (below(5)) {
      case 0:
      case 1:
        return {Kind::kLoad, object, one_of({relaxed, acquire, seq_cst})};
      case 2:
        return {Kind::kStore, object, one_of({relaxed, release, seq_cst}), value};
      case 3:
        return {below(2) == 0 ? Kind::kFetchAdd : Kind::kExchange, object,
                one_of({relaxed, acq_rel, seq_cst}), value};
      default:
        return {below(2) == 0 ? Kind::kWeakCas : Kind::kStrongCas, object,
                one_of({relaxed, acq_rel, seq_cst}), value};
    }
  }

  void add(SmallThread& thread) {
    if (flavour_ == Flavour::kMutexes && below(2) == 0) {
      const std::uint8_t mutex = below(2);
      thread.push_back({Kind::kLock, mutex});
      if (below(2) == 0) thread.push_back({Kind::kPause});
      thread.push_back(below(2) == 0 ? Instruction{Kind::kRead, mutex} : access());
      thread.push_back({Kind::kUnlock, mutex});
    } else if (flavour_ == Flavour::kWaits && below(4) == 0) {
      thread.push_back({Kind::kAwait, below(2),
                        one_of({std::memory_order::relaxed, std::memory_order::acquire,
                                std::memory_order::seq_cst}),
                        static_cast<std::uint8_t>(1 + below(2))});
    } else {
      thread.push_back(access());
    }
  }

  Flavour flavour_;
  std::mt19937 random_;
};

Findings find(const SmallProgram& program, Search search) {
  ExploreOptions options;
  options.run.refuse_unmodelled = false;
  options.search = search;
  if (search == Search::kFull) options.iterations = kMaxExecutions;
  return find_all(program, options);
}

class RandomPausesTest : public ::testing::TestWithParam<Flavour> {};

TEST_P(RandomPausesTest, NothingIsLost) {
  constexpr std::uint32_t kPrograms = 600;
  std::uint64_t all_executions = 0;
  std::uint64_t reduced_executions = 0;
  std::uint64_t redundant = 0;
  std::uint32_t seed = 0;
  for (std::uint32_t compared = 0; compared < kPrograms;) {
    const SmallProgram program = Generator(GetParam(), ++seed).program();
    const Findings all = find(program, Search::kFull);
    if (!all.result.exhaustive) continue;
    ++compared;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + to_text(program));
    const Findings reduced = find(program, Search::kDpor);
    ASSERT_TRUE(reduced.result.exhaustive);
    ASSERT_EQ(reduced.outcomes, all.outcomes);
    ASSERT_EQ(reduced.violations, all.violations);
    ASSERT_EQ(reduced.lock_orders, all.lock_orders);
    const Findings plain = find(without_pauses(program), Search::kDpor);
    ASSERT_EQ(reduced.outcomes, plain.outcomes);
    all_executions += all.result.executions;
    reduced_executions += reduced.result.executions;
    redundant += reduced.result.redundant;
  }
  std::cout << "seeds 1 to " << seed << ": " << all_executions << " executions, reduced to "
            << reduced_executions << " and " << redundant << " redundant\n";
}

std::string name_of(const ::testing::TestParamInfo<Flavour>& info) {
  constexpr std::array<const char*, 4> kNames = {"SeqCst", "MixedOrders", "Mutexes", "Waits"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Flavours, RandomPausesTest,
                         ::testing::Values(Flavour::kSeqCst, Flavour::kMixedOrders,
                                           Flavour::kMutexes, Flavour::kWaits),
                         name_of);

}  // namespace
}  // namespace slabproof::testing
