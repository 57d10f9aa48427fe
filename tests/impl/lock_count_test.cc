// Property L2, in counts: lock acquisitions, segment requests and directory requests of each call.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/lock_guard.h"
#include "slabproof/magazine_depot.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <class Config>
class LockCountTest : public ::testing::Test {
 protected:
  LockCountTest() { new_environment(); }

  Environment& script_ = environment();
};

using BothScopes =
    ::testing::Types<ObservedConfig<Recheck::kAllSegments>, ObservedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(LockCountTest, BothScopes);

TYPED_TEST(LockCountTest, HitTakesOneAcquisitionAndNoRequest) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4, InitialSegments{1});
  const std::uint64_t requests = this->script_.requests;
  EXPECT_EQ(acquisitions_of([&] { take_blocks(slab, 1); }), 1U);
  EXPECT_EQ(this->script_.requests, requests);
}

TYPED_TEST(LockCountTest, GrowingAllocationTakesTwoAcquisitionsAndOneSegmentRequest) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  for (std::uint64_t segments = 1; segments <= 40; ++segments) {
    EXPECT_EQ(acquisitions_of([&] { take_blocks(slab, 1); }), 2U);
    EXPECT_EQ(this->script_.segment_requests, segments);
  }
}

TYPED_TEST(LockCountTest, TryAllocateTakesOneAcquisitionAndNoRequest) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1, InitialSegments{1});
  const std::uint64_t requests = this->script_.requests;
  EXPECT_EQ(acquisitions_of([&] { EXPECT_TRUE(slab.try_allocate()); }), 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_FALSE(slab.try_allocate()); }), 1U);
  EXPECT_EQ(this->script_.requests, requests);
}

TYPED_TEST(LockCountTest, DirectoryIsRequestedOnlyWhenItMustWiden) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  std::vector<std::uint64_t> segments_at_request;
  for (std::uint64_t segments = 1; segments <= 40; ++segments) {
    const std::uint64_t before = this->script_.directory_requests();
    const std::uint64_t room = slab.stats().directory_room;
    take_blocks(slab, 1);
    const std::uint64_t made = this->script_.directory_requests() - before;
    EXPECT_EQ(made, segments > room ? 1U : 0U);
    if (made != 0) segments_at_request.push_back(segments);
  }
  // Each request at least doubles the room.
  EXPECT_EQ(segments_at_request, (std::vector<std::uint64_t>{1, 2, 3, 5, 9, 17, 33}));
}

TYPED_TEST(LockCountTest, RefusedDirectoryRequestIsTheOnlyRequest) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  this->script_.refuse(0);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_FALSE(slab.allocate()); }), 2U);
  EXPECT_EQ(this->script_.requests, 1U);
  EXPECT_EQ(this->script_.segment_requests, 0U);
}

TYPED_TEST(LockCountTest, RefusedSegmentRequestIsNotRepeated) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  this->script_.refuse(1);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_FALSE(slab.allocate()); }), 2U);
  EXPECT_EQ(this->script_.segment_requests, 1U);
  EXPECT_EQ(this->script_.directory_requests(), 1U);
}

TYPED_TEST(LockCountTest, FreeTakesOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  EXPECT_EQ(acquisitions_of([&] { give_back(slab, blocks); }), 2U);
}

TYPED_TEST(LockCountTest, BadFreeTakesOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_FALSE(slab.deallocate(&slab)); }), 1U);
}

TYPED_TEST(LockCountTest, EachQueryTakesOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  const Block block = take_blocks(slab, 1).front();
  EXPECT_EQ(acquisitions_of([&] { EXPECT_TRUE(slab.usable_size(block.data)); }), 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.segment_count(), 1U); }), 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.capacity_bytes(), 16U); }), 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.corruption_events(), 0U); }), 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.stats().live, 1U); }), 1U);
}

