// Config::growth: who waits for a grower in flight instead of asking the backing too.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/growth_demand.h"
#include "slabproof/segment_set.h"
#include "tests/support/held_thread.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using Hold = HeldThread::Hold;

template <Recheck kScope>
struct SharedConfig : ObservedConfig<kScope> {
  static constexpr Growth growth = Growth::kShared;
};

constexpr std::size_t kCapacity = 4;

template <class Config>
class SharedGrowthTest : public ::testing::Test {
 protected:
  SharedGrowthTest() {
    new_environment();
    blocks_ = take_blocks(slab_, kCapacity);
  }

  /// A call that counts its requests for segments, and whether it was served.
  std::unique_ptr<HeldThread> call(Hold hold, bool is_refused = false) {
    return std::make_unique<HeldThread>(hold, [this, is_refused] {
      if (is_refused) environment().refused_segments = {.pass = 0, .count = Environment::kForever};
      if (slab_.allocate()) ++served_;
      requests_ += environment().segment_requests;
    });
  }

  ExtendableSlab<std::uint64_t, Config> slab_{kCapacity};
  std::vector<Block> blocks_;
  std::atomic<std::uint64_t> served_ = 0;
  std::atomic<std::uint64_t> requests_ = 0;
};

using BothScopes =
    ::testing::Types<SharedConfig<Recheck::kAllSegments>, SharedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(SharedGrowthTest, BothScopes);

TYPED_TEST(SharedGrowthTest, SegmentOfOneGrowerServesAllForWhomItHasRoomEachTime) {
  for (std::size_t round = 1; round <= 3; ++round) {
    const auto grower = this->call(Hold::kInRequest);
    std::vector<std::unique_ptr<HeldThread>> others;
    for (std::size_t i = 1; i < kCapacity; ++i) others.push_back(this->call(Hold::kNowhere));
    for (const auto& each : others) EXPECT_TRUE(each->still_waits());
    grower->go_on();
    grower->join();
    for (const auto& each : others) each->join();
    EXPECT_EQ(this->served_, round * kCapacity);
    EXPECT_EQ(this->requests_, round);
    EXPECT_EQ(this->slab_.segment_count(), round + 1);
  }
}

TYPED_TEST(SharedGrowthTest, ThreadsThatMeetAFullSlabTogetherObtainOneSegment) {
  constexpr std::size_t kThreads = 32;
  ExtendableSlab<std::uint64_t, TypeParam> slab(kThreads);
  take_blocks(slab, kThreads);
  std::barrier go(kThreads);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      go.arrive_and_wait();
      if (slab.allocate()) ++this->served_;
      this->requests_ += environment().segment_requests;
    });
  }
  threads.clear();
  EXPECT_EQ(this->served_, kThreads);
  EXPECT_EQ(this->requests_, 1U);
}

TYPED_TEST(SharedGrowthTest, CallForWhichNoRoomIsLeftGrowsItself) {
  std::vector<std::unique_ptr<HeldThread>> calls;
  calls.push_back(this->call(Hold::kInRequest));
  for (std::size_t i = 1; i < kCapacity; ++i) calls.push_back(this->call(Hold::kNowhere));
  for (std::size_t i = 1; i < kCapacity; ++i) EXPECT_TRUE(calls[i]->still_waits());
  const auto last = this->call(Hold::kNowhere);
  EXPECT_FALSE(last->still_waits());
  calls[0]->go_on();
  for (const auto& each : calls) each->join();
  EXPECT_EQ(this->served_, kCapacity + 1);
  EXPECT_EQ(this->requests_, 2U);
  EXPECT_EQ(this->slab_.segment_count(), 3U);
}

