#ifndef SLABPROOF_TRIM_POLICY_H_
#define SLABPROOF_TRIM_POLICY_H_

#include <algorithm>
#include <concepts>
#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

/// What a trim policy decides by, in slots.
struct TrimOccasion {
  std::uint64_t used;  ///< handed out since their pages were last fresh: what may be in memory
  std::uint64_t free;  ///< of these, given back
  std::uint64_t left;  ///< that were free after the last trim of the policy, and ever since
};

/// Says whether a slab trims by itself. It is asked when a block was given back that was the last
/// live one of its segment, under the slab's lock. Where the answer is yes, the thread that gave
/// the block back trims when it has dropped the lock, unless such a trim is under way: its
/// `deallocate`, `deallocate_batch` or `end_destroy`, or a miss of its cache, takes as long as
/// `trim` does. A block that goes back when a cache is flushed or ends leaves the trim to the next
/// free of any thread, since a thread that ends holds a lock of all caches.
template <class P>
concept TrimPolicy = requires(const TrimOccasion& occasion) {
  { P::is_active } -> std::convertible_to<bool>;
  { P::is_due(occasion) } noexcept -> std::same_as<bool>;
};

/// Pages go back only when somebody calls `trim`. Costs nothing.
struct TrimNever {
  /// Whether the policy is ever due.
  static constexpr bool is_active = false;
  /// Whether the slab is to trim now. O(1).
  static bool is_due(const TrimOccasion& /*occasion*/) noexcept { return false; }
};

/// Trims where more than `kPercent` percent of the slots that may be in memory are free, and a
/// quarter of that share was given back since the last such trim. So a slab at the boundary, or
/// one whose free slots share their pages with live blocks, does not trim at each free: between two
/// trims, which are O(slots) each, at least `kPercent` / 400 of the slots go back. A free looks
/// whether its segment has become empty, and is not inlined into its caller.
template <unsigned kPercent>
struct TrimAbove {
  static_assert(kPercent > 0 && kPercent < 100,
                "slabproof: TrimAbove takes a share in percent, from 1 to 99");
  /// Whether the policy is ever due.
  static constexpr bool is_active = true;
  /// Whether the slab is to trim now. O(1).
  static bool is_due(const TrimOccasion& occasion) noexcept {
    return occasion.free * 100 > occasion.used * kPercent &&
           (occasion.free - occasion.left) * 400 > occasion.used * kPercent;
  }
};

static_assert(TrimPolicy<TrimNever> && TrimPolicy<TrimAbove<50>>);

/// When a slab trims by itself: what of it the lock guards. All O(1).
template <TrimPolicy Policy>
class TrimTrigger {
 public:
  /// A segment has become wholly free. What becomes free while a trim is under way waits for the
  /// next occasion, so no two are at work at once.
  void consider(std::uint64_t used, std::uint64_t free) noexcept {
    left_ = (std::min)(left_, free);
    if (!is_running_ && Policy::is_due({.used = used, .free = free, .left = left_})) is_due_ = true;
  }
  /// Whether the caller is to trim, and to call `end` afterwards.
  [[nodiscard]] bool begin() noexcept {
    if (!is_due_) [[likely]]
      return false;
    is_due_ = false;
    is_running_ = true;
    return true;
  }
  /// After a trim, with the slots that are free then.
  void end(std::uint64_t free) noexcept {
    is_running_ = false;
    left_ = free;
  }

 private:
  std::uint64_t left_ = 0;
  bool is_due_ = false;
  bool is_running_ = false;
};

template <>
class TrimTrigger<TrimNever> {};

}  // namespace slabproof

#endif  // SLABPROOF_TRIM_POLICY_H_
