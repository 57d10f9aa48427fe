// Calls that the backing refuses while others grow (property L3): the threads are real, and the
// test holds each grower in its request.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "tests/support/held_thread.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using Hold = HeldThread::Hold;
using Outcome = std::optional<std::expected<Block, AllocError>>;

constexpr std::size_t kCapacity = 4;

template <class Config>
class PressureTest : public ::testing::Test {
 protected:
  PressureTest() {
    new_environment();
    blocks_ = take_blocks(slab_, kCapacity);
  }

  /// A call that grows, and that the backing then serves or refuses.
  HeldThread grower(Outcome& outcome, bool is_refused) {
    return HeldThread(Hold::kInRequest, call(outcome, is_refused));
  }
  HeldThread refused_call(Outcome& outcome) {
    return HeldThread(Hold::kNowhere, call(outcome, true));
  }

  ExtendableSlab<std::uint64_t, Config> slab_{kCapacity};
  std::vector<Block> blocks_;

 private:
  std::function<void()> call(Outcome& outcome, bool is_refused) {
    return [this, &outcome, is_refused] {
      if (is_refused) environment().refuse_all();
      outcome = slab_.allocate();
    };
  }
};

using BothScopes =
    ::testing::Types<ObservedConfig<Recheck::kAllSegments>, ObservedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(PressureTest, BothScopes);

TYPED_TEST(PressureTest, RefusedCallIsServedByTheSegmentOfAGrowerInFlight) {
  Outcome of_grower;
  Outcome of_refused;
  HeldThread grower = this->grower(of_grower, false);
  HeldThread refused = this->refused_call(of_refused);
  EXPECT_TRUE(refused.still_waits());
  grower.go_on();
  grower.join();
  refused.join();
  EXPECT_TRUE(*of_grower);
  EXPECT_TRUE(*of_refused);
  EXPECT_EQ(this->slab_.segment_count(), 2U);
  EXPECT_EQ(this->slab_.stats().growers, 0U);
}

TYPED_TEST(PressureTest, BlockFreedDuringTheWaitIsTaken) {
  Outcome of_grower;
  Outcome of_refused;
  HeldThread grower = this->grower(of_grower, false);
  HeldThread refused = this->refused_call(of_refused);
  EXPECT_TRUE(refused.still_waits());
  EXPECT_TRUE(this->slab_.deallocate(this->blocks_[1].data));
  refused.join();
  EXPECT_EQ(*of_refused, this->blocks_[1]);
  grower.go_on();
}

TYPED_TEST(PressureTest, AllFailWhereEveryGrowerIsRefused) {
  Outcome first;
  Outcome second;
  Outcome third;
  HeldThread one = this->grower(first, true);
  HeldThread two = this->grower(second, true);
  HeldThread refused = this->refused_call(third);
  EXPECT_TRUE(refused.still_waits());
  one.go_on();
  EXPECT_TRUE(one.still_waits());
  EXPECT_TRUE(refused.still_waits());
  two.go_on();
  two.join();
  one.join();
  refused.join();
  for (const Outcome& each : {first, second, third}) {
    EXPECT_EQ(each->error(), AllocError::kOutOfMemory);
  }
  EXPECT_EQ(this->slab_.segment_count(), 1U);
}

TYPED_TEST(PressureTest, EachGrowerThatWasSeenIsWaitedFor) {
  Outcome first;
  Outcome second;
  Outcome third;
  HeldThread one = this->grower(first, true);
  HeldThread two = this->grower(second, false);
  HeldThread refused = this->refused_call(third);
  one.go_on();
  EXPECT_TRUE(one.still_waits());
  EXPECT_TRUE(refused.still_waits());
  two.go_on();
  for (HeldThread* const each : {&one, &two, &refused}) each->join();
  for (const Outcome& each : {first, second, third}) EXPECT_TRUE(*each);
}

TYPED_TEST(PressureTest, GrowersThatBeginLaterAreNotWaitedFor) {
  Outcome of_seen;
  Outcome of_later;
  Outcome of_refused;
  HeldThread seen = this->grower(of_seen, true);
  HeldThread refused = this->refused_call(of_refused);
  EXPECT_TRUE(refused.still_waits());
  HeldThread later = this->grower(of_later, false);
  seen.go_on();
  refused.join();  // although the later one is held
  EXPECT_EQ(of_refused->error(), AllocError::kOutOfMemory);
  later.go_on();
  seen.join();
  EXPECT_TRUE(*of_seen);
}

TYPED_TEST(PressureTest, BatchThatIsServedAPartDoesNotWait) {
  Outcome of_grower;
  HeldThread grower = this->grower(of_grower, false);
  EXPECT_TRUE(this->slab_.deallocate(this->blocks_[2].data));
  environment().refuse_all();
  std::array<Block, 3> more;
  EXPECT_EQ(this->slab_.allocate_batch(more), 1U);
  EXPECT_EQ(more[0], this->blocks_[2]);
  grower.go_on();
}