TYPED_TEST(SharedGrowthTest, EachFurtherGrowerBringsRoomForOthers) {
  std::vector<std::unique_ptr<HeldThread>> calls;
  calls.push_back(this->call(Hold::kInRequest));
  for (std::size_t i = 1; i < kCapacity; ++i) calls.push_back(this->call(Hold::kNowhere));
  for (std::size_t i = 1; i < kCapacity; ++i) EXPECT_TRUE(calls[i]->still_waits());
  calls.push_back(this->call(Hold::kInRequest));
  calls.push_back(this->call(Hold::kNowhere));
  EXPECT_TRUE(calls.back()->still_waits());
  calls[0]->go_on();
  calls[kCapacity]->go_on();
  for (const auto& each : calls) each->join();
  EXPECT_EQ(this->served_, kCapacity + 2);
}

TYPED_TEST(SharedGrowthTest, BatchForWhichNoRoomIsLeftGrowsItself) {
  const auto grower = this->call(Hold::kInRequest);
  std::array<Block, kCapacity> batch;
  EXPECT_EQ(this->slab_.allocate_batch(batch), kCapacity);
  EXPECT_EQ(this->slab_.segment_count(), 2U);
  grower->go_on();
  grower->join();
  EXPECT_EQ(this->slab_.segment_count(), 3U);
}

TYPED_TEST(SharedGrowthTest, CallThatWaitedForARefusedGrowerGrowsItself) {
  const auto grower = this->call(Hold::kInRequest, true);
  const auto other = this->call(Hold::kNowhere);
  EXPECT_TRUE(other->still_waits());
  grower->go_on();
  grower->join();
  other->join();
  EXPECT_EQ(this->served_, 1U);
  EXPECT_EQ(this->requests_, 2U);
  EXPECT_EQ(this->slab_.segment_count(), 2U);
}

TYPED_TEST(SharedGrowthTest, RefusedCallThatWaitsIsCountedOn) {
  const auto grower = this->call(Hold::kInRequest);
  std::array<Block, kCapacity> batch;
  HeldThread refused(Hold::kNowhere, [&] {
    environment().refuse_all();
    // With the grower's block or, where this looks before that one ends, without.
    EXPECT_GE(this->slab_.allocate_batch(batch).value_or(0), kCapacity - 1);
  });
  EXPECT_TRUE(refused.still_waits());
  const auto other = this->call(Hold::kNowhere);
  EXPECT_FALSE(other->still_waits());
  grower->go_on();
  for (HeldThread* const each : {grower.get(), &refused, other.get()}) each->join();
  EXPECT_EQ(this->served_, 2U);
  EXPECT_EQ(this->slab_.segment_count(), 3U);
}

TYPED_TEST(SharedGrowthTest, WhatAReserveBringsIsShared) {
  HeldThread reserver(Hold::kInRequest, [&] { EXPECT_TRUE(this->slab_.reserve(2 * kCapacity)); });
  std::vector<std::unique_ptr<HeldThread>> others;
  for (std::size_t i = 0; i < kCapacity; ++i) others.push_back(this->call(Hold::kNowhere));
  for (const auto& each : others) EXPECT_TRUE(each->still_waits());
  reserver.go_on();
  for (const auto& each : others) each->join();
  EXPECT_EQ(this->served_, kCapacity);
  EXPECT_EQ(this->requests_, 0U);
}

TYPED_TEST(SharedGrowthTest, ReserveThatHasItsRoomServesThoseWhoCountOnIt) {
  HeldThread reserver(Hold::kInRequest, [&] { EXPECT_TRUE(this->slab_.reserve(2 * kCapacity)); });
  std::vector<std::unique_ptr<HeldThread>> calls;
  for (std::size_t i = 0; i < kCapacity; ++i) calls.push_back(this->call(Hold::kNowhere));
  for (const auto& each : calls) EXPECT_TRUE(each->still_waits());
  calls.push_back(this->call(Hold::kNowhere));  // grows, and leaves one of those without a slot
  EXPECT_FALSE(calls.back()->still_waits());
  reserver.go_on();
  for (const auto& each : calls) each->join();
  EXPECT_EQ(this->served_, kCapacity + 1);
  EXPECT_EQ(this->requests_, 1U);
  EXPECT_EQ(this->slab_.segment_count(), 3U);
}

