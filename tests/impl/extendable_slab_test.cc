#include "slabproof/extendable_slab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <type_traits>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/contents.h"
#include "slabproof/heap_backing.h"
#include "slabproof/layout.h"
#include "slabproof/slab_owner.h"
#include "tests/support/resident_pages.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using Words = ExtendableSlab<std::uint64_t>;

TEST(ExtendableSlabTest, CannotBeCopiedOrMoved) {
  EXPECT_FALSE(std::is_copy_constructible_v<Words>);
  EXPECT_FALSE(std::is_move_constructible_v<Words>);
}

TEST(ExtendableSlabTest, CapacityZeroIsReportedByConstructionAndByEachAllocation) {
  Words slab(0);
  EXPECT_EQ(slab.error(), AllocError::kInvalidCapacity);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(slab.allocate().error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(slab.segment_capacity(), 0U);
  EXPECT_EQ(slab.capacity_bytes(), 0U);
}

TEST(ExtendableSlabTest, CapacityZeroWithInitialSegmentsHasNone) {
  const Words slab(0, InitialSegments{4});
  EXPECT_EQ(slab.error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(slab.segment_count(), 0U);
}

TEST(ExtendableSlabTest, SlabOfAnImpossibleCapacityAnswersEveryQuery) {
  Words slab(0);
  int anything = 0;
  EXPECT_FALSE(slab.usable_size(&anything));
  EXPECT_FALSE(slab.deallocate(&anything));
  EXPECT_EQ(slab.trim(), 0U);
  EXPECT_EQ(slab.stats().foreign_pointers, 1U);
}

TEST(ExtendableSlabTest, FirstSegmentFillsBeforeTheSecondIsAdded) {
  Words slab(3);
  for (std::uint64_t count = 1; count <= 30; ++count) {
    take_blocks(slab, 1);
    EXPECT_EQ(slab.segment_count(), ceiling_of_quotient(count, 3));
  }
}

TEST(ExtendableSlabTest, ServesFromTheLowestSegmentWithRoom) {
  Words slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 400);
  for (const std::size_t i : {399U, 130U, 257U, 3U}) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  for (const std::size_t i : {3U, 130U, 257U, 399U}) EXPECT_EQ(slab.allocate(), blocks[i]);
}

TEST(ExtendableSlabTest, TryAllocateServesWhatIsFreeAndNeverGrows) {
  Words slab(2);
  EXPECT_EQ(slab.try_allocate(), std::nullopt);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  EXPECT_EQ(slab.try_allocate(), std::nullopt);
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  EXPECT_EQ(slab.try_allocate(), blocks[1]);
  EXPECT_EQ(slab.segment_count(), 2U);
  EXPECT_EQ(Words(0).try_allocate(), std::nullopt);
}

TEST(ExtendableSlabTest, BlocksStayWhereTheyAreWhileTheSlabGrows) {
  Words slab(4);
  std::vector<Block> blocks = take_blocks(slab, 1);
  fill(blocks[0], 17);
  take_blocks(slab, 2000);
  EXPECT_TRUE(is_filled(blocks[0], 17));
  EXPECT_EQ(slab.usable_size(blocks[0].data), 8U);
}

TEST(ExtendableSlabTest, ServesALayoutThatASlotCanHold) {
  Words slab(4);
  for (const Layout request :
       {Layout::of<char>(), Layout::make(3, 2).value(), Layout::of<std::uint64_t>()}) {
    const auto block = slab.allocate(request);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->size, 8U);
  }
}

TEST(ExtendableSlabTest, DestructionGivesEveryMappingBack) {
  std::vector<Block> blocks;
  {
    Words slab(100);
    blocks = take_blocks(slab, 1000);
    EXPECT_TRUE(resident_pages(blocks[500].data, 1));
  }
  for (const Block& block : blocks) EXPECT_FALSE(resident_pages(block.data, 1));
}

struct CountedProtection : NoProtection {
  inline static int made = 0;
  static CountedProtection make() noexcept {
    ++made;
    return {};
  }
};
struct CountedConfig : DefaultConfig {
  using Protection = CountedProtection;
};

TEST(ExtendableSlabTest, MakesOneProtectionForEachSegment) {
  CountedProtection::made = 0;
  ExtendableSlab<std::uint64_t, CountedConfig> slab(2, InitialSegments{3});
  EXPECT_EQ(CountedProtection::made, 3);
  take_blocks(slab, 10);
  EXPECT_EQ(slab.segment_count(), 5U);
  EXPECT_EQ(CountedProtection::made, 5);
}

