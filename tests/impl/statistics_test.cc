#include "slabproof/statistics.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"

namespace slabproof::testing {
namespace {

constexpr Layout kRequest = Layout::of<std::uint64_t>();

template <class Inner>
class StatisticsTest : public ::testing::Test {};
using AllInner = ::testing::Types<Slab<std::uint64_t>, ExtendableSlab<std::uint64_t>,
                                  CachedSlab<std::uint64_t>, SlabOwner<std::uint64_t>>;
TYPED_TEST_SUITE(StatisticsTest, AllInner);

TYPED_TEST(StatisticsTest, CountsBlocksBytesAndTheirPeak) {
  Statistics<TypeParam> slab(8U);
  std::vector<Block> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(slab.allocate(kRequest).value());
  const auto size = static_cast<std::int64_t>(blocks.front().size);
  EXPECT_EQ(slab.counts(),
            (AllocationCounts{.allocations = 3, .bytes = 3 * size, .peak_bytes = 3 * size}));
  EXPECT_TRUE(slab.deallocate(blocks[0].data, kRequest));
  EXPECT_TRUE(slab.deallocate(blocks[2].data, kRequest));
  EXPECT_TRUE(slab.allocate(kRequest).has_value());
  EXPECT_EQ(
      slab.counts(),
      (AllocationCounts{.allocations = 4, .frees = 2, .bytes = 2 * size, .peak_bytes = 3 * size}));
}

TYPED_TEST(StatisticsTest, AnswersAsEachSlabDoes) {
  Statistics<TypeParam> slab(8U);
  const Block block = slab.allocate(kRequest).value();
  EXPECT_EQ(slab.usable_size(block.data), block.size);
  EXPECT_TRUE(slab.contains(block.data));
  EXPECT_FALSE(slab.contains(&slab));
  EXPECT_EQ(slab.usable_size(&slab), std::nullopt);
  EXPECT_EQ(slab.capacity_bytes(), 8 * block.size);
  EXPECT_EQ(slab.allocate(Layout::make(1, 4096).value()).error(), AllocError::kUnsupportedLayout);
  EXPECT_EQ(slab.allocate(Layout::make(999, 1).value()).error(), AllocError::kUnsupportedLayout);
}

TEST(StatisticsOfASlab, FailureIsCountedAndIsNoAllocation) {
  Statistics<Slab<std::uint64_t>> slab(1U);
  const Block block = slab.allocate(kRequest).value();
  EXPECT_EQ(slab.allocate(kRequest).error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab.allocate(Layout::make(999, 8).value()).error(), AllocError::kUnsupportedLayout);
  const auto size = static_cast<std::int64_t>(block.size);
  EXPECT_EQ(slab.counts(),
            (AllocationCounts{.allocations = 1, .failures = 2, .bytes = size, .peak_bytes = size}));
}

TEST(StatisticsOfASlab, PointerThatIsRefusedAndNullChangeNothing) {
  Statistics<ExtendableSlab<std::uint64_t>> slab(4U);
  static_cast<void>(slab.allocate(kRequest).value());
  const AllocationCounts before = slab.counts();
  const std::uint64_t foreign = 0;
  EXPECT_FALSE(slab.deallocate(&foreign, kRequest));
  EXPECT_FALSE(slab.deallocate(nullptr, kRequest));
  EXPECT_EQ(slab.counts(), before);
  EXPECT_EQ(slab.inner().stats().foreign_pointers, 1U);
}

TEST(StatisticsOfASlab, QuestionsAreThoseOfWhatIsWrapped) {
  Statistics<ExtendableSlab<std::uint64_t>> slab(0U);
  EXPECT_EQ(slab.error(), AllocError::kInvalidCapacity);
  Statistics<ExtendableSlab<std::uint64_t>> good(4U, InitialSegments{2});
  const Block block = good.allocate(kRequest).value();
  EXPECT_EQ(good.error(), std::nullopt);
  EXPECT_EQ(good.capacity_bytes(), 2 * 4 * block.size);
  EXPECT_EQ(good.usable_size(block.data), block.size);
  EXPECT_TRUE(good.contains(block.data));
  EXPECT_FALSE(good.contains(&good));
}

TEST(StatisticsOfASlab, CountsBeginAtZero) {
  const Statistics<Slab<std::uint64_t>> slab(1U);
  AllocationCounts counts;
  EXPECT_EQ(slab.counts(), counts);
  EXPECT_EQ(counts.allocations + counts.failures + counts.frees, 0U);
  EXPECT_EQ(counts.bytes, 0);
  EXPECT_EQ(counts.peak_bytes, 0);
}

}  // namespace
}  // namespace slabproof::testing
