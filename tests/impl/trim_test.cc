#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "slabproof/siphash_mac.h"
#include "tests/support/held_thread.h"
#include "tests/support/observed_policies.h"
#include "tests/support/resident_pages.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

struct Kibibyte {
  std::byte bytes[1024];
};

constexpr std::size_t kCapacity = 64;  // 64 KiB of slots a segment
constexpr std::size_t kSegmentBytes = kCapacity * sizeof(Kibibyte);

class TrimTest : public ::testing::Test {
 protected:
  /// Fills `segments` segments with blocks, each written.
  void fill_segments(std::size_t segments) {
    blocks_ = take_blocks(slab_, segments * kCapacity);
    for (const Block& block : blocks_) fill(block, 1);
  }
  [[nodiscard]] std::span<const Block> of_segment(std::size_t segment) const {
    return std::span(blocks_).subspan(segment * kCapacity, kCapacity);
  }
  /// Whole pages of a segment's slots that are in memory.
  [[nodiscard]] std::size_t resident(std::size_t segment) const {
    return resident_pages(of_segment(segment)[0].data + page_size(),
                          kSegmentBytes - 2 * page_size())
        .value();
  }

  ExtendableSlab<Kibibyte> slab_{kCapacity};
  std::vector<Block> blocks_;
};

TEST_F(TrimTest, OfAnEmptySlabGivesNothingBack) {
  EXPECT_EQ(slab_.trim(), 0U);
}

TEST_F(TrimTest, GivesThePagesOfWhollyFreeSegmentsBack) {
  fill_segments(3);
  give_back(slab_, blocks_);
  EXPECT_GT(resident(0) + resident(1) + resident(2), 0U);
  const std::size_t released = slab_.trim();
  EXPECT_LE(released, 3 * kSegmentBytes);
  EXPECT_GE(released, 3 * (kSegmentBytes - page_size()));
  EXPECT_EQ(resident(0) + resident(1) + resident(2), 0U);
}

TEST_F(TrimTest, LeavesSegmentsWithALiveBlockAlone) {
  fill_segments(3);
  const Block kept = of_segment(1)[10];
  std::vector<Block> others = blocks_;
  std::erase(others, kept);
  give_back(slab_, others);
  slab_.trim();
  EXPECT_EQ(resident(0), 0U);
  EXPECT_GT(resident(1), 0U);
  EXPECT_EQ(resident(2), 0U);
  EXPECT_TRUE(is_filled(kept, 1));
}

TEST_F(TrimTest, SecondTrimFindsNothing) {
  fill_segments(2);
  give_back(slab_, blocks_);
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.trim(), 0U);
}

TEST_F(TrimTest, KeepsTheSegmentsAndTheirAddresses) {
  fill_segments(4);
  give_back(slab_, blocks_);
  slab_.trim();
  EXPECT_EQ(slab_.segment_count(), 4U);
  EXPECT_EQ(slab_.capacity_bytes(), 4 * kSegmentBytes);
  for (const Block& block : blocks_) EXPECT_EQ(slab_.usable_size(block.data), sizeof(Kibibyte));
  std::vector<Block> again = take_blocks(slab_, blocks_.size());
  std::ranges::sort(again, {}, &Block::data);
  std::ranges::sort(blocks_, {}, &Block::data);
  EXPECT_EQ(again, blocks_);
}

TEST_F(TrimTest, LeavesTheSegmentAsFreshlyLaidOut) {
  fill_segments(2);
  give_back(slab_, blocks_);
  slab_.trim();
  const SlabStats stats = slab_.stats();
  EXPECT_EQ(stats.live, 0U);
  EXPECT_EQ(stats.free, 0U);
  EXPECT_EQ(stats.uncarved, 2 * kCapacity);
  expect_conserved(stats);
  // What was freed before the trim is not live any more.
  EXPECT_FALSE(slab_.deallocate(blocks_[3].data));
  EXPECT_EQ(slab_.stats().repeated_frees, 1U);
}

