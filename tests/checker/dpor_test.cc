// That the reduction loses nothing: the programs on which a plausible but wrong reduction loses
// outcomes, deadlocks, spin loops, symmetry, and the slab's own programs.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/search/dpor_scheduler.h"
#include "model/search/explore.h"
#include "model/slab/model_config.h"
#include "model/slab/program_execution.h"
#include "tests/support/instructions.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::ExploreResult;
using model::Search;
using enum std::memory_order;
using Kind = Instruction::Kind;

void expect_nothing_lost(const SmallProgram& program) {
  const Findings all = find_all(program, Search::kFull);
  const Findings reduced = find_all(program, Search::kDpor);
  ASSERT_TRUE(all.result.exhaustive && reduced.result.exhaustive);
  EXPECT_EQ(reduced.violations, all.violations);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  EXPECT_EQ(reduced.lock_orders, all.lock_orders);
}

// Adding a race's thread to a node where it sleeps, and then skipping it because it sleeps,
// gives 3.
TEST(Dpor, OneWriterTwoReadersHasFourOutcomes) {
  const SmallProgram program = {{store(x, 1, seq_cst)}, {load(x, seq_cst)}, {load(x, seq_cst)}};
  EXPECT_EQ(find_all(program, Search::kDpor).outcomes.size(), 4U);
  expect_nothing_lost(program);
}

TEST(Dpor, TwoMutexesLockedInTurnHaveFourOrders) {
  const SmallProgram program = {
      {lock(0), unlock(0), lock(1), unlock(1)}, {lock(1), unlock(1)}, {lock(0), unlock(0)}};
  EXPECT_EQ(find_all(program, Search::kDpor).lock_orders.size(), 4U);
  expect_nothing_lost(program);
}

// Without a dependency between sequentially consistent fences, 3 of the 13 are lost.
TEST(Dpor, ThreeThreadsWithFencesHaveThirteenOutcomes) {
  const SmallProgram program = {{load(x, relaxed), kFence, load(y, relaxed)},
                                {store(y, 2, relaxed), kFence, load(x, relaxed), load(z, relaxed)},
                                {store(z, 1, relaxed), kFence, store(x, 2, relaxed)}};
  EXPECT_EQ(find_all(program, Search::kDpor).outcomes.size(), 13U);
}

// What happens after a deadlock would have happened is found as well: a thread that never got its
// second lock is a race that was not run.
TEST(Dpor, OppositeLockOrdersDeadlockAndBothOtherOrdersAreFound) {
  const SmallProgram program = {{lock(0), lock(1), unlock(1), unlock(0)},
                                {lock(1), lock(0), unlock(0), unlock(1)}};
  const Findings reduced = find_all(program, Search::kDpor);
  EXPECT_EQ(reduced.violations, std::set<model::Defect>{model::Defect::kDeadlock});
  EXPECT_EQ(reduced.lock_orders, (std::set<std::string>{"01|01|", "10|10|"}));
  expect_nothing_lost(program);
}

TEST(Dpor, DeadlockOfTwoLeavesTheThirdThreadsOrdersToBeFound) {
  expect_nothing_lost({{lock(0), lock(1), unlock(1), unlock(0)},
                       {lock(1), lock(0), unlock(0), unlock(1)},
                       {lock(0), unlock(0)}});
}

TEST(Dpor, NestedLocksInOneOrderNeverDeadlock) {
  const SmallProgram program = {{lock(0), lock(1), unlock(0), unlock(1)},
                                {lock(0), lock(1), unlock(1), unlock(0)},
                                {lock(1), unlock(1)}};
  EXPECT_TRUE(find_all(program, Search::kDpor).violations.empty());
  expect_nothing_lost(program);
}

// The inner lock of one thread comes before whatever the other does once it has the outer one,
// since the unlock of the outer one lies in the step of the inner one.
TEST(Dpor, InnerLockIsOrderedByTheOuterOne) {
  const Findings reduced = find_all({{store(x, 1, relaxed), lock(0), unlock(0), lock(1), unlock(1)},
                                     {lock(0), lock(1), unlock(1), unlock(0)}},
                                    Search::kDpor);
  EXPECT_EQ(reduced.lock_orders, (std::set<std::string>{"01|01|", "01|10|", "10|10|"}));
  EXPECT_EQ(reduced.result.executions, 3U);
  EXPECT_EQ(reduced.result.redundant, 0U);
}

// Else what two threads do under a mutex would seem to be a race, and the third thread would be
// tried ahead of it in vain.
TEST(Dpor, LockIsOrderedByAllThatItsMutexWasHeldForBefore) {
  const Findings reduced = find_all({{lock(0), store(x, 1, relaxed), unlock(0)},
                                     {lock(0), store(x, 2, relaxed), unlock(0)},
                                     {store(y, 1, relaxed)}},
                                    Search::kDpor);
  EXPECT_EQ(reduced.result.executions, 2U);
  EXPECT_EQ(reduced.result.redundant, 0U);
}

