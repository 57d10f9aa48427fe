#include "slabproof/slab.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "slabproof/config.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/layout.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

TEST(SlabTest, CarvesSlotsInTheOrderOfTheirAddresses) {
  Slab<std::uint64_t> slab(5);
  const std::vector<Block> blocks = take_blocks(slab, 5);
  ASSERT_EQ(blocks.size(), 5U);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(blocks[i].data - blocks[i - 1].data, 8) << i;
  }
}

TEST(SlabTest, ServesTheMostRecentlyFreedSlotFirst) {
  Slab<std::uint64_t> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 3);
  for (const std::size_t i : {1U, 0U, 2U}) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  EXPECT_EQ(slab.allocate(), blocks[2]);
  EXPECT_EQ(slab.allocate(), blocks[0]);
  EXPECT_EQ(slab.allocate(), blocks[1]);
}

TEST(SlabTest, PrefersAFreedSlotToOneThatWasNeverUsed) {
  Slab<std::uint64_t> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  EXPECT_EQ(slab.allocate(), blocks[0]);
}

TEST(SlabTest, ServesExactlyItsCapacityThenIsOutOfMemory) {
  Slab<std::uint64_t> slab(3);
  const std::vector<Block> blocks = take_blocks(slab, 3);
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab.live(), 3U);
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  EXPECT_EQ(slab.allocate(), blocks[1]);
}

TEST(SlabTest, KeepsTheContentsOfLiveBlocksApart) {
  struct Odd {
    char bytes[24];
  };
  Slab<Odd> slab(100);
  std::vector<Block> blocks = take_blocks(slab, 100);
  for (std::size_t i = 0; i < blocks.size(); ++i) fill(blocks[i], i);
  // Freeing and taking writes links into free slots only.
  for (std::size_t i = 0; i < blocks.size(); i += 2) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  for (std::size_t i = 1; i < blocks.size(); i += 2) EXPECT_TRUE(is_filled(blocks[i], i)) << i;
}

TEST(SlabTest, SaysHowManyBytesItHolds) {
  const Slab<std::uint8_t> slab(10);
  EXPECT_EQ(slab.capacity(), 10U);
  EXPECT_EQ(slab.capacity_bytes(), 80U);
}

TEST(SlabTest, UsableSizeIsTheStrideOfASlotAndNothingElsewhere) {
  Slab<std::uint8_t> slab(2);
  const Block block = slab.allocate().value();
  EXPECT_EQ(slab.usable_size(block.data), 8U);
  EXPECT_FALSE(slab.usable_size(block.data + 1));
  EXPECT_FALSE(slab.usable_size(block.data + 16));
  EXPECT_FALSE(slab.usable_size(block.data - 8));
  EXPECT_FALSE(slab.usable_size(nullptr));
}

TEST(SlabTest, ContainsItsSlotsAndNothingBeside) {
  Slab<std::uint64_t> slab(4);
  const std::byte* const first = slab.allocate().value().data;
  EXPECT_TRUE(slab.contains(first));
  EXPECT_TRUE(slab.contains(first + 31));
  EXPECT_FALSE(slab.contains(first + 32));
  EXPECT_FALSE(slab.contains(first - 1));
  EXPECT_FALSE(slab.contains(nullptr));
}

TEST(SlabTest, ServesALayoutThatASlotCanHold) {
  Slab<std::uint32_t> slab(1);
  EXPECT_TRUE(slab.allocate(Layout::make(8, 4).value()));
}

TEST(SlabTest, RefusesALayoutThatNoSlotCanHold) {
  Slab<std::uint32_t> slab(1);
  EXPECT_EQ(slab.allocate(Layout::make(9, 4).value()).error(), AllocError::kUnsupportedLayout);
  EXPECT_EQ(slab.allocate(Layout::make(4, 8).value()).error(), AllocError::kUnsupportedLayout);
  EXPECT_EQ(slab.live(), 0U);
}

struct Misused {
  Slab<std::uint64_t> slab{4};
  std::vector<Block> blocks = take_blocks(slab, 2);