TEST_F(TrimTest, PeakIsOfWhatCallersHeld) {
  give_back(slab_, take_blocks(slab_, 20));
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.stats().peak_live, 20U);
}

TEST_F(TrimTest, GrowthStaysExactAcrossTrims) {
  for (std::size_t round = 1; round <= 5; ++round) {
    fill_segments(round);
    give_back(slab_, blocks_);
    EXPECT_GT(slab_.trim(), 0U);
    EXPECT_EQ(slab_.segment_count(), round);
    expect_exact_growth(slab_.stats());
  }
}

TEST_F(TrimTest, PassesOverManySegmentsThatAreInUse) {
  ExtendableSlab<std::uint64_t> slab(1);
  const std::vector<Block> blocks = take_blocks(slab, 300);
  for (const std::size_t i : {0U, 65U, 66U, 299U}) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  const std::uint64_t free_before = slab.stats().free;
  slab.trim();
  EXPECT_EQ(free_before, 4U);
  EXPECT_EQ(slab.stats().free, 0U);
  EXPECT_EQ(slab.stats().uncarved, 4U);
  for (const std::size_t i : {0U, 65U, 66U, 299U}) EXPECT_EQ(slab.allocate(), blocks[i]);
}

template <class Backing_, class Protection_>
struct GuardedConfig : DefaultConfig {
  using Backing = Backing_;
  using Protection = Protection_;
};

TEST(TrimConfigTest, BackingThatGivesNothingBackStillServes) {
  ExtendableSlab<Kibibyte, GuardedConfig<HeapBacking, NoProtection>> slab(4);
  give_back(slab, take_blocks(slab, 10));
  EXPECT_EQ(slab.trim(), 0U);
  take_blocks(slab, 12);
  EXPECT_EQ(slab.segment_count(), 3U);
}

TEST(TrimConfigTest, GuardsOfTheFreelistSurviveATrim) {
  ExtendableSlab<Kibibyte, GuardedConfig<MmapBacking, SlotStates<SipHashMac>>> slab(40);
  for (int round = 0; round < 3; ++round) {
    const std::vector<Block> blocks = take_blocks(slab, 80);
    for (const Block& block : blocks) fill(block, 3);
    give_back(slab, blocks);
    EXPECT_GT(slab.trim(), 0U);
    EXPECT_FALSE(slab.deallocate(blocks[0].data));
  }
  EXPECT_EQ(slab.stats().corrupt_links, 0U);
  EXPECT_EQ(slab.segment_count(), 2U);
}

TEST(TrimConfigTest, SegmentWithAbandonedSlotsIsLeftAlone) {
  ExtendableSlab<std::uint64_t> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  give_back(slab, blocks);
  const std::uint32_t beyond_every_slot = 99;
  std::memcpy(blocks[3].data, &beyond_every_slot, sizeof(beyond_every_slot));
  EXPECT_EQ(slab.allocate(), blocks[3]);
  EXPECT_TRUE(slab.deallocate(blocks[3].data));
  const SlabStats before = slab.stats();
  EXPECT_EQ(before.abandoned, 3U);
  EXPECT_EQ(slab.trim(), 0U);
  EXPECT_EQ(slab.stats(), before);
}

struct WatchedConfig : DefaultConfig {
  using Sync = ObservedSync;
  using Backing = ObservedBacking<WipingHeap>;
};

/// What other threads may do while the pages of a segment go, done by the backing.
class DuringTrimTest : public ::testing::Test {
 protected:
  DuringTrimTest() : blocks_(take_blocks(slab_, 3)) { give_back(slab_, blocks_); }

  void trim_and_meanwhile(std::function<void()> action) {
    script_.during_discard = [this, action] {
      script_.during_discard = nullptr;
      action();
    };
    EXPECT_NE(slab_.trim(), 0U);
  }

