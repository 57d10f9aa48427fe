#include "slabproof/layout.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"

namespace slabproof {
namespace {

Layout layout(std::size_t size, std::size_t alignment) {
  return Layout::make(size, alignment).value();
}

TEST(LayoutTest, KeepsSizeAndAlignment) {
  EXPECT_EQ(layout(24, 8).size(), 24U);
  EXPECT_EQ(layout(24, 8).alignment(), 8U);
}

TEST(LayoutTest, OfATypeIsItsSizeAndAlignment) {
  struct alignas(32) Wide {
    char bytes[40];
  };
  EXPECT_EQ(Layout::of<Wide>(), layout(64, 32));
}

TEST(LayoutTest, RefusesSizeZero) {
  EXPECT_EQ(Layout::make(0, 8).error(), AllocError::kInvalidLayout);
}

TEST(LayoutTest, RefusesAnAlignmentThatIsNotAPowerOfTwo) {
  for (const std::size_t alignment : {0U, 3U, 6U, 12U, 4097U}) {
    EXPECT_EQ(Layout::make(8, alignment).error(), AllocError::kInvalidLayout) << alignment;
  }
}

TEST(LayoutTest, RefusesASizeThatRoundsUpBeyondTheLargestRegion) {
  EXPECT_TRUE(Layout::make(kMaxRegionBytes - 63, 64));
  EXPECT_EQ(Layout::make(kMaxRegionBytes - 62, 64).error(), AllocError::kLayoutOverflow);
  EXPECT_EQ(Layout::make(SIZE_MAX, 1).error(), AllocError::kLayoutOverflow);
}

TEST(LayoutTest, RefusesAnAlignmentBeyondTheLargestRegion) {
  EXPECT_EQ(Layout::make(1, kMaxRegionBytes + 1).error(), AllocError::kLayoutOverflow);
}

TEST(LayoutTest, PaddedSizeIsTheNextMultipleOfTheAlignment) {
  for (std::size_t size = 1; size <= 200; ++size) {
    for (std::size_t alignment = 1; alignment <= 128; alignment *= 2) {
      const std::size_t padded = layout(size, alignment).padded_size();
      EXPECT_GE(padded, size);
      EXPECT_LT(padded, size + alignment);
      EXPECT_EQ(padded % alignment, 0U);
    }
  }
}

TEST(LayoutTest, EqualityComparesBothParts) {
  EXPECT_EQ(layout(8, 8), layout(8, 8));
  EXPECT_NE(layout(8, 8), layout(8, 4));
  EXPECT_NE(layout(8, 8), layout(16, 8));
}

TEST(AllocErrorTest, EveryErrorHasANameOfItsOwn) {
  EXPECT_EQ(to_string(AllocError::kOutOfMemory), "out of memory");
  EXPECT_EQ(to_string(AllocError::kInvalidCapacity), "invalid capacity");
  EXPECT_EQ(to_string(AllocError::kInvalidLayout), "invalid layout");
  EXPECT_EQ(to_string(AllocError::kLayoutOverflow), "layout overflow");
  EXPECT_EQ(to_string(AllocError::kUnsupportedLayout), "unsupported layout");
  EXPECT_EQ(to_string(AllocError::kSegmentLimit), "segment limit");
  for (const int value : {6, 7, 255}) {
    EXPECT_EQ(to_string(static_cast<AllocError>(value)), "unknown error") << value;
  }
}

TEST(BlockTest, BlockWithoutAValueHasNoBytes) {
  Block block;
  EXPECT_EQ(block.data, nullptr);
  EXPECT_EQ(block.size, 0U);
}

}  // namespace
}  // namespace slabproof
