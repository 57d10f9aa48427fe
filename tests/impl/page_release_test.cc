// Pages inside a segment that go back while other slots of it are in use.

#include "slabproof/page_release.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/build_instrumentation.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/siphash_mac.h"
#include "tests/support/environment.h"
#include "tests/support/held_thread.h"
#include "tests/support/observed_policies.h"
#include "tests/support/resident_pages.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

struct PagedConfig : ObservedConfig<> {
  using Backing = ObservedPages<128>;
};
struct KnowsLiveSlots : PagedConfig {
  using Protection = SlotStates<>;
};
struct ChecksFreed : PagedConfig {
  using Contents = CheckFreed;
};

/// Two fill a page.
struct Object {
  std::uint64_t words[8];
};

constexpr std::size_t kCapacity = 32;

template <class Config>
class BasicPageReleaseTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kPage = PagedConfig::Backing::page_size;

  BasicPageReleaseTest() { new_environment(); }

  void fill_segment() {
    blocks_ = take_blocks(slab_, kCapacity);
    for (const Block& block : blocks_) fill(block, 1);
  }
  /// Gives back all blocks but those of these numbers.
  void keep(const std::set<std::size_t>& kept) {
    for (std::size_t i = 0; i < kCapacity; ++i) {
      EXPECT_TRUE(kept.contains(i) || slab_.deallocate(blocks_[i].data));
    }
  }
  static std::uintptr_t page_of(const Block& block) {
    return reinterpret_cast<std::uintptr_t>(block.data) / kPage;
  }
  /// How many blocks lie on a page with one of these, or on one that is shared with what is not a
  /// slot: the first or the last page.
  [[nodiscard]] std::size_t on_pages_of(const std::set<std::size_t>& kept) const {
    std::set<std::uintptr_t> pages;
    for (const std::size_t i : kept) pages.insert(page_of(blocks_[i]));
    if (reinterpret_cast<std::uintptr_t>(blocks_[0].data) % kPage != 0) {
      pages.insert(page_of(blocks_[0]));
      pages.insert(page_of(blocks_[kCapacity - 1]));
    }
    return static_cast<std::size_t>(std::ranges::count_if(
        blocks_, [&](const Block& block) { return pages.contains(page_of(block)); }));
  }
  /// Takes what is free without growth; each block is there once, and none of them is `kept`.
  void expect_whole(const std::set<std::size_t>& kept) {
    std::set<std::byte*> all;
    for (const std::size_t i : kept) all.insert(blocks_[i].data);
    while (const auto block = slab_.try_allocate()) EXPECT_TRUE(all.insert(block->data).second);
    EXPECT_EQ(all.size(), kCapacity);
    EXPECT_EQ(slab_.segment_count(), 1U);
  }
  /// What others do while pages go.
  static void meanwhile(std::function<void()> action) {
    environment().during_discard = [action = std::move(action)] {
      const auto once = action;
      environment().during_discard = nullptr;
      once();
    };
  }

  ExtendableSlab<Object, Config> slab_{kCapacity};
  std::vector<Block> blocks_;
};

using PageReleaseTest = BasicPageReleaseTest<PagedConfig>;

TEST_F(PageReleaseTest, PagesGoThatNoLiveBlockLiesOn) {
  fill_segment();
  keep({10});
  const std::size_t stay = on_pages_of({10});
  EXPECT_EQ(slab_.trim(), (kCapacity - stay) * sizeof(Object));
  EXPECT_TRUE(is_filled(blocks_[10], 1));
  const SlabStats stats = slab_.stats();
  EXPECT_EQ(stats.live, 1U);
  EXPECT_EQ(stats.free, stay - 1);
  EXPECT_EQ(stats.uncarved, kCapacity - stay);
}

TEST_F(PageReleaseTest, EachSlotIsThereOnceAfterwards) {
  fill_segment();
  keep({4, 17, 18, 31});
  EXPECT_GT(slab_.trim(), 0U);
  expect_whole({4, 17, 18, 31});
  for (const std::size_t i : {4U, 17U, 18U, 31U}) EXPECT_TRUE(is_filled(blocks_[i], 1));
}

