// Batches: n blocks under one lock acquisition, at most 256 at a time.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <class Config>
class BatchTest : public ::testing::Test {
 protected:
  BatchTest() { new_environment(); }
  Environment& script_ = environment();
};

using BothScopes =
    ::testing::Types<ObservedConfig<Recheck::kAllSegments>, ObservedConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(BatchTest, BothScopes);

std::vector<void*> pointers_of(std::span<const Block> blocks) {
  std::vector<void*> pointers;
  for (const Block& block : blocks) pointers.push_back(block.data);
  return pointers;
}

std::size_t count_distinct(std::span<const Block> blocks) {
  std::set<const std::byte*> addresses;
  for (const Block& block : blocks) addresses.insert(block.data);
  return addresses.size();
}

TYPED_TEST(BatchTest, HitServesAllUnderOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(100, InitialSegments{1});
  std::array<Block, 60> blocks;
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), 60U); }), 1U);
  EXPECT_EQ(count_distinct(blocks), 60U);
  EXPECT_TRUE(std::ranges::all_of(blocks, [](const Block& block) { return block.size == 8; }));
}

TYPED_TEST(BatchTest, HitSpansSegmentsUnderOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4, InitialSegments{5});
  std::array<Block, 18> blocks;
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), 18U); }), 1U);
  EXPECT_EQ(count_distinct(blocks), 18U);
  EXPECT_EQ(slab.stats().live, 18U);
}

TYPED_TEST(BatchTest, FillsUpFromTheLowestSegmentsFirst) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(2);
  const std::vector<Block> first = take_blocks(slab, 6);
  for (const std::size_t i : {4U, 1U, 2U}) EXPECT_TRUE(slab.deallocate(first[i].data));
  std::array<Block, 3> blocks;
  EXPECT_EQ(slab.allocate_batch(blocks), 3U);
  EXPECT_EQ(blocks, (std::array{first[1], first[2], first[4]}));
}

TYPED_TEST(BatchTest, OneMoreAcquisitionForEachSegmentThatIsAdded) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  std::array<Block, 18> blocks;
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), 18U); }), 1U + 5U);
  EXPECT_EQ(this->script_.segment_requests, 5U);
  EXPECT_EQ(count_distinct(blocks), 18U);
  expect_exact_growth(slab.stats());
}

TYPED_TEST(BatchTest, TakesWhatIsFreeBeforeItGrows) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  take_blocks(slab, 3);
  std::array<Block, 4> blocks;
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), 4U); }), 2U);
  EXPECT_EQ(slab.segment_count(), 2U);
  EXPECT_EQ(slab.stats().live, 7U);
}

TYPED_TEST(BatchTest, BatchOfNoneServesNoneAndDoesNotGrow) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  EXPECT_EQ(slab.allocate_batch({}), 0U);
  EXPECT_EQ(slab.segment_count(), 0U);
  EXPECT_EQ(slab.deallocate_batch({}), 0U);
}

TYPED_TEST(BatchTest, ServesAPartWhereTheBackingRefuses) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  take_blocks(slab, 1);
  this->script_.refuse_all();
  std::array<Block, 10> blocks;
  EXPECT_EQ(slab.allocate_batch(blocks), 3U);
  EXPECT_EQ(count_distinct(std::span(blocks).first(3)), 3U);
  EXPECT_EQ(slab.stats().live, 4U);
  expect_conserved(slab.stats());
}

TYPED_TEST(BatchTest, ServesAPartWhereTheBackingRefusesALaterSegment) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4, InitialSegments{1});
  // The first segment to be added is granted with its directory, the second is refused.
  this->script_.refuse(2, Environment::kForever);
  std::array<Block, 20> blocks;
  EXPECT_EQ(slab.allocate_batch(blocks), 8U);
  EXPECT_EQ(count_distinct(std::span(blocks).first(8)), 8U);
  EXPECT_EQ(slab.stats().growers, 0U);
  expect_conserved(slab.stats());
}

TYPED_TEST(BatchTest, ErrorOnlyWhereNoBlockCouldBeServed) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  const SlabStats before = slab.stats();
  this->script_.refuse_all();
  std::array<Block, 10> more;
  EXPECT_EQ(slab.allocate_batch(more).error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab.stats(), before);
}

TYPED_TEST(BatchTest, FreesAllUnderOneAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<void*> pointers = pointers_of(take_blocks(slab, 20));
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.deallocate_batch(pointers), 20U); }), 1U);
  EXPECT_EQ(slab.stats().live, 0U);
  EXPECT_EQ(slab.stats().free, 20U);
}