TEST(ExtendableSlabTest, MakesProtectionsWithTheFactoryThatItWasGiven) {
  static int made_here = 0;
  CountedProtection::made = 0;
  ExtendableSlab<std::uint64_t, CountedConfig> slab(2, []() noexcept {
    ++made_here;
    return CountedProtection{};
  });
  take_blocks(slab, 5);
  EXPECT_EQ(made_here, 3);
  EXPECT_EQ(CountedProtection::made, 0);
}

// ---- stats -----------------------------------------------------------------------------------

TEST(StatsTest, OfAnEmptySlabAreZeroButForTheCapacity) {
  EXPECT_EQ(Words(7).stats(), (SlabStats{.capacity = 7}));
}

TEST(StatsTest, TellTheStateOfEachSlot) {
  Words slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 6);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  const SlabStats stats = slab.stats();
  EXPECT_EQ(stats.segments, 2U);
  EXPECT_EQ(stats.live, 5U);
  EXPECT_EQ(stats.peak_live, 6U);
  EXPECT_EQ(stats.free, 1U);
  EXPECT_EQ(stats.uncarved, 2U);
  EXPECT_EQ(stats.abandoned, 0U);
  EXPECT_EQ(stats.growers, 0U);
  EXPECT_GE(stats.directory_room, 2U);
}

class RandomOperationsTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(RandomOperationsTest, ConserveEverySlotAndGrowExactly) {
  std::mt19937 random(static_cast<std::uint32_t>(GetParam()));
  Words slab(GetParam());
  std::vector<Block> live;
  std::uint64_t peak = 0;
  for (int step = 0; step < 3000; ++step) {
    if (random() % 100 < 53) {
      live.push_back(slab.allocate().value());
      fill(live.back(), reinterpret_cast<std::uintptr_t>(live.back().data));
    } else if (!live.empty()) {
      std::swap(live[random() % live.size()], live.back());
      const Block block = live.back();
      live.pop_back();
      EXPECT_TRUE(is_filled(block, reinterpret_cast<std::uintptr_t>(block.data)));
      EXPECT_TRUE(slab.deallocate(block.data));
    }
    peak = std::max<std::uint64_t>(peak, live.size());
  }
  const SlabStats stats = slab.stats();
  EXPECT_EQ(stats.live, live.size());
  EXPECT_EQ(stats.peak_live, peak);
  expect_conserved(stats);
  expect_exact_growth(stats);
}

INSTANTIATE_TEST_SUITE_P(Capacities, RandomOperationsTest,
                         ::testing::Values(1, 2, 3, 7, 64, 1000, 4096));

// ---- bad pointers ----------------------------------------------------------------------------

/// Twenty slots of 8 bytes in five segments, some live, some free, some never used.
class BadPointerTest : public ::testing::Test {
 protected:
  BadPointerTest() : blocks_(take_blocks(slab_, 18)) {
    EXPECT_TRUE(slab_.deallocate(blocks_[5].data));
  }

  /// Refuses `pointer`, and nothing but the one counter changes.
  void expect_counted(void* pointer, std::uint64_t SlabStats::* counter) {
    SlabStats expected = slab_.stats();
    expected.*counter += 1;
    const std::uint64_t events = slab_.corruption_events();
    EXPECT_FALSE(slab_.deallocate(pointer)) << pointer;
    EXPECT_EQ(slab_.stats(), expected);
    EXPECT_EQ(slab_.corruption_events(), events + 1);
  }

  Words slab_{4};
  std::vector<Block> blocks_;
};

TEST(LimitTest, SlabGrowsToItsLimitAndServesWhatIsFreed) {
  Words slab(4);
  slab.limit_segments(2);
  const std::vector<Block> blocks = take_blocks(slab, 8);
  EXPECT_EQ(slab.allocate().error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), 2U);
  EXPECT_EQ(slab.stats().growers, 0U);
  EXPECT_TRUE(slab.deallocate(blocks[5].data));
  EXPECT_EQ(slab.allocate(), blocks[5]);
}

TEST(LimitTest, BatchIsServedUpToTheLimit) {
  Words slab(4);
  slab.limit_segments(2);
  std::array<Block, 20> blocks;
  EXPECT_EQ(slab.allocate_batch(blocks), 8U);
  EXPECT_EQ(slab.allocate_batch(blocks).error(), AllocError::kSegmentLimit);
}

TEST(LimitTest, HigherLimitLetsTheSlabGrowOn) {
  Words slab(4);
  slab.limit_segments(0);
  EXPECT_EQ(slab.allocate().error(), AllocError::kSegmentLimit);
  slab.limit_segments(1);
  EXPECT_TRUE(slab.allocate());
}