TEST_F(PageReleaseTest, SecondTrimFindsNothing) {
  fill_segment();
  keep({10, 20});
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.trim(), 0U);
  expect_whole({10, 20});
}

TEST_F(PageReleaseTest, NextTrimCountsWhatIsNew) {
  fill_segment();
  keep({10, 20});
  const std::size_t first = slab_.trim();
  EXPECT_TRUE(slab_.deallocate(blocks_[10].data));
  const std::size_t second = slab_.trim();
  EXPECT_EQ(second, kPage);
  EXPECT_TRUE(slab_.deallocate(blocks_[20].data));
  const std::size_t third = slab_.trim();
  EXPECT_EQ(third, kPage);
  EXPECT_EQ(slab_.stats().uncarved, kCapacity);
  EXPECT_LE(first + second + third, kCapacity * sizeof(Object));
  expect_whole({});
}

TEST_F(PageReleaseTest, SlotsThatStayAreTakenNewestFirst) {
  fill_segment();
  std::set<std::size_t> kept;
  for (std::size_t i = 0; i < 16; ++i) kept.insert(i);
  keep(kept);
  // One of each pair that shares a page, in an order of their own.
  const std::vector<std::size_t> freed = {6, 2, 12, 8};
  for (const std::size_t i : freed) EXPECT_TRUE(slab_.deallocate(blocks_[i].data));
  EXPECT_GT(slab_.trim(), 0U);
  for (const std::size_t i : {8U, 12U, 2U, 6U}) EXPECT_EQ(slab_.allocate(), blocks_[i]);
}

TEST_F(PageReleaseTest, FreeOfASlotWhosePageWentIsRefused) {
  fill_segment();
  keep({10, 24});
  EXPECT_GT(slab_.trim(), 0U);
  for (const std::size_t i : {2U, 3U, 17U, 28U}) {
    EXPECT_FALSE(slab_.deallocate(blocks_[i].data)) << i;
  }
  EXPECT_EQ(slab_.stats().repeated_frees, 4U);
  expect_whole({10, 24});
}

TEST_F(PageReleaseTest, LiveBlocksBehindPagesThatWentCanBeFreed) {
  fill_segment();
  keep({10, 11, 24, 25});
  EXPECT_GT(slab_.trim(), 0U);
  for (const std::size_t i : {24U, 10U, 25U, 11U}) {
    EXPECT_TRUE(slab_.deallocate(blocks_[i].data)) << i;
  }
  EXPECT_EQ(slab_.stats().live, 0U);
  expect_whole({});
}

TEST_F(PageReleaseTest, SlotsThatWereNeverHandedOutStayThat) {
  blocks_ = take_blocks(slab_, 12);
  for (std::size_t i = 0; i < 11; ++i) EXPECT_TRUE(slab_.deallocate(blocks_[i].data));
  const std::size_t released = slab_.trim();
  EXPECT_GT(released, 0U);
  EXPECT_LE(released, 12 * sizeof(Object));
  std::set<std::byte*> all = {blocks_[11].data};
  while (const auto block = slab_.try_allocate()) EXPECT_TRUE(all.insert(block->data).second);
  EXPECT_EQ(all.size(), kCapacity);
}

TEST_F(PageReleaseTest, BlockFreedMeanwhileCanBeHadAtOnce) {
  fill_segment();
  keep({10, 24});
  meanwhile([this] {
    EXPECT_TRUE(slab_.deallocate(blocks_[10].data));
    EXPECT_EQ(slab_.allocate(), blocks_[10]);
    EXPECT_TRUE(slab_.deallocate(blocks_[24].data));
  });
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.stats().live, 1U);
  expect_whole({10});
}

TEST_F(PageReleaseTest, LastLiveBlockFreedMeanwhileKeepsItsPage) {
  fill_segment();
  keep({10});
  meanwhile([this] { EXPECT_TRUE(slab_.deallocate(blocks_[10].data)); });
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.stats().live, 0U);
  EXPECT_EQ(slab_.stats().free, on_pages_of({10}));
  expect_whole({});
}