// Where a thread that begins the other order of a race is to be tried already, no second one is.
TEST(Dpor, RaceIsReversedOnce) {
  const Findings reduced = find_all(
      {{store(x, 2, seq_cst)}, {load(y, seq_cst)}, {store(x, 2, release), store(y, 1, release)}},
      Search::kDpor);
  EXPECT_EQ(reduced.result.executions, 6U);
  EXPECT_EQ(reduced.result.redundant, 0U);
}

TEST(Dpor, UnlockAsAStepOfItsOwnChangesNoOutcome) {
  const SmallProgram program = {{lock(0), store(x, 1, relaxed), unlock(0), load(y, relaxed)},
                                {lock(0), store(y, 1, relaxed), unlock(0), load(x, relaxed)}};
  ExploreOptions options;
  const Findings without = find_all(program, options);
  options.unlock_is_step = true;
  const Findings with = find_all(program, options);
  EXPECT_EQ(with.outcomes, without.outcomes);
  EXPECT_EQ(with.traces, without.traces);
  EXPECT_EQ(with.result.executions, without.result.executions);
}

TEST(Dpor, DataRaceIsFoundWhicheverAccessComesFirst) {
  for (const SmallProgram& program :
       {SmallProgram{{write(0, 1)}, {read(0)}}, SmallProgram{{read(0)}, {write(0, 1)}},
        SmallProgram{{write(0, 1)}, {write(0, 2)}}}) {
    EXPECT_EQ(find_all(program, Search::kDpor).violations,
              std::set<model::Defect>{model::Defect::kDataRace})
        << to_text(program);
  }
}

TEST(Dpor, ReleasedVariableDoesNotRaceAndRelaxedOneDoes) {
  const auto handoff = [](std::memory_order publish) {
    return SmallProgram{{write(0, 1), store(x, 1, publish)}, {await(x, 1), read(0)}};
  };
  EXPECT_TRUE(find_all(handoff(release), Search::kDpor).violations.empty());
  EXPECT_EQ(find_all(handoff(relaxed), Search::kDpor).violations,
            std::set<model::Defect>{model::Defect::kDataRace});
}

TEST(Dpor, SpinLoopEndsBecauseAPauseLetsOthersGoOn) {
  const SmallProgram program = {{await(x, 1), store(y, 1, release)},
                                {store(z, 1, relaxed), store(x, 1, release), await(y, 1)}};
  expect_nothing_lost(program);
}

TEST(Dpor, SpinThatGivesUpFindsEveryMomentToGiveUp) {
  expect_nothing_lost({{load(x, relaxed), kPause, load(x, relaxed), kPause, load(x, relaxed)},
                       {store(y, 1, relaxed), store(x, 1, relaxed)}});
}

TEST(Dpor, WaitThatNobodyEndsIsALivelock) {
  ExploreOptions options;
  options.run.step_limit = 200;
  const Findings found = find_all({{await(x, 1)}, {store(y, 1, relaxed)}}, options);
  EXPECT_EQ(found.violations, std::set<model::Defect>{model::Defect::kLivelock});
}

// Two threads yield, in some executions later than in the one before.
TEST(Dpor, YieldsOfTheExecutionBeforeAreForgotten) {
  ExploreOptions options;
  options.run.retries = options.run.counted_turns = options.run.other_turns = 0;
  const Findings found = find_all({{await(x, 1)}, {await(x, 1)}, {store(x, 1, relaxed)}}, options);
  EXPECT_TRUE(found.violations.empty());
  EXPECT_EQ(found.outcomes.size(), 1U);
  EXPECT_EQ(found.result.executions, 40U);
  EXPECT_FALSE(found.result.exhaustive);
}

// ---- limits ----

/// Whether all of `count` stores by one thread are run under a limit of so many steps.
bool fits(std::size_t count, std::uint32_t limit) {
  ExploreOptions options;
  options.run.step_limit = limit;
  const SmallThread stores(count, store(x, 1, relaxed));
  return find_all({stores}, options).result.exhaustive;
}

TEST(Dpor, StepBehindTheLimitIsNotRun) {
  std::uint32_t limit = 1;
  while (limit < 20 && !fits(10, limit)) ++limit;
  EXPECT_LT(limit, 15U);
  EXPECT_FALSE(fits(11, limit));
  EXPECT_TRUE(fits(11, limit + 1));
}

