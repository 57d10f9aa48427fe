#ifndef SLABPROOF_MODEL_ORACLE_FIRST_FIT_H_
#define SLABPROOF_MODEL_ORACLE_FIRST_FIT_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "model/oracle/segment_slots.h"

namespace slabproof::model {

/// A slot by number: segments in order of installation, slots in order of address.
struct SlotName {
  std::uint32_t segment = 0;
  std::uint32_t slot = 0;
  friend constexpr bool operator==(const SlotName&, const SlotName&) = default;
};

/// The rule of the slab: the lowest segment with room serves, and within it the slot that `Slots`
/// says. It is the one reference model of the repository; what knows more builds on it: sections
/// of concurrent calls (`ReferenceSlab`), addresses, refusals, costs.
///
/// `Slots` is how the slots of one segment are kept; see segment_slots.h. It shares no code and no
/// data structure with the implementation: segments are walked one by one. Not thread safe. O(1)
/// for what names a segment, O(segments) for the rest.
template <class Slots>
class FirstFit {
 public:
  explicit FirstFit(std::uint32_t capacity, std::uint32_t segments = 0) : capacity_(capacity) {
    reset(segments);
  }

  /// Back to so many empty segments. Allocates nothing for as many as there were once.
  void reset(std::uint32_t segments) {
    segments_.assign(segments, Segment{});
    claimed_ = 0;
    live_ = 0;
    peak_live_ = 0;
  }
  void reserve(std::size_t segments) { segments_.reserve(segments); }

  /// Appends an empty segment.
  void install() { segments_.emplace_back(); }

  [[nodiscard]] bool has_room(std::uint32_t segment) const {
    const Segment& home = segments_[segment];
    return !home.claimed && home.slots.has_room(capacity_);
  }
  /// The lowest segment with room, of those from `first` on.
  [[nodiscard]] std::optional<std::uint32_t> lowest_with_room(std::uint32_t first = 0) const {
    for (std::uint32_t i = first; i < segments(); ++i) {
      if (has_room(i)) return i;
    }
    return std::nullopt;
  }
  /// The slot that the next allocation gets, or nothing where none is free.
  [[nodiscard]] std::optional<SlotName> next() const {
    const auto segment = lowest_with_room();
    if (!segment) return std::nullopt;
    return SlotName{*segment, segments_[*segment].slots.next()};
  }

  /// Hands out a slot of a segment that has room. `seen` goes to `Slots::take`: what was seen of
  /// the block, where that is not determined.
  template <class... Seen>
  SlotName take(std::uint32_t segment, Seen... seen) {
    assert(has_room(segment));
    const SlotName name{segment, segments_[segment].slots.take(seen...)};
    count_live(1);
    return name;
  }
  /// Hands out `next()`, which must be something.
  SlotName take() { return take(lowest_with_room().value()); }

  /// Takes back a live slot. `seen` goes to `Slots::put`.
  template <class... Seen>
  void put(SlotName name, Seen... seen) {
    assert(segments_[name.segment].slots.live() != 0);
    segments_[name.segment].slots.put(name.slot, seen...);
    --live_;
  }

  /// Whether a trim takes this segment out: it was used, and all of it is free.
  [[nodiscard]] bool is_trimmable(std::uint32_t segment) const {
    const Segment& home = segments_[segment];
    return !home.claimed && home.slots.is_trimmable();
  }
  /// A trim takes a segment out: its slots cannot be had, but are nobody's.
  void claim(std::uint32_t segment) {
    assert(is_trimmable(segment));
    segments_[segment].claimed = true;
    ++claimed_;
  }
  [[nodiscard]] bool is_claimed(std::uint32_t segment) const { return segments_[segment].claimed; }
  /// A trim puts a segment back as if it were new.
  void lay_out(std::uint32_t segment) {
    assert(is_claimed(segment));
    segments_[segment] = Segment{};
    --claimed_;
  }
  /// Segments that trims have taken out.
  [[nodiscard]] std::uint32_t claimed() const { return claimed_; }
  /// Whether so many slots can be had, of segments from `first` on.
  [[nodiscard]] bool can_serve(std::uint32_t count, std::uint32_t first = 0) const {
    std::uint64_t found = 0;
    for (std::uint32_t i = first; i < segments(); ++i) {
      if (has_room(i)) found += capacity_ - segments_[i].slots.live();
    }
    return found >= count;
  }
  /// A whole trim while nothing else runs: the segments that it laid out anew.
  std::vector<std::uint32_t> trim() {
    std::vector<std::uint32_t> trimmed;
    for (std::uint32_t i = 0; i < segments(); ++i) {
      if (!is_trimmable(i)) continue;
      claim(i);
      lay_out(i);
      trimmed.push_back(i);
    }
    return trimmed;
  }

  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint32_t segments() const {
    return static_cast<std::uint32_t>(segments_.size());
  }
  [[nodiscard]] const Slots& slots_of(std::uint32_t segment) const {
    return segments_[segment].slots;
  }
  /// For changes that neither hand out nor take back a slot.
  [[nodiscard]] Slots& slots_of(std::uint32_t segment) { return segments_[segment].slots; }

  // In slots, of all segments together.
  [[nodiscard]] std::uint64_t slots() const { return std::uint64_t{capacity_} * segments(); }
  [[nodiscard]] std::uint64_t live() const { return live_; }
  [[nodiscard]] std::uint64_t peak_live() const { return peak_live_; }
  /// The sum of what `member` of each segment's `Slots` says.
  template <class Member>
  [[nodiscard]] std::uint64_t sum(Member member) const {
    std::uint64_t sum = 0;
    for (const Segment& segment : segments_) sum += std::invoke(member, segment.slots);
    return sum;
  }

 private:
  struct Segment {
    Slots slots{};
    bool claimed = false;
  };

  void count_live(std::uint64_t added) {
    live_ += added;
    peak_live_ = std::max(peak_live_, live_);
  }

  std::uint32_t capacity_;
  std::vector<Segment> segments_;
  std::uint32_t claimed_ = 0;
  std::uint64_t live_ = 0;
  std::uint64_t peak_live_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_FIRST_FIT_H_