TEST_F(PageReleaseTest, BatchThatWaitsTakesNothingBefore) {
  fill_segment();
  keep({10});
  HeldThread trim(HeldThread::Hold::kInDiscard, [this] { slab_.trim(); });
  EXPECT_TRUE(slab_.deallocate(blocks_[10].data));
  std::array<Block, 3> batch;
  HeldThread caller(HeldThread::Hold::kNowhere,
                    [&] { EXPECT_EQ(slab_.allocate_batch(batch), 3U); });
  EXPECT_TRUE(caller.still_waits());
  EXPECT_EQ(slab_.allocate(), blocks_[10]);
  trim.go_on();
  caller.join();
  EXPECT_EQ(slab_.segment_count(), 1U);
}

TEST_F(PageReleaseTest, StatisticsAreAsBeforeMeanwhile) {
  fill_segment();
  keep({10});
  const SlabStats before = slab_.stats();
  meanwhile([&] { EXPECT_EQ(slab_.stats(), before); });
  EXPECT_GT(slab_.trim(), 0U);
}

TEST_F(PageReleaseTest, SlotThatIsOutAndWasNotCarvedCannotBeFreedMeanwhile) {
  const std::vector<Block> first = take_blocks(slab_, kCapacity / 2);
  std::byte* const uncarved = first.back().data + 2 * sizeof(Object);
  for (std::size_t i = 1; i < first.size(); ++i) EXPECT_TRUE(slab_.deallocate(first[i].data));
  meanwhile([&] { EXPECT_FALSE(slab_.deallocate(uncarved)); });
  EXPECT_GT(slab_.trim(), 0U);
}

TEST_F(PageReleaseTest, AnotherTrimLeavesTheSegmentThatIsOutAlone) {
  fill_segment();
  keep({10});
  meanwhile([this] {
    EXPECT_TRUE(slab_.deallocate(blocks_[10].data));
    EXPECT_EQ(slab_.trim(), 0U);
  });
  EXPECT_GT(slab_.trim(), 0U);
  expect_whole({});
}

TEST_F(PageReleaseTest, TrimAboveTheRangeThatIsBeingCarvedLosesNothing) {
  fill_segment();
  keep({9, 10, 20, 21, 22, 23});
  EXPECT_GT(slab_.trim(), 0U);
  // Takes the slots that stayed, and some of the first run.
  std::vector<Block> again = take_blocks(slab_, 8);
  for (std::size_t i = 20; i < 24; ++i) EXPECT_TRUE(slab_.deallocate(blocks_[i].data));
  EXPECT_GT(slab_.trim(), 0U);
  std::set<std::byte*> all = {blocks_[9].data, blocks_[10].data};
  for (const Block& block : again) EXPECT_TRUE(all.insert(block.data).second);
  while (const auto block = slab_.try_allocate()) EXPECT_TRUE(all.insert(block->data).second);
  EXPECT_EQ(all.size(), kCapacity);
}

TEST_F(PageReleaseTest, PagesThatWereUsedAgainGoAgain) {
  fill_segment();
  keep({9, 10, 20, 21});
  EXPECT_GT(slab_.trim(), 0U);
  // Those that stayed, and those of the first run; there are two more.
  const std::vector<Block> again = take_blocks(slab_, 14);
  give_back(slab_, again);
  EXPECT_GE(slab_.trim(), 3 * kPage);
  expect_whole({9, 10, 20, 21});
}

TEST_F(PageReleaseTest, CorruptLinkEndsTheWalkAndIsCounted) {
  fill_segment();
  keep({31});
  // The fifth from the newest: behind it are those of lower numbers.
  const std::uint32_t beyond_every_slot = 99;
  std::memcpy(blocks_[26].data, &beyond_every_slot, sizeof(beyond_every_slot));
  slab_.trim();
  const SlabStats stats = slab_.stats();
  EXPECT_EQ(stats.corrupt_links, 1U);
  EXPECT_EQ(stats.abandoned, 26U);
  expect_conserved(stats);
  // What is behind it stays as it was, but for the links.
  EXPECT_EQ(std::memcmp(blocks_[8].data + 8, blocks_[31].data + 8, sizeof(Object) - 8), 0);
  EXPECT_EQ(
      std::set<std::byte*>({slab_.allocate()->data, slab_.allocate()->data, slab_.allocate()->data,
                            slab_.allocate()->data, slab_.allocate()->data}),
      std::set<std::byte*>({blocks_[26].data, blocks_[27].data, blocks_[28].data, blocks_[29].data,
                            blocks_[30].data}));
  EXPECT_EQ(slab_.stats().corrupt_links, 1U);
}

