// What workers report and checkpoints keep.

#include "model/campaign/part_outcome.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace slabproof::model {
namespace {

PartOutcome failing_part() {
  return {
      .executions = 3,
      .redundant = 1,
      .complete = true,
      .max_segments = 2,
      .max_over_growth = 1,
      .witness = Schedule{.unlock_is_step = false, .choices = {Choice::thread(1)}},
      .violation = FailingExecution{
          .failure = {.label = "S1",
                      .message = "two owners",
                      .place = {.file = "slab.h", .line = 7, .function = "grow"}},
          .schedule = {.unlock_is_step = true, .choices = {Choice::thread(0), Choice::value(1)}}}};
}

TEST(PartOutcome, ReadsBackFromItsLine) {
  EXPECT_EQ(parse_part_outcome(to_json_line(failing_part())), failing_part());
}

TEST(PartOutcome, ReadsBackFromItsLineWithoutViolationAndWitness) {
  const PartOutcome outcome{.executions = 3};
  EXPECT_EQ(parse_part_outcome(to_json_line(outcome)), outcome);
}

TEST(PartOutcome, IsRefusedWithAScheduleThatDoesNotParse) {
  for (const std::string schedule : {"0 v1", "1"}) {
    std::string line = to_json_line(failing_part());
    const std::size_t at = line.find(schedule + '"');
    ASSERT_NE(at, std::string::npos) << line;
    line.replace(at, schedule.size(), "no schedule");
    EXPECT_EQ(parse_part_outcome(line), std::nullopt) << line;
  }
}

TEST(PartOutcome, IsRefusedWhereItsLineIsNoObject) {
  for (const std::string line : {"[]", "1", "null", "\"executions\""}) {
    EXPECT_EQ(parse_part_outcome(line), std::nullopt) << line;
  }
}

TEST(PartOutcome, IsRefusedWhereItsLineWasCutOff) {
  const std::string line = to_json_line(failing_part());
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_EQ(parse_part_outcome(line.substr(0, size)), std::nullopt) << size;
  }
}

TEST(PartOutcome, SumKeepsTheFirstViolationAndTheWitnessOfTheGreatestOverGrowth) {
  PartOutcome sum = failing_part();
  PartOutcome worse = failing_part();
  worse.max_over_growth = 2;
  worse.witness->choices.front() = Choice::thread(3);
  worse.violation->failure.label = "S2";
  add(sum, worse);
  EXPECT_EQ(sum.violation->failure.label, "S1");
  EXPECT_EQ(sum.witness, worse.witness);
  EXPECT_EQ(sum.executions, 6U);
}

/// The sum of two parts.
PartOutcome sum_of(PartOutcome sum, const PartOutcome& part) {
  add(sum, part);
  return sum;
}

TEST(PartOutcome, SumHasWhatEachPartCounted) {
  const PartOutcome sum =
      sum_of({.executions = 1, .redundant = 2, .states = 3, .transitions = 4, .seconds = 5},
             {.executions = 10, .redundant = 20, .states = 30, .transitions = 40, .seconds = 50});
  EXPECT_EQ(sum.executions, 11U);
  EXPECT_EQ(sum.redundant, 22U);
  EXPECT_EQ(sum.states, 33U);
  EXPECT_EQ(sum.transitions, 44U);
  EXPECT_EQ(sum.seconds, 55);
}

TEST(PartOutcome, SumHasTheMostThatAnyPartNeeded) {
  const PartOutcome less{.state_bytes = 1, .max_segments = 2};
  const PartOutcome more{.state_bytes = 3, .max_segments = 4};
  for (const PartOutcome& sum : {sum_of(less, more), sum_of(more, less)}) {
    EXPECT_EQ(sum.state_bytes, 3U);
    EXPECT_EQ(sum.max_segments, 4U);
  }
}

TEST(PartOutcome, SumIsCompleteWhereEachPartIs) {
  for (const bool first : {false, true}) {
    for (const bool second : {false, true}) {
      EXPECT_EQ(sum_of({.complete = first}, {.complete = second}).complete, first && second);
    }
  }
}

TEST(PartOutcome, SumIsOutOfMemoryWhereAnyPartIs) {
  for (const bool first : {false, true}) {
    for (const bool second : {false, true}) {
      EXPECT_EQ(sum_of({.out_of_memory = first}, {.out_of_memory = second}).out_of_memory,
                first || second);
    }
  }
}

TEST(PartOutcome, SumHasTheWorstVerdictWithWhatWasFirstToGiveIt) {
  const auto part = [](Verdict verdict, const std::string& label) {
    return PartOutcome{.verdict = verdict,
                       .violation = FailingExecution{.failure = {.label = label}, .schedule = {}}};
  };
  const PartOutcome unsupported = part(Verdict::kUnsupported, "U");
  const PartOutcome violated = part(Verdict::kViolated, "S1");
  const PartOutcome again = part(Verdict::kViolated, "S2");
  for (const auto& [first, second] :
       {std::pair(unsupported, violated), std::pair(violated, unsupported),
        std::pair(violated, again), std::pair(PartOutcome{}, violated)}) {
    const PartOutcome sum = sum_of(first, second);
    EXPECT_EQ(sum.verdict, Verdict::kViolated);
    EXPECT_EQ(sum.violation->failure.label, "S1");
  }
}

}  // namespace
}  // namespace slabproof::model