  Environment& script_ = new_environment();
  ExtendableSlab<std::uint64_t, WatchedConfig> slab_{3};
  std::vector<Block> blocks_;
};

TEST_F(DuringTrimTest, SlotsOfTheSegmentThatIsOutCountAsBefore) {
  const SlabStats before = slab_.stats();
  EXPECT_EQ(before.free, 3U);
  trim_and_meanwhile([&] { EXPECT_EQ(slab_.stats(), before); });
  EXPECT_EQ(slab_.stats().free, 0U);
  EXPECT_EQ(slab_.stats().uncarved, 3U);
}

TEST_F(DuringTrimTest, FreeOfASlotOfTheSegmentThatIsOutIsRefused) {
  trim_and_meanwhile([this] {
    for (const Block& block : blocks_) EXPECT_FALSE(slab_.deallocate(block.data));
  });
  EXPECT_EQ(slab_.stats().repeated_frees, 3U);
  EXPECT_EQ(slab_.stats().live, 0U);
}

TEST_F(DuringTrimTest, AnotherTrimLeavesTheSegmentThatIsOutAlone) {
  trim_and_meanwhile([this] { EXPECT_EQ(slab_.trim(), 0U); });
  EXPECT_EQ(script_.discards, 1U);
  expect_conserved(slab_.stats());
}

using Hold = HeldThread::Hold;

/// Calls beside a trim that the test holds while the pages of a segment go.
template <class Config>
class BesideATrimTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kSlots = 3;

  BesideATrimTest() { new_environment(); }

  std::vector<Block> fill(std::size_t segments) { return take_blocks(slab_, segments * kSlots); }
  HeldThread trim() {
    return HeldThread(Hold::kInDiscard, [this] {
      slab_.trim();
      discards_ = environment().discards;
    });
  }

  ExtendableSlab<std::uint64_t, Config> slab_{kSlots};
  std::uint64_t discards_ = 0;
};

using BothScopes =
    ::testing::Types<ObservedConfig<Recheck::kAllSegments>, ObservedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(BesideATrimTest, BothScopes);

TYPED_TEST(BesideATrimTest, AllocationWaitsForTheSegmentAndDoesNotGrow) {
  give_back(this->slab_, this->fill(1));
  HeldThread trim = this->trim();
  std::uint64_t requests = 1;
  HeldThread caller(Hold::kNowhere, [&] {
    EXPECT_TRUE(this->slab_.allocate());
    requests = environment().requests;
  });
  EXPECT_TRUE(caller.still_waits());
  trim.go_on();
  caller.join();
  EXPECT_EQ(requests, 0U);
  EXPECT_EQ(this->slab_.segment_count(), 1U);
}

TYPED_TEST(BesideATrimTest, TryAllocateWaitsForTheSegment) {
  give_back(this->slab_, this->fill(1));
  HeldThread trim = this->trim();
  HeldThread caller(Hold::kNowhere, [&] { EXPECT_TRUE(this->slab_.try_allocate()); });
  EXPECT_TRUE(caller.still_waits());
  trim.go_on();
  caller.join();
}

TYPED_TEST(BesideATrimTest, TryAllocateOfAFullSlabFindsNothingWhenTheTrimIsOver) {
  give_back(this->slab_, this->fill(1));
  HeldThread trim = this->trim();
  std::array<Block, 3> all;
  HeldThread other(Hold::kNowhere, [&] { EXPECT_EQ(this->slab_.allocate_batch(all), 3U); });
  EXPECT_TRUE(other.still_waits());
  trim.go_on();
  other.join();
  EXPECT_FALSE(this->slab_.try_allocate());
}

