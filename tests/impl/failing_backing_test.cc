// Failure atomicity (property S11) where the backing refuses several requests in a row, at random,
// or while a slot is freed. Each request of a run in turn: fault_plan_test.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "tests/support/observed_policies.h"
#include "tests/support/persistent_user.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <class Config>
class FailingBackingTest : public ::testing::Test {
 protected:
  FailingBackingTest() { new_environment(); }
  Environment& script_ = environment();
};

using BothScopes =
    ::testing::Types<ObservedConfig<Recheck::kAllSegments>, ObservedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(FailingBackingTest, BothScopes);

TYPED_TEST(FailingBackingTest, RefusalsInARowLoseNothing) {
  using Slab = ExtendableSlab<std::uint64_t, TypeParam>;
  for (std::uint64_t refused = 0; refused < 20; ++refused) {
    SCOPED_TRACE(refused);
    new_environment().refuse(refused, 3);
    {
      Slab slab(3);
      run_persistent_script(slab);
    }
    EXPECT_EQ(regions_held(), 0);
  }
}

TYPED_TEST(FailingBackingTest, RefusedSegmentLeavesTheDirectoryThatWasGranted) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  this->script_.refuse(1);
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab.stats().directory_room, 1U);
  EXPECT_TRUE(slab.allocate());
  EXPECT_EQ(this->script_.directory_requests(), 1U);
}

TYPED_TEST(FailingBackingTest, SlotFreedDuringTheRefusedRequestIsServed) {
  // Of the next growth, the directory request is number 0 and the segment request number 1.
  for (const std::uint64_t refused : {0U, 1U}) {
    Environment& script = new_environment();
    ExtendableSlab<std::uint64_t, TypeParam> slab(2);
    const std::vector<Block> blocks = take_blocks(slab, 4);
    script.refuse(refused);
    script.during_request = [&] {
      script.during_request = nullptr;
      EXPECT_TRUE(slab.deallocate(blocks[1].data));
    };
    // The segment is an old one: after a refusal both scopes look at all.
    EXPECT_EQ(slab.allocate(), blocks[1]);
    EXPECT_EQ(script.refusals, 1U);
    EXPECT_EQ(slab.segment_count(), 2U);
  }
}

TYPED_TEST(FailingBackingTest, BatchTakesAllThatWasFreedDuringTheRefusedRequest) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 8);
  this->script_.refuse_all();
  this->script_.during_request = [&] { give_back(slab, std::span(blocks).subspan(2, 3)); };
  std::array<Block, 5> more;
  EXPECT_EQ(slab.allocate_batch(more), 3U);
  expect_conserved(slab.stats());
}

TYPED_TEST(FailingBackingTest, InitialSegmentsStopAtTheFirstRefusal) {
  // Directory and segment, directory and segment, then the third of five.
  this->script_.refuse(4, Environment::kForever);
  {
    ExtendableSlab<std::uint64_t, TypeParam> slab(4, InitialSegments{5});
    EXPECT_EQ(slab.error(), AllocError::kOutOfMemory);
    EXPECT_EQ(slab.segment_count(), 2U);
    EXPECT_EQ(slab.stats().growers, 0U);
    // What is there serves, and the slab can still grow later.
    take_blocks(slab, 8);
    EXPECT_FALSE(slab.allocate());
    this->script_.refuse_none();
    EXPECT_TRUE(slab.allocate());
  }
  EXPECT_EQ(regions_held(), 0);
}

TYPED_TEST(FailingBackingTest, RandomRefusalsLoseNothing) {
  std::mt19937 random(99);
  {
    ExtendableSlab<std::uint64_t, TypeParam> slab(3);
    PersistentUser user(slab);
    this->script_.during_request = [&] {
      if (random() % 2 == 0) this->script_.refuse(random() % 3, 1 + random() % 2);
    };
    for (int step = 0; step < 400; ++step) {
      if (random() % 5 == 0) {
        user.free_every_second();
      } else {
        user.allocate_batch(1 + random() % 6);
      }
    }
    EXPECT_GT(user.failures(), 0U);
  }
  EXPECT_EQ(regions_held(), 0);
}

struct FixedConfig : DefaultConfig {
  using Backing = ObservedBacking<WipingHeap>;
};

TEST(FailingBackingFixedTest, FixedSlabOverARefusingBackingIsOutOfMemory) {
  new_environment().refuse_all();
  {
    Slab<std::uint64_t, FixedConfig> slab(4);
    EXPECT_EQ(slab.error(), AllocError::kOutOfMemory);
    EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
  }
  EXPECT_EQ(environment().releases, 0U);
}

TYPED_TEST(FailingBackingTest, BatchThatIsServedAPartDoesNotWaitForAGrower) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  // What another thread does while a grower is in its request.
  this->script_.during_request = [&] {
    this->script_.during_request = nullptr;
    EXPECT_TRUE(slab.deallocate(blocks[2].data));
    this->script_.refuse_all();
    std::array<Block, 3> more;
    EXPECT_EQ(slab.allocate_batch(more), 1U);
    EXPECT_EQ(this->script_.pauses, 0U);
    this->script_.refuse_none();
  };
  EXPECT_TRUE(slab.allocate());
}

}  // namespace
}  // namespace slabproof::testing
