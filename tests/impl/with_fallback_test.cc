#include "slabproof/with_fallback.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "slabproof/extendable_slab.h"
#include "slabproof/size_classed.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "slabproof/statistics.h"
#include "slabproof/watermark.h"

namespace slabproof::testing {
namespace {

struct alignas(64) Large {
  std::uint64_t words[16];
};

using Memory = WithFallback<Slab<std::uint64_t>, ExtendableSlab<Large>>;

constexpr Layout kSmall = Layout::of<std::uint64_t>();
constexpr Layout kLarge = Layout::of<Large>();

class WithFallbackTest : public ::testing::Test {
 protected:
  Memory memory{std::tuple(2U), std::tuple(4U)};
};

TEST_F(WithFallbackTest, ServesFromThePrimaryUntilThatIsOut) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(memory.allocate(kSmall).has_value());
  EXPECT_EQ(memory.primary().live(), 2U);
  EXPECT_EQ(memory.fallback().stats().live, 1U);
}

TEST_F(WithFallbackTest, ServesFromTheFallbackWhatThePrimaryHasNoBlocksFor) {
  EXPECT_EQ(memory.allocate(kLarge).value().size, sizeof(Large));
  EXPECT_EQ(memory.primary().live(), 0U);
  EXPECT_EQ(memory.allocate(Layout::make(1000, 8).value()).error(), AllocError::kUnsupportedLayout);
}

TEST_F(WithFallbackTest, BlocksGoBackToWhereTheyCameFrom) {
  const Block first = memory.allocate(kSmall).value();
  static_cast<void>(memory.allocate(kSmall).value());
  const Block third = memory.allocate(kSmall).value();
  EXPECT_EQ(memory.block_size(first.data, kSmall), sizeof(std::uint64_t));
  EXPECT_EQ(memory.block_size(third.data, kSmall), sizeof(Large));
  EXPECT_EQ(memory.usable_size(first.data), sizeof(std::uint64_t));
  EXPECT_EQ(memory.usable_size(third.data), sizeof(Large));
  EXPECT_TRUE(memory.deallocate(third.data, kSmall));
  EXPECT_EQ(memory.fallback().stats().live, 0U);
  EXPECT_EQ(memory.primary().live(), 2U);
  EXPECT_TRUE(memory.deallocate(first.data, kSmall));
  EXPECT_EQ(memory.primary().live(), 1U);
  EXPECT_EQ(memory.allocate(kSmall), first);
}

TEST_F(WithFallbackTest, BadPointersAreRefusedWhereTheyPoint) {
  const Block block = memory.allocate(kSmall).value();
  EXPECT_FALSE(memory.deallocate(block.data + 1, kSmall));
  EXPECT_EQ(memory.primary().corruption_events(), 1U);
  EXPECT_FALSE(memory.deallocate(&memory, kSmall));
  EXPECT_EQ(memory.fallback().stats().foreign_pointers, 1U);
  EXPECT_FALSE(memory.deallocate(nullptr, kSmall));
  EXPECT_EQ(memory.fallback().stats().foreign_pointers, 1U);
  EXPECT_FALSE(memory.contains(&memory));
  EXPECT_TRUE(memory.contains(block.data));
  EXPECT_TRUE(memory.contains(memory.allocate(kLarge).value().data));
}

TEST_F(WithFallbackTest, CapacityIsThatOfBoth) {
  const std::size_t of_primary = 2 * sizeof(std::uint64_t);
  EXPECT_EQ(memory.capacity_bytes(), of_primary);
  EXPECT_TRUE(memory.allocate(kLarge).has_value());
  EXPECT_EQ(memory.capacity_bytes(), of_primary + 4 * sizeof(Large));
}

TEST(WithFallbackErrorTest, IsThatOfThePrimaryOrOfTheFallback) {
  const Memory bad_primary(std::tuple(0U), std::tuple(4U));
  EXPECT_EQ(bad_primary.error(), AllocError::kInvalidCapacity);
  const Memory bad_fallback(std::tuple(2U), std::tuple(0U));
  EXPECT_EQ(bad_fallback.error(), AllocError::kInvalidCapacity);
  const Memory good(std::tuple(2U), std::tuple(4U));
  EXPECT_EQ(good.error(), std::nullopt);
}

TEST(WithFallbackComposedTest, WrappersOfASlabMayBeThePrimary) {
  using Primary = Statistics<SizeClassed<SizeClasses<16, 64>, Slab>>;
  Statistics<WithFallback<Primary, ExtendableSlab<Large>>> memory(std::tuple(64U), std::tuple(4U));
  const Block first = memory.allocate(Layout::make(64, 64).value()).value();
  const Block second = memory.allocate(Layout::make(60, 1).value()).value();
  EXPECT_EQ(memory.inner().primary().counts().bytes, 64);
  EXPECT_EQ(memory.counts().bytes, 64 + 128);
  EXPECT_TRUE(memory.deallocate(second.data, Layout::make(60, 1).value()));
  EXPECT_EQ(memory.counts().bytes, 64);
  EXPECT_TRUE(memory.deallocate(first.data, Layout::make(64, 64).value()));
  EXPECT_EQ(memory.counts().bytes, 0);
  EXPECT_EQ(memory.inner().primary().counts().frees, 1U);
}

// Whatever is around a slab that grows, it still does.
static_assert(grows<ExtendableSlab<int>>() && grows<SlabOwner<int>>());
static_assert(grows<Watermark<Statistics<SizeClassed<SizeClasses<16>>>>>());
static_assert(grows<Memory>());
static_assert(!grows<Slab<int>>());
static_assert(!grows<Statistics<SizeClassed<SizeClasses<16>, Slab>>>());
static_assert(!grows<WithFallback<Slab<int>, Slab<long>>>());

}  // namespace
}  // namespace slabproof::testing
