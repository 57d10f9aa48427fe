// The behaviour that the slab keeps from the one it started from, one test for each of its ten.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <Recheck kScope>
struct ScopedConfig : DefaultConfig {
  static constexpr Recheck recheck = kScope;
};

template <class Config>
class OriginalAlgorithmTest : public ::testing::Test {};

using BothScopes =
    ::testing::Types<ScopedConfig<Recheck::kAllSegments>, ScopedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(OriginalAlgorithmTest, BothScopes);

TYPED_TEST(OriginalAlgorithmTest, HasNoSegmentBeforeTheFirstAllocation) {
  const ExtendableSlab<std::uint64_t, TypeParam> slab(16);
  EXPECT_EQ(slab.segment_count(), 0U);
  EXPECT_EQ(slab.capacity_bytes(), 0U);
}

TYPED_TEST(OriginalAlgorithmTest, FirstAllocationAddsOneSegment) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(8);
  ASSERT_TRUE(slab.allocate());
  EXPECT_EQ(slab.segment_count(), 1U);
}

TYPED_TEST(OriginalAlgorithmTest, AllocationBeyondAFullSegmentAddsTheNext) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  take_blocks(slab, 4);
  EXPECT_EQ(slab.segment_count(), 1U);
  take_blocks(slab, 1);
  EXPECT_EQ(slab.segment_count(), 2U);
}

TYPED_TEST(OriginalAlgorithmTest, FreedSlotComesBackFromTheSegmentThatHeldIt) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  EXPECT_TRUE(slab.deallocate(blocks[2].data));
  EXPECT_EQ(slab.corruption_events(), 0U);
  // The lower segment serves first, and each slot is served again.
  EXPECT_EQ(slab.allocate(), blocks[0]);
  EXPECT_EQ(slab.allocate(), blocks[2]);
  EXPECT_EQ(slab.segment_count(), 2U);
}

TYPED_TEST(OriginalAlgorithmTest, UsableSizeIsTheStrideAndNotTheRequest) {
  ExtendableSlab<std::uint8_t, TypeParam> slab(8);
  const auto block = slab.allocate(Layout::of<std::uint8_t>());
  ASSERT_TRUE(block);
  EXPECT_EQ(block->size, 8U);
  EXPECT_EQ(slab.usable_size(block->data), 8U);
}

TYPED_TEST(OriginalAlgorithmTest, CapacityInBytesGrowsWithTheSegments) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  take_blocks(slab, 1);
  EXPECT_EQ(slab.capacity_bytes(), 4 * sizeof(std::uint64_t));
  take_blocks(slab, 4);
  EXPECT_EQ(slab.capacity_bytes(), 2 * 4 * sizeof(std::uint64_t));
}

TYPED_TEST(OriginalAlgorithmTest, InitialSegmentsAreThereFromTheStart) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4, InitialSegments{3});
  EXPECT_FALSE(slab.error());
  EXPECT_EQ(slab.segment_count(), 3U);
  take_blocks(slab, 12);
  EXPECT_EQ(slab.segment_count(), 3U);
}

TYPED_TEST(OriginalAlgorithmTest, CapacityZeroIsAnErrorOfTheFirstAllocation) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(0);
  const auto block = slab.allocate();
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(slab.segment_count(), 0U);
}

TYPED_TEST(OriginalAlgorithmTest, CapacityOneAddsASegmentForEachBlock) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  std::set<const std::byte*> addresses;
  for (const Block& block : take_blocks(slab, 100)) addresses.insert(block.data);
  EXPECT_EQ(addresses.size(), 100U);
  EXPECT_EQ(slab.segment_count(), 100U);
}

// Without a free in flight the count of segments is exact in both scopes: a thread installs its
// segment only if those installed since its first look are full, and the earlier ones stay full.
TYPED_TEST(OriginalAlgorithmTest, ThreadsThatOnlyAllocateGrowExactlyAndShareNoBlock) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kBlocksPerThread = 64;
  constexpr std::size_t kCapacity = 4;
  ExtendableSlab<std::uint64_t, TypeParam> slab(kCapacity);
  std::array<std::vector<Block>, kThreads> taken;
  {
    std::vector<std::jthread> threads;
    for (std::vector<Block>& mine : taken) {
      threads.emplace_back([&slab, &mine] { mine = take_blocks(slab, kBlocksPerThread); });
    }
  }
  std::set<const std::byte*> addresses;
  for (const std::vector<Block>& blocks : taken) {
    for (const Block& block : blocks) addresses.insert(block.data);
  }
  EXPECT_EQ(addresses.size(), kThreads * kBlocksPerThread);
  EXPECT_EQ(slab.segment_count(), kThreads * kBlocksPerThread / kCapacity);

  for (const std::vector<Block>& blocks : taken) give_back(slab, blocks);
  EXPECT_EQ(slab.corruption_events(), 0U);
  EXPECT_EQ(slab.stats().live, 0U);
  expect_conserved(slab.stats());
}

}  // namespace
}  // namespace slabproof::testing