  /// One refusal, counted, and nothing else changed.
  void expect_refused(void* pointer) {
    EXPECT_FALSE(slab.deallocate(pointer));
    EXPECT_EQ(slab.corruption_events(), 1U);
    EXPECT_EQ(slab.live(), blocks.size());
  }
};

TEST(SlabMisuseTest, ForeignPointerIsCountedAndChangesNothing) {
  std::uint64_t elsewhere = 0;
  Misused().expect_refused(&elsewhere);
}

TEST(SlabMisuseTest, PointersJustOutsideAreForeign) {
  Misused below;
  below.expect_refused(below.blocks[0].data - 1);
  Misused above;
  above.expect_refused(above.blocks[0].data + 4 * 8);
}

TEST(SlabMisuseTest, MisalignedPointerIsCountedAndChangesNothing) {
  Misused misused;
  misused.expect_refused(misused.blocks[1].data + 1);
}

TEST(SlabMisuseTest, SlotThatWasNeverHandedOutIsNotLive) {
  Misused misused;
  misused.expect_refused(misused.blocks[1].data + 8);
}

TEST(SlabMisuseTest, SecondFreeOfTheNewestFreeSlotIsNotLive) {
  Misused misused;
  EXPECT_TRUE(misused.slab.deallocate(misused.blocks[1].data));
  misused.blocks.pop_back();
  misused.expect_refused(misused.blocks[0].data + 8);
}

TEST(SlabMisuseTest, FreeIntoASlabWithNothingLiveIsRefused) {
  Misused misused;
  void* const first = misused.blocks[0].data;
  EXPECT_TRUE(misused.slab.deallocate(first));
  EXPECT_TRUE(misused.slab.deallocate(misused.blocks[1].data));
  misused.blocks.clear();
  misused.expect_refused(first);
}

TEST(SlabCorruptionTest, SelfLinkIsNotFollowed) {
  Slab<std::uint64_t> slab(3);
  const std::vector<Block> blocks = take_blocks(slab, 3);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  const std::uint32_t itself = 2;
  std::memcpy(blocks[1].data, &itself, sizeof(itself));
  EXPECT_EQ(slab.allocate(), blocks[1]);
  EXPECT_EQ(slab.corruption_events(), 1U);
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
}

TEST(SlabCorruptionTest, LinkBeyondTheCarvedSlotsIsNotFollowed) {
  Slab<std::uint64_t> slab(100);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  const std::uint32_t uncarved = 3;
  std::memcpy(blocks[1].data, &uncarved, sizeof(uncarved));
  EXPECT_EQ(slab.allocate(), blocks[1]);
  EXPECT_EQ(slab.corruption_events(), 1U);
  // The slab goes on with slots that were never used.
  const Block next = slab.allocate().value();
  EXPECT_EQ(next.data, blocks[1].data + 8);
}

TEST(SlabCorruptionTest, CycleIsNotWalkedBeyondTheCountOfFreeSlots) {
  Slab<std::uint64_t> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  const std::uint32_t back_to_the_newest = 2;
  std::memcpy(blocks[0].data, &back_to_the_newest, sizeof(back_to_the_newest));
  EXPECT_EQ(slab.allocate(), blocks[1]);
  EXPECT_EQ(slab.allocate(), blocks[0]);
  EXPECT_EQ(slab.corruption_events(), 1U);
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
}

struct OnTheStack : DefaultConfig {
  using Backing = InlineBacking<1024>;
};

TEST(SlabInlineTest, LivesInsideItself) {
  Slab<std::uint64_t, OnTheStack> slab(128);
  ASSERT_FALSE(slab.error());
  const Block block = slab.allocate().value();
  EXPECT_GE(block.data, reinterpret_cast<std::byte*>(&slab));
  EXPECT_LT(block.data, reinterpret_cast<std::byte*>(&slab + 1));
}