TEST_F(PageReleaseTest, ClearTakesReleasedSlotsToo) {
  fill_segment();
  keep({10, 24});
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.clear(), 2U);
  EXPECT_EQ(slab_.stats().uncarved, kCapacity);
  expect_whole({});
}

using LiveSlotsPageReleaseTest = BasicPageReleaseTest<KnowsLiveSlots>;

TEST_F(LiveSlotsPageReleaseTest, StatesAreThoseOfTheLiveBlocks) {
  fill_segment();
  keep({10, 24});
  EXPECT_GT(slab_.trim(), 0U);
  std::set<std::byte*> live;
  slab_.for_each_live([&](const Block& block) { live.insert(block.data); });
  EXPECT_EQ(live, (std::set<std::byte*>{blocks_[10].data, blocks_[24].data}));
  for (std::size_t i = 0; i < kCapacity; ++i) {
    EXPECT_EQ(slab_.deallocate(blocks_[i].data), i == 10 || i == 24) << i;
  }
  expect_whole({});
}

using CheckedPageReleaseTest = BasicPageReleaseTest<ChecksFreed>;

TEST_F(CheckedPageReleaseTest, ZerosOfPagesThatWentAreNoWriteAfterFree) {
  fill_segment();
  keep({10, 24});
  EXPECT_GT(slab_.trim(), 0U);
  expect_whole({10, 24});
  EXPECT_EQ(slab_.stats().writes_after_free, 0U);
}

TEST_F(CheckedPageReleaseTest, SlotsOfTheRestOfTheRangeCarryTheFill) {
  blocks_ = take_blocks(slab_, 13);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_TRUE(slab_.deallocate(blocks_[i].data));
  EXPECT_GT(slab_.trim(), 0U);
  while (slab_.try_allocate()) {
  }
  EXPECT_EQ(slab_.stats().writes_after_free, 0U);
}

TEST_F(CheckedPageReleaseTest, WriteToASlotThatStayedIsNoticed) {
  fill_segment();
  keep({10, 12, 13, 15});  // so 11 and 14 share their pages with live blocks
  EXPECT_GT(slab_.trim(), 0U);
  blocks_[11].data[40] = std::byte{7};
  blocks_[14].data[40] = std::byte{7};
  while (slab_.try_allocate()) {
  }
  EXPECT_EQ(slab_.stats().writes_after_free, 2U);
}

TEST(MappedPagesTest, GoBackToTheKernel) {
  struct Kibibyte {
    std::byte bytes[1024];
  };
  constexpr std::size_t kSlots = 64;
  ExtendableSlab<Kibibyte> slab(kSlots);
  const std::vector<Block> blocks = take_blocks(slab, 3 * kSlots);
  for (const Block& block : blocks) fill(block, 1);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(i % kSlots == 30 || slab.deallocate(blocks[i].data));
  }
  const std::size_t released = slab.trim();
  for (std::size_t segment = 0; segment < 3; ++segment) {
    const std::byte* const inner = blocks[segment * kSlots].data + page_size();
    const Block& kept = blocks[segment * kSlots + 30];
    EXPECT_LE(resident_pages(inner, (kSlots - 8) * sizeof(Kibibyte)).value(),
              resident_pages(kept.data, kept.size).value());
    EXPECT_TRUE(is_filled(kept, 1));
  }
  EXPECT_GE(released, 3 * (kSlots * sizeof(Kibibyte) - 3 * page_size()));
  EXPECT_EQ(slab.segment_count(), 3U);
}

TEST(MappedPagesTest, SegmentOfLessThanAPageGivesNothingBackWhileInUse) {
  ExtendableSlab<Object> slab(16);
  const std::vector<Block> blocks = take_blocks(slab, 160);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(i % 16 == 3 || slab.deallocate(blocks[i].data));
  }
  const SlabStats before = slab.stats();
  EXPECT_EQ(slab.trim(), 0U);
  EXPECT_EQ(slab.stats(), before);
}

