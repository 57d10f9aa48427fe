#ifndef SLABPROOF_INSTRUMENTATION_H_
#define SLABPROOF_INSTRUMENTATION_H_

#include <concepts>
#include <cstddef>

#include "slabproof/language.h"

namespace slabproof {

/// Says to a tool that watches memory which bytes of a slab anybody may touch, so that it finds
/// here what it finds in the C heap: uses after a free, writes past a block, reads of what nobody
/// has written, leaks. A second free is found by `SlotStates`, not by a tool.
///
/// A run of slots is hidden from `begin` to `end`, but for the blocks that are handed out, and but
/// for a moment in which the slab itself reads or writes a free one. `redzone` bytes behind each
/// block are hidden for good. Every function gets a whole block, or the whole run, and must not
/// throw; `begin` and `end` run without a lock, but in `clear`, beside which nobody uses the slab;
/// the others run under the slab's lock or, in a cache, without. Nothing is called where
/// `is_active` is false.
template <class I>
concept InstrumentationPolicy = requires(std::byte* run, std::byte* data, std::size_t size) {
  { I::is_active } -> std::convertible_to<bool>;
  { I::redzone } -> std::convertible_to<std::size_t>;
  { I::alignment } -> std::convertible_to<std::size_t>;  ///< least one of blocks: a power of two
  { I::begin(run, size) } noexcept;
  { I::end(run, size) } noexcept;
  { I::take(run, data, size) } noexcept;  ///< a block of the run is its owner's, who must write it
  { I::put(run, data, size) } noexcept;   ///< it is nobody's
  { I::open(data, size) } noexcept;       ///< the slab itself is about to use it
  { I::show(data, size) } noexcept;       ///< as `take` and `put`, of a block that a cache holds:
  { I::hide(data, size) } noexcept;       ///< the slab counts it as live before and afterwards
};

/// Tools see a slab as one piece of memory. Costs nothing.
struct NoInstrumentation {
  /// Nobody watches.
  static constexpr bool is_active = false;
  /// Bytes behind each block: none.
  static constexpr std::size_t redzone = 0;
  /// Of blocks, in bytes: any.
  static constexpr std::size_t alignment = 1;
  /// Never called.
  static void begin(std::byte* /*run*/, std::size_t /*size*/) noexcept {}
  /// Never called.
  static void end(std::byte* /*run*/, std::size_t /*size*/) noexcept {}
  /// Never called.
  static void take(std::byte* /*run*/, std::byte* /*data*/, std::size_t /*size*/) noexcept {}
  /// Never called.
  static void put(std::byte* /*run*/, std::byte* /*data*/, std::size_t /*size*/) noexcept {}
  /// Never called.
  static void open(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
  /// Never called.
  static void show(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
  /// Never called.
  static void hide(std::byte* /*data*/, std::size_t /*size*/) noexcept {}
};

static_assert(InstrumentationPolicy<NoInstrumentation>);

}  // namespace slabproof

#endif  // SLABPROOF_INSTRUMENTATION_H_
