#ifndef SLABPROOF_TESTS_SUPPORT_SLAB_EXPECTATIONS_H_
#define SLABPROOF_TESTS_SUPPORT_SLAB_EXPECTATIONS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "slabproof/block.h"
#include "slabproof/slab_stats.h"

namespace slabproof::testing {

constexpr std::uint64_t ceiling_of_quotient(std::uint64_t dividend, std::uint64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

/// Property S4: every slot is in exactly one state.
inline void expect_conserved(const SlabStats& stats) {
  EXPECT_EQ(stats.free + stats.live + stats.uncarved + stats.abandoned,
            stats.segments * stats.capacity);
  // The sum alone would hold with a negative addend, which shows as a huge one.
  EXPECT_LE(stats.free, stats.segments * stats.capacity);
  EXPECT_LE(stats.uncarved, stats.segments * stats.capacity);
  EXPECT_LE(stats.live, stats.peak_live);
}

/// Property S6.
inline void expect_exact_growth(const SlabStats& stats, std::uint64_t initial_segments = 0) {
  EXPECT_EQ(stats.segments,
            std::max(initial_segments, ceiling_of_quotient(stats.peak_live, stats.capacity)));
}

/// Allocates `count` blocks, each of which must be had.
template <class Slab>
std::vector<Block> take_blocks(Slab& slab, std::size_t count) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < count; ++i) {
    const auto block = slab.allocate();
    if (!block) {
      ADD_FAILURE() << "allocation " << i << " of " << count << ": " << to_string(block.error());
      break;
    }
    blocks.push_back(*block);
  }
  return blocks;
}

template <class Slab>
void give_back(Slab& slab, std::span<const Block> blocks) {
  for (const Block& block : blocks) EXPECT_TRUE(slab.deallocate(block.data));
}

/// Writes every byte of a block, with a value that depends on the owner and the position.
inline void fill(const Block& block, std::uint64_t owner) {
  for (std::size_t i = 0; i < block.size; ++i) {
    block.data[i] = static_cast<std::byte>(owner * 31 + i * 7 + 1);
  }
}

/// Whether every byte is as `fill` left it.
inline bool is_filled(const Block& block, std::uint64_t owner) {
  for (std::size_t i = 0; i < block.size; ++i) {
    if (block.data[i] != static_cast<std::byte>(owner * 31 + i * 7 + 1)) return false;
  }
  return true;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SLAB_EXPECTATIONS_H_
