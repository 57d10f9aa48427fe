// What concerns a slab as a whole: room in advance, everything free at once, and what lies in it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "tests/support/environment.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"
#include "tests/support/slab_families.h"

namespace slabproof::testing {
namespace {

constinit ExtendableSlab<std::uint64_t> slab_of_the_program(16);
const std::uint64_t* const made_at_start = slab_of_the_program.create(std::uint64_t{7}).value();

TEST(ConstantInitializationTest, StaticObjectsMayUseASlab) {
  EXPECT_EQ(*made_at_start, 7U);
  EXPECT_TRUE(slab_of_the_program.contains(made_at_start));
}

using Observed = ExtendableSlab<std::uint64_t, ObservedConfig<>>;

class ReserveTest : public ::testing::Test {
 protected:
  void SetUp() override { environment() = {}; }
};

TEST_F(ReserveTest, BlocksThatWereReservedNeedNoRequest) {
  Observed slab(4);
  ASSERT_TRUE(slab.reserve(9));
  EXPECT_EQ(slab.segment_count(), 3U);
  const std::uint64_t requests = environment().requests;
  take_blocks(slab, 12);
  EXPECT_EQ(environment().requests, requests);
}

TEST_F(ReserveTest, LiveBlocksCountAsReserved) {
  Observed slab(4);
  take_blocks(slab, 3);
  EXPECT_TRUE(slab.reserve(4));
  EXPECT_EQ(slab.segment_count(), 1U);
  EXPECT_TRUE(slab.reserve(5));
  EXPECT_EQ(slab.segment_count(), 2U);
}

TEST_F(ReserveTest, NothingIsReservedTwice) {
  Observed slab(4);
  EXPECT_TRUE(slab.reserve(8));
  EXPECT_TRUE(slab.reserve(8));
  EXPECT_TRUE(slab.reserve(0));
  EXPECT_EQ(slab.segment_count(), 2U);
  EXPECT_EQ(slab.stats().growers, 0U);
  expect_conserved(slab.stats());
}

TEST_F(ReserveTest, RefusedReserveKeepsWhatItGot) {
  Observed slab(4);
  ASSERT_TRUE(slab.reserve(8));
  environment().refuse_all();
  EXPECT_EQ(slab.reserve(12).error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab.segment_count(), 2U);
  EXPECT_EQ(slab.stats().growers, 0U);
  environment().refuse_none();
  EXPECT_TRUE(slab.reserve(12));
  EXPECT_EQ(slab.segment_count(), 3U);
}

TEST_F(ReserveTest, MoreThanTheLimitIsRefusedBeforeAnythingIsAdded) {
  Observed slab(4);
  slab.limit_segments(2);
  EXPECT_EQ(slab.reserve(9).error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), 0U);
  EXPECT_TRUE(slab.reserve(8));
  slab.limit_segments(1);
  EXPECT_TRUE(slab.reserve(8));
  EXPECT_EQ(slab.reserve(~std::uint64_t{0}).error(), AllocError::kSegmentLimit);
}

TEST_F(ReserveTest, MoreThanASlabCanNameIsRefusedBeforeAnythingIsAdded) {
  Observed slab(1);
  slab.limit_segments(UINT32_MAX);
  EXPECT_EQ(slab.reserve(10'000'000).error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), 0U);
}

TEST_F(ReserveTest, ImpossibleCapacityIsReported) {
  EXPECT_EQ(Observed(0).reserve(1).error(), AllocError::kInvalidCapacity);
}

TEST_F(ReserveTest, SlotsThatWereAbandonedAreNotReserved) {
  Observed slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  give_back(slab, blocks);
  std::fill_n(blocks.back().data, sizeof(std::uint32_t), std::byte{0xff});
  take_blocks(slab, 1);
  ASSERT_EQ(slab.stats().abandoned, 3U);
  EXPECT_TRUE(slab.reserve(4));
  EXPECT_EQ(slab.segment_count(), 2U);
  slab.limit_segments(3);
  EXPECT_EQ(slab.reserve(10).error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), 2U);
  EXPECT_TRUE(slab.reserve(9));
  EXPECT_EQ(slab.segment_count(), 3U);
}

TEST_F(ReserveTest, MoreSlotsThatWereAbandonedThanTheLimitAllowsLeaveNone) {
  Observed slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  give_back(slab, blocks);
  std::fill_n(blocks.back().data, sizeof(std::uint32_t), std::byte{0xff});
  take_blocks(slab, 1);
  slab.limit_segments(0);
  const std::uint64_t requests = environment().requests;
  EXPECT_EQ(slab.reserve(10).error(), AllocError::kSegmentLimit);
  EXPECT_EQ(environment().requests, requests);
}

// What others add while a request is under way counts, whatever becomes of the request.
TEST_F(ReserveTest, RoomThatOthersBringMeanwhileIsEnough) {
  for (const bool is_refused : {false, true}) {
    environment() = {};
    Observed slab(4);
    environment().during_request = [&slab] {
      environment().during_request = nullptr;
      EXPECT_TRUE(slab.reserve(8));
    };
    if (is_refused) environment().refuse(0);
    EXPECT_TRUE(slab.reserve(8));
    EXPECT_EQ(slab.segment_count(), 2U);
  }
}

