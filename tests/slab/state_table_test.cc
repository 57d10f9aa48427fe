// The table of states that were reached, for one process.

#include "model/states/state_table.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/states/fingerprint.h"

namespace slabproof::testing {
namespace {

using model::Fingerprint;
using model::StateTable;
using Found = StateTable::Found;

constexpr std::size_t kRoom = std::size_t{1} << 20;
constexpr std::array<std::uint64_t, 4> kWords = {1, 2, 3, 4};  // a byte each

// Two of them want each place, and more than once the table grows under them.
TEST(StateTable, StateIsNewOnceHoweverManyThereAre) {
  constexpr std::uint64_t kStates = 10'000;
  StateTable table({.memory_limit = kRoom});
  for (const Found expected : {Found::kNew, Found::kKnown}) {
    for (std::uint64_t number = 0; number < kStates; ++number) {
      const Fingerprint state{.high = number / 2 * 2, .low = number + 1};
      ASSERT_EQ(table.add(state, {}), expected) << number;
    }
  }
  EXPECT_EQ(table.size(), kStates);
}

TEST(StateTable, OtherStateWithTheSameFingerprintIsNewWhereWholeStatesAreKept) {
  StateTable table({.keeps_whole_states = true, .memory_limit = kRoom});
  constexpr std::array<std::uint64_t, 1> kOther = {5};
  const Fingerprint same{.high = 1, .low = 1};
  EXPECT_EQ(table.add(same, kWords), Found::kNew);
  EXPECT_EQ(table.add(same, kOther), Found::kNew);
  EXPECT_EQ(table.collisions(), 1U);
  EXPECT_EQ(table.add(same, kOther), Found::kKnown);
  EXPECT_EQ(table.size(), 2U);
}

// Room for whole states is doubled: the fourth of four that are equally long just fits.
TEST(StateTable, StateThatJustFitsTakesNoMoreRoom) {
  StateTable table({.keeps_whole_states = true, .memory_limit = kRoom});
  for (std::uint64_t number = 1; number <= 3; ++number) {
    ASSERT_EQ(table.add({.high = number, .low = number}, kWords), Found::kNew);
  }
  const std::size_t bytes = table.bytes();
  ASSERT_EQ(table.add({.high = 4, .low = 4}, kWords), Found::kNew);
  EXPECT_EQ(table.bytes(), bytes);
}

}  // namespace
}  // namespace slabproof::testing
