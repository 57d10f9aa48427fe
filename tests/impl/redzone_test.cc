// Blocks with a redzone between them: a block is all that its owner may use, and no more.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "tests/support/slab_expectations.h"
#include "tests/support/slab_families.h"

namespace slabproof::testing {
namespace {

/// As that of a tool, which need not be there.
struct Redzone : NoInstrumentation {
  static constexpr std::size_t redzone = 16;
};
struct RedzoneConfig : DefaultConfig {
  using Instrumentation = Redzone;
};

template <class SlabFamily>
class RedzoneTest : public ::testing::Test {};
using Slabs =
    ::testing::Types<Family<Slab>, Family<ExtendableSlab>, Family<CachedSlab>, Family<SlabOwner>>;
TYPED_TEST_SUITE(RedzoneTest, Slabs);

TYPED_TEST(RedzoneTest, LiesBetweenBlocks) {
  using Tested = typename TypeParam::template Of<std::uint64_t, RedzoneConfig>;
  Tested slab(8);
  const std::vector<Block> blocks = take_blocks(slab, 2);
  EXPECT_EQ(blocks[0].size, std::size_t{Tested::block_size});
  const std::ptrdiff_t distance = blocks[1].data - blocks[0].data;
  EXPECT_EQ(static_cast<std::size_t>(distance < 0 ? -distance : distance),
            std::size_t{Tested::stride});
  EXPECT_GE(Tested::stride, Tested::block_size + Redzone::redzone);
}

TYPED_TEST(RedzoneTest, RequestThatNeedsItIsRefused) {
  using Tested = typename TypeParam::template Of<std::uint64_t, RedzoneConfig>;
  Tested slab(8);
  EXPECT_TRUE(slab.allocate(*Layout::make(Tested::block_size, 1)));
  EXPECT_EQ(slab.allocate(*Layout::make(Tested::block_size + 1, 1)).error(),
            AllocError::kUnsupportedLayout);
}

TYPED_TEST(RedzoneTest, PointerIntoItIsMisaligned) {
  using Tested = typename TypeParam::template Of<std::uint64_t, RedzoneConfig>;
  Tested slab(8);
  const Block block = take_blocks(slab, 1)[0];
  EXPECT_EQ(slab.usable_size(block.data), std::size_t{Tested::block_size});
  EXPECT_EQ(slab.usable_size(block.data + Tested::block_size), std::nullopt);
}

}  // namespace
}  // namespace slabproof::testing
