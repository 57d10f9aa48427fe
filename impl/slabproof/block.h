#ifndef SLABPROOF_BLOCK_H_
#define SLABPROOF_BLOCK_H_

#include <cstddef>

#include "slabproof/language.h"

namespace slabproof {

/// Memory handed out by a slab: `size` bytes at `data`, uninitialised, exclusively the caller's
/// until it is given back (property S1). `size` is all that the slot has, all of it usable
/// (property S2), and so may exceed the size asked for.
struct Block {
  /// Its first byte.
  std::byte* data = nullptr;
  /// Its bytes, all usable.
  std::size_t size = 0;

  /// The same bytes.
  friend constexpr bool operator==(const Block&, const Block&) = default;
};

}  // namespace slabproof

#endif  // SLABPROOF_BLOCK_H_
