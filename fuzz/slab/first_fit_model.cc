#include "fuzz/slab/first_fit_model.h"

#include <algorithm>

namespace slabproof::fuzz {

std::optional<SlotName> FirstFitModel::next() const {
  for (std::uint32_t index = 0; index < segments_.size(); ++index) {
    const Segment& segment = segments_[index];
    if (!segment.freed.empty()) return SlotName{index, segment.freed.back()};
    if (segment.carved < capacity_) return SlotName{index, segment.carved};
  }
  return std::nullopt;
}

SlotName FirstFitModel::take() {
  const SlotName name = next().value();
  Segment& segment = segments_[name.segment];
  if (segment.freed.empty()) {
    ++segment.carved;
  } else {
    segment.freed.pop_back();
    --free_;
  }
  ++live_;
  note_live(live_);
  return name;
}

void FirstFitModel::put(SlotName name) {
  segments_[name.segment].freed.push_back(name.slot);
  ++free_;
  --live_;
}

std::size_t FirstFitModel::trim() {
  std::size_t trimmed = 0;
  for (Segment& segment : segments_) {
    if (segment.carved == 0 || live_in(segment) != 0) continue;
    free_ -= segment.freed.size();
    segment = Segment{};
    ++trimmed;
  }
  if (trimmed != 0) note_live(live_ + capacity_);
  return trimmed;
}

bool FirstFitModel::visibly_not_live(SlotName name) const {
  const Segment& segment = segments_[name.segment];
  return name.slot >= segment.carved || live_in(segment) == 0 ||
         (!segment.freed.empty() && segment.freed.back() == name.slot);
}

void FirstFitModel::note_live(std::uint64_t live) {
  peak_live_ = std::max(peak_live_, live);
}

}  // namespace slabproof::fuzz