TYPED_TEST(LockCountTest, ImpossibleCapacityTakesNoLockAndMakesNoRequest) {
  constexpr std::size_t kTooMany = std::size_t{1} << 32;
  for (const std::size_t capacity : {std::size_t{0}, kTooMany}) {
    ExtendableSlab<std::uint64_t, TypeParam> slab(capacity);
    EXPECT_EQ(acquisitions_of([&] {
                EXPECT_EQ(slab.allocate().error(), AllocError::kInvalidCapacity);
                std::array<Block, 3> blocks;
                EXPECT_EQ(slab.allocate_batch(blocks).error(), AllocError::kInvalidCapacity);
              }),
              0U);
  }
  EXPECT_EQ(this->script_.requests, 0U);
}

TYPED_TEST(LockCountTest, OverflowOfSizeTimesCapacityTakesNoLockAndMakesNoRequest) {
  const auto expect_refused = [this](auto& slab) {
    EXPECT_EQ(slab.error(), AllocError::kLayoutOverflow);
    EXPECT_EQ(
        acquisitions_of([&] { EXPECT_EQ(slab.allocate().error(), AllocError::kLayoutOverflow); }),
        0U);
    EXPECT_EQ(slab.segment_count(), 0U);
    EXPECT_EQ(this->script_.requests, 0U);
  };
  struct Large {
    char bytes[std::size_t{1} << 40];
  };
  ExtendableSlab<Large, TypeParam> slab(std::size_t{1} << 23, InitialSegments{2});
  expect_refused(slab);
  // The slots and their header fit, but not the header of a chunk as well.
  struct Largest {
    char bytes[(std::size_t{1} << 60) - 24];
  };
  ExtendableSlab<Largest, TypeParam> largest(8, InitialSegments{2});
  expect_refused(largest);
}

TYPED_TEST(LockCountTest, UnsupportedLayoutTakesNoLock) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  for (const Layout request : {Layout::make(9, 8).value(), Layout::make(8, 16).value()}) {
    EXPECT_EQ(acquisitions_of([&] {
                EXPECT_EQ(slab.allocate(request).error(), AllocError::kUnsupportedLayout);
              }),
              0U);
  }
}

TYPED_TEST(LockCountTest, TrimTakesOneAcquisitionForEachSegmentAndOneMore) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  give_back(slab, take_blocks(slab, 10));
  EXPECT_EQ(acquisitions_of([&] { EXPECT_NE(slab.trim(), 0U); }), 6U);
  EXPECT_EQ(this->script_.discards, 5U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.trim(), 0U); }), 1U);
}

template <class Config>
struct WithStates : Config {
  using Protection = SlotStates<>;
};

TYPED_TEST(LockCountTest, VisitTakesOneAcquisitionForEach4096SlotsAndOneMore) {
  const auto acquisitions_of_visit = [](std::size_t capacity) {
    ExtendableSlab<std::uint64_t, WithStates<TypeParam>> slab(capacity, InitialSegments{1});
    return acquisitions_of([&] { slab.for_each_live([](Block) { ADD_FAILURE(); }); });
  };
  EXPECT_EQ(acquisitions_of_visit(4'096), 2U);
  EXPECT_EQ(acquisitions_of_visit(4'096 + 1), 3U);
}

TYPED_TEST(LockCountTest, TrimExaminesABoundedNumberOfSegmentsInOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  const std::vector<Block> blocks = take_blocks(slab, 200);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.trim(), 0U); }), 4U);
}

TEST(LockGuardTest, HoldsTheMutexForItsScope) {
  ObservedSync::Mutex mutex;
  const LockCounts before = lock_counts;
  {
    const LockGuard guard(mutex);
    EXPECT_EQ(lock_counts.held, before.held + 1);
  }
  EXPECT_EQ(lock_counts.held, before.held);
  EXPECT_EQ(lock_counts.acquisitions, before.acquisitions + 1);
}

// Of caches and their depot.

using Depot = MagazineDepot<ObservedConfig<>, 64>;

template <class Source>
auto take_magazines(Source& depot) {
  std::vector<typename Source::Stock*> taken;
  for (int i = 0; i < 8; ++i) taken.push_back(depot.take_empty());
  return taken;
}

