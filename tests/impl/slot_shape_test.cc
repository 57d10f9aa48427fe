// Property S2 for types of every shape: stride, alignment, and each byte of each block usable.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/siphash_mac.h"
#include "slabproof/slab.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <std::size_t kSize, std::size_t kAlignment, std::size_t kStride>
struct Shape {
  struct alignas(kAlignment) Type {
    std::byte bytes[kSize];
  };
  static constexpr std::size_t stride = kStride;
};

using Shapes = ::testing::Types<
    // Small ones grow to a link's eight bytes.
    Shape<1, 1, 8>, Shape<2, 2, 8>, Shape<7, 1, 8>, Shape<8, 8, 8>,
    // A link of four bytes aligns what is not aligned so already.
    Shape<9, 1, 12>, Shape<24, 8, 24>, Shape<64, 8, 64>, Shape<65, 1, 68>, Shape<4096, 8, 4096>,
    Shape<5000, 4, 5000>,
    // Over-aligned, up to beyond a page.
    Shape<16, 16, 16>, Shape<64, 64, 64>, Shape<128, 128, 128>, Shape<4096, 4096, 4096>,
    Shape<65536, 65536, 65536>>;

/// Every block is aligned, of the stride's size, overlaps no other, and keeps all of its bytes
/// while all the others are written.
void expect_usable(std::vector<Block> blocks, std::size_t stride, std::size_t alignment) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(blocks[i].size, stride);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks[i].data) % alignment, 0U);
    fill(blocks[i], i);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) EXPECT_TRUE(is_filled(blocks[i], i)) << i;
  std::ranges::sort(blocks, {}, &Block::data);
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_LE(blocks[i - 1].data + blocks[i - 1].size, blocks[i].data);
  }
}

template <class Shape>
class SlotShapeTest : public ::testing::Test {};

TYPED_TEST_SUITE(SlotShapeTest, Shapes);

TYPED_TEST(SlotShapeTest, GrowableSlabUsesEveryByteOfEveryBlock) {
  using Type = typename TypeParam::Type;
  for (const std::size_t capacity : {1U, 3U, 10U}) {
    ExtendableSlab<Type> slab(capacity);
    EXPECT_EQ(slab.stride, TypeParam::stride);
    const std::vector<Block> blocks = take_blocks(slab, 2 * capacity + 1);
    expect_usable(blocks, TypeParam::stride, alignof(Type));
    EXPECT_EQ(slab.segment_count(), 3U);
    EXPECT_EQ(slab.capacity_bytes(), 3 * capacity * TypeParam::stride);
    for (const Block& block : blocks) EXPECT_EQ(slab.usable_size(block.data), TypeParam::stride);
  }
}

TYPED_TEST(SlotShapeTest, BlocksAreUsableAgainAfterTheyHeldLinks) {
  using Type = typename TypeParam::Type;
  ExtendableSlab<Type> slab(4);
  for (int round = 0; round < 3; ++round) {
    const std::vector<Block> blocks = take_blocks(slab, 9);
    expect_usable(blocks, TypeParam::stride, alignof(Type));
    give_back(slab, blocks);
  }
  EXPECT_EQ(slab.segment_count(), 3U);
  EXPECT_EQ(slab.corruption_events(), 0U);
}

TYPED_TEST(SlotShapeTest, FixedSlabUsesEveryByteOfEveryBlock) {
  using Type = typename TypeParam::Type;
  Slab<Type> slab(5);
  expect_usable(take_blocks(slab, 5), TypeParam::stride, alignof(Type));
}

template <class Protection_>
struct ProtectedConfig : DefaultConfig {
  using Protection = Protection_;
};

TYPED_TEST(SlotShapeTest, GuardsOfTheFreelistTakeNothingFromTheBlocks) {
  using Type = typename TypeParam::Type;
  ExtendableSlab<Type, ProtectedConfig<SipHashMac>> sealed(5);
  ExtendableSlab<Type, ProtectedConfig<SlotStates<SipHashMac>>> tracked(70);
  EXPECT_EQ(sealed.stride, TypeParam::stride);
  EXPECT_EQ(tracked.stride, TypeParam::stride);
  for (int round = 0; round < 2; ++round) {
    const std::vector<Block> sealed_blocks = take_blocks(sealed, 7);
    expect_usable(sealed_blocks, TypeParam::stride, alignof(Type));
    give_back(sealed, sealed_blocks);
    const std::vector<Block> tracked_blocks = take_blocks(tracked, 72);
    expect_usable(tracked_blocks, TypeParam::stride, alignof(Type));
    give_back(tracked, tracked_blocks);
  }
  EXPECT_EQ(sealed.corruption_events() + tracked.corruption_events(), 0U);
}

}  // namespace
}  // namespace slabproof::testing