TYPED_TEST(BesideATrimTest, BlockFreedDuringTheWaitIsTaken) {
  const std::vector<Block> blocks = this->fill(2);
  give_back(this->slab_, std::span(blocks).first(3));
  HeldThread trim = this->trim();
  std::optional<Block> taken;
  HeldThread caller(Hold::kNowhere, [&] { taken = this->slab_.allocate().value(); });
  EXPECT_TRUE(caller.still_waits());
  EXPECT_TRUE(this->slab_.deallocate(blocks[4].data));
  caller.join();
  EXPECT_EQ(taken, blocks[4]);
  trim.go_on();
}

TYPED_TEST(BesideATrimTest, RefusedGrowerWaitsForTheSegmentAndDoesNotFail) {
  const std::vector<Block> blocks = this->fill(1);
  HeldThread grower(Hold::kInRequest, [&] {
    environment().refuse_all();
    EXPECT_TRUE(this->slab_.allocate());
  });
  give_back(this->slab_, blocks);
  HeldThread trim = this->trim();
  grower.go_on();
  EXPECT_TRUE(grower.still_waits());
  trim.go_on();
  grower.join();
}

TYPED_TEST(BesideATrimTest, RefusedCallDoesNotFailWhileAGrowerWaitsForTheSegment) {
  const std::vector<Block> blocks = this->fill(1);
  HeldThread grower(Hold::kInRequest, [&] { EXPECT_TRUE(this->slab_.allocate()); });
  HeldThread refused(Hold::kInRequest, [&] {
    environment().refuse_all();
    EXPECT_TRUE(this->slab_.allocate());
  });
  give_back(this->slab_, blocks);
  HeldThread trim = this->trim();
  grower.go_on();
  EXPECT_TRUE(grower.still_waits());
  refused.go_on();
  EXPECT_TRUE(refused.still_waits());
  trim.go_on();
  refused.join();
  grower.join();
}

TYPED_TEST(BesideATrimTest, BatchThatWaitsTakesNothingBefore) {
  const std::vector<Block> blocks = this->fill(2);
  give_back(this->slab_, std::span(blocks).first(4));
  HeldThread trim = this->trim();  // of the first segment; one slot of the second is free
  std::array<Block, 3> batch;
  HeldThread caller(Hold::kNowhere, [&] { EXPECT_EQ(this->slab_.allocate_batch(batch), 3U); });
  EXPECT_TRUE(caller.still_waits());
  EXPECT_EQ(this->slab_.allocate(), blocks[3]);
  trim.go_on();
  caller.join();
  EXPECT_EQ(this->slab_.segment_count(), 2U);
}

TYPED_TEST(BesideATrimTest, BatchThatFindsEnoughDoesNotWait) {
  const std::vector<Block> blocks = this->fill(3);
  give_back(this->slab_, std::span(blocks).first(4));
  HeldThread trim = this->trim();
  EXPECT_TRUE(this->slab_.deallocate(blocks[8].data));
  std::array<Block, 2> batch;
  EXPECT_EQ(this->slab_.allocate_batch(batch), 2U);
  trim.go_on();
}

TYPED_TEST(BesideATrimTest, TrimTakesNothingMoreOutWhileACallWaits) {
  give_back(this->slab_, this->fill(3));
  HeldThread trim = this->trim();
  std::array<Block, 9> all;
  HeldThread caller(Hold::kNowhere, [&] { EXPECT_EQ(this->slab_.allocate_batch(all), 9U); });
  EXPECT_TRUE(caller.still_waits());
  trim.go_on();
  trim.join();
  caller.join();
  EXPECT_EQ(this->discards_, 1U);
  EXPECT_EQ(this->slab_.segment_count(), 3U);
}

using ExactBesideATrimTest = BesideATrimTest<ObservedConfig<Recheck::kAllSegments>>;

