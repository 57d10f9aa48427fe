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
                                     const std::vector<std::uintptr_t>& initial,
                                     std::span<const std::uintptr_t> regions)
    : geometry_(geometry),
      recheck_all_(recheck_all),
      slots_(static_cast<std::uint32_t>(geometry.capacity),
             static_cast<std::uint32_t>(initial.size())),
      all_regions_(regions),
      regions_(initial) {}

bool SlabSpecification::apply(const SlabStep& step) {
  switch (step.kind) {
    case SlabStep::Kind::kTake:
      return take(step);
    case SlabStep::Kind::kExhausted:
      return !slots_.lowest_with_room() && slots_.claimed() == 0;
    case SlabStep::Kind::kPut:
      return put(step.address);
    case SlabStep::Kind::kForeign:
      ++foreign_;
      return true;
    case SlabStep::Kind::kMisaligned:
      ++misaligned_;
      return true;
    case SlabStep::Kind::kSegments:
      return step.value == slots_.segments();
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
  append(text, slots_.peak_live());
  append(text, foreign_);
  append(text, misaligned_);
  for (std::uint32_t i = 0; i < slots_.segments(); ++i) {
    const model::OrderedSlots& slots = slots_.slots_of(i);
    append(text, regions_[i]);
    append(text, slots.carved());
    append(text, slots.free() << 1 | (slots_.is_claimed(i) ? 1U : 0U));
    for (const std::uint32_t slot : slots.freed()) append(text, slot);
  }
}

std::string SlabSpecification::name_of(std::uintptr_t address) const {
  const auto slot = slot_of(address);
  const auto segment = segment_of(address);
  return (segment ? std::to_string(*segment) : "new") + "." + (slot ? std::to_string(*slot) : "?");
}

std::uintptr_t SlabSpecification::region_of(std::uintptr_t address) const {
  const auto behind = std::ranges::upper_bound(all_regions_, address);
  return behind == all_regions_.begin() ? 0 : *(behind - 1);
}

std::optional<std::uint32_t> SlabSpecification::slot_of(std::uintptr_t address) const {
  const std::uintptr_t offset = address - region_of(address) - geometry_.slots_offset;
  if (offset >= geometry_.capacity * geometry_.stride || offset % geometry_.stride != 0) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(offset / geometry_.stride);
}

std::optional<std::uint32_t> SlabSpecification::segment_of(std::uintptr_t address) const {
  const auto found = std::ranges::find(regions_, region_of(address));
  if (found == regions_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - regions_.begin());
}

bool SlabSpecification::take(const SlabStep& step) {
  const auto slot = slot_of(step.address);
  if (!slot) return false;
  const bool any_segment = step.may_grow && !recheck_all_;
  auto segment = segment_of(step.address);
  if (!segment) {
    if (!step.may_grow || slots_.claimed() != 0) return false;
    if (!any_segment && slots_.lowest_with_room()) return false;
    segment = slots_.segments();
    slots_.install();
    regions_.push_back(region_of(step.address));
  } else if (!any_segment && segment != slots_.lowest_with_room()) {
    return false;
  }
  return slots_.has_room(*segment) && slots_.take(*segment).slot == *slot;
}

bool SlabSpecification::put(std::uintptr_t address) {
  const auto segment = segment_of(address);
  const auto slot = slot_of(address);
  if (!segment || !slot || !slots_.slots_of(*segment).is_live(*slot)) return false;
  slots_.put({*segment, *slot});
  return true;
}

bool SlabSpecification::claim(std::uintptr_t address) {
  const auto segment = segment_of(address);
  if (!segment || !slots_.is_trimmable(*segment)) return false;
  slots_.claim(*segment);
  return true;
}

bool SlabSpecification::lay_out(std::uintptr_t address) {
  const auto segment = segment_of(address);
  if (!segment || !slots_.is_claimed(*segment)) return false;
  slots_.lay_out(*segment);
  return true;
}

bool SlabSpecification::has_counters(const model::Counters& seen) const {
  const std::uint64_t free = slots_.sum(&model::OrderedSlots::free);
  return seen.segments == slots_.segments() && seen.capacity == geometry_.capacity &&
         seen.live == slots_.live() && seen.peak_live == slots_.peak_live() && seen.free == free &&
         seen.uncarved == slots_.slots() - slots_.live() - free && seen.abandoned == 0 &&
         seen.foreign_pointers == foreign_ && seen.misaligned_pointers == misaligned_ &&
         seen.repeated_frees == 0 && seen.corrupt_links == 0;
}

}  // namespace slabproof::properties
