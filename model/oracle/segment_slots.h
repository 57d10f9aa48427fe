#ifndef SLABPROOF_MODEL_ORACLE_SEGMENT_SLOTS_H_
#define SLABPROOF_MODEL_ORACLE_SEGMENT_SLOTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace slabproof::model {

// How much `FirstFit` knows of the slots of one segment. Each kind has `has_room`, `take`, `put`,
// `live` and `is_trimmable`, and as new it is a segment that was laid out and not used since.

/// How many slots are live, and not which: for a caller who sees segments only.
class CountedSlots {
 public:
  [[nodiscard]] bool has_room(std::uint32_t capacity) const { return live_ < capacity; }
  /// The number means nothing: one slot is as good as another.
  std::uint32_t take() {
    used_ = true;
    ++live_;
    return 0;
  }
  void put(std::uint32_t /*slot*/) { --live_; }
  [[nodiscard]] std::uint32_t live() const { return live_; }
  [[nodiscard]] bool is_trimmable() const { return used_ && live_ == 0; }

 private:
  std::uint32_t live_ = 0;
  bool used_ = false;
};

/// Which slots are live: the one that was freed last goes out first, or else the next one that was
/// never used is carved.
class OrderedSlots {
 public:
  [[nodiscard]] bool has_room(std::uint32_t capacity) const {
    return !freed_.empty() || carved_ < capacity;
  }
  [[nodiscard]] std::uint32_t next() const { return freed_.empty() ? carved_ : freed_.back(); }
  std::uint32_t take() {
    const std::uint32_t slot = next();
    if (freed_.empty()) {
      ++carved_;
    } else {
      freed_.pop_back();
    }
    return slot;
  }
  void put(std::uint32_t slot) { freed_.push_back(slot); }

  [[nodiscard]] std::uint32_t live() const { return carved_ - free(); }
  [[nodiscard]] bool is_live(std::uint32_t slot) const {
    return slot < carved_ && std::ranges::find(freed_, slot) == freed_.end();
  }
  /// Whether the slab can tell without a record of each slot that this one is not live.
  [[nodiscard]] bool is_visibly_not_live(std::uint32_t slot) const {
    return slot >= carved_ || live() == 0 || (!freed_.empty() && freed_.back() == slot);
  }
  [[nodiscard]] bool is_trimmable() const { return carved_ != 0 && carved_ == free(); }

  [[nodiscard]] std::uint32_t free() const { return static_cast<std::uint32_t>(freed_.size()); }
  /// Slots [0, carved) were used since the segment was laid out.
  [[nodiscard]] std::uint32_t carved() const { return carved_; }
  /// The last is the next to go out.
  [[nodiscard]] const std::vector<std::uint32_t>& freed() const { return freed_; }

 protected:
  void forget_freed() { freed_.clear(); }

 private:
  std::vector<std::uint32_t> freed_;
  std::uint32_t carved_ = 0;
};

/// Slots whose links a dangling pointer may have overwritten, under a slab that sees it: when it
/// takes a slot whose link is not sound, it hands that slot out, counts the link, and abandons
/// every slot that lay behind it (property S9).
class TamperedSlots : public OrderedSlots {
 public:
  std::uint32_t take() {
    const std::uint32_t slot = OrderedSlots::take();
    if (std::erase(tampered_, slot) != 0) {
      ++corrupt_links_;
      abandoned_ += free();
      forget_freed();
      tampered_.clear();
    }
    return slot;
  }
  /// The link in a free slot was overwritten.
  void tamper(std::uint32_t slot) { tampered_.push_back(slot); }
  [[nodiscard]] bool is_tampered(std::uint32_t slot) const {
    return std::ranges::find(tampered_, slot) != tampered_.end();
  }

  [[nodiscard]] std::uint32_t live() const { return OrderedSlots::live() - abandoned_; }
  [[nodiscard]] std::uint32_t abandoned() const { return abandoned_; }
  [[nodiscard]] std::uint32_t corrupt_links() const { return corrupt_links_; }

 private:
  std::vector<std::uint32_t> tampered_;
  std::uint32_t abandoned_ = 0;
  std::uint32_t corrupt_links_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_SEGMENT_SLOTS_H_
