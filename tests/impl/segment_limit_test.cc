// A slab at the greatest number of segments that it can name.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "tests/support/slab_expectations.h"

namespace slabproof {
namespace {

constexpr std::uint32_t kMaxSegments = 262'144;

template <Recheck kScope>
struct HeapConfig : DefaultConfig {
  using Backing = HeapBacking;
  static constexpr Recheck recheck = kScope;
};

template <class Config>
class SegmentLimitTest : public ::testing::Test {};

using BothScopes =
    ::testing::Types<HeapConfig<Recheck::kAllSegments>, HeapConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(SegmentLimitTest, BothScopes);

TYPED_TEST(SegmentLimitTest, SlabIsFullAtItsLimitAndServesWhatIsFreed) {
  ExtendableSlab<std::uint64_t, TypeParam> slab(1);
  const std::vector<Block> blocks = testing::take_blocks(slab, kMaxSegments);
  EXPECT_EQ(slab.segment_count(), kMaxSegments);
  EXPECT_EQ(slab.allocate().error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), kMaxSegments);
  EXPECT_EQ(slab.stats().growers, 0U);

  // From every part of the directory, and the lowest first.
  const std::vector<std::size_t> indices = {0,    1,      63,      64,      4095,
                                            4096, 65'535, 131'072, 262'142, 262'143};
  for (const std::size_t i : indices) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  for (const std::size_t i : indices) EXPECT_EQ(slab.allocate(), blocks[i]);
  EXPECT_EQ(slab.allocate().error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.corruption_events(), 0U);
  testing::expect_conserved(slab.stats());
}

TYPED_TEST(SegmentLimitTest, GrowerBesideTheOneThatBringsTheLastSegmentIsRefusedWithoutARequest) {
  static std::function<void()> while_laid_out;
  while_laid_out = nullptr;
  ExtendableSlab<std::uint64_t, TypeParam> slab(1, []() noexcept {
    if (const auto action = std::exchange(while_laid_out, nullptr)) action();
    return NoProtection{};
  });
  ASSERT_TRUE(slab.reserve(kMaxSegments - 1));
  while_laid_out = [&slab] {
    EXPECT_EQ(slab.reserve(kMaxSegments).error(), AllocError::kSegmentLimit);
    EXPECT_EQ(slab.segment_count(), kMaxSegments - 1);
  };
  EXPECT_TRUE(slab.reserve(kMaxSegments));
  EXPECT_EQ(slab.segment_count(), kMaxSegments);
  EXPECT_FALSE(while_laid_out);
}

TYPED_TEST(SegmentLimitTest, MoreInitialSegmentsThanTheLimitAreRefusedAtOnce) {
  const ExtendableSlab<std::uint64_t, TypeParam> slab(1, InitialSegments{kMaxSegments + 1});
  EXPECT_EQ(slab.error(), AllocError::kSegmentLimit);
  EXPECT_EQ(slab.segment_count(), 0U);
}

}  // namespace
}  // namespace slabproof
