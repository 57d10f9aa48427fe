// Inputs of the schedule fuzzer as bytes: those that name no family mean what they always did, and
// whatever bytes, edits and crossings give fits its slab and reads back.

#include "fuzz/schedule/schedule_input.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "fuzz/engine/random.h"
#include "model/program/fit.h"

namespace slabproof::fuzz {
namespace {

using model::SlabFamily;

Input random_bytes(Random& random) {
  Input bytes(random.below(40));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
  return bytes;
}

void expect_sound(const ScheduleInput& input) {
  EXPECT_EQ(model::misfit_of(input.program, input.slab), std::nullopt) << to_text(input.program);
  EXPECT_EQ(schedule_input_from_bytes(to_bytes(input)), input) << to_text(input.program);
}

TEST(ScheduleInput, BytesThatNameNoFamilyAreASharedSlab) {
  // Capacity 2, one initial segment, new segments only; "a f | a"; two choices.
  const Input bytes = {0b0001'0101, 4, 1, 3, 0, 1, 1, 0};
  const ScheduleInput input = schedule_input_from_bytes(bytes);
  EXPECT_EQ(input.slab,
            (model::SlabSetup{.capacity = 2, .initial_segments = 1, .recheck_all = false}));
  EXPECT_EQ(to_text(input.program), "a f | a");
  EXPECT_EQ(input.choices, (Input{1, 0}));
  EXPECT_EQ(to_bytes(input), bytes);
}

TEST(ScheduleInput, ByteMoreNamesFamilyAndBatch) {
  const Input bytes = {0b1000'0100, 0b110, 5, 1, 6, 1, 0, 7, 1};
  const ScheduleInput input = schedule_input_from_bytes(bytes);
  EXPECT_EQ(input.slab,
            (model::SlabSetup{.capacity = 2, .family = SlabFamily::kOwner, .batch = 2}));
  EXPECT_EQ(to_text(input.program), "a g>1 | t");
  EXPECT_EQ(to_bytes(input), bytes);
}

TEST(ScheduleInput, AnyBytesFitTheirSlabAndReadBack) {
  Random random(1);
  for (int i = 0; i < 5'000; ++i) expect_sound(schedule_input_from_bytes(random_bytes(random)));
}

TEST(ScheduleInput, EditsAndCrossingsFitTheirSlab) {
  Random random(2);
  ScheduleInput input;
  for (int i = 0; i < 5'000; ++i) {
    const ScheduleInput other = schedule_input_from_bytes(random_bytes(random));
    input = random.below(4) == 0 ? cross(input, other, random) : mutate(other, random);
    expect_sound(input);
  }
}

TEST(ScheduleInput, SimplerInputsFitAndAreOthers) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const ScheduleInput input = schedule_input_from_bytes(random_bytes(random));
    for (const ScheduleInput& each : simpler(input)) {
      expect_sound(each);
      EXPECT_NE(each, input);
    }
  }
}

}  // namespace
}  // namespace slabproof::fuzz
