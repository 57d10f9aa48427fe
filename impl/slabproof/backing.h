#ifndef SLABPROOF_BACKING_H_
#define SLABPROOF_BACKING_H_

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "slabproof/layout.h"

namespace slabproof {

/// Owns one region of memory from construction to destruction. Construction may fail: then the
/// object tests false, owns nothing, and `last_os_error`, asked at once by the same thread, says
/// why (an `errno` value, 0 where no error number applies). A region is at least as large and as
/// aligned as asked for; `size` says how large it is. Nothing throws.
///
/// `granularity` is the unit in which the backing really hands out memory, a power of two.
/// `discard` tells it that the bytes [offset, offset + size) hold nothing of value: it may give
/// their pages back while it keeps the addresses, and returns how many bytes it gave back. Several
/// threads may call it at once for ranges that do not overlap, so it does not change the object.
///
/// A backing may have a constant `page_size`, a power of two: the least piece, aligned to its size,
/// that `discard` gives back. Then `trim` gives back pages inside a segment, where those around
/// them are in use; else whole segments only.
///
/// Threads that use a slab may wait for one that is in a backing: a backing waits for none of them.
template <class B>
concept Backing = std::is_nothrow_destructible_v<B> && std::is_nothrow_constructible_v<B, Layout> &&
                  requires(const B constant, std::size_t bytes) {
                    { static_cast<bool>(constant) } noexcept;
                    { constant.data() } noexcept -> std::same_as<std::byte*>;
                    { constant.size() } noexcept -> std::same_as<std::size_t>;
                    { constant.discard(bytes, bytes) } noexcept -> std::same_as<std::size_t>;
                    { B::last_os_error() } noexcept -> std::same_as<int>;
                    { B::granularity() } noexcept -> std::same_as<std::size_t>;
                  };

/// A backing whose region stays where it is when the object moves. A growable slab needs it: the
/// owner of a chunk of segments is kept in that chunk.
template <class B>
concept MovableBacking = Backing<B> && std::is_nothrow_move_constructible_v<B>;

/// Of a backing that has none, 0.
template <class B>
inline constexpr std::size_t page_size_of = 0;
template <class B>
  requires requires { B::page_size; }
inline constexpr std::size_t page_size_of<B> = B::page_size;

}  // namespace slabproof

#endif  // SLABPROOF_BACKING_H_
