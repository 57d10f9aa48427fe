#ifndef SLABPROOF_WATERMARK_H_
#define SLABPROOF_WATERMARK_H_

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <type_traits>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/block_allocator.h"
#include "slabproof/block_wrapper.h"
#include "slabproof/layout.h"

namespace slabproof {

/// Two levels of use: above the first a `Watermark` gives the alarm, at the second or below it the
/// all-clear. What lies between them keeps a use that goes to and fro from giving one each time. A
/// second level that is higher counts as equal to the first.
class Mark {
 public:
  /// Both levels as live blocks.
  struct Levels {
    /// Use at or above this is above the mark.
    std::int64_t above = 0;
    /// Use at or below this is below it again.
    std::int64_t below = 0;
  };

  /// In bytes of blocks.
  [[nodiscard]] static constexpr Mark bytes(std::size_t above, std::size_t below) noexcept {
    return {above, below, false};
  }
  /// In percent of `capacity_bytes`, as it is at each call. No use is above 100 percent, and none
  /// counts as more.
  [[nodiscard]] static constexpr Mark percent(unsigned above, unsigned below) noexcept {
    return {(std::min)(above, 100U), (std::min)(below, 100U), true};
  }

  /// Whether the mark is a part of the capacity, and not a number of blocks.
  [[nodiscard]] constexpr bool is_relative() const noexcept { return is_relative_; }

  /// In bytes, for an allocator of that capacity, which only a relative mark looks at.
  [[nodiscard]] constexpr Levels levels(std::size_t capacity) const noexcept {
    return {.above = level(above_, capacity), .below = level(below_, capacity)};
  }

 private:
  constexpr Mark(std::size_t above, std::size_t below, bool is_relative) noexcept
      : above_(above), below_((std::min)(above, below)), is_relative_(is_relative) {}

  [[nodiscard]] constexpr std::int64_t level(std::size_t value,
                                             std::size_t capacity) const noexcept {
    constexpr std::uint64_t kMost = (std::numeric_limits<std::int64_t>::max)();
    // In two parts, so that no product exceeds the capacity.
    const std::uint64_t bytes =
        is_relative_ ? capacity / 100 * value + capacity % 100 * value / 100 : value;
    return static_cast<std::int64_t>((std::min)(bytes, kMost));
  }

  std::size_t above_;
  std::size_t below_;
  bool is_relative_;
};

/// That the use of an allocator went above its mark, or back below it.
struct Crossing {
  /// Which way the use went.
  enum class Kind : std::uint8_t { kAbove, kBelow };
  /// Above the mark, or below it again.
  Kind kind = Kind::kAbove;
  std::int64_t bytes = 0;  ///< in use right after
  std::int64_t level = 0;  ///< that was crossed, in bytes

  /// Member by member.
  friend constexpr bool operator==(const Crossing&, const Crossing&) = default;
};

/// Calls back when the bytes that are handed out through it go above a mark, and when they are back
/// below it:
///
///     void alarm(const slabproof::Crossing& crossing) noexcept;
///     slabproof::Watermark<slabproof::ExtendableSlab<Order>> slab(
///         slabproof::Mark::bytes(1 << 20, 1 << 19), &alarm, 1024U);
///
/// Each crossing is reported once, by the thread whose call made it, after the block was allocated
/// or given back and with no lock held: the action may use the allocator. Crossings alternate, and
/// the first is one above. With several threads the calls of `action` may overlap, and may come in
/// another order than the crossings: `is_above` says which was the last. A relative mark is judged
/// by a capacity that the allocator inside had during the call. The use of a slab that grows may be
/// back below it by that, which the call that finds it so reports.
///
/// A block counts from right after its allocation to right before its free, so there is no alarm
/// for use that never was (property W2). A pointer that is refused counts as given back until it
/// has been refused.
///
/// Costs one read-modify-write of a shared word for each call and a look at it for each free; with
/// a relative mark also `capacity_bytes`, of a growable slab one lock acquisition.
///
/// Thread safety: that of the allocator inside; `is_above` and `bytes` may be called at any time by
/// any thread. `Action` is called as const, and by several threads at once where the allocator is
/// used so.
template <BlockAllocator Inner, class Action = void (*)(const Crossing&) noexcept>
class Watermark : public BlockWrapper<Inner> {
  static_assert(std::is_nothrow_invocable_v<const Action&, const Crossing&>,
                "slabproof: the action of a Watermark is called as const with a Crossing, and may "
                "not throw, because allocate and deallocate never do");
  using Base = BlockWrapper<Inner>;