TYPED_TEST(PressureTest, BatchThatWaitsTakesWhatThereIsThen) {
  Outcome of_grower;
  std::array<Block, 6> more;
  std::expected<std::size_t, AllocError> served = 0U;
  HeldThread grower = this->grower(of_grower, false);
  HeldThread refused(Hold::kNowhere, [&] {
    environment().refuse_all();
    served = this->slab_.allocate_batch(more);
  });
  EXPECT_TRUE(refused.still_waits());
  grower.go_on();
  grower.join();
  refused.join();
  EXPECT_EQ(served, kCapacity - 1);
}

TYPED_TEST(PressureTest, CallThatTheLimitRefusesIsServedByAGrowerWithinTheLimit) {
  Outcome of_grower;
  Outcome of_refused;
  HeldThread grower = this->grower(of_grower, false);
  this->slab_.limit_segments(1);
  HeldThread refused(Hold::kNowhere, [&] { of_refused = this->slab_.allocate(); });
  EXPECT_TRUE(refused.still_waits());
  this->slab_.limit_segments(2);
  grower.go_on();
  refused.join();
  EXPECT_TRUE(*of_refused);
}

TYPED_TEST(PressureTest, CallFailsAtTheLimitWhenTheGrowersBeforeItAreRefusedToo) {
  Outcome of_grower;
  Outcome of_refused;
  HeldThread grower = this->grower(of_grower, false);
  this->slab_.limit_segments(1);
  HeldThread refused(Hold::kNowhere, [&] { of_refused = this->slab_.allocate(); });
  EXPECT_TRUE(refused.still_waits());
  grower.go_on();
  grower.join();
  refused.join();
  EXPECT_EQ(of_grower->error(), AllocError::kSegmentLimit);
  EXPECT_EQ(of_refused->error(), AllocError::kSegmentLimit);
}

TYPED_TEST(PressureTest, OneRegionThatIsLeftServesAllWhoMeetAFullSlab) {
  constexpr std::size_t kThreads = 16;
  ExtendableSlab<std::uint64_t, TypeParam> slab(kThreads);
  take_blocks(slab, kThreads);
  std::barrier all_in_flight(kThreads);
  std::atomic<bool> region_is_left = true;
  std::atomic<std::size_t> served = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      // All have seen a full slab before the first of them learns what it gets. The first request
      // of each may be for a wider directory.
      environment().refused_segments = {.pass = 0,
                                        .count = region_is_left.exchange(false) ? 0U : 1U};
      environment().during_request = [&] {
        environment().during_request = nullptr;
        all_in_flight.arrive_and_wait();
      };
      if (slab.allocate()) ++served;
    });
  }
  threads.clear();
  EXPECT_EQ(served, kThreads);
  EXPECT_EQ(slab.segment_count(), 2U);
}

/// A chunk has as many places as there are segments.
struct SharingConfig : ObservedConfig<> {
  static constexpr std::uint32_t reserve_share = 1;
};

TEST(PressureOnChunksTest, RefusedCallTakesAPlaceThatAGrowerBringsLater) {
  new_environment();
  ExtendableSlab<std::uint64_t, SharingConfig> slab(1);
  take_blocks(slab, 8);
  Outcome of_grower;
  Outcome of_refused;
  HeldThread grower(Hold::kInRequest, [&] { of_grower = slab.allocate(); });
  HeldThread refused(Hold::kNowhere, [&] {
    environment().refuse_all();
    of_refused = slab.allocate();
  });
  EXPECT_TRUE(refused.still_waits());
  grower.go_on();
  refused.join();
  grower.join();
  EXPECT_TRUE(*of_grower);
  EXPECT_TRUE(*of_refused);
  EXPECT_EQ(slab.segment_count(), 10U);
}

TEST(PressureOnChunksTest, CallWithAPlaceUsesTheDirectoryThatAGrowerBringsLater) {
  new_environment();
  ExtendableSlab<std::uint64_t, SharingConfig> slab(1);
  // The chunk that the limit makes smaller leaves places when the directory is full.
  take_blocks(slab, 4);
  slab.limit_segments(6);
  take_blocks(slab, 2);
  slab.limit_segments(100);
  take_blocks(slab, 2);
  ASSERT_EQ(slab.stats().directory_room, 8U);
  Outcome of_grower;
  Outcome of_refused;
  std::uint64_t segment_requests = 0;
  HeldThread grower(Hold::kInRequest, [&] { of_grower = slab.allocate(); });
  HeldThread refused(Hold::kNowhere, [&] {
    environment().refuse(0);
    of_refused = slab.allocate();
    segment_requests = environment().segment_requests;
  });
  EXPECT_TRUE(refused.still_waits());
  grower.go_on();
  refused.join();
  grower.join();
  EXPECT_TRUE(*of_grower);
  EXPECT_TRUE(*of_refused);
  EXPECT_EQ(segment_requests, 0U);
  EXPECT_EQ(slab.segment_count(), 10U);
}

}  // namespace
}  // namespace slabproof::testing
