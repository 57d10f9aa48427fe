// The search over states agrees with the reduction on the shipped slab: the same verdict, the same
// greatest over-growth and the same states at the end, whatever of its ways to see equal states is
// turned off.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "model/campaign/judged_program.h"
#include "model/program/enumeration.h"
#include "model/program/job.h"
#include "model/program/program.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "model/states/state_scheduler.h"
#include "tests/slab/order_counter.h"

namespace slabproof::testing {
namespace {

using model::CheckJob;
using model::Search;
using model::StateOptions;
using model::Verdict;

/// Segments, peak, blocks that could be had, and bad pointers, when all threads have finished.
using FinalState = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;

struct Findings {
  model::ExploreResult result;
  std::uint64_t over_growth = 0;
  std::set<FinalState> final_states;
  std::size_t collisions = 0;
};

Findings find_all(const CheckJob& job, Search search, StateOptions states = {},
                  bool symmetry = true) {
  model::JudgedProgram program(job.slab, job.program);
  const auto symmetry_class = program.execution().symmetry_class();
  Findings findings;
  model::ExploreOptions options;
  options.search = search;
  options.run = model::slab_run_settings();
  if (symmetry) options.symmetry_class = states.symmetry_class = symmetry_class;
  model::StateScheduler scheduler(states);
  options.states = &scheduler;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) return;
    const auto& measures = program.measures();
    const auto& census = program.history().census;
    findings.over_growth = std::max(findings.over_growth, measures.over_growth);
    findings.final_states.insert(
        {measures.segments, measures.peak_live, census.drained_blocks, census.misuse_events});
  };
  findings.result = model::explore(program.execution(), options);
  findings.collisions = scheduler.collisions();
  return findings;
}

void expect_agreement(const Findings& states, const Findings& reduced) {
  EXPECT_EQ(states.result.verdict, reduced.result.verdict);
  EXPECT_EQ(states.result.exhaustive, reduced.result.exhaustive);
  EXPECT_EQ(states.over_growth, reduced.over_growth);
  EXPECT_EQ(states.final_states, reduced.final_states);
}

void compare(const std::string& size, const std::string& alphabet) {
  const auto parsed = model::parse_enumeration(size, alphabet);
  ASSERT_TRUE(parsed) << parsed.error();
  for (const CheckJob& job : model::enumerate_jobs(*parsed)) {
    SCOPED_TRACE(to_text(job.program) + ", capacity " + std::to_string(job.slab.capacity) +
                 (job.slab.recheck_all ? "" : ", new"));
    expect_agreement(find_all(job, Search::kStates), find_all(job, Search::kDpor));
  }
}

CheckJob job_of(const std::string& program, model::SlabSetup slab = {}) {
  return {.scenario = "", .program = model::parse_program(program).value(), .slab = slab};
}

/// The larger of two sizes in a test that has the time.
std::string size_of(const char* usual, const char* deep) {
  return std::getenv("SLABPROOF_DEEP") != nullptr ? deep : usual;
}

TEST(StatesAgainstReduced, TwoThreads) {
  compare(size_of("threads=2,ops=2,capacity=2", "threads=2,ops=4,capacity=2"), "a f ! r a2 F");
}

TEST(StatesAgainstReduced, ThreeThreads) {
  compare(size_of("threads=3,ops=2,capacity=1", "threads=3,ops=2,capacity=2"), "a f r");
}

TEST(StatesAgainstReduced, QueriesAndBadPointers) {
  compare(size_of("threads=2,ops=2,capacity=1", "threads=2,ops=3,capacity=2"), "a f x m u n s d");
}

/// Programs in which threads wait, meet in the middle, or are interchangeable.
std::vector<CheckJob> telling_jobs() {
  return {job_of("a f | a f | a f", {.recheck_all = false}),
          job_of("a f a f | a f a f", {.recheck_all = false}), job_of("a f r | ! a f | a f"),
          job_of("a2 F r | a2 F"), job_of("a a f@0 f | a a f@0 f", {.capacity = 2})};
}