/// Random calls and trims: no live block ever changes, each slot is in one place, and nothing grows
/// for a trim.
template <class Type>
class RandomTrimsTest : public ::testing::Test {};

template <std::size_t kSize, class BasicConfig>
struct Case {
  struct Value {
    std::byte bytes[kSize];
  };
  using Config = BasicConfig;
  static constexpr std::size_t size = kSize;
};
struct Mapped : DefaultConfig {
  using Instrumentation = BuildInstrumentation;
  using Protection = SlotStates<SipHashMac>;
  using Contents = CheckFreed;
};
using Cases = ::testing::Types<Case<40, KnowsLiveSlots>, Case<200, ChecksFreed>,
                               Case<1000, PagedConfig>, Case<9000, Mapped>>;
TYPED_TEST_SUITE(RandomTrimsTest, Cases);

TYPED_TEST(RandomTrimsTest, TouchNoLiveBlockAndLoseNone) {
  new_environment();
  std::mt19937 random(1);
  constexpr std::size_t kSlots = 48;
  std::size_t released = 0;
  for (int run = 0; run < 20; ++run) {
    ExtendableSlab<typename TypeParam::Value, typename TypeParam::Config> slab(kSlots);
    std::vector<std::pair<Block, std::uint64_t>> live;
    std::uint64_t owner = 0;
    for (int round = 0; round < 12; ++round) {
      const std::size_t wanted = random() % (3 * kSlots);
      while (live.size() < wanted) {
        live.emplace_back(slab.allocate().value(), ++owner);
        fill(live.back().first, owner);
      }
      std::ranges::shuffle(live, random);
      // Often neighbours, so that pages become free.
      if (round % 2 == 0) std::ranges::sort(live, {}, [](auto& each) { return each.first.data; });
      for (std::size_t left = random() % (live.size() + 1); live.size() > left; live.pop_back()) {
        ASSERT_TRUE(is_filled(live.back().first, live.back().second));
        ASSERT_TRUE(slab.deallocate(live.back().first.data));
      }
      released += slab.trim();
      for (const auto& [block, its_owner] : live) ASSERT_TRUE(is_filled(block, its_owner));
      const SlabStats stats = slab.stats();
      ASSERT_EQ(stats.live, live.size());
      expect_conserved(stats);
      expect_exact_growth(stats);
    }
    std::set<std::byte*> all;
    for (const auto& each : live) all.insert(each.first.data);
    while (const auto block = slab.try_allocate()) ASSERT_TRUE(all.insert(block->data).second);
    ASSERT_EQ(all.size(), slab.segment_count() * kSlots);
    ASSERT_EQ(slab.corruption_events(), 0U);
  }
  EXPECT_GT(released, 0U);
}

// Frees and allocations of the same segments while their pages go.
TEST(PageReleaseStormTest, TrimsTouchNoLiveBlock) {
  constexpr int kThreads = 3;
  constexpr int kRounds = 200;
  struct Kibibyte {
    std::byte bytes[1024];
  };
  ExtendableSlab<Kibibyte> slab(64);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&slab, thread] {
      const auto owner = static_cast<std::uint64_t>(thread);
      std::vector<Block> kept = take_blocks(slab, 1);
      fill(kept[0], owner);
      for (int round = 0; round < kRounds; ++round) {
        std::vector<Block> mine = take_blocks(slab, 1 + static_cast<std::size_t>(round) % 40);
        for (const Block& block : mine) fill(block, owner);
        std::swap(kept[0], mine[mine.size() / 2]);
        if (round % 3 == thread) slab.trim();
        for (const Block& block : mine) EXPECT_TRUE(is_filled(block, owner));
        give_back(slab, mine);
        if (round % 5 == thread) slab.trim();
      }
      EXPECT_TRUE(is_filled(kept[0], owner));
      give_back(slab, kept);
    });
  }
  threads.clear();
  expect_conserved(slab.stats());
  expect_exact_growth(slab.stats());
  EXPECT_EQ(slab.stats().live, 0U);
  EXPECT_EQ(slab.corruption_events(), 0U);
  EXPECT_GT(slab.trim(), 0U);
}

