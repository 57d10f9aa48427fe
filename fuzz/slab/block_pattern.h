#ifndef SLABPROOF_FUZZ_SLAB_BLOCK_PATTERN_H_
#define SLABPROOF_FUZZ_SLAB_BLOCK_PATTERN_H_

#include <cstddef>
#include <cstdint>

namespace slabproof::fuzz {

/// Fills a block of at least 8 bytes with its owner's serial: the serial in front, then one byte
/// over and over. Cheap to write and to check, and two blocks that overlap cannot both be intact.
void fill_block(std::byte* data, std::size_t size, std::uint64_t serial);

[[nodiscard]] bool block_is_intact(const std::byte* data, std::size_t size, std::uint64_t serial);

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_BLOCK_PATTERN_H_
