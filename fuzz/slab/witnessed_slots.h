#ifndef SLABPROOF_FUZZ_SLAB_WITNESSED_SLOTS_H_
#define SLABPROOF_FUZZ_SLAB_WITNESSED_SLOTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace slabproof::fuzz {

/// For `FirstFit`: slots whose order is not determined, since a forged link may lead from each to
/// any. The slab is seen to take one, and the links that it put there are remembered.
class WitnessedSlots {
 public:
  enum class Status : std::uint8_t { kUnused, kLive, kFree, kAbandoned };

  struct Slot {
    Status status = Status::kUnused;
    std::uint64_t serial = 0;           ///< while live
    std::vector<std::uint64_t> sealed;  ///< every link that the slab put there, the last one last
  };

  /// To be called on slots as new, before all else.
  void resize(std::size_t capacity) { slots_.resize(capacity); }

  [[nodiscard]] bool has_room(std::uint32_t capacity) const {
    return listed_ != 0 || carved_ < capacity;
  }
  /// The slab was seen to take `slot`: from the freelist, unless that is empty.
  std::uint32_t take(std::uint32_t slot) {
    if (listed_ == 0) {
      ++carved_;
    } else {
      --listed_;
    }
    ++live_;
    slots_[slot].status = Status::kLive;
    return slot;
  }
  /// The slab put `slot` on the freelist, with `link` in it.
  void put(std::uint32_t slot, std::uint64_t link) {
    slots_[slot].status = Status::kFree;
    slots_[slot].sealed.push_back(link);
    --live_;
    ++listed_;
  }
  /// What is on the freelist is lost behind a corrupt link.
  void abandon_freelist() {
    abandoned_ += listed_;
    listed_ = 0;
    for (Slot& slot : slots_) {
      if (slot.status == Status::kFree) slot.status = Status::kAbandoned;
    }
  }

  [[nodiscard]] Slot& operator[](std::uint32_t slot) { return slots_[slot]; }
  [[nodiscard]] const Slot& operator[](std::uint32_t slot) const { return slots_[slot]; }
  /// Slots [0, carved) were used since the segment was laid out.
  [[nodiscard]] std::uint32_t carved() const { return carved_; }
  /// On the freelist, as the slab counts them.
  [[nodiscard]] std::uint32_t listed() const { return listed_; }
  [[nodiscard]] std::uint32_t live() const { return live_; }
  [[nodiscard]] std::uint32_t abandoned() const { return abandoned_; }
  [[nodiscard]] bool is_trimmable() const { return carved_ != 0 && live_ == 0 && abandoned_ == 0; }

 private:
  std::vector<Slot> slots_;
  std::uint32_t carved_ = 0;
  std::uint32_t listed_ = 0;
  std::uint32_t live_ = 0;
  std::uint32_t abandoned_ = 0;
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_WITNESSED_SLOTS_H_