TEST(DepotLockCountTest, ExchangeThatNeedsMemoryTakesThreeAcquisitionsAndOneRequest) {
  new_environment();
  Depot depot;
  const auto taken = take_magazines(depot);
  EXPECT_EQ(environment().requests, 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_NE(depot.exchange_for_empty(taken[0]), nullptr); }), 3U);
  EXPECT_EQ(environment().requests, 2U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_NE(depot.exchange_for_empty(taken[1]), nullptr); }), 1U);
  EXPECT_EQ(environment().requests, 2U);
}

TEST(DepotLockCountTest, ExchangeThatIsRefusedMemoryTakesOneAcquisition) {
  new_environment();
  Depot depot;
  const auto taken = take_magazines(depot);
  environment().refuse_all();
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(depot.exchange_for_empty(taken[0]), nullptr); }), 1U);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(depot.take_empty(), nullptr); }), 1U);
  EXPECT_EQ(environment().requests, 3U);
}

/// Acts before one of the next locks is taken.
struct ActingSync : StdSync {
  inline static int locks = 0;
  inline static std::function<void()> action;

  class Mutex : public StdSync::Mutex {
   public:
    void lock(std::source_location where = std::source_location::current()) noexcept {
      if (locks != 0 && --locks == 0) action();
      StdSync::Mutex::lock(where);
    }
  };
};
struct ActingConfig : ObservedConfig<> {
  using Sync = ActingSync;
};

TEST(DepotLockCountTest, ExchangeAsksTheBackingOnceWhoeverTakesWhatItGot) {
  new_environment();
  MagazineDepot<ActingConfig, 64> depot;
  const auto taken = take_magazines(depot);
  ActingSync::action = [&] { take_magazines(depot); };
  ActingSync::locks = 3;
  EXPECT_EQ(depot.exchange_for_empty(taken[0]), nullptr);
  EXPECT_EQ(environment().requests, 2U);
}

struct Object {
  std::uint64_t words[8];
};

/// A cache of a slab whose segments lie side by side.
template <class Config>
struct CacheOf {
  struct OneChunk : Config {
    static constexpr std::uint32_t reserve_share = 16;
  };
  using Slab = CachedSlab<Object, OneChunk>;
  static constexpr std::size_t kCapacity = 15;

  explicit CacheOf(std::uint32_t segments) : slab(kCapacity, InitialSegments{segments}) {
    for (std::size_t i = 0; i < segments * kCapacity; ++i) {
      const auto* const data = slab.shared().allocate().value().data;
      if (i % kCapacity == 0) first.push_back(data);
    }
    std::ranges::sort(first);
  }

  Slab slab;
  typename Slab::Cache cache{slab};
  std::vector<const std::byte*> first;  // slots of the segments
};

TYPED_TEST(LockCountTest, SecondDestroyInASegmentTakesNoLock) {
  CacheOf<TypeParam> of(40);
  for (const std::byte* const slot : of.first) {
    EXPECT_TRUE(of.cache.begin_destroy(slot));
    EXPECT_EQ(acquisitions_of([&] { EXPECT_TRUE(of.cache.begin_destroy(slot + 64)); }), 0U);
    EXPECT_EQ(acquisitions_of([&] { EXPECT_TRUE(of.cache.begin_destroy(slot)); }), 0U);
  }
}

TYPED_TEST(LockCountTest, DestroysInTurnInAFewSegmentsTakeFewLocks) {
  CacheOf<TypeParam> of(8);
  for (const std::byte* const slot : of.first) EXPECT_TRUE(of.cache.begin_destroy(slot));
  EXPECT_LE(acquisitions_of([&] {
              for (const std::byte* const slot : of.first) {
                EXPECT_TRUE(of.cache.begin_destroy(slot));
              }
            }),
            2U);
}

template <class Config>
struct Scrubbing : Config {
  using Contents = ScrubOnFree;
};

TYPED_TEST(LockCountTest, NullThatACacheGetsTakesNoLock) {
  CacheOf<Scrubbing<TypeParam>> of(1);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_FALSE(of.cache.deallocate(nullptr)); }), 0U);
}

}  // namespace
}  // namespace slabproof::testing