TEST_F(ExactBesideATrimTest, GrowerThatComesBackWaitsForTheSegmentAndDoesNotInstall) {
  const std::vector<Block> blocks = fill(1);
  HeldThread grower(Hold::kInRequest, [&] { EXPECT_TRUE(slab_.allocate()); });
  give_back(slab_, blocks);
  HeldThread trimmer = trim();
  grower.go_on();
  EXPECT_TRUE(grower.still_waits());
  EXPECT_EQ(slab_.stats().growers, 1U);
  trimmer.go_on();
  grower.join();
  EXPECT_EQ(slab_.segment_count(), 1U);
  EXPECT_EQ(slab_.stats().growers, 0U);
}

// A block of a trimmed segment must not change under a thread that was served meanwhile.
TEST_F(TrimTest, ConcurrentTrimsTouchNoLiveBlock) {
  constexpr int kThreads = 3;
  constexpr int kRounds = 300;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      const auto owner = static_cast<std::uint64_t>(thread);
      for (int round = 0; round < kRounds; ++round) {
        const std::vector<Block> mine =
            take_blocks(slab_, 1 + static_cast<std::size_t>(round) % 20);
        for (const Block& block : mine) fill(block, owner);
        if (round % 7 == thread) slab_.trim();
        for (const Block& block : mine) EXPECT_TRUE(is_filled(block, owner));
        give_back(slab_, mine);
        if (round % 11 == thread) slab_.trim();
      }
    });
  }
  threads.clear();
  expect_conserved(slab_.stats());
  expect_exact_growth(slab_.stats());
  EXPECT_EQ(slab_.stats().live, 0U);
  EXPECT_EQ(slab_.corruption_events(), 0U);
}

/// The calling thread waits for the trim until that is over, and others then take what it held.
template <class SlabType>
void let_others_be_faster(SlabType& slab, HeldThread& trim, std::size_t slots) {
  environment().during_pause = [&slab, &trim, slots, is_over = false]() mutable {
    if (std::exchange(is_over, true)) return;
    trim.go_on();
    trim.join();
    take_blocks(slab, slots);
  };
}

TYPED_TEST(BesideATrimTest, TryAllocateThatWaitedFindsNothingWhereOthersWereFaster) {
  const std::vector<Block> blocks = this->fill(2);
  give_back(this->slab_, std::span(blocks).first(3));
  HeldThread trim = this->trim();
  let_others_be_faster(this->slab_, trim, 3);
  EXPECT_FALSE(this->slab_.try_allocate());
  EXPECT_EQ(this->slab_.segment_count(), 2U);
  EXPECT_EQ(this->slab_.stats().growers, 0U);
  environment().during_pause = nullptr;
  // It waits no more, so a trim may take something out again.
  give_back(this->slab_, std::span(blocks).last(3));
  EXPECT_GT(this->slab_.trim(), 0U);
}

TYPED_TEST(BesideATrimTest, BatchThatWaitedGrowsWhereOthersWereFaster) {
  give_back(this->slab_, this->fill(1));
  HeldThread trim = this->trim();
  let_others_be_faster(this->slab_, trim, 3);
  std::array<Block, 2> batch;
  EXPECT_EQ(this->slab_.allocate_batch(batch), 2U);
  EXPECT_EQ(this->slab_.segment_count(), 2U);
  environment().during_pause = nullptr;
}

TYPED_TEST(BesideATrimTest, BatchThatFindsEnoughInTheFirstSegmentDoesNotWait) {
  const std::vector<Block> blocks = this->fill(2);
  give_back(this->slab_, std::span(blocks).subspan(3));
  HeldThread trim = this->trim();  // of the second segment
  give_back(this->slab_, std::span(blocks).first(2));
  environment().during_pause = [&trim, is_over = false]() mutable {
    if (!std::exchange(is_over, true)) trim.go_on();
  };
  std::array<Block, 2> batch;
  EXPECT_EQ(this->slab_.allocate_batch(batch), 2U);
  EXPECT_EQ(environment().pauses, 0U);
  environment().during_pause = nullptr;
  trim.go_on();
}

}  // namespace
}  // namespace slabproof::testing
