// Second frees under the model checker: what the slab must refuse, and what no slab could.

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "model/campaign/judged_program.h"
#include "model/program/program.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "model/slab/violation.h"

namespace slabproof::testing {
namespace {

struct Outcome {
  std::uint64_t executions = 0;
  std::uint64_t refused = 0;  ///< pointers, of all executions
  std::set<model::Defect> violations = {};
};

/// Every execution of a program on a slab that knows which of its slots are free.
Outcome explore(const std::string& text, std::uint32_t capacity) {
  const model::Program program = model::parse_program(text).value();
  model::JudgedProgram judged({.capacity = capacity, .slot_states = true}, program);
  Outcome outcome;
  model::ExploreOptions options;
  options.stop_on_violation = false;
  options.trace = false;
  options.run = model::slab_run_settings();
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) {
      outcome.violations.insert(end.failure->defect);
    } else {
      outcome.refused += judged.history().census.misuse_events;
    }
  };
  outcome.executions = model::explore(judged.execution(), options).executions;
  return outcome;
}

const std::set<model::Defect> kNone;
const std::set<model::Defect> kDefectOfTheProgram = {model::Defect::kHarness};

TEST(SecondFreeTest, IsRefusedWhereTheBlockIsTheNewestOfItsFreelist) {
  const Outcome outcome = explore("a f d", 1);
  EXPECT_EQ(outcome.violations, kNone);
  EXPECT_EQ(outcome.refused, outcome.executions);
}

TEST(SecondFreeTest, IsRefusedWhereANeighbourWasFreedMeanwhile) {
  const Outcome outcome = explore("a3 g>1 f d | t f", 3);
  EXPECT_EQ(outcome.violations, kNone);
  EXPECT_EQ(outcome.refused, outcome.executions);
}

TEST(SecondFreeTest, OfABlockThatTheSameThreadHoldsAgainIsADefectOfTheProgram) {
  EXPECT_EQ(explore("a f a d", 1).violations, kDefectOfTheProgram);
}

TEST(SecondFreeTest, OfABlockThatAnotherThreadHoldsIsADefectOfTheProgram) {
  EXPECT_EQ(explore("a f d | a", 1).violations, kDefectOfTheProgram);
}

TEST(SecondFreeTest, OfABlockThatAnotherThreadIsAboutToFreeIsADefectOfTheProgram) {
  EXPECT_EQ(explore("a f d | a f", 1).violations, kDefectOfTheProgram);
}

TEST(SecondFreeTest, OfABlockThatABatchInProgressHasIsADefectOfTheProgram) {
  EXPECT_EQ(explore("a f d | a2", 1).violations, kDefectOfTheProgram);
}

TEST(SecondFreeTest, OfABlockThatIsOnItsWayToAnotherThreadIsADefectOfTheProgram) {
  EXPECT_EQ(explore("a f d | a g>0", 1).violations, kDefectOfTheProgram);
}

}  // namespace
}  // namespace slabproof::testing
