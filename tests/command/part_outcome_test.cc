// What workers report and checkpoints keep.

#include "model/campaign/part_outcome.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

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

}  // namespace
}  // namespace slabproof::model
