// The reduction against the exhaustive search on random small programs: atomics of every order,
// fences, mutexes (nested, so that some deadlock), plain variables (so that some race). The two
// must agree on the verdict, and where nothing goes wrong on every outcome, every order of locks
// and every Mazurkiewicz trace.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <string>

#include "tests/support/random_small_program.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::Search;

/// Bounds the exhaustive search; a program that has more executions is not compared.
constexpr std::uint64_t kMaxExecutions = 8'000;

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
    const SmallProgram program = random_small_program({.flavour = GetParam()}, ++seed);
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
