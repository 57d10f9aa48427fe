// How inputs that fail are made smaller.

#include "model/program/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace slabproof::model {
namespace {

std::vector<std::vector<int>> parts_of(const std::vector<int>& whole) {
  std::vector<std::vector<int>> parts;
  for (const Stretch stretch : stretches_to_leave_out(whole.size())) {
    parts.push_back(without(whole, stretch));
  }
  return parts;
}

TEST(ShrinkTest, StretchesAreLongestFirstAndEndWithEachElement) {
  const std::vector<Stretch> expected = {{0, 3}, {0, 1}, {1, 2}, {2, 3}};
  EXPECT_EQ(stretches_to_leave_out(3), expected);
  EXPECT_TRUE(stretches_to_leave_out(0).empty());
}

TEST(ShrinkTest, LastStretchOfALengthIsCutToTheEnd) {
  const std::vector<Stretch> stretches = stretches_to_leave_out(5);
  EXPECT_TRUE(std::ranges::find(stretches, Stretch{4, 5}) != stretches.end());
  EXPECT_TRUE(std::ranges::all_of(stretches, [](Stretch each) { return each.last <= 5; }));
}

TEST(ShrinkTest, WhatIsLeftFailsAndNothingOfItCanGo) {
  std::vector<int> value = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto fails = [](const std::vector<int>& sequence) {
    const auto has = [&](int element) { return std::ranges::count(sequence, element) == 1; };
    return has(2) && has(7);
  };
  EXPECT_GT(shrink(value, parts_of, fails), 0U);
  EXPECT_EQ(value, (std::vector{2, 7}));
}

TEST(ShrinkTest, ValueThatFailsAloneStaysAsItIs) {
  std::vector<int> value = {1, 2, 3};
  EXPECT_EQ(shrink(value, parts_of, [](const auto&) { return false; }), parts_of(value).size());
  EXPECT_EQ(value, (std::vector{1, 2, 3}));
}

}  // namespace
}  // namespace slabproof::model