TEST_F(ReserveTest, ReservesForCaches) {
  CachedSlab<std::uint64_t> slab(64);
  ASSERT_TRUE(slab.reserve(200));
  EXPECT_EQ(slab.segment_count(), 4U);
}

struct WithStates : DefaultConfig {
  using Protection = SlotStates<>;
};
struct Scrubbing : DefaultConfig {
  using Contents = ScrubOnFree;
};

template <class SlabFamily>
class ClearTest : public ::testing::Test {};
TYPED_TEST_SUITE(ClearTest, BothSlabs);

TYPED_TEST(ClearTest, EveryBlockCanBeHadAgain) {
  typename TypeParam::template Of<std::uint64_t> slab(8);
  const std::vector<Block> blocks = take_blocks(slab, 8);
  give_back(slab, std::span(blocks).first(3));
  EXPECT_EQ(slab.clear(), 5U);
  EXPECT_EQ(live(slab), 0U);
  EXPECT_EQ(take_blocks(slab, 8), blocks);
}

TYPED_TEST(ClearTest, FreeOfABlockFromBeforeIsRefused) {
  typename TypeParam::template Of<std::uint64_t, WithStates> slab(100);
  const std::vector<Block> blocks = take_blocks(slab, 70);
  slab.clear();
  const std::vector<Block> again = take_blocks(slab, 2);
  for (const Block& each : std::span(blocks).subspan(2)) EXPECT_FALSE(slab.deallocate(each.data));
  give_back(slab, again);
}

TYPED_TEST(ClearTest, NoBlockIsLiveAfterwards) {
  typename TypeParam::template Of<std::uint64_t, WithStates> slab(100);
  take_blocks(slab, 70);
  slab.clear();
  slab.for_each_live([](Block) { ADD_FAILURE() << "a block is live"; });
}

TYPED_TEST(ClearTest, BytesOfBlocksAreScrubbed) {
  typename TypeParam::template Of<std::uint64_t, Scrubbing> slab(8);
  const std::vector<Block> blocks = take_blocks(slab, 5);
  for (const Block& each : blocks) fill(each, 1);
  slab.clear();
  for (const Block& each : blocks) {
    EXPECT_TRUE(std::ranges::all_of(std::span(each.data, each.size),
                                    [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TYPED_TEST(ClearTest, SlotsThatWereAbandonedComeBack) {
  typename TypeParam::template Of<std::uint64_t> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  give_back(slab, blocks);
  std::fill_n(blocks.back().data, sizeof(std::uint32_t), std::byte{0xff});
  take_blocks(slab, 1);
  EXPECT_EQ(slab.clear(), 1U);
  if constexpr (requires { slab.stats(); }) {
    EXPECT_EQ(slab.stats().abandoned, 0U);
  }
  EXPECT_EQ(take_blocks(slab, 4), blocks);
}

TYPED_TEST(ClearTest, EmptySlabStaysEmpty) {
  typename TypeParam::template Of<std::uint64_t> slab(4);
  EXPECT_EQ(slab.clear(), 0U);
  EXPECT_EQ(live(slab), 0U);
}

TEST(ClearOfManySegmentsTest, EachSegmentIsAsNew) {
  ExtendableSlab<std::uint64_t> slab(2);
  const std::vector<Block> blocks = take_blocks(slab, 400);
  EXPECT_EQ(slab.clear(), 400U);
  EXPECT_EQ(slab.stats().uncarved, 400U);
  expect_conserved(slab.stats());
  EXPECT_EQ(take_blocks(slab, 400), blocks);
  EXPECT_EQ(slab.segment_count(), 200U);
}

template <class SlabFamily>
class ContainsTest : public ::testing::Test {};
using SlabsThatLook = ::testing::Types<Family<Slab>, Family<ExtendableSlab>, Family<CachedSlab>>;
TYPED_TEST_SUITE(ContainsTest, SlabsThatLook);

TYPED_TEST(ContainsTest, TellsItsOwnMemoryFromAnyOther) {
  typename TypeParam::template Of<std::uint64_t> slab(8);
  typename TypeParam::template Of<std::uint64_t> other(8);
  const Block mine = take_blocks(slab, 1)[0];
  EXPECT_TRUE(slab.contains(mine.data));
  EXPECT_TRUE(slab.contains(mine.data + 1));
  EXPECT_FALSE(other.contains(mine.data));
  EXPECT_FALSE(slab.contains(nullptr));
  EXPECT_FALSE(slab.contains(&slab));
  slab.deallocate(mine.data);
  EXPECT_TRUE(slab.contains(mine.data));
}

TEST(ClearOfManySegmentsTest, TakesTheLockForEach64Segments) {
  ExtendableSlab<std::uint64_t, ObservedConfig<>> slab(1, InitialSegments{200});
  EXPECT_GE(acquisitions_of([&slab] { slab.clear(); }), 200U / 64 + 1);
}

}  // namespace
}  // namespace slabproof::testing
