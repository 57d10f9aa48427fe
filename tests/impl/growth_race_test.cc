// Races of growers, made deterministic: what "another thread" does while a grower is in phase 2 is
// done by the backing, inside the request, on the same thread, as long as nobody has to wait.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "tests/support/held_thread.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using AllSegments = ObservedConfig<Recheck::kAllSegments>;
using NewSegments = ObservedConfig<Recheck::kNewSegments>;

class GrowthRaceTest : public ::testing::Test {
 protected:
  GrowthRaceTest() { new_environment(); }

  /// Runs `action` once, inside the next request.
  void during_next_request(std::function<void()> action) {
    script_.during_request = [this, action] {
      script_.during_request = nullptr;
      action();
    };
  }

  Environment& script_ = environment();
};

template <class Config>
class GrowthRaceInBothScopesTest : public GrowthRaceTest {};

using BothScopes = ::testing::Types<AllSegments, NewSegments>;
TYPED_TEST_SUITE(GrowthRaceInBothScopesTest, BothScopes);

TEST_F(GrowthRaceTest, FreeIntoOldSegmentDuringGrowthIsFoundByTheLookAtAll) {
  ExtendableSlab<std::uint64_t, AllSegments> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  during_next_request([&] { EXPECT_TRUE(slab.deallocate(blocks[0].data)); });
  EXPECT_EQ(slab.allocate(), blocks[0]);
  EXPECT_EQ(slab.segment_count(), 1U);
  expect_exact_growth(slab.stats());
}

TEST_F(GrowthRaceTest, FreeIntoOldSegmentDuringGrowthIsMissedByTheLookAtNewOnes) {
  ExtendableSlab<std::uint64_t, NewSegments> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  during_next_request([&] { EXPECT_TRUE(slab.deallocate(blocks[0].data)); });
  EXPECT_NE(slab.allocate(), blocks[0]);
  EXPECT_EQ(slab.segment_count(), 2U);
}

TEST_F(GrowthRaceTest, UnusedSegmentIsReleasedWithoutTheLock) {
  ExtendableSlab<std::uint64_t, AllSegments> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  const std::uint64_t releases = script_.releases;
  during_next_request([&] { EXPECT_TRUE(slab.deallocate(blocks[0].data)); });
  EXPECT_TRUE(slab.allocate());
  EXPECT_EQ(script_.releases, releases + 1);
  EXPECT_EQ(script_.backing_calls_under_lock, 0U);
}

TYPED_TEST(GrowthRaceInBothScopesTest, SegmentInstalledDuringGrowthIsUsedInsteadOfAnother) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  Block theirs;
  this->during_next_request([&] { theirs = slab.allocate().value(); });
  const Block mine = slab.allocate().value();
  EXPECT_EQ(slab.segment_count(), 1U);
  EXPECT_NE(mine, theirs);
  EXPECT_EQ(this->script_.backing_calls_under_lock, 0U);
  // What the loser built is gone: the segment and the first directory are left.
  EXPECT_EQ(regions_held(), 2);
}

TYPED_TEST(GrowthRaceInBothScopesTest, GrowersOfTheLastSegmentThatTheLimitAllowsAreAllServed) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  slab.limit_segments(1);
  this->during_next_request([&] { EXPECT_TRUE(slab.allocate()); });
  EXPECT_TRUE(slab.allocate());
  EXPECT_EQ(slab.segment_count(), 1U);
}

TYPED_TEST(GrowthRaceInBothScopesTest, GrowerThatComesTooLateForTheLimitIsRefused) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  slab.limit_segments(1);
  this->during_next_request([&] { EXPECT_TRUE(slab.allocate()); });
  EXPECT_EQ(slab.allocate().error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), 1U);
  EXPECT_EQ(slab.stats().growers, 0U);
  // What it had obtained has gone back.
  EXPECT_EQ(this->script_.releases, 1U + 1U);
}

TYPED_TEST(GrowthRaceInBothScopesTest, BlockFreedWhileTheLimitIsReachedIsFound) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  const Block old = take_blocks(slab, 1)[0];
  slab.limit_segments(2);
  this->during_next_request([&] {
    EXPECT_TRUE(slab.allocate());
    EXPECT_TRUE(slab.deallocate(old.data));
  });
  EXPECT_EQ(slab.allocate(), old);
}

TYPED_TEST(GrowthRaceInBothScopesTest, GrowersOfSingleSlotSegmentsEachInstallTheirs) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  this->during_next_request([&] { take_blocks(slab, 1); });
  take_blocks(slab, 1);
  EXPECT_EQ(slab.segment_count(), 2U);
  expect_exact_growth(slab.stats());
}

