#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>

#include "fuzz/engine/records.h"
#include "fuzz/slab/slab_script.h"

namespace slabproof::fuzz {
namespace {

constexpr RecordShape kShape = {.header_size = 2, .record_size = 3};

TEST(RecordsTest, MutationKeepsRecordsWholeAndWithinTheLimit) {
  Random random(1);
  Input input;
  for (int i = 0; i < 2000; ++i) {
    input = mutate_records(input, kShape, 50, random);
    ASSERT_LE(input.size(), 50U);
    ASSERT_EQ((input.size() - kShape.header_size) % kShape.record_size, 0U);
  }
}

TEST(RecordsTest, MutationOfOneSeedIsOneResult) {
  Random first(7);
  Random second(7);
  const Input input = {1, 2, 3, 4, 5};
  EXPECT_EQ(mutate_records(input, kShape, 100, first), mutate_records(input, kShape, 100, second));
}

TEST(RecordsTest, CrossingTakesRecordsOfBoth) {
  const Input first = {9, 9, 1, 1, 1, 1, 1, 1};
  const Input second = {8, 8, 2, 2, 2, 2, 2, 2};
  Random random(3);
  std::map<bool, int> mixed;
  for (int i = 0; i < 100; ++i) {
    const Input result = cross_records(first, second, kShape, 100, random);
    const bool has_first = std::ranges::find(result, std::uint8_t{1}) != result.end();
    const bool has_second = std::ranges::find(result, std::uint8_t{2}) != result.end();
    ++mixed[has_first && has_second];
  }
  EXPECT_GT(mixed[true], 10);
}

TEST(RecordsTest, EverySimplerInputIsShorterOrLower) {
  const Input input = {0, 1, 2, 3, 4, 5, 6, 7};
  const std::vector<Input> simpler = simpler_records(input, kShape);
  EXPECT_FALSE(simpler.empty());
  for (const Input& each : simpler) {
    const auto sum = [](const Input& bytes) {
      return std::accumulate(bytes.begin(), bytes.end(), 0);
    };
    EXPECT_TRUE(each.size() < input.size() || sum(each) < sum(input));
  }
}

TEST(SlabScriptTest, EveryByteStringIsAScriptThatPrints) {
  Random random(5);
  for (int i = 0; i < 500; ++i) {
    Input input(random.below(300));
    for (std::uint8_t& byte : input) byte = random.byte();
    const SlabScript script = script_from_bytes(input);
    EXPECT_EQ(script.steps.empty(), to_text(script).empty());
    EXPECT_LE(script.steps.size(), SlabScript::kMaxSteps);
  }
}

TEST(SlabScriptTest, PrintsAsAProgramThatParses) {
  // An allocation, a batch of four, a free of the newest, a trim.
  const Input input = {0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 8, 0, 0, 0, 24, 0, 0, 0};
  const std::string text = to_text(script_from_bytes(input));
  EXPECT_EQ(text, "a a4 f r");
  EXPECT_TRUE(model::parse_program(text).has_value());
}

}  // namespace
}  // namespace slabproof::fuzz
