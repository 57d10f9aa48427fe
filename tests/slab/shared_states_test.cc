// Several processes that share the states of one program find what one process finds.

#include "model/states/shared_states.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/campaign/suite.h"
#include "model/program/job.h"
#include "model/program/program.h"
#include "model/states/fingerprint.h"

namespace slabproof::testing {
namespace {

using model::Fingerprint;
using model::SharedStates;
using Found = SharedStates::Found;

constexpr std::size_t kSmall = std::size_t{1} << 20;

Fingerprint numbered(std::uint64_t number) {
  const std::vector<std::uint64_t> words = {number};
  return model::fingerprint_of(words);
}

TEST(SharedStates, StateIsNewOnce) {
  SharedStates states(kSmall);
  EXPECT_EQ(states.add(numbered(1), 7), Found::kNew);
  EXPECT_EQ(states.add(numbered(1), 7), Found::kKnown);
  EXPECT_EQ(states.add(numbered(2), 7), Found::kNew);
}

TEST(SharedStates, SameStateFurtherOnIsNoticed) {
  SharedStates states(kSmall);
  EXPECT_EQ(states.add(numbered(1), 7), Found::kNew);
  EXPECT_EQ(states.add(numbered(1), 8), Found::kOtherProgress);
}

TEST(SharedStates, FullTableForgetsNothing) {
  SharedStates states(kSmall);
  std::uint64_t added = 0;
  while (states.add(numbered(added), 1) == Found::kNew) ++added;
  EXPECT_GT(added * sizeof(Fingerprint), kSmall / 4);
  EXPECT_LE(states.bytes(), kSmall);
  for (std::uint64_t i = 0; i < added; ++i) ASSERT_EQ(states.add(numbered(i), 1), Found::kKnown);
}

TEST(SharedStates, ShareThatBeginsAgainHasLostItsWork) {
  SharedStates states(kSmall);
  EXPECT_TRUE(states.begin_share(0));
  EXPECT_TRUE(states.begin_share(1));
  EXPECT_FALSE(states.begin_share(0));
}

TEST(SharedStates, WorkGoesToOneAndTheLastToEndEndsAll) {
  SharedStates states(kSmall);
  SharedStates::Work work;
  ASSERT_TRUE(states.take_work(work));
  EXPECT_EQ(work.size, 0U);  // the beginning
  work = {.progress = 3, .size = 2, .choices = {1, 2}};
  ASSERT_TRUE(states.give_work(work));
  states.finish_work();
  SharedStates::Work taken;
  ASSERT_TRUE(states.take_work(taken));
  EXPECT_EQ(taken.size, 2U);
  EXPECT_EQ(taken.choices[1], 2U);
  states.finish_work();
  EXPECT_FALSE(states.take_work(taken));
}

model::RunResult search(const std::string& program, std::uint32_t processes) {
  const std::vector<model::CheckJob> jobs = {{.scenario = "",
                                              .program = model::parse_program(program).value(),
                                              .slab = {.recheck_all = false}}};
  model::SearchOptions options;
  options.search = model::Search::kStates;
  options.processes = processes;
  model::RunResult result;
  model::run_suite(
      jobs, options, false,
      [&](const model::CheckJob&, const model::JobOutcome& outcome) { result = outcome.result; },
      {}, {});
  return result;
}

void expect_same(const std::string& program) {
  SCOPED_TRACE(program);
  const model::RunResult one = search(program, 1);
  const model::RunResult two = search(program, 2);
  EXPECT_EQ(two.verdict, one.verdict);
  EXPECT_EQ(two.exhaustive, one.exhaustive);
  EXPECT_EQ(two.states, one.states);
  EXPECT_EQ(two.transitions, one.transitions);
  EXPECT_EQ(two.executions, one.executions);
  EXPECT_EQ(two.max_over_growth, one.max_over_growth);
  EXPECT_TRUE(one.exhaustive);
}

TEST(SharedStates, TwoProcessesFindTheStatesOfOne) {
  expect_same("a f | a f | a f | a f | a f");
  expect_same("a f a f | a f a f | a f a f");
}

TEST(SharedStates, ProgramThatWaitsIsSearchedByOneProcess) {
  expect_same("! a f a f | a f a f | a f a f");
}

}  // namespace
}  // namespace slabproof::testing
