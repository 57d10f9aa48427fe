#ifndef SLABPROOF_GROWTH_LIST_H_
#define SLABPROOF_GROWTH_LIST_H_

#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

/// The growths of a slab that have begun and not ended, in the order in which they began. So a call
/// that must wait for those that it has seen, and for no later ones, knows their end: growths have
/// numbers, and those up to the newest that it saw are over when the oldest in flight is newer.
///
/// INVARIANT[growths.order] From the oldest entry on, numbers rise.
///
/// Not thread safe by itself: the list, and the entries in it, are guarded by the slab's lock.
/// Every operation is O(1).
class GrowthList {
 public:
  /// One growth. It lies on the stack of the thread that grows and must stay there from `add` to
  /// `remove`; before that it holds nothing, so that a call that does not grow pays nothing.
  struct Entry {
    Entry* older;
    Entry* newer;
    std::uint64_t number;
  };

  [[nodiscard]] bool empty() const noexcept { return oldest_ == nullptr; }
  /// Of the growth that began last; 0 before the first one.
  [[nodiscard]] std::uint64_t newest_number() const noexcept { return begun_; }
  /// Whether a growth is in flight that had begun when `newest_number()` was `number`.
  [[nodiscard]] bool has_up_to(std::uint64_t number) const noexcept {
    return oldest_ != nullptr && oldest_->number <= number;
  }

  void add(Entry& entry) noexcept {
    entry = {.older = newest_, .newer = nullptr, .number = ++begun_};
    (newest_ != nullptr ? newest_->newer : oldest_) = &entry;
    newest_ = &entry;
  }
  void remove(const Entry& entry) noexcept {
    (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
    (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
  }

 private:
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
  std::uint64_t begun_ = 0;
};

}  // namespace slabproof

#endif  // SLABPROOF_GROWTH_LIST_H_