TYPED_TEST(SharedGrowthTest, GrowerServesNoMoreBlocksThanItMay) {
  using Set = SegmentSet<std::uint64_t, TypeParam>;
  const auto plan = Set::SegmentType::plan(512).value();
  Set set(plan.geometry.size);
  typename Set::Grower grower;
  set.begin_growth(plan, grower, grower.make_one());
  std::array<Block, 200> first_batch;
  std::array<Block, 200> second_batch;
  typename Set::Grower first;
  typename Set::Grower second;
  set.miss(plan, first, first_batch);
  set.miss(plan, second, second_batch);
  auto supplies = Set::Supply::obtain(grower, plan, &TypeParam::Protection::make);
  set.end_growth(grower, supplies);
  set.install(supplies);
  std::size_t most = 256;
  EXPECT_TRUE(set.serve_waiting(plan, most));
  EXPECT_EQ(most, 0U);
  EXPECT_EQ(set.live(), 256U);
  EXPECT_EQ(set.lacks(first, first_batch.size()), 0U);
  EXPECT_EQ(set.lacks(second, second_batch.size()), 144U);
  set.end_wait(first);
  set.end_wait(second);
  set.tear_down(plan);
}

TYPED_TEST(SharedGrowthTest, CacheIsCountedWithAllThatItTakes) {
  const auto refill = [&](Hold hold) {
    return std::make_unique<HeldThread>(hold, [&] {
      std::array<Block, kCapacity / 2> blocks;
      EXPECT_EQ(this->slab_.allocate_some(blocks), blocks.size());
    });
  };
  const auto grower = refill(Hold::kInRequest);
  const auto second = refill(Hold::kNowhere);
  EXPECT_TRUE(second->still_waits());
  const auto third = refill(Hold::kNowhere);
  EXPECT_FALSE(third->still_waits());
  grower->go_on();
}

TYPED_TEST(SharedGrowthTest, GrowersOfAParentProcessAreNotCountedOn) {
  using Set = SegmentSet<std::uint64_t, TypeParam>;
  const auto plan = Set::SegmentType::plan(kCapacity).value();
  Set set(plan.geometry.size);
  typename Set::Grower gone;
  set.begin_growth(plan, gone, gone.make_one());
  set.forget_other_threads(plan);
  typename Set::Grower mine;
  set.begin_growth(plan, mine, mine.make_one());
  typename Set::Grower other;
  std::array<Block, kCapacity - 1> lacked;
  set.miss(plan, other, lacked);
  EXPECT_EQ(other.state, Set::Grower::State::kSharing);
}

TYPED_TEST(SharedGrowthTest, BlockFreedDuringTheWaitIsTaken) {
  const auto grower = this->call(Hold::kInRequest);
  const auto other = this->call(Hold::kNowhere);
  EXPECT_TRUE(other->still_waits());
  EXPECT_TRUE(this->slab_.deallocate(this->blocks_[2].data));
  other->join();
  EXPECT_EQ(this->served_, 1U);
  grower->go_on();
}

TYPED_TEST(SharedGrowthTest, NobodyWaitsWhereNobodyGrows) {
  EXPECT_TRUE(this->slab_.allocate());
  EXPECT_EQ(environment().pauses, 0U);
}

TEST(RacingGrowthTest, IsTheDefaultAndEachAsksTheBacking) {
  constexpr std::size_t kThreads = 32;
  ExtendableSlab<std::uint64_t, ObservedConfig<>> slab(kThreads);
  take_blocks(slab, kThreads);
  std::barrier all_in_flight(kThreads);
  std::atomic<std::uint64_t> requests = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      environment().during_request = [&] {
        environment().during_request = nullptr;
        all_in_flight.arrive_and_wait();
      };
      EXPECT_TRUE(slab.allocate());
      requests += environment().segment_requests;
    });
  }
  threads.clear();
  EXPECT_EQ(requests, kThreads);
  EXPECT_EQ(slab.segment_count(), 2U);
}

