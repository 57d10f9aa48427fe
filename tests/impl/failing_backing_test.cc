// Failure atomicity (property S11): each request of a whole run is refused in turn.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "tests/support/observed_policies.h"
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

/// A user of a slab who asks again after a failure, and who knows what must be his.
template <class Slab>
class PersistentUser {
 public:
  explicit PersistentUser(Slab& slab) : slab_(slab) {}

  void allocate(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) allocate_batch(1);
  }

  void allocate_batch(std::size_t count) {
    std::vector<Block> blocks(count);
    std::size_t served = 0;
    while (served < count) {
      const std::uint64_t refusals = environment().refusals;
      const SlabStats before = slab_.stats();
      const auto result = slab_.allocate_batch(std::span(blocks).subspan(served));
      const bool refused = environment().refusals != refusals;
      if (result) {
        if (served + *result < count) {
          EXPECT_TRUE(refused) << "a part only, without a reason";
          EXPECT_GT(*result, 0U);
        }
        served += *result;
      } else {
        ++failures_;
        EXPECT_TRUE(refused) << "a failure without a reason";
        EXPECT_EQ(result.error(), AllocError::kOutOfMemory);
        EXPECT_EQ(before.live, before.segments * before.capacity) << "a slot was free";
        expect_unchanged(before);
      }
    }
    for (const Block& block : blocks)
      EXPECT_TRUE(mine_.insert(block.data).second) << "mine already";
    expect_consistent();
  }

  void free_every_second() {
    for (auto mine = mine_.begin(); mine != mine_.end();) {
      EXPECT_TRUE(slab_.deallocate(*mine));
      mine = mine_.erase(mine);
      if (mine != mine_.end()) ++mine;
    }
    expect_consistent();
  }

  void expect_consistent() const {
    const SlabStats stats = slab_.stats();
    expect_conserved(stats);
    expect_exact_growth(stats);
    EXPECT_EQ(stats.live, mine_.size());
    EXPECT_EQ(stats.growers, 0U);
  }

  [[nodiscard]] std::size_t failures() const { return failures_; }

 private:
  /// A wider directory may stay: it changes nothing that a caller can see.
  void expect_unchanged(SlabStats before) const {
    const SlabStats now = slab_.stats();
    EXPECT_GE(now.directory_room, before.directory_room);
    before.directory_room = now.directory_room;
    EXPECT_EQ(now, before);
  }

  Slab& slab_;
  std::set<std::byte*> mine_;
  std::size_t failures_ = 0;
};

/// Twelve segments or so: hits, growth, batches that span segments, frees in between.
template <class Slab>
std::size_t run_the_script(Slab& slab) {
  PersistentUser user(slab);
  user.allocate(5);
  user.free_every_second();
  user.allocate_batch(7);
  user.allocate(4);
  user.free_every_second();
  user.free_every_second();
  user.allocate_batch(20);
  user.allocate(3);
  return user.failures();
}

TYPED_TEST(FailingBackingTest, RefusalOfEachRequestInTurnLosesNothing) {
  using Slab = ExtendableSlab<std::uint64_t, TypeParam>;
  std::uint64_t requests = 0;
  {
    Slab slab(2);
    EXPECT_EQ(run_the_script(slab), 0U);
    requests = this->script_.requests;
  }
  ASSERT_GT(requests, 15U);
  std::size_t failures = 0;
  for (std::uint64_t refused = 0; refused < requests; ++refused) {
    SCOPED_TRACE(refused);
    new_environment().refuse(refused);
    {
      Slab slab(2);
      failures += run_the_script(slab);
    }
    EXPECT_EQ(this->script_.refusals, 1U);
    EXPECT_EQ(regions_held(), 0) << "a region was leaked";
    EXPECT_EQ(this->script_.backing_calls_under_lock, 0U);
  }
  // Some refusals fell on calls that had nothing to serve, some on batches that served a part.
  EXPECT_GT(failures, 0U);
  EXPECT_LT(failures, requests);
}

TYPED_TEST(FailingBackingTest, RefusalsInARowLoseNothing) {
  using Slab = ExtendableSlab<std::uint64_t, TypeParam>;
  for (std::uint64_t refused = 0; refused < 20; ++refused) {
    SCOPED_TRACE(refused);
    new_environment().refuse(refused, 3);
    {
      Slab slab(3);
      run_the_script(slab);
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

}  // namespace
}  // namespace slabproof::testing