// Links that others wrote to.

TEST_F(PageReleaseTest, CorruptLinkIsCountedWhereNoPageGoes) {
  fill_segment();
  std::set<std::size_t> kept;
  for (std::size_t i = 0; i < kCapacity; i += 2) kept.insert(i);
  keep(kept);
  const std::uint32_t beyond_every_slot = 99;
  std::memcpy(blocks_[21].data, &beyond_every_slot, sizeof(beyond_every_slot));
  EXPECT_EQ(slab_.trim(), 0U);
  const SlabStats stats = slab_.stats();
  EXPECT_EQ(stats.corrupt_links, 1U);
  EXPECT_EQ(stats.abandoned, 10U);
  EXPECT_EQ(stats.free, 6U);
  expect_conserved(stats);
}

TEST_F(PageReleaseTest, LinkToWhatLiesBehindTheLastSlotIsNotFollowed) {
  fill_segment();
  keep({31});
  const std::uint32_t behind_the_last_slot = kCapacity + 1;
  std::memcpy(blocks_[26].data, &behind_the_last_slot, sizeof(behind_the_last_slot));
  for (std::size_t i = 30; i >= 26; --i) EXPECT_EQ(slab_.try_allocate(), blocks_[i]);
  EXPECT_FALSE(slab_.try_allocate());
  EXPECT_EQ(slab_.stats().corrupt_links, 1U);
  EXPECT_EQ(slab_.stats().abandoned, 26U);
}

/// Acts when a number of links have been looked at.
struct ActsAfterLinks : NoProtection {
  inline static std::size_t links = 0;
  inline static std::function<void()> action;

  static ActsAfterLinks make() noexcept { return {}; }
  bool verify(std::uint32_t /*next*/, std::uint32_t /*slot*/, Tag /*tag*/) const noexcept {
    if (links != 0 && --links == 0) action();
    return true;
  }
};
struct ActsBetweenWalks : PagedConfig {
  using Protection = ActsAfterLinks;
};
using WalkedPageReleaseTest = BasicPageReleaseTest<ActsBetweenWalks>;

TEST_F(WalkedPageReleaseTest, LinkThatIsWrittenBetweenTheWalksOfATrimIsCounted) {
  fill_segment();
  keep({31});
  ActsAfterLinks::links = kCapacity - 1;
  ActsAfterLinks::action = [this] {
    const std::uint32_t beyond_every_slot = 99;
    std::memcpy(blocks_[26].data, &beyond_every_slot, sizeof(beyond_every_slot));
  };
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.stats().corrupt_links, 1U);
  expect_conserved(slab_.stats());
}

struct Sealed : PagedConfig {
  using Protection = SipHashMac;
};
using SealedPageReleaseTest = BasicPageReleaseTest<Sealed>;

TEST_F(SealedPageReleaseTest, LinksOfSlotsThatStayAreSealed) {
  fill_segment();
  keep({9, 12, 17, 20, 21});
  EXPECT_GT(slab_.trim(), 0U);
  expect_whole({9, 12, 17, 20, 21});
  EXPECT_EQ(slab_.corruption_events(), 0U);
}

// Slots that were never carved.

TEST_F(CheckedPageReleaseTest, ClearTouchesNoPageThatWent) {
  fill_segment();
  keep({10});
  EXPECT_GT(slab_.trim(), 0U);
  EXPECT_EQ(slab_.clear(), 1U);
  EXPECT_TRUE(std::all_of(blocks_[3].data, blocks_[3].data + blocks_[3].size,
                          [](std::byte each) { return each == std::byte{0}; }));
}

/// Memory that holds what somebody else left there.
struct UsedHeap : WipingHeap {
  explicit UsedHeap(Layout layout) noexcept : WipingHeap(layout) {
    std::fill_n(data(), size(), std::byte{0x5a});
  }
};
struct UsedPages : ObservedBacking<UsedHeap> {
  static constexpr std::size_t page_size = 128;
  using ObservedBacking::ObservedBacking;
};
struct ChecksFreedInUsedMemory : ChecksFreed {
  using Backing = UsedPages;
};
using UsedMemoryPageReleaseTest = BasicPageReleaseTest<ChecksFreedInUsedMemory>;

