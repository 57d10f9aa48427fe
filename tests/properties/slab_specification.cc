#include "tests/properties/slab_specification.h"

#include <algorithm>

namespace slabproof::properties {
namespace {

void append(std::string& text, std::uint64_t value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

std::string to_text(const SlabStep& step) {
  switch (step.kind) {
    case SlabStep::Kind::kTake:
      return step.may_grow ? "take (having a segment)" : "take";
    case SlabStep::Kind::kExhausted:
      return "find nothing";
    case SlabStep::Kind::kPut:
      return "put";
    case SlabStep::Kind::kForeign:
      return "refuse a foreign pointer";
    case SlabStep::Kind::kMisaligned:
      return "refuse a misaligned pointer";
    case SlabStep::Kind::kSegments:
      return "count " + std::to_string(step.value) + " segments";
    case SlabStep::Kind::kCounters:
      return "count live " + std::to_string(step.counters.live) + ", peak " +
             std::to_string(step.counters.peak_live) + ", free " +
             std::to_string(step.counters.free) + ", segments " +
             std::to_string(step.counters.segments);
    case SlabStep::Kind::kClaim:
      return "take out a free segment";
    case SlabStep::Kind::kLayOut:
      return "put a segment back";
  }
  return "unknown step";
}

SlabSpecification::SlabSpecification(const SlabGeometry& geometry, bool recheck_all,
                                     const std::vector<std::uintptr_t>& initial)
    : geometry_(geometry), recheck_all_(recheck_all) {
  for (const std::uintptr_t region : initial) segments_.push_back({.region = region});
}

bool SlabSpecification::apply(const SlabStep& step) {
  switch (step.kind) {
    case SlabStep::Kind::kTake:
      return take(step);
    case SlabStep::Kind::kExhausted:
      return lowest_with_room() == nullptr;
    case SlabStep::Kind::kPut:
      return put(step.address);
    case SlabStep::Kind::kForeign:
      ++foreign_;
      return true;
    case SlabStep::Kind::kMisaligned:
      ++misaligned_;
      return true;
    case SlabStep::Kind::kSegments:
      return step.value == segments_.size();
    case SlabStep::Kind::kCounters:
      return has_counters(step.counters);
    case SlabStep::Kind::kClaim:
      return claim(step.address);
    case SlabStep::Kind::kLayOut:
      return lay_out(step.address);
  }
  return false;
}

void SlabSpecification::encode(std::string& text) const {
  append(text, peak_live_);
  append(text, foreign_);
  append(text, misaligned_);
  for (const Segment& segment : segments_) {
    append(text, segment.region);
    append(text, segment.carved);
    append(text, segment.live << 1 | (segment.claimed ? 1U : 0U));
    append(text, segment.freelist.size());
    for (const std::uint32_t slot : segment.freelist) append(text, slot);
  }
}

std::string SlabSpecification::name_of(std::uintptr_t address) const {
  const auto slot = slot_of(address);
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].region != region_of(address)) continue;
    return std::to_string(i) + "." + (slot ? std::to_string(*slot) : "?");
  }
  return "new." + (slot ? std::to_string(*slot) : "?");
}

std::uintptr_t SlabSpecification::region_of(std::uintptr_t address) const {
  return address & ~(std::uintptr_t{geometry_.segment_alignment} - 1);
}

std::optional<std::uint32_t> SlabSpecification::slot_of(std::uintptr_t address) const {
  const std::uintptr_t offset = address - region_of(address) - geometry_.slots_offset;
  if (offset >= geometry_.capacity * geometry_.stride || offset % geometry_.stride != 0) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(offset / geometry_.stride);
}

SlabSpecification::Segment* SlabSpecification::segment_of(std::uintptr_t address) {
  const auto found = std::ranges::find(segments_, region_of(address), &Segment::region);
  return found == segments_.end() ? nullptr : &*found;
}

SlabSpecification::Segment* SlabSpecification::lowest_with_room() {
  const auto found = std::ranges::find_if(
      segments_, [this](const Segment& segment) { return segment.has_room(geometry_.capacity); });
  return found == segments_.end() ? nullptr : &*found;
}

bool SlabSpecification::take(const SlabStep& step) {
  const auto slot = slot_of(step.address);
  if (!slot) return false;
  const bool any_segment = step.may_grow && !recheck_all_;
  Segment* segment = segment_of(step.address);
  if (segment == nullptr) {
    if (!step.may_grow || (!any_segment && lowest_with_room() != nullptr)) return false;
    segment = &segments_.emplace_back(Segment{.region = region_of(step.address)});
  } else if (!any_segment && segment != lowest_with_room()) {
    return false;
  }
  if (!segment->has_room(geometry_.capacity)) return false;
  const std::uint32_t next =
      segment->freelist.empty() ? segment->carved++ : segment->freelist.back();
  if (!segment->freelist.empty()) segment->freelist.pop_back();
  ++segment->live;
  peak_live_ = std::max(peak_live_, ++live_);
  return next == *slot;
}

bool SlabSpecification::put(std::uintptr_t address) {
  Segment* const segment = segment_of(address);
  const auto slot = slot_of(address);
  if (segment == nullptr || !slot || *slot >= segment->carved || segment->claimed) return false;
  if (std::ranges::find(segment->freelist, *slot) != segment->freelist.end()) return false;
  segment->freelist.push_back(*slot);
  --segment->live;
  --live_;
  return true;
}

bool SlabSpecification::claim(std::uintptr_t address) {
  Segment* const segment = segment_of(address);
  if (segment == nullptr || segment->claimed || segment->live != 0 || segment->carved == 0) {
    return false;
  }
  segment->claimed = true;
  segment->freelist.clear();
  segment->carved = 0;
  live_ += geometry_.capacity;
  peak_live_ = std::max(peak_live_, live_);
  return true;
}

bool SlabSpecification::lay_out(std::uintptr_t address) {
  Segment* const segment = segment_of(address);
  if (segment == nullptr || !segment->claimed) return false;
  segment->claimed = false;
  live_ -= geometry_.capacity;
  return true;
}

bool SlabSpecification::has_counters(const Counters& seen) const {
  std::uint64_t free = 0;
  for (const Segment& segment : segments_) free += segment.freelist.size();
  return seen.segments == segments_.size() && seen.capacity == geometry_.capacity &&
         seen.live == live_ && seen.peak_live == peak_live_ && seen.free == free &&
         seen.uncarved == segments_.size() * geometry_.capacity - live_ - free &&
         seen.abandoned == 0 && seen.foreign_pointers == foreign_ &&
         seen.misaligned_pointers == misaligned_ && seen.repeated_frees == 0 &&
         seen.corrupt_links == 0;
}

}  // namespace slabproof::properties
