// How many blocks a remote gathers before it pushes them.

#include "slabproof/batch_policy.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace slabproof {
namespace {

/// `count` pushes, of which the first `onto_others` found blocks that were not taken yet.
void push(AdaptiveBatch& batch, std::uint32_t count, std::uint32_t onto_others) {
  for (std::uint32_t i = 0; i < count; ++i) batch.pushed(i < onto_others);
}

void push_window(AdaptiveBatch& batch, std::uint32_t onto_others) {
  push(batch, AdaptiveBatch::kWindow, onto_others);
}

/// The pushes after a step, all of which say that the owner is late.
void cool_down(AdaptiveBatch& batch) {
  push(batch, AdaptiveBatch::kCooldown, AdaptiveBatch::kCooldown);
}

constexpr std::uint32_t kThreeQuarters = AdaptiveBatch::kWindow * 3 / 4;
constexpr std::uint32_t kQuarter = AdaptiveBatch::kWindow / 4;

TEST(FixedBatchTest, KeepsItsSize) {
  FixedBatch<3> batch;
  for (int i = 0; i < 100; ++i) batch.pushed(true);
  EXPECT_EQ(batch.size(), 3U);
}

TEST(AdaptiveBatchTest, ClimbsAndDescendsItsStepsAndStaysAtTheirEnds) {
  AdaptiveBatch batch;
  std::vector<std::size_t> sizes{batch.size()};
  for (int i = 0; i < 5; ++i) {
    push_window(batch, AdaptiveBatch::kWindow);
    sizes.push_back(batch.size());
    cool_down(batch);
  }
  for (int i = 0; i < 5; ++i) {
    push_window(batch, 0);
    sizes.push_back(batch.size());
    cool_down(batch);
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{8, 16, 32, 64, 128, 128, 64, 32, 16, 8, 8}));
}

TEST(AdaptiveBatchTest, ClimbsAtThreeQuartersAndNotBelow) {
  AdaptiveBatch below;
  push_window(below, kThreeQuarters - 1);
  EXPECT_EQ(below.size(), 8U);
  AdaptiveBatch at;
  push_window(at, kThreeQuarters);
  EXPECT_EQ(at.size(), 16U);
}

TEST(AdaptiveBatchTest, DescendsAtAQuarterAndNotAbove) {
  AdaptiveBatch batch;
  push_window(batch, AdaptiveBatch::kWindow);
  cool_down(batch);
  push_window(batch, kQuarter + 1);
  EXPECT_EQ(batch.size(), 16U);
  push_window(batch, kQuarter);
  EXPECT_EQ(batch.size(), 8U);
}

TEST(AdaptiveBatchTest, DoesNotCountThePushesRightAfterAStep) {
  AdaptiveBatch batch;
  push_window(batch, AdaptiveBatch::kWindow);
  cool_down(batch);
  EXPECT_EQ(batch.size(), 16U);
  push(batch, AdaptiveBatch::kWindow - 1, AdaptiveBatch::kWindow);
  EXPECT_EQ(batch.size(), 16U);
  push(batch, 1, 1);
  EXPECT_EQ(batch.size(), 32U);
}

}  // namespace
}  // namespace slabproof
