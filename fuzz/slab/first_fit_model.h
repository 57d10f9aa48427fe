#ifndef SLABPROOF_FUZZ_SLAB_FIRST_FIT_MODEL_H_
#define SLABPROOF_FUZZ_SLAB_FIRST_FIT_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace slabproof::fuzz {

/// A slot by number: segments in order of installation, slots in order of address.
struct SlotName {
  std::uint32_t segment = 0;
  std::uint32_t slot = 0;
  friend constexpr bool operator==(const SlotName&, const SlotName&) = default;
};

/// What a slab used by one thread must do, to the slot: the lowest segment with room serves, with
/// the slot that was freed last, or else with the next one that was never used. It walks where the
/// slab may not; it knows no addresses and no policies.
class FirstFitModel {
 public:
  explicit FirstFitModel(std::uint32_t capacity) : capacity_(capacity) {}

  /// Appends an empty segment.
  void install() { segments_.emplace_back(); }

  /// The slot that the next allocation gets, or nothing where every slot is live.
  [[nodiscard]] std::optional<SlotName> next() const;
  /// Hands out `next()`, which must be something.
  SlotName take();
  /// Takes back a live slot.
  void put(SlotName name);
  /// Lays out anew every segment that has no live slot and at least one that was used. The result
  /// is how many there are; while each is out, its slots count as live.
  std::size_t trim();

  /// Whether the slab can tell without a record of each slot that this one is not live.
  [[nodiscard]] bool visibly_not_live(SlotName name) const;

  [[nodiscard]] std::size_t segments() const { return segments_.size(); }
  [[nodiscard]] std::uint64_t live() const { return live_; }
  [[nodiscard]] std::uint64_t free() const { return free_; }
  [[nodiscard]] std::uint64_t peak_live() const { return peak_live_; }
  [[nodiscard]] std::uint64_t slots() const { return std::uint64_t{capacity_} * segments_.size(); }
  [[nodiscard]] std::uint64_t room() const { return slots() - live_; }

 private:
  struct Segment {
    std::vector<std::uint32_t> freed;  ///< the last is the next to go out
    std::uint32_t carved = 0;          ///< slots [0, carved) were used
  };

  [[nodiscard]] std::uint32_t live_in(const Segment& segment) const {
    return segment.carved - static_cast<std::uint32_t>(segment.freed.size());
  }
  void note_live(std::uint64_t live);

  std::uint32_t capacity_;
  std::vector<Segment> segments_;
  std::uint64_t live_ = 0;
  std::uint64_t free_ = 0;
  std::uint64_t peak_live_ = 0;
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_FIRST_FIT_MODEL_H_
