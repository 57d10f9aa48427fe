// SlotStates keeps one bit a slot, so a second free is noticed however old the first one is.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/siphash_mac.h"
#include "slabproof/slab.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <class Inner>
struct StatesConfig : DefaultConfig {
  using Protection = SlotStates<Inner>;
};

template <class Config>
class SlotStatesTest : public ::testing::Test {};

using Inners =
    ::testing::Types<StatesConfig<NoProtection>, StatesConfig<SipHashMac>, HardenedConfig>;
TYPED_TEST_SUITE(SlotStatesTest, Inners);

TYPED_TEST(SlotStatesTest, SecondFreeOfAnyAgeIsCountedAndChangesNothing) {
  constexpr std::size_t kBlocks = 200;
  ExtendableSlab<std::uint64_t, TypeParam> slab(70);
  const std::vector<Block> blocks = take_blocks(slab, kBlocks);
  for (std::size_t i = 0; i < kBlocks; i += 2) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  const SlabStats before = slab.stats();
  for (std::size_t i = 0; i < kBlocks; i += 2) EXPECT_FALSE(slab.deallocate(blocks[i].data)) << i;

  SlabStats expected = before;
  expected.repeated_frees = kBlocks / 2;
  EXPECT_EQ(slab.stats(), expected);
  EXPECT_EQ(slab.corruption_events(), kBlocks / 2);
  // Those still live can be given back, each once.
  for (std::size_t i = 1; i < kBlocks; i += 2) EXPECT_TRUE(slab.deallocate(blocks[i].data)) << i;
  EXPECT_EQ(slab.stats().live, 0U);
}

TYPED_TEST(SlotStatesTest, AddressOutsideHasNoSlotsAround) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(8, InitialSegments{1});
  EXPECT_TRUE(slab.slots_around(&slab).empty());
  EXPECT_TRUE(slab.slots_around(nullptr).empty());
  EXPECT_FALSE(slab.usable_size(&slab));
}

TYPED_TEST(SlotStatesTest, NoBlockIsHandedOutTwiceAfterDoubleFrees) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(8);
  const std::vector<Block> blocks = take_blocks(slab, 8);
  for (int round = 0; round < 3; ++round) {
    for (const Block& block : blocks) slab.deallocate(block.data);
  }
  std::vector<Block> again = take_blocks(slab, 8);
  const auto by_address = [](const Block& a, const Block& b) { return a.data < b.data; };
  std::ranges::sort(again, by_address);
  EXPECT_EQ(again, blocks);
  EXPECT_EQ(slab.segment_count(), 1U);
}

TYPED_TEST(SlotStatesTest, BlockServedAgainMayBeFreedAgain) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  for (int round = 0; round < 5; ++round) {
    const Block block = slab.allocate().value();
    EXPECT_TRUE(slab.deallocate(block.data));
    EXPECT_FALSE(slab.deallocate(block.data));
  }
  EXPECT_EQ(slab.stats().repeated_frees, 5U);
}

TYPED_TEST(SlotStatesTest, RandomFreesAgreeWithASetOfLiveBlocks) {
  std::mt19937 random(2024);
  ExtendableSlab<std::uint32_t, TypeParam> slab(37);
  std::vector<Block> known;
  std::vector<bool> live;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 3 == 0) {
      const Block block = slab.allocate().value();
      const auto found = std::ranges::find(known, block);
      const auto index = static_cast<std::size_t>(found - known.begin());
      if (found == known.end()) {
        known.push_back(block);
        live.push_back(false);
      }
      EXPECT_FALSE(live[index]);
      live[index] = true;
    } else if (!known.empty()) {
      const std::size_t index = random() % known.size();
      EXPECT_EQ(slab.deallocate(known[index].data), live[index]);
      live[index] = false;
    }
  }
  expect_conserved(slab.stats());
  EXPECT_EQ(slab.stats().live, static_cast<std::uint64_t>(std::ranges::count(live, true)));
}

TYPED_TEST(SlotStatesTest, FixedSlabRefusesASecondFreeOfAnyAge) {
  Slab<std::uint64_t, TypeParam> slab(130);
  const std::vector<Block> blocks = take_blocks(slab, 130);
  for (std::size_t i = 0; i < 129; ++i) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  for (std::size_t i = 0; i < 129; ++i) EXPECT_FALSE(slab.deallocate(blocks[i].data)) << i;
  EXPECT_EQ(slab.live(), 1U);
  EXPECT_EQ(slab.corruption_events(), 129U);
}

TEST(SlotStatesLinkTest, LinkToALiveSlotIsNotFollowed) {
  ExtendableSlab<std::uint64_t, StatesConfig<NoProtection>> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  const std::uint32_t link_to_the_live_slot = 4;
  std::memcpy(blocks[2].data, &link_to_the_live_slot, sizeof(link_to_the_live_slot));
  EXPECT_EQ(slab.allocate(), blocks[2]);
  EXPECT_EQ(slab.stats().corrupt_links, 1U);
  EXPECT_EQ(slab.stats().abandoned, 2U);
  expect_conserved(slab.stats());
}

TEST(SlotStatesLinkTest, AbandonedSlotIsNotLive) {
  ExtendableSlab<std::uint64_t, StatesConfig<NoProtection>> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  const std::uint32_t beyond_every_slot = 77;
  std::memcpy(blocks[2].data, &beyond_every_slot, sizeof(beyond_every_slot));
  EXPECT_EQ(slab.allocate(), blocks[2]);
  EXPECT_FALSE(slab.deallocate(blocks[0].data));
  EXPECT_EQ(slab.stats().repeated_frees, 1U);
  expect_conserved(slab.stats());
}

TEST(SlotStatesOfASlabTest, BytesOfTheFirstBlockAreNotTakenForStates) {
  Slab<std::uint64_t, HardenedConfig> slab(512);  // whose states fill their words
  const Block block = slab.allocate().value();
  std::memset(block.data, 0xff, block.size);
  std::vector<std::byte*> live;
  slab.for_each_live([&live](Block each) { live.push_back(each.data); });
  EXPECT_EQ(live, std::vector{block.data});
}

TEST(SlotStatesLinkTest, SealedLinkThatAnotherWroteIsNotFollowedToAFreeSlot) {
  ExtendableSlab<std::uint64_t, StatesConfig<SipHashMac>> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  const std::uint32_t link_to_the_oldest = 1;
  std::memcpy(blocks[2].data, &link_to_the_oldest, sizeof(link_to_the_oldest));
  EXPECT_EQ(slab.allocate(), blocks[2]);
  EXPECT_EQ(slab.stats().corrupt_links, 1U);
  EXPECT_EQ(slab.stats().abandoned, 2U);
}

}  // namespace
}  // namespace slabproof::testing