/// The calling thread waits. `each` says what happens in its first pause, its second, and so on.
void in_each_pause(std::vector<std::function<void()>> each) {
  environment().during_pause = [each = std::move(each), number = std::size_t{0}]() mutable {
    if (number < each.size()) each[number++]();
  };
}

TYPED_TEST(SharedGrowthTest, WhatAReserveBringsGoesFirstToThoseWhoWait) {
  HeldThread reserver(Hold::kInRequest, [&] { EXPECT_TRUE(this->slab_.reserve(2 * kCapacity)); });
  std::size_t left = 0;
  in_each_pause({[&] {
    reserver.go_on();
    reserver.join();
    while (this->slab_.try_allocate()) ++left;
  }});
  EXPECT_TRUE(this->slab_.allocate());
  EXPECT_EQ(left, kCapacity - 1);
  environment().during_pause = nullptr;
}

/// Two growers, of which the first one ends while the calling thread waits, and leaves no slot.
template <class Config>
class TwoGrowersTest : public SharedGrowthTest<Config> {
 protected:
  ~TwoGrowersTest() override {
    if (!second_has_gone_on_) second_.go_on();
    environment().during_pause = nullptr;
  }

  void end_first() {
    first_->go_on();
    first_->join();
    while (this->slab_.try_allocate()) continue;
  }
  void end_second() {
    second_has_gone_on_ = true;
    second_.go_on();
    second_.join();
  }

  std::unique_ptr<HeldThread> first_ = this->call(Hold::kInRequest);
  bool second_has_gone_on_ = false;
  HeldThread second_{Hold::kInRequest, [this] { EXPECT_TRUE(this->slab_.reserve(3 * kCapacity)); }};
};
TYPED_TEST_SUITE(TwoGrowersTest, BothScopes);

TYPED_TEST(TwoGrowersTest, CallThatTheFirstOneServesDoesNotWaitForTheOther) {
  in_each_pause({[this] { this->end_first(); }, [this] { this->end_second(); }});
  EXPECT_TRUE(this->slab_.allocate());
  EXPECT_FALSE(this->second_has_gone_on_);
}

TYPED_TEST(TwoGrowersTest, BatchThatTheFirstOneServesAPartWaitsForTheOther) {
  in_each_pause({[this] { this->end_first(); }, [this] { this->end_second(); }});
  const std::uint64_t requests = environment().requests;
  std::array<Block, 2 * kCapacity - 2> batch;
  EXPECT_EQ(this->slab_.allocate_batch(batch), batch.size());
  EXPECT_EQ(environment().requests, requests);
}

TYPED_TEST(TwoGrowersTest, RefusedBatchThatTheFirstOneServesAPartDoesNotWaitForTheOther) {
  in_each_pause({[this] { this->end_first(); }, [this] { this->end_second(); }});
  environment().refuse_all();
  std::array<Block, 2 * kCapacity> batch;
  EXPECT_EQ(this->slab_.allocate_batch(batch), kCapacity - 1);
  EXPECT_FALSE(this->second_has_gone_on_);
}

TYPED_TEST(SharedGrowthTest, GrowerWithABatchServesNoMoreBlocksThanItMay) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(512);
  std::array<Block, 200> of_grower;
  std::array<Block, 200> mine;
  HeldThread grower(Hold::kInRequest, [&] { EXPECT_EQ(slab.allocate_batch(of_grower), 200U); });
  std::uint64_t live = 0;
  in_each_pause({[&] {
    grower.go_on();
    grower.join();
    live = slab.stats().live;
  }});
  EXPECT_EQ(slab.allocate_batch(mine), 200U);
  EXPECT_EQ(live, slab.kMaxSection);
  environment().during_pause = nullptr;
}