TEST_F(UsedMemoryPageReleaseTest, SlotsOfTheRestOfTheRangeCarryTheFill) {
  blocks_ = take_blocks(slab_, 13);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_TRUE(slab_.deallocate(blocks_[i].data));
  EXPECT_GT(slab_.trim(), 0U);
  while (slab_.try_allocate()) {
  }
  EXPECT_EQ(slab_.stats().writes_after_free, 0U);
}

/// One segment, as a trim finds it.
class SegmentReleaseTest : public ::testing::Test {
 protected:
  using SegmentType = Segment<Object, PagedConfig>;
  using Release = PageRelease<Object, PagedConfig>;
  using Record = SegmentType::Record;

  SegmentReleaseTest() { new_environment(); }

  /// Takes so many slots, and puts the newest ones back.
  void use(std::uint32_t taken, std::uint32_t put) {
    for (std::uint32_t i = 0; i < taken; ++i) static_cast<void>(run_.take(state()));
    for (std::uint32_t i = 1; i <= put; ++i) run_.put(taken - i, state());
  }
  FreelistState& state() { return segment_->record.write().run; }
  /// Whether a segment with so many slots carved, live and abandoned may have something to give.
  bool is_worth_it(std::uint32_t carved, std::uint32_t live, std::uint32_t abandoned = 0) const {
    Record record;
    record.run = SegmentType::Freelist::fresh(kCapacity);
    record.run.next = record.run.carved = carved;
    record.run.live = live;
    record.run.abandoned = abandoned;
    return Release::is_worth_it(plan_, record);
  }

  SegmentType::Plan plan_ = SegmentType::plan(kCapacity).value();
  SegmentType::Chunk::Owner chunk_ = SegmentType::Chunk::build(plan_.place, 1).value();
  SegmentType::Owner segment_ =
      SegmentType::build(plan_, *chunk_, chunk_->take_place(plan_.place), &NoProtection::make);
  SegmentType::Freelist run_ = segment_->freelist(plan_);
};

TEST_F(SegmentReleaseTest, SegmentIsWorthATrimWhereAFreeSlotAndAPageAreUnused) {
  EXPECT_TRUE(is_worth_it(kCapacity, kCapacity - 2));
  EXPECT_FALSE(is_worth_it(kCapacity, kCapacity - 1));
  EXPECT_FALSE(is_worth_it(kCapacity, 1, kCapacity - 2));
  EXPECT_TRUE(is_worth_it(5, 4));
  EXPECT_FALSE(is_worth_it(4, 4));  // what was never carved has no page to give back
  plan_.geometry.pages = 0;
  EXPECT_FALSE(is_worth_it(kCapacity, 2));
}

TEST_F(SegmentReleaseTest, NoSlotCanBeTakenOfASegmentThatIsOut) {
  use(20, 20);
  Release trim;
  trim.claim(plan_, *segment_);
  EXPECT_EQ(segment_->record.read().held, kCapacity);
  EXPECT_FALSE(run_.has_room(state()));
  EXPECT_FALSE(run_.has_more_room(state()));
}

TEST_F(SegmentReleaseTest, NoSlotCanBeTakenOfASegmentThatIsOutInPart) {
  use(20, 10);
  state().live -= 3;
  state().abandoned += 3;
  Release trim;
  trim.claim(plan_, *segment_);
  EXPECT_EQ(segment_->record.read().held, kCapacity - 10);
  EXPECT_FALSE(run_.has_room(state()));
  EXPECT_FALSE(run_.has_more_room(state()));
}

TEST_F(SegmentReleaseTest, ForgottenClaimLeavesAFreshSegment) {
  use(20, 20);
  Release trim;
  trim.claim(plan_, *segment_);
  Release::forget(plan_, *segment_);
  EXPECT_EQ(segment_->record.read().held, 0U);
  EXPECT_TRUE(run_.has_room(state()));
  EXPECT_EQ(state().carved, 0U);
}

}  // namespace
}  // namespace slabproof::testing