 public:
  /// With the arguments of a constructor of `Inner`, after its own.
  template <class... Arguments>
    requires std::constructible_from<Inner, Arguments...>
  Watermark(Mark mark, Action action,
            Arguments&&... arguments) noexcept(std::is_nothrow_constructible_v<Inner, Arguments...>)
      : Base(std::forward<Arguments>(arguments)...), mark_(mark), action_(std::move(action)) {}

  /// As the allocator inside; then `action`, where this was a crossing.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    const std::expected<Block, AllocError> block = this->inner().allocate(request);
    if (block) add(static_cast<std::int64_t>(block->size));
    return block;
  }

  /// As `deallocate_block` of the allocator inside; then `action`, where this was a crossing.
  bool deallocate(const void* pointer, Layout request) noexcept {
    if (pointer == nullptr) return false;
    const auto size = static_cast<std::int64_t>(this->block_size(pointer, request));
    // Before the free, since after it the block may be another thread's, which counts it again. The
    // crossing is looked for after it, since a pointer that is refused makes none.
    //
    // ORDER[watermark.use] relaxed: the word publishes nothing, and coherence orders what one
    // thread does to it, and what the slab's own lock orders.
    use_.word.fetch_sub(packed(size, false), std::memory_order::relaxed);
    const bool accepted = deallocate_block(this->inner(), pointer, request);
    add(accepted ? 0 : size);
    return accepted;
  }

  /// Whether the last crossing was one above the mark.
  [[nodiscard]] bool is_above() const noexcept { return above_in(look()); }

  /// Of blocks that are handed out now, slack of slots included.
  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_in(look()); }

 private:
  static constexpr std::size_t kCacheLine = 64;

  /// Apart from what is wrapped, which has lines of its own.
  struct alignas(kCacheLine) Use {
    typename Base::Sync::template Atomic<std::int64_t> word{0};
  };

  // INVARIANT[watermark.word] The bytes in use and whether that is above the mark are one word, so
  // each change of the one is judged with the other as it is.
  static constexpr std::int64_t packed(std::int64_t bytes, bool is_above) noexcept {
    return bytes * 2 + (is_above ? 1 : 0);
  }
  static constexpr std::int64_t bytes_in(std::int64_t word) noexcept { return word >> 1; }
  static constexpr bool above_in(std::int64_t word) noexcept { return (word & 1) != 0; }

  [[nodiscard]] std::int64_t look() const noexcept {
    // ORDER[watermark.use] relaxed: what is read is a guess that an exchange verifies, or has no
    // crossing in it: whoever made it one since then looks for it too.
    return use_.word.load(std::memory_order::relaxed);
  }

  /// What a relative mark is relative to.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return mark_.is_relative() ? this->capacity_bytes() : 0;
  }

  /// Adds to the use, and makes and reports each crossing that is due.
  void add(std::int64_t more) noexcept {
    if (more == 0 && !above_in(look())) return;
    std::size_t known = capacity();
    while (judge(more, known)) {
      // The slab may have grown before the use was judged. Whoever grows it after this look finds
      // the use above the mark and judges it; and what is not above stays so, as no capacity
      // shrinks.
      const std::size_t now = capacity();
      if (now == known) return;
      known = now;
      more = 0;
    }
  }

  /// The same for one capacity. The result is whether the use is above the mark now.
  bool judge(std::int64_t more, std::size_t known_capacity) noexcept {
    const Mark::Levels levels = mark_.levels(known_capacity);
    std::int64_t before = look();
    for (;;) {
      const std::int64_t now = bytes_in(before) + more;
      const bool above = now > (above_in(before) ? levels.below : levels.above);
      // ORDER[watermark.use] relaxed, relaxed on failure: as above.
      if (!use_.word.compare_exchange_weak(before, packed(now, above), std::memory_order::relaxed,
                                           std::memory_order::relaxed)) {
        continue;
      }
      using enum Crossing::Kind;
      if (above && !above_in(before)) action_(Crossing{kAbove, now, levels.above});
      if (!above && above_in(before)) action_(Crossing{kBelow, now, levels.below});
      return above;
    }
  }

  Use use_;
  const Mark mark_;
  [[no_unique_address]] const Action action_;
};

}  // namespace slabproof

#endif  // SLABPROOF_WATERMARK_H_
