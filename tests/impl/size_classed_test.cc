#include "slabproof/size_classed.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <type_traits>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/statistics.h"
#include "tests/support/environment.h"
#include "tests/support/observed_policies.h"

namespace slabproof::testing {
namespace {

using Classes = SizeClasses<16, 48, 256>;

Layout layout(std::size_t size, std::size_t alignment) {
  return Layout::make(size, alignment).value();
}

bool is_aligned(const void* pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

TEST(SizeClassesTest, GeometricSizesHaveSoManyStepsADoubling) {
  using Four = GeometricClasses<16, 256>;
  EXPECT_TRUE(
      (std::is_same_v<Four, SizeClasses<16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256>>));
  EXPECT_TRUE((std::is_same_v<GeometricClasses<8, 64, 1>, SizeClasses<8, 16, 32, 64>>));
  EXPECT_TRUE((std::is_same_v<GeometricClasses<64, 64>, SizeClasses<64>>));
}

TEST(SizeClassesTest, SizeOfEachClassIsToBeHadByItsNumber) {
  using Sizes = GeometricSizes<16, 256>;
  for (std::size_t index = 0; index < Sizes::count; ++index) {
    EXPECT_EQ(Sizes::at(index), Sizes::type::sizes[index]);
  }
}

TEST(SizeClassesTest, BlocksAreAlignedToWhatDividesTheirSize) {
  EXPECT_EQ(Classes::alignment(16), 16U);
  EXPECT_EQ(Classes::alignment(48), 16U);
  EXPECT_EQ(Classes::alignment(256), 256U);
}

template <class Memory>
class SizeClassedTest : public ::testing::Test {};
using AllSlabTemplates = ::testing::Types<SizeClassed<Classes>, SizeClassed<Classes, CachedSlab>,
                                          SizeClassed<Classes, Slab>>;
TYPED_TEST_SUITE(SizeClassedTest, AllSlabTemplates);

TYPED_TEST(SizeClassedTest, RequestGoesToTheFirstClassThatIsLargeAndAlignedEnough) {
  TypeParam memory(1024);
  struct Case {
    std::size_t size, alignment, expected;
  };
  for (const Case& each : std::to_array<Case>({{1, 1, 16},
                                               {16, 16, 16},
                                               {17, 1, 48},
                                               {48, 16, 48},
                                               {8, 32, 256},
                                               {49, 8, 256},
                                               {256, 256, 256}})) {
    const Layout request = layout(each.size, each.alignment);
    const Block block = memory.allocate(request).value();
    EXPECT_EQ(block.size, each.expected) << each.size << "/" << each.alignment;
    EXPECT_TRUE(is_aligned(block.data, each.alignment)) << each.size << "/" << each.alignment;
    EXPECT_EQ(memory.block_size(block.data, request), block.size);
    EXPECT_EQ(memory.usable_size(block.data), block.size);
    EXPECT_TRUE(memory.contains(block.data));
    EXPECT_TRUE(memory.deallocate(block.data, request));
  }
}

TYPED_TEST(SizeClassedTest, RequestThatNoClassFitsIsRefused) {
  TypeParam memory(1024);
  for (const Layout request : {layout(257, 1), layout(8, 512)}) {
    EXPECT_EQ(memory.allocate(request).error(), AllocError::kUnsupportedLayout);
    EXPECT_FALSE(memory.deallocate(&memory, request));
    EXPECT_EQ(memory.block_size(&memory, request), 0U);
  }
  EXPECT_EQ(memory.usable_size(&memory), std::nullopt);
  EXPECT_FALSE(memory.contains(&memory));
}

TYPED_TEST(SizeClassedTest, EachBlockOfAClassIsAlignedAndDistinct) {
  TypeParam memory(1024);
  std::set<std::byte*> blocks;
  for (int i = 0; i < 4; ++i) {
    const Block block = memory.allocate(layout(200, 256)).value();
    EXPECT_TRUE(is_aligned(block.data, 256));
    EXPECT_TRUE(blocks.insert(block.data).second);
  }
}

TEST(SizeClassedOfSlabs, ClassThatIsOutTakesNothingFromAnother) {
  SizeClassed<Classes, Slab> memory(64);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(memory.allocate(layout(16, 1)).has_value());
  EXPECT_EQ(memory.allocate(layout(16, 1)).error(), AllocError::kOutOfMemory);
  EXPECT_TRUE(memory.allocate(layout(48, 1)).has_value());
  // At least one slot, although 64 bytes have none of 256.
  EXPECT_TRUE(memory.allocate(layout(256, 1)).has_value());
  EXPECT_EQ(memory.capacity_bytes(), 4 * 16U + 48U + 256U);
}

TEST(SizeClassedOfSlabs, RequestOfAnotherClassCountsAsAForeignPointerThere) {
  SizeClassed<Classes> memory(1024);
  const Block block = memory.allocate(layout(16, 1)).value();
  EXPECT_FALSE(memory.deallocate(block.data, layout(48, 1)));
  std::vector<std::uint64_t> foreign;
  memory.for_each_class([&](auto& slab) { foreign.push_back(slab.stats().foreign_pointers); });
  EXPECT_EQ(foreign, (std::vector<std::uint64_t>{0, 1, 0}));
  EXPECT_FALSE(memory.deallocate(nullptr, layout(16, 1)));
}

TEST(SizeClassedOfSlabs, ConstructionTakesNoMemory) {
  new_environment();
  SizeClassed<Classes, ExtendableSlab, ObservedConfig<>> memory(1024);
  EXPECT_EQ(environment().requests, 0U);
  EXPECT_EQ(memory.error(), std::nullopt);
  EXPECT_EQ(memory.capacity_bytes(), 0U);
}

TEST(SizeClassedOfSlabs, ErrorIsThatOfTheFirstClassThatHasOne) {
  new_environment().refuse(1);
  const SizeClassed<Classes, Slab, ObservedConfig<>> memory(1024);
  EXPECT_EQ(environment().requests, 3U);
  EXPECT_EQ(memory.error(), AllocError::kOutOfMemory);
  new_environment();
  const SizeClassed<Classes, Slab, ObservedConfig<>> good(1024);
  EXPECT_EQ(good.error(), std::nullopt);
}

TEST(SizeClassedOfSlabs, StatisticsCountTheBytesOfEachClass) {
  Statistics<SizeClassed<Classes>> memory(1024U);
  const Block small = memory.allocate(layout(10, 2)).value();
  const Block large = memory.allocate(layout(200, 8)).value();
  EXPECT_EQ(memory.counts().bytes, 16 + 256);
  EXPECT_TRUE(memory.deallocate(large.data, layout(200, 8)));
  EXPECT_TRUE(memory.deallocate(small.data, layout(10, 2)));
  EXPECT_EQ(memory.counts(),
            (AllocationCounts{.allocations = 2, .frees = 2, .peak_bytes = 16 + 256}));
}

}  // namespace
}  // namespace slabproof::testing