void expect_unusable(Slab<std::uint64_t, OnTheStack>& slab, AllocError error) {
  EXPECT_EQ(slab.error(), error);
  EXPECT_EQ(slab.allocate().error(), error);
  EXPECT_EQ(slab.capacity(), 0U);
  EXPECT_EQ(slab.capacity_bytes(), 0U);
  EXPECT_FALSE(slab.contains(&slab));
  EXPECT_FALSE(slab.usable_size(&slab));
  EXPECT_FALSE(slab.deallocate(&slab));
}

TEST(SlabErrorTest, RefusedBackingIsOutOfMemory) {
  Slab<std::uint64_t, OnTheStack> slab(129);
  expect_unusable(slab, AllocError::kOutOfMemory);
}

TEST(SlabErrorTest, CapacityZeroIsInvalid) {
  Slab<std::uint64_t, OnTheStack> slab(0);
  expect_unusable(slab, AllocError::kInvalidCapacity);
}

TEST(SlabErrorTest, CapacityBeyondA32BitLinkIsInvalid) {
  Slab<std::uint64_t, OnTheStack> slab(0xffff'ffff);
  expect_unusable(slab, AllocError::kInvalidCapacity);
}

TEST(SlabErrorTest, SizeTimesCapacityBeyondTheAddressSpaceIsAnOverflow) {
  constexpr std::size_t kCapacity = std::size_t{1} << 23;
  struct Large {
    char bytes[kMaxRegionBytes / kCapacity + 1];
  };
  const Slab<Large> slab(kCapacity);
  EXPECT_EQ(slab.error(), AllocError::kLayoutOverflow);
}

// The product fits, by less than the alignment of the region needs.
TEST(SlabErrorTest, SizeThatFitsOnlyUnalignedIsAnOverflow) {
  constexpr int kBits = std::numeric_limits<std::size_t>::digits / 2 - 2;
  constexpr std::size_t kFactor = (std::size_t{1} << kBits) - 1;
  struct Large {
    char bytes[8 * kFactor];
  };
  const Slab<Large> slab(kFactor + 2);
  EXPECT_EQ(slab.error(), AllocError::kLayoutOverflow);
}

/// Nothing of a slab that could not be built lies at any address, least of all at null.
template <class SlabType>
void expect_nowhere(const SlabType& slab) {
  for (std::uintptr_t address = 0; address < 1024; address += 8) {
    const auto* const pointer = reinterpret_cast<const void*>(address);
    EXPECT_FALSE(slab.contains(pointer)) << address;
    EXPECT_FALSE(slab.usable_size(pointer)) << address;
  }
}

TEST(SlabErrorTest, SlabThatCouldNotBeBuiltLiesNowhere) {
  expect_nowhere(Slab<std::uint64_t, OnTheStack>(129));
  expect_nowhere(Slab<std::uint64_t, OnTheStack>(0));
}

struct StatesOnTheStack : OnTheStack {
  using Protection = SlotStates<>;
};

TEST(SlabErrorTest, SlabThatCouldNotBeBuiltHasNoLiveBlocksAndNoneToTakeBack) {
  for (const std::size_t capacity : {0U, 1000U}) {
    Slab<std::uint64_t, StatesOnTheStack> slab(capacity);
    ASSERT_TRUE(slab.error());
    slab.for_each_live([](Block /*block*/) { ADD_FAILURE() << "a block is live"; });
    EXPECT_EQ(slab.clear(), 0U);
  }
}

/// Notes what was asked for last.
struct NotingHeap : HeapBacking {
  inline static std::size_t asked = 0;
  explicit NotingHeap(Layout layout) noexcept : HeapBacking(layout) { asked = layout.size(); }
};

TEST(SlabErrorTest, ImpossibleCapacityAsksForTheLeastThereIs) {
  struct Config : DefaultConfig {
    using Backing = NotingHeap;
  };
  const Slab<std::uint64_t, Config> slab(0);
  EXPECT_EQ(slab.error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(NotingHeap::asked, 1U);
}

}  // namespace
}  // namespace slabproof::testing