TYPED_TEST(GrowthRaceInBothScopesTest, EachGrowerInFlightIsCounted) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  std::uint64_t seen = 0;
  this->during_next_request([&] {
    this->during_next_request([&] { seen = slab.stats().growers; });
    take_blocks(slab, 1);
  });
  take_blocks(slab, 1);
  EXPECT_EQ(seen, 2U);
  EXPECT_EQ(slab.stats().growers, 0U);
}

/// Starts `depth` growers, each inside the request of the one before, and so ends them in reverse.
template <class Slab>
void grow_nested(Slab& slab, int depth, std::vector<Block>& taken) {
  Environment& script = environment();
  if (depth > 1) {
    script.during_request = [&, depth] {
      script.during_request = nullptr;
      grow_nested(slab, depth - 1, taken);
    };
  }
  if (const auto block = slab.allocate()) taken.push_back(*block);
}

TYPED_TEST(GrowthRaceInBothScopesTest, DirectoryHasRoomForAllGrowersInWhateverOrderTheyEnd) {
  for (int first = 1; first <= 9; ++first) {
    for (int second = 1; second <= 40; ++second) {
      new_environment();
      ExtendableSlab<std::uint64_t, TypeParam> slab(1);
      std::vector<Block> taken;
      grow_nested(slab, first, taken);
      grow_nested(slab, second, taken);
      ASSERT_EQ(taken.size(), static_cast<std::size_t>(first + second));
      ASSERT_EQ(slab.segment_count(), taken.size());
      ASSERT_LE(slab.segment_count(), slab.stats().directory_room);
      for (const Block& block : taken) ASSERT_TRUE(slab.deallocate(block.data));
    }
  }
}

// Refused growers wait for those in flight, so they are threads, each held in its first request.
TYPED_TEST(GrowthRaceInBothScopesTest, DirectoryHasRoomWhenSomeOfTheGrowersAreRefused) {
  std::mt19937 random(5);
  for (int run = 0; run < 100; ++run) {
    new_environment();
    std::atomic<std::uint64_t> calls_under_lock = 0;
    {
      ExtendableSlab<std::uint64_t, TypeParam> slab(1);
      std::vector<Block> taken;
      for (int round = 0; round < 4; ++round) {
        const std::size_t count = 1 + random() % 6;
        std::vector<std::optional<Block>> served(count);
        std::vector<std::unique_ptr<HeldThread>> growers;
        for (std::size_t i = 0; i < count; ++i) {
          growers.push_back(std::make_unique<HeldThread>(
              HeldThread::Hold::kInRequest, [&, i, pass = random() % 3, refused = random() % 3] {
                environment().refuse(pass, refused);
                if (const auto block = slab.allocate()) served[i] = *block;
                calls_under_lock += environment().backing_calls_under_lock;
              }));
        }
        std::ranges::shuffle(growers, random);
        for (const auto& grower : growers) {
          grower->go_on();
          static_cast<void>(grower->still_waits());
        }
        growers.clear();
        for (const auto& block : served) {
          if (block) taken.push_back(*block);
        }
      }
      const SlabStats stats = slab.stats();
      ASSERT_LE(stats.segments, stats.directory_room);
      ASSERT_EQ(stats.live, taken.size());
      ASSERT_EQ(stats.growers, 0U);
      expect_conserved(stats);
      expect_exact_growth(stats);
      std::set<const std::byte*> distinct;
      for (const Block& block : taken) distinct.insert(block.data);
      ASSERT_EQ(distinct.size(), taken.size());
      for (const Block& block : taken) ASSERT_TRUE(slab.deallocate(block.data));
    }
    ASSERT_EQ(regions_held(), 0);
    ASSERT_EQ(calls_under_lock, 0U);
  }
}

TYPED_TEST(GrowthRaceInBothScopesTest, SingleAllocationDuringABatchGrowsNoMoreThanNeeded) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  Block theirs;
  this->during_next_request([&] { theirs = slab.allocate().value(); });
  std::vector<Block> blocks(10);
  EXPECT_EQ(slab.allocate_batch(blocks), 10U);
  EXPECT_EQ(slab.stats().live, 11U);
  expect_exact_growth(slab.stats());
  for (const Block& block : blocks) EXPECT_NE(block, theirs);
}

}  // namespace
}  // namespace slabproof::testing