/// A call that waits, and its part of the demand.
struct Waiting {
  explicit Waiting(GrowthDemand<Growth::kShared>& demand, std::size_t count) : lacked(count) {
    demand.add_waiting(part, lacked);
  }
  std::vector<Block> lacked;
  GrowthDemand<Growth::kShared>::Part part{};
};

TEST(GrowthDemandTest, EachBlockOfACallIsFilledOnce) {
  GrowthDemand<Growth::kShared> demand;
  Waiting call(demand, 3);
  std::byte bytes[3];
  std::size_t next = 0;
  const auto take_one = [&](std::span<Block> blocks) {
    blocks.front() = Block{&bytes[next++], 1};
    return std::size_t{1};
  };
  EXPECT_FALSE(demand.serve_waiting(take_one));
  EXPECT_FALSE(demand.serve_waiting(take_one));
  EXPECT_TRUE(demand.serve_waiting(take_one));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(call.lacked[i].data, &bytes[i]) << i;
}

TEST(GrowthDemandTest, CallThatWaitsNoMoreLacksNothing) {
  GrowthDemand<Growth::kShared> demand;
  const Waiting call(demand, 2);
  EXPECT_FALSE(demand.leaves(1, 2));
  demand.drop_waiting(call.part);
  EXPECT_TRUE(demand.leaves(2, 2));
}

TEST(GrowthDemandTest, CallThatWasServedTakesNoOtherOutOfTheQueue) {
  GrowthDemand<Growth::kShared> demand;
  std::size_t taken = 0;
  const auto take_all = [&taken](std::span<Block> blocks) {
    taken += blocks.size();
    return blocks.size();
  };
  const Waiting served(demand, 1);
  EXPECT_TRUE(demand.serve_waiting(take_all));
  const Waiting later(demand, 2);
  demand.drop_waiting(served.part);
  EXPECT_TRUE(demand.serve_waiting(take_all));
  EXPECT_EQ(taken, 3U);
}

/// A chunk has as many places as there are segments.
struct RacingForChunks : ObservedConfig<> {
  static constexpr std::uint32_t reserve_share = 1;
};

TEST(RacingGrowthTest, RefusedBatchThatIsServedAPartIsDoneThoughThereIsAPlaceForASegment) {
  new_environment();
  ExtendableSlab<std::uint64_t, RacingForChunks> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 2 * kCapacity);
  std::array<Block, kCapacity> of_grower;
  HeldThread grower(Hold::kInRequest,
                    [&] { EXPECT_EQ(slab.allocate_batch(of_grower), kCapacity); });
  in_each_pause({[&] {
    grower.go_on();  // and it leaves one of two places
    grower.join();
    EXPECT_TRUE(slab.deallocate(blocks[5].data));
  }});
  environment().refuse_all();
  std::array<Block, 3> batch;
  EXPECT_EQ(slab.allocate_batch(batch), 1U);
  EXPECT_EQ(batch[0], blocks[5]);
  environment().during_pause = nullptr;
}

TEST(RacingGrowthTest, RefusedCallUsesAPlaceThatAGrowerBroughtWhileItWaited) {
  new_environment();
  ExtendableSlab<std::uint64_t, RacingForChunks> slab(kCapacity);
  take_blocks(slab, 2 * kCapacity);
  std::array<Block, kCapacity> of_grower;
  HeldThread grower(Hold::kInRequest,
                    [&] { EXPECT_EQ(slab.allocate_batch(of_grower), kCapacity); });
  in_each_pause({[&] {
    grower.go_on();  // and it leaves one of two places
    grower.join();
  }});
  environment().refuse_all();
  EXPECT_TRUE(slab.allocate());
  EXPECT_EQ(slab.segment_count(), 4U);
  environment().during_pause = nullptr;
}

}  // namespace
}  // namespace slabproof::testing
