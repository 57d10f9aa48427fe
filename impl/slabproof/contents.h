#ifndef SLABPROOF_CONTENTS_H_
#define SLABPROOF_CONTENTS_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>

#include "slabproof/language.h"

namespace slabproof {

/// What becomes of the bytes of a block when it changes hands. `freed` gets a block that its owner
/// has given back, before anyone else can have it; `handed_out` one that its new owner gets. Each
/// gets the whole usable size, and is called only if its flag says so. They must not throw. With
/// `checks`, `is_intact` says of a free block that is about to be handed out whether all of it, but
/// for the freelist's link, is as `freed` left it. `freed` runs under the slab's lock; a cache or a
/// remote that keeps the block for a while calls it before, without a lock, and it runs again when
/// the block goes back to the slab.
template <class C>
concept ContentsPolicy = requires(std::byte* data, std::size_t size) {
  { C::scrubs } -> std::convertible_to<bool>;
  { C::zeroes } -> std::convertible_to<bool>;
  { C::checks } -> std::convertible_to<bool>;
  { C::freed(data, size) } noexcept;
  { C::handed_out(data, size) } noexcept;
  { C::is_intact(data, size) } noexcept -> std::same_as<bool>;
};

/// Leaves the bytes alone: a block holds what its last owner wrote, but for the freelist's link.
struct KeepContents {
  /// Whether `freed` writes.
  static constexpr bool scrubs = false;
  /// Whether blocks go out as zeros.
  static constexpr bool zeroes = false;
  /// Whether `is_intact` looks.
  static constexpr bool checks = false;
  /// Whether a free block is still as `freed` left it.
  static bool is_intact(const std::byte* /*data*/, std::size_t /*size*/) noexcept { return true; }
  /// A block came back: its bytes, before the slab uses them.
  static void freed(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
  /// A block goes out: its bytes, after the slab has used them.
  static void handed_out(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
};

/// Overwrites a block with zeros as soon as it is given back, so that no secret outlives its owner:
/// O(block size). The compiler cannot leave that out: `explicit_bzero` of glibc, musl and BSD sees
/// to that. A cache or a remote scrubs when it gets the block; a cache looks first whether a slot
/// begins at the pointer, as it does for `destroy`.
struct ScrubOnFree : KeepContents {
  /// Whether `freed` writes.
  static constexpr bool scrubs = true;
  /// A block came back: its bytes, before the slab uses them.
  static void freed(std::byte* data, std::size_t size) noexcept { ::explicit_bzero(data, size); }
};

/// Every block is zero when it is handed out: O(block size), without the lock.
struct ZeroOnAllocate : KeepContents {
  /// Whether blocks go out as zeros.
  static constexpr bool zeroes = true;
  /// A block goes out: its bytes, after the slab has used them.
  static void handed_out(std::byte* data, std::size_t size) noexcept { std::memset(data, 0, size); }
};

/// Fills a block when it is given back, and looks at the fill when the block is handed out again: a
/// write through a dangling pointer meanwhile is counted (property S9). O(block size) for each,
/// under the slab's lock. It sees what is written while the slab itself has the block, not a cache
/// or a remote.
struct CheckFreed : KeepContents {
  /// Whether `freed` writes.
  static constexpr bool scrubs = true;
  /// Whether `is_intact` looks.
  static constexpr bool checks = true;
  /// The byte that free blocks are filled with.
  static constexpr std::byte kFill{0xdb};
  /// A block came back: its bytes, before the slab uses them.
  static void freed(std::byte* data, std::size_t size) noexcept { std::fill_n(data, size, kFill); }
  /// Whether a free block is still as `freed` left it.
  static bool is_intact(const std::byte* data, std::size_t size) noexcept {
    return std::all_of(data, data + size, [](std::byte byte) { return byte == kFill; });
  }
};

/// `ScrubOnFree` and `ZeroOnAllocate`.
struct ScrubAndZero : ScrubOnFree {
  /// Whether blocks go out as zeros.
  static constexpr bool zeroes = true;
  /// A block goes out: its bytes, after the slab has used them.
  static void handed_out(std::byte* data, std::size_t size) noexcept {
    ZeroOnAllocate::handed_out(data, size);
  }
};

static_assert(ContentsPolicy<KeepContents> && ContentsPolicy<ScrubOnFree> &&
              ContentsPolicy<ZeroOnAllocate> && ContentsPolicy<ScrubAndZero> &&
              ContentsPolicy<CheckFreed>);

}  // namespace slabproof

#endif  // SLABPROOF_CONTENTS_H_