TEST(LimitTest, LowerLimitKeepsWhatIsThere) {
  Words slab(4, InitialSegments{3});
  slab.limit_segments(1);
  EXPECT_EQ(slab.segment_count(), 3U);
  take_blocks(slab, 12);
  EXPECT_EQ(slab.allocate().error(), AllocError::kSegmentLimit);
}

TEST(LimitTest, HoldsForASlabWithCachesAndForAnOwner) {
  CachedSlab<std::uint64_t> cached(4);
  cached.limit_segments(1);
  take_blocks(cached, 4);
  EXPECT_EQ(cached.allocate().error(), AllocError::kSegmentLimit);
  SlabOwner<std::uint64_t> owner(4);
  owner.limit_segments(1);
  take_blocks(owner, 4);
  EXPECT_EQ(owner.allocate().error(), AllocError::kSegmentLimit);
}

TEST_F(BadPointerTest, PointersIntoNoSegmentAreForeign) {
  std::uint64_t on_the_stack = 0;
  static std::uint64_t in_static_storage = 0;
  Words other(4);
  void* const of_another_slab = take_blocks(other, 1)[0].data;
  for (void* const pointer :
       {static_cast<void*>(&on_the_stack), static_cast<void*>(&in_static_storage), of_another_slab,
        reinterpret_cast<void*>(~std::uintptr_t{0}), reinterpret_cast<void*>(std::uintptr_t{1}),
        reinterpret_cast<void*>(UINTPTR_MAX / 2 + 1)}) {
    expect_counted(pointer, &SlabStats::foreign_pointers);
  }
}

TEST_F(BadPointerTest, PointersInsideABlockAreMisaligned) {
  for (std::size_t offset = 1; offset < 8; ++offset) {
    expect_counted(blocks_[6].data + offset, &SlabStats::misaligned_pointers);
  }
}

TEST_F(BadPointerTest, PointersIntoTheHeaderOfASegmentAreMisaligned) {
  expect_counted(blocks_[0].data - 8, &SlabStats::misaligned_pointers);
  expect_counted(blocks_[4].data - 1, &SlabStats::misaligned_pointers);
}

TEST_F(BadPointerTest, PointersJustBehindTheSlotsOfASegmentAreForeign) {
  expect_counted(blocks_[3].data + 8, &SlabStats::foreign_pointers);
  expect_counted(blocks_[3].data + 9, &SlabStats::foreign_pointers);
}

TEST_F(BadPointerTest, SlotThatWasNeverUsedIsNotLive) {
  expect_counted(blocks_[17].data + 8, &SlabStats::repeated_frees);
}

TEST_F(BadPointerTest, NewestFreeSlotOfASegmentIsNotLive) {
  expect_counted(blocks_[5].data, &SlabStats::repeated_frees);
}

TEST_F(BadPointerTest, SlabServesOnAfterAllOfThem) {
  for (std::size_t offset = 0; offset < 8; ++offset) slab_.deallocate(blocks_[5].data + offset);
  EXPECT_EQ(slab_.allocate(), blocks_[5]);
  give_back(slab_, std::vector(blocks_.begin() + 7, blocks_.end()));
  expect_conserved(slab_.stats());
}

// A region is aligned to a power of two that may exceed its size, and what lies beyond its end may
// be someone else's.
TEST(BadPointerBeyondRegionTest, PointerBehindTheRegionIsForeignThoughTheAlignmentCoversIt) {
  struct Page {
    std::byte bytes[4096];
  };
  ExtendableSlab<Page> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  std::byte* const behind = blocks[3].data + 2 * sizeof(Page);
  EXPECT_FALSE(slab.deallocate(behind));
  EXPECT_EQ(slab.stats().foreign_pointers, 1U);
  EXPECT_EQ(slab.stats().misaligned_pointers, 0U);
}

TEST_F(BadPointerTest, UsableSizeIsTheStrideAtSlotsOnly) {
  for (const Block& block : blocks_) {
    EXPECT_EQ(slab_.usable_size(block.data), 8U);
    EXPECT_FALSE(slab_.usable_size(block.data + 1));
    EXPECT_FALSE(slab_.usable_size(block.data - 1));
  }
  EXPECT_FALSE(slab_.usable_size(blocks_[3].data + 8));
  EXPECT_FALSE(slab_.usable_size(nullptr));
  EXPECT_FALSE(slab_.usable_size(&slab_));
  EXPECT_FALSE(slab_.usable_size(reinterpret_cast<const void*>(~std::uintptr_t{0})));
  // Asking is not misuse.
  EXPECT_EQ(slab_.corruption_events(), 0U);
}