TYPED_TEST(BatchTest, BadPointersInsideAreCountedAndTheRestIsFreed) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 6);
  std::uint64_t elsewhere = 0;
  const std::vector<void*> pointers = {&elsewhere,     blocks[0].data, blocks[1].data + 1,
                                       blocks[2].data, blocks[2].data, &slab,
                                       blocks[5].data};
  // One acquisition, and one more after each bad pointer, since the report is made without a lock.
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.deallocate_batch(pointers), 3U); }), 1U + 4U);
  const SlabStats stats = slab.stats();
  EXPECT_EQ(stats.foreign_pointers, 2U);
  EXPECT_EQ(stats.misaligned_pointers, 1U);
  EXPECT_EQ(stats.repeated_frees, 1U);
  EXPECT_EQ(slab.corruption_events(), 4U);
  EXPECT_EQ(stats.live, 3U);
  expect_conserved(stats);
}

TYPED_TEST(BatchTest, BadPointerAtTheEndNeedsNoFurtherAcquisition) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<void*> pointers = {take_blocks(slab, 1)[0].data, &slab};
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.deallocate_batch(pointers), 1U); }), 1U);
}

TYPED_TEST(BatchTest, LongBatchIsServedInSectionsOf256) {
  constexpr std::size_t kBlocks = 1000;
  ExtendableSlab<std::uint64_t, TypeParam> slab(4000, InitialSegments{1});
  std::vector<Block> blocks(kBlocks);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), kBlocks); }), 4U);
  EXPECT_EQ(count_distinct(blocks), kBlocks);
  EXPECT_EQ(slab.stats().live, kBlocks);
}

TYPED_TEST(BatchTest, LongBatchIsGivenBackInSectionsOf256) {
  constexpr std::size_t kBlocks = 1000;
  ExtendableSlab<std::uint64_t, TypeParam> slab(4000, InitialSegments{1});
  const std::vector<void*> pointers = pointers_of(take_blocks(slab, kBlocks));
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.deallocate_batch(pointers), kBlocks); }), 4U);
  EXPECT_EQ(slab.stats().live, 0U);
}

TYPED_TEST(BatchTest, BatchOf256IsOneSection) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4000, InitialSegments{1});
  std::array<Block, 256> blocks;
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), 256U); }), 1U);
  const std::vector<void*> pointers = pointers_of(blocks);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.deallocate_batch(pointers), 256U); }), 1U);
}

TYPED_TEST(BatchTest, LongBatchThatGrowsIsServedInSectionsOf256) {
  constexpr std::size_t kBlocks = 1000;
  ExtendableSlab<std::uint64_t, TypeParam> slab(600);
  std::vector<Block> blocks(kBlocks);
  // Four sections, of which two find the slab full and go on with a new segment.
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_batch(blocks), kBlocks); }), 4U + 2U);
  EXPECT_EQ(count_distinct(blocks), kBlocks);
  expect_exact_growth(slab.stats());
}

TYPED_TEST(BatchTest, LongBatchServesAPartWhereTheBackingRefuses) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(600, InitialSegments{1});
  this->script_.refuse_all();
  std::vector<Block> blocks(1000);
  EXPECT_EQ(slab.allocate_batch(blocks), 600U);
  std::vector<Block> more(1000);
  EXPECT_EQ(slab.allocate_batch(more).error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab.stats().live, 600U);
}

TYPED_TEST(BatchTest, LongBatchKeepsItsWholeSectionsWhereNothingIsLeft) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(256, InitialSegments{1});
  this->script_.refuse_all();
  std::vector<Block> blocks(256 + 1);
  EXPECT_EQ(slab.allocate_batch(blocks), 256U);
  EXPECT_EQ(slab.stats().live, 256U);
}

TYPED_TEST(BatchTest, WhatCanBeHadAtOnceIsAtMostOneSection) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4000, InitialSegments{1});
  std::vector<Block> blocks(1000);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.allocate_some(blocks), 256U); }), 1U);
}

TYPED_TEST(BatchTest, WhatCanBeHadAtOnceIsNoReasonToGrow) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4, InitialSegments{1});
  take_blocks(slab, 3);
  std::vector<Block> blocks(2);
  EXPECT_EQ(slab.allocate_some(blocks), 1U);
  EXPECT_EQ(slab.segment_count(), 1U);
}

TYPED_TEST(BatchTest, NullIsPassedOver) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  const std::vector<void*> pointers = {nullptr, blocks[0].data, nullptr, blocks[1].data, nullptr};
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(slab.deallocate_batch(pointers), 2U); }), 1U);
  EXPECT_EQ(slab.corruption_events(), 0U);
  EXPECT_EQ(slab.stats().live, 0U);
}

}  // namespace
}  // namespace slabproof::testing
