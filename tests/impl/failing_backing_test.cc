// Failure atomicity (property S11) where the backing refuses several requests in a row, at random,
// or while a slot is freed; and what a refused call waits for, and how long. Each request of a run
// in turn: fault_plan_test.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/segment_set.h"
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

/// The full segments of a slab without its lock: so each call does what the test says.
class WaitsOfASetTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kCapacity = 4;

  struct Config : ObservedConfig<> {
    static constexpr Growth growth = Growth::kShared;
    static constexpr std::uint32_t reserve_share = 1;
  };
  using Set = SegmentSet<std::uint64_t, Config>;
  using Grower = Set::Grower;

  WaitsOfASetTest() { add_segment(); }
  ~WaitsOfASetTest() override { set_.tear_down(plan_); }

  void begin(Grower& growth) { set_.begin_growth(plan_, growth, growth.make_one()); }
  void end(Grower& growth) {
    auto supplies = Set::Supply::obtain(growth, plan_, &Config::Protection::make);
    set_.end_growth(growth, supplies);
    ASSERT_FALSE(supplies.refusal);
    set_.install(supplies);
    take_all();
  }
  /// A call that is refused and waits for the growers in flight.
  void refuse(Grower& growth, std::span<Block> lacked) {
    begin(growth);
    environment().refuse_all();
    auto supplies = Set::Supply::obtain(growth, plan_, &Config::Protection::make);
    environment().refuse_none();
    set_.end_growth(growth, supplies);
    ASSERT_TRUE(supplies.refusal);
    ASSERT_TRUE(set_.await_growths(growth, lacked));
  }
  void add_segment() {
    Grower growth;
    begin(growth);
    end(growth);
  }
  void take_all() {
    while (std::byte* const data = set_.take_one(plan_)) blocks_.push_back(data);
  }
  void put(std::size_t block) { EXPECT_EQ(set_.put(plan_, blocks_[block]), std::nullopt); }

  Environment& script_ = new_environment();
  const Set::Plan plan_ = Set::SegmentType::plan(kCapacity).value();
  Set set_{plan_.geometry.size};
  std::vector<std::byte*> blocks_;
  std::array<Block, 3> lacked_{};
};

TEST_F(WaitsOfASetTest, RefusedCallLooksAgainWhenOneSlotIsFree) {
  Grower in_flight;
  begin(in_flight);
  Grower refused;
  refuse(refused, lacked_);
  EXPECT_FALSE(set_.is_over(plan_, refused, lacked_.size()));
  put(0);
  EXPECT_TRUE(set_.is_over(plan_, refused, lacked_.size()));
  set_.end_wait(refused);
  end(in_flight);
}

TEST_F(WaitsOfASetTest, RefusedCallLooksAgainWhenOneGrowerOfTwoHasBroughtAPlace) {
  add_segment();
  Grower bringer;
  begin(bringer);
  ASSERT_EQ(bringer.chunk_places, 2U);
  Grower in_flight;
  begin(in_flight);
  Grower refused;
  refuse(refused, lacked_);
  EXPECT_FALSE(set_.is_over(plan_, refused, lacked_.size()));
  end(bringer);
  EXPECT_TRUE(set_.is_over(plan_, refused, lacked_.size()));
  set_.end_wait(refused);
  end(in_flight);
}

TEST_F(WaitsOfASetTest, CallThatSharesWaitsOnWhereFewerSlotsAreFreeThanItNeeds) {
  Grower in_flight;
  begin(in_flight);
  Grower sharing;
  set_.miss(plan_, sharing, lacked_);
  ASSERT_EQ(sharing.state, Grower::State::kSharing);
  put(0);
  EXPECT_FALSE(set_.is_over(plan_, sharing, lacked_.size()));
  set_.end_wait(sharing);
  end(in_flight);
}

TEST_F(WaitsOfASetTest, RefusedCallWaitsForAGrowerThatWaitsForATrim) {
  Grower in_flight;
  begin(in_flight);
  set_.park(in_flight);
  Grower refused;
  refuse(refused, lacked_);
  EXPECT_FALSE(set_.is_over(plan_, refused, lacked_.size()));
  end(in_flight);
  EXPECT_TRUE(set_.is_over(plan_, refused, lacked_.size()));
  set_.end_wait(refused);
}

TEST_F(WaitsOfASetTest, CallThatWaitedForATrimDoesNotWaitForAGrower) {
  Grower in_flight;
  begin(in_flight);
  for (std::size_t i = 0; i < kCapacity; ++i) put(i);
  Set::Release trim;
  std::uint32_t next = 0;
  ASSERT_TRUE(set_.claim_segment(plan_, next, trim));
  Grower waiting;
  waiting.awaited = ~std::uint64_t{0};  // of which nothing is said in this state
  set_.miss(plan_, waiting, lacked_);
  EXPECT_FALSE(set_.is_over(plan_, waiting, lacked_.size()));
  trim.release(plan_);
  set_.put_back(plan_, trim);
  take_all();
  EXPECT_TRUE(set_.is_over(plan_, waiting, lacked_.size()));
  set_.end_wait(waiting);
  end(in_flight);
}

TEST_F(WaitsOfASetTest, SlotsThatWereAbandonedDoNotServeACallBesideATrim) {
  add_segment();
  for (const std::size_t i : {1U, 2U, 3U}) put(i);
  std::fill_n(blocks_[3], sizeof(std::uint32_t), std::byte{0xff});
  ASSERT_EQ(set_.take_one(plan_), blocks_[3]);
  put(0);
  ASSERT_EQ(set_.stats(kCapacity).abandoned, 2U);
  for (std::size_t i = kCapacity; i < 2 * kCapacity; ++i) put(i);
  Set::Release trim;
  std::uint32_t next = 0;
  ASSERT_TRUE(set_.claim_segment(plan_, next, trim));
  EXPECT_FALSE(set_.must_await_trims(plan_, 1, 0));
  EXPECT_TRUE(set_.must_await_trims(plan_, 2, 0));
  trim.release(plan_);
  set_.put_back(plan_, trim);
}

}  // namespace
}  // namespace slabproof::testing