/// Notices a write to a free block, and refuses a link that leads nowhere.
struct CheckingConfig : DefaultConfig {
  using Contents = CheckFreed;
};

TEST(ExtendableSlabCorruption, EventsAddUpWhateverTheirKind) {
  ExtendableSlab<std::array<std::uint64_t, 8>, CheckingConfig> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  std::memset(blocks[0].data + 32, 0x5a, 8);
  EXPECT_EQ(slab.allocate(), blocks[0]);
  EXPECT_EQ(slab.stats().writes_after_free, 1U);
  EXPECT_EQ(slab.corruption_events(), 1U);

  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  const std::uint32_t beyond_the_capacity = 77;
  std::memcpy(blocks[1].data, &beyond_the_capacity, sizeof(beyond_the_capacity));
  EXPECT_EQ(slab.allocate(), blocks[1]);
  EXPECT_EQ(slab.stats().corrupt_links, 1U);
  EXPECT_EQ(slab.corruption_events(), 2U);
}

TEST(ExtendableSlabCorruption, SlotsAreAbandonedAsOftenAsALinkIsCorrupt) {
  ExtendableSlab<std::uint64_t> slab(6);
  const std::vector<Block> blocks = take_blocks(slab, 6);
  for (const std::size_t first : {0U, 3U}) {
    for (std::size_t i = first; i < first + 3; ++i) EXPECT_TRUE(slab.deallocate(blocks[i].data));
    std::memset(blocks[first + 2].data, 0xff, sizeof(std::uint32_t));
    EXPECT_EQ(slab.allocate(), blocks[first + 2]);
    EXPECT_EQ(slab.stats().abandoned, first == 0 ? 2U : 4U);
  }
  EXPECT_EQ(slab.stats().corrupt_links, 2U);
}

TEST(ExtendableSlabTest, FreeOfNullIsNone) {
  ExtendableSlab<std::uint64_t> slab(4);
  EXPECT_FALSE(slab.deallocate(nullptr));
  EXPECT_EQ(slab.corruption_events(), 0U);
}

TEST(ExtendableSlabTest, RequestThatNoSlotHoldsIsRefusedBeforeTheSlabGrows) {
  Words slab(4);
  for (const Layout& request : {Layout::make(9, 8).value(), Layout::make(8, 16).value()}) {
    EXPECT_EQ(slab.allocate(request).error(), AllocError::kUnsupportedLayout);
  }
  EXPECT_EQ(slab.segment_count(), 0U);
  EXPECT_TRUE(slab.allocate(Layout::make(8, 8).value()));
  ExtendableSlab<std::array<std::uint64_t, 8>> wide(4);
  EXPECT_TRUE(wide.allocate(Layout::make(64, 8).value()));
}

TEST(ExtendableSlabTest, BeginsWithoutSegmentsWhereNoNumberIsGiven) {
  EXPECT_EQ(Words(4, InitialSegments{}).segment_count(), 0U);
}

TEST(ExtendableSlabTest, AddressesNearNullAreSlotsOfNoSlab) {
  Words slab(512);
  take_blocks(slab, 1);
  for (std::uintptr_t address = 0; address < 4096; address += 8) {
    EXPECT_FALSE(slab.usable_size(reinterpret_cast<const void*>(address))) << address;
  }
}

TEST(StatsTest, OfNoSlabAreZero) {
  SlabStats of_an_empty_slab = Words(4).stats();
  of_an_empty_slab.capacity = 0;
  EXPECT_EQ(SlabStats{}, of_an_empty_slab);
}

struct Mebibyte {
  std::byte bytes[1U << 20];
};

/// Has the first bytes only of what it grants: enough for one block that nobody fills.
struct ThinHeap : HeapBacking {
  explicit ThinHeap(Layout layout) noexcept
      : HeapBacking(Layout::make((std::min)(layout.size(), std::size_t{0x1000}), layout.alignment())
                        .value()) {}
};

TEST(ExtendableSlabTest, FirstFreeIsAcceptedInASegmentThatIsAsLongAsItsAddressIsHigh) {
  struct Config : DefaultConfig {
    using Backing = ThinHeap;
  };
  constexpr std::size_t kMost = kMaxRegionBytes / 2 / sizeof(Mebibyte);
  ExtendableSlab<Mebibyte, Config> slab((std::min)(kMost, std::size_t{1} << 28));
  EXPECT_TRUE(slab.deallocate(slab.allocate().value().data));
}

}  // namespace
}  // namespace slabproof::testing