// The numbers of steps have 16 bits.
TEST(Dpor, LimitThatIsTooLargeIsLowered) {
  EXPECT_TRUE(fits(29'900, 1'000'000));
  EXPECT_FALSE(fits(30'001, 1'000'000));
}

// ---- symmetry ----

/// The outcome with threads renamed in every way.
std::set<std::string> orbit(const std::set<std::string>& outcomes, std::size_t threads) {
  std::set<std::string> result;
  for (const std::string& outcome : outcomes) {
    std::vector<std::string> parts;
    std::string rest = outcome;
    for (std::size_t i = 0; i < threads; ++i) {
      parts.push_back(rest.substr(0, rest.find('|')));
      rest = rest.substr(rest.find('|') + 1);
    }
    std::sort(parts.begin(), parts.end());
    do {
      std::string renamed;
      for (const std::string& part : parts) renamed += part + "|";
      result.insert(renamed + rest);
    } while (std::next_permutation(parts.begin(), parts.end()));
  }
  return result;
}

class SymmetryTest : public ::testing::TestWithParam<SmallThread> {};

TEST_P(SymmetryTest, OrbitOfItsOutcomesIsAllOutcomes) {
  const SmallProgram program(3, GetParam());
  constexpr std::array<std::uint8_t, 3> kOneClass = {0, 0, 0};
  ExploreOptions options;
  const Findings all = find_all(program, options);
  options.symmetry_class = kOneClass;
  const Findings reduced = find_all(program, options);
  EXPECT_EQ(orbit(reduced.outcomes, 3), orbit(all.outcomes, 3));
  EXPECT_EQ(orbit(all.outcomes, 3), all.outcomes);
  EXPECT_LT(reduced.result.executions, all.result.executions);
}

// Else the third thread would be tried ahead of them in vain. The fourth one is the first to run,
// so that the third is not.
TEST(Dpor, FirstStepsThatSymmetryOrdersAreNoRace) {
  constexpr std::array<std::uint8_t, 4> kClasses = {0, 0, 1, 2};
  ExploreOptions options;
  options.symmetry_class = kClasses;
  const Findings reduced = find_all({{store(x, 1, relaxed)},
                                     {store(x, 1, relaxed)},
                                     {store(y, 1, relaxed)},
                                     {store(z, 1, relaxed)}},
                                    options);
  EXPECT_EQ(reduced.result.executions, 1U);
  EXPECT_EQ(reduced.result.redundant, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Programs, SymmetryTest,
    ::testing::Values(
        SmallThread{{Kind::kFetchAdd, x, relaxed, 1}, load(x, relaxed)},
        SmallThread{load(x, relaxed), store(x, 1, relaxed), load(x, relaxed)},
        SmallThread{lock(0), {Kind::kFetchAdd, x, relaxed, 1}, unlock(0), load(x, relaxed)},
        SmallThread{store(x, 1, seq_cst), kFence, load(x, relaxed)},
        SmallThread{{Kind::kWeakCas, x, acq_rel, 1}, load(y, relaxed), store(y, 1, relaxed)}));

// ---- the slab ----

struct SlabCount {
  std::string program;
  std::uint64_t executions;
  std::uint64_t with_symmetry;
};

class SlabCountTest : public ::testing::TestWithParam<SlabCount> {
 protected:
  static ExploreResult explore(const std::string& text, bool symmetry) {
    using Config = model::ModelConfig<Recheck::kNewSegments>;
    static model::CheckedSlab<Config> slab;
    model::ProgramExecution execution(slab, *model::parse_program(text), {.capacity = 1});
    ExploreOptions options;
    options.run = model::slab_run_settings();
    const auto classes = execution.symmetry_class();
    if (symmetry) options.symmetry_class = classes;
    return model::explore(execution, options);
  }
};

TEST_P(SlabCountTest, EveryOrderOfCriticalSectionsIsExploredOnce) {
  const ExploreResult result = explore(GetParam().program, false);
  EXPECT_EQ(result.executions, GetParam().executions);
  EXPECT_EQ(result.redundant, 0U);
  EXPECT_TRUE(result.exhaustive);
}

TEST_P(SlabCountTest, SymmetryLeavesOneOrderOfEachOrbit) {
  const ExploreResult result = explore(GetParam().program, true);
  EXPECT_EQ(result.executions, GetParam().with_symmetry);
  EXPECT_EQ(result.redundant, 0U);
  EXPECT_TRUE(result.exhaustive);
}

INSTANTIATE_TEST_SUITE_P(Programs, SlabCountTest,
                         ::testing::Values(SlabCount{"a f | a f", 20, 10},
                                           SlabCount{"a f a f | a f a f", 290, 145},
                                           SlabCount{"a f | a f | a f", 1'548, 258},
                                           SlabCount{"a f | a f | a f | a f", 304'680, 12'695}));

}  // namespace
}  // namespace slabproof::testing