TEST(StatesAgainstReduced, LessThatIsTakenForEqualGivesTheSame) {
  for (const CheckJob& job : telling_jobs()) {
    SCOPED_TRACE(to_text(job.program));
    const Findings reduced = find_all(job, Search::kDpor);
    const Findings all = find_all(job, Search::kStates);
    const std::vector<StateOptions> fewer = {{.rename_memory = false}, {.merge_pools = false},
                                             {.join_ahead = false},    {.forget_known = false},
                                             {.skip_alike = false},    {.keep_whole_states = true}};
    for (const StateOptions& each : fewer) {
      const Findings found = find_all(job, Search::kStates, each);
      expect_agreement(found, reduced);
      EXPECT_GE(found.result.states.states, all.result.states.states);
      EXPECT_EQ(found.collisions, 0U);
    }
    const Findings told_apart = find_all(job, Search::kStates, {}, false);
    expect_agreement(told_apart, reduced);
    EXPECT_GE(told_apart.result.states.states, all.result.states.states);
  }
}

TEST(StatesAgainstReduced, OrderOfTheSearchChangesNothing) {
  for (const CheckJob& job : telling_jobs()) {
    SCOPED_TRACE(to_text(job.program));
    const Findings oldest = find_all(job, Search::kStates);
    const Findings newest = find_all(job, Search::kStates, {.newest_first = true});
    EXPECT_EQ(newest.result.states.states, oldest.result.states.states);
    EXPECT_EQ(newest.result.states.transitions, oldest.result.states.transitions);
    EXPECT_EQ(newest.final_states, oldest.final_states);
  }
}

/// The counter knows segments and live blocks alone: proofs/states.md names what splits its states.
TEST(StatesAgainstReduced, EachStateOfTheCounterIsThereOnceOrMore) {
  for (const CheckJob& job : telling_jobs()) {
    SCOPED_TRACE(to_text(job.program));
    const auto counted = model::count_orders(
        job.program, {.capacity = job.slab.capacity, .recheck_all = job.slab.recheck_all});
    ASSERT_TRUE(counted) << counted.error().message;
    const Findings told_apart = find_all(job, Search::kStates, {}, false);
    EXPECT_GE(told_apart.result.states.states + told_apart.final_states.size(), counted->states);
    EXPECT_EQ(told_apart.over_growth, counted->max_over_growth);
  }
}

TEST(StatesAgainstReduced, StatesOfThreadsThatMeetNowhereButInTheLockAreThoseOfTheCounter) {
  const CheckJob job = job_of("n n | n n");
  const Findings found = find_all(job, Search::kStates, {}, false);
  const auto counted = model::count_orders(job.program, {});
  ASSERT_TRUE(counted);
  EXPECT_EQ(found.result.states.states + found.final_states.size(), counted->states);
}

TEST(StatesAgainstReduced, WholeStatesAreAsManyAsFingerprints) {
  for (const CheckJob& job : telling_jobs()) {
    const Findings whole = find_all(job, Search::kStates, {.keep_whole_states = true});
    const Findings short_ones = find_all(job, Search::kStates);
    EXPECT_EQ(whole.result.states.states, short_ones.result.states.states);
    EXPECT_GT(whole.result.states.bytes, short_ones.result.states.bytes);
  }
}

TEST(StatesAgainstReduced, WithoutRoomForMoreStatesNothingIsSaid) {
  constexpr std::size_t kRoomForAFew = std::size_t{128} << 10;
  const Findings found = find_all(job_of("a f | a f | a f | a f | a f", {.recheck_all = false}),
                                  Search::kStates, {.memory_limit = kRoomForAFew});
  EXPECT_TRUE(found.result.is_out_of_memory);
  EXPECT_EQ(found.result.verdict, Verdict::kInconclusive);
  EXPECT_FALSE(found.result.exhaustive);
  EXPECT_LE(found.result.states.bytes, kRoomForAFew);
}

}  // namespace
}  // namespace slabproof::testing
