#include "model/oracle/growth_bound.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "model/program/program.h"
#include "tests/slab/order_counter.h"

namespace slabproof::model {
namespace {

Setting only_new(std::uint32_t capacity, std::uint32_t initial_segments = 0) {
  return {{.capacity = capacity, .initial_segments = initial_segments, .recheck_all = false}};
}

std::uint64_t bound(std::string_view program, const Setting& setting) {
  return over_growth_bound(setting, parse_program(program).value());
}

/// The greatest over-growth over all orders.
std::uint64_t worst(const Program& program, const Setting& setting) {
  return count_orders(program, {.capacity = setting.capacity,
                                .recheck_all = setting.recheck_all,
                                .initial_segments = setting.initial_segments})
      .value()
      .max_over_growth;
}
std::uint64_t worst(std::string_view program, const Setting& setting) {
  return worst(parse_program(program).value(), setting);
}

TEST(GrowthBound, IsNoneWhereAllSegmentsAreLookedAt) {
  EXPECT_EQ(bound("a f | a f", {{.capacity = 1}}), 0U);
}

TEST(GrowthBound, IsNoneForAllocationsAlone) {
  EXPECT_EQ(bound("a | a2 | a", only_new(1)), 0U);
}

TEST(GrowthBound, IsNoneForOneThread) {
  EXPECT_EQ(bound("a3 F r a", only_new(1)), 0U);
}

TEST(GrowthBound, IsOneForEachFurtherThreadOfSingleBlocks) {
  EXPECT_EQ(bound("a f | a f | a f", only_new(1)), 2U);
}

TEST(GrowthBound, IsDividedByTheCapacity) {
  EXPECT_EQ(bound("a f | a f | a f | a f", only_new(2)), 2U);
}

TEST(GrowthBound, CountsAThreadThatOnlyFreesAsTheOneThatTakesLeast) {
  EXPECT_EQ(bound("a g>1 a | t f", only_new(1)), 1U);
}

TEST(GrowthBound, CountsNothingForEachThreadThatTakesNone) {
  EXPECT_EQ(bound("a2 F | f | f", only_new(1)), 2U);
}

TEST(GrowthBound, IsThatOfTheOtherWhereTwoThreadsTakeTheLargestBatch) {
  EXPECT_EQ(bound("a16 F | a16 F", only_new(1)), 16U);
}

TEST(GrowthBound, IsAttainedByTwoThreads) {
  EXPECT_EQ(worst("a f | a f", only_new(1)), bound("a f | a f", only_new(1)));
}

TEST(GrowthBound, IsAttainedByThreeThreads) {
  constexpr std::string_view kProgram = "a a f f | a f | a f";
  EXPECT_EQ(worst(kProgram, only_new(1)), bound(kProgram, only_new(1)));
}

TEST(GrowthBound, IsExceededByBatchesIfEachThreadCountsAsOne) {
  constexpr std::string_view kProgram = "a2 F | a2 F";
  EXPECT_EQ(worst(kProgram, only_new(1)), 2U);
  EXPECT_EQ(bound(kProgram, only_new(1)), 2U);
}

TEST(GrowthBound, CountsBatchesAsWholeSegmentsWhereATrimMayHoldTheLowest) {
  constexpr std::string_view kProgram = "a r f a | a a F f | a r r a";
  EXPECT_EQ(bound(kProgram, only_new(2, 2)), 2U);
  EXPECT_EQ(bound("a f f a | a a F f | a f f a", only_new(2, 2)), 1U);
  EXPECT_EQ(worst(kProgram, only_new(2, 2)), 1U);
}

TEST(GrowthBound, CountsAThreadThatOnlyTrimsAsTheOneThatTakesLeast) {
  EXPECT_EQ(bound("a f | r", only_new(4)), 1U);
  EXPECT_EQ(worst("a f | r", only_new(4)), 0U);
}

/// A program of two or three threads that take and give back in every way.
Program random_program(std::mt19937& random) {
  constexpr std::array kTokens =
      std::to_array<std::string_view>({"a", "a", "a2", "a3", "f", "f", "f@0", "F", "F", "r", "!"});
  const auto pick = [&random](std::size_t first, std::size_t last) {
    return std::uniform_int_distribution<std::size_t>(first, last)(random);
  };
  const std::size_t threads = pick(2, 3);
  std::string text;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    if (thread != 0) text += '|';
    for (std::size_t left = pick(1, 6 - threads); left > 0; --left) {
      text += ' ';
      text += kTokens[pick(0, kTokens.size() - 1)];
    }
  }
  return parse_program(text).value();
}

TEST(GrowthBound, HoldsForRandomProgramsAndIsOftenAttained) {
  std::mt19937 random(1);
  std::size_t attained = 0;
  for (std::uint32_t i = 0; i < 600; ++i) {
    const Program program = random_program(random);
    const Setting setting = only_new(1 + i % 3, i / 3 % 3);
    const std::uint64_t reached = worst(program, setting);
    const std::uint64_t allowed = over_growth_bound(setting, program);
    ASSERT_LE(reached, allowed) << to_text(program) << ", capacity " << setting.capacity
                                << ", initial segments " << setting.initial_segments;
    attained += allowed != 0 && reached == allowed ? 1 : 0;
  }
  EXPECT_GE(attained, 10U);
}

}  // namespace
}  // namespace slabproof::model
