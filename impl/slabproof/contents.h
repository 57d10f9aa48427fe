#ifndef SLABPROOF_CONTENTS_H_
#define SLABPROOF_CONTENTS_H_

#include <concepts>
#include <cstddef>
#include <cstring>

#include "slabproof/language.h"

namespace slabproof {

/// What becomes of the bytes of a block when it changes hands. `freed` gets a block that its owner
/// has given back, before anyone else can have it; `handed_out` one that its new owner gets. Each
/// gets the whole usable size, and is called only if its flag says so. They must not throw. `freed`
/// runs under the slab's lock; a cache or a remote that keeps the block for a while calls it
/// before, without a lock, and it runs again when the block goes back to the slab.
template <class C>
concept ContentsPolicy = requires(std::byte* data, std::size_t size) {
  { C::scrubs } -> std::convertible_to<bool>;
  { C::zeroes } -> std::convertible_to<bool>;
  { C::freed(data, size) } noexcept;
  { C::handed_out(data, size) } noexcept;
};

/// Leaves the bytes alone: a block holds what its last owner wrote, but for the freelist's link.
struct KeepContents {
  static constexpr bool scrubs = false;
  static constexpr bool zeroes = false;
  static void freed(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
  static void handed_out(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
};

/// Overwrites a block with zeros as soon as it is given back, so that no secret outlives its owner:
/// O(stride). The compiler cannot leave that out: `explicit_bzero` of glibc, musl and BSD sees to
/// that. A cache or a remote scrubs when it gets the block; a cache looks first whether a slot
/// begins at the pointer, as it does for `destroy`.
struct ScrubOnFree : KeepContents {
  static constexpr bool scrubs = true;
  static void freed(std::byte* data, std::size_t size) noexcept { ::explicit_bzero(data, size); }
};

/// Every block is zero when it is handed out: O(stride), without the lock.
struct ZeroOnAllocate : KeepContents {
  static constexpr bool zeroes = true;
  static void handed_out(std::byte* data, std::size_t size) noexcept { std::memset(data, 0, size); }
};

/// Both.
struct ScrubAndZero : ScrubOnFree {
  static constexpr bool zeroes = true;
  static void handed_out(std::byte* data, std::size_t size) noexcept {
    ZeroOnAllocate::handed_out(data, size);
  }
};

static_assert(ContentsPolicy<KeepContents> && ContentsPolicy<ScrubOnFree> &&
              ContentsPolicy<ZeroOnAllocate> && ContentsPolicy<ScrubAndZero>);

}  // namespace slabproof

#endif  // SLABPROOF_CONTENTS_H_
