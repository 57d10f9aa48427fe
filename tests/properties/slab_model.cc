#include "tests/properties/slab_model.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace slabproof::properties {
namespace {

/// What a test may have live at a time.
constexpr std::uint64_t kMaxLiveBytes = 4 << 20;
constexpr std::uint64_t kMaxLiveBlocks = 12'000;
constexpr std::uint64_t kMaxPendingRefusals = 3;

}  // namespace

SlabModel::SlabModel(const SlabKind& kind, const Setup& setup)
    : kind_(kind), capacity_(setup.capacity), initial_segments_(0) {
  if (kind.growable) {
    initial_segments_ = std::min(setup.initial, setup.granted_initial);
    if (setup.granted_initial < setup.initial) construction_error_ = Refusal::kOutOfMemory;
    segments_.resize(initial_segments_);
  } else {
    segments_.resize(1);
  }
  count_sums();
}

std::uint64_t SlabModel::exact_segments() const {
  const std::uint64_t needed = (counters_.peak_live + capacity_ - 1) / capacity_;
  return std::max<std::uint64_t>(initial_segments_, needed);
}

bool SlabModel::affords(std::uint64_t blocks) const {
  const std::uint64_t live = counters_.live + blocks;
  return live <= kMaxLiveBlocks && live * kind_.stride <= kMaxLiveBytes;
}

bool SlabModel::allows(Operation operation) const {
  using Kind = Operation::Kind;
  const std::uint32_t argument = operation.argument;
  switch (operation.kind) {
    case Kind::kAllocate:
    case Kind::kAllocateLayout:
    case Kind::kCreate:
    case Kind::kCreateThrowing:
    case Kind::kMakeUnique:
      return affords(1);
    case Kind::kAllocateUnfit:
      return argument < 3;
    case Kind::kAllocateBatch:
      return kind_.growable && affords(argument);
    case Kind::kFree:
    case Kind::kDestroy:
    case Kind::kQuery:
      return argument < held_.size();
    case Kind::kFreeBatch:
      return kind_.growable && argument / 2 <= held_.size();
    case Kind::kDestroyNull:
      return true;
    case Kind::kFreeForeign:
      return argument < 4;
    case Kind::kFreeMisaligned:
      return argument / 3 < held_.size();
    case Kind::kFreeAgain:
      return slot_to_free_again(argument).has_value();
    case Kind::kFreeUncarved:
      return slot_never_carved(argument).has_value();
    case Kind::kTrim:
      return kind_.growable;
    case Kind::kRefuseRequest:
    case Kind::kRefuseSegment:
      return kind_.growable && refuse_any_ + refuse_segment_ < kMaxPendingRefusals;
    case Kind::kTamper:
      return slot_to_tamper(argument).has_value();
    case Kind::kForgeAndAllocate:
      return affords(1) && slot_to_forge().has_value();
  }
  return false;
}

SlabModel::Prediction SlabModel::apply(Operation operation) {
  using Kind = Operation::Kind;
  Prediction prediction;
  switch (operation.kind) {
    case Kind::kAllocate:
    case Kind::kAllocateLayout:
    case Kind::kCreate:
      allocate(1, prediction);
      break;
    case Kind::kAllocateUnfit:
      prediction.refusal =
          operation.argument == 2 ? Refusal::kInvalidLayout : Refusal::kUnsupportedLayout;
      break;
    case Kind::kAllocateBatch:
      allocate(operation.argument, prediction);
      break;
    case Kind::kCreateThrowing:
    case Kind::kMakeUnique:
      allocate(1, prediction);
      if (!prediction.handed_out.empty()) give_back(0, prediction);
      break;
    case Kind::kFree:
    case Kind::kDestroy:
      give_back(operation.argument, prediction);
      break;
    case Kind::kFreeBatch:
      for (std::uint32_t i = 0; i < operation.argument / 2; ++i) give_back(0, prediction);
      counters_.foreign_pointers += operation.argument % 2;
      break;
    case Kind::kFreeForeign:
      ++counters_.foreign_pointers;
      break;
    case Kind::kFreeMisaligned:
      ++counters_.misaligned_pointers;
      break;
    case Kind::kFreeAgain:
    case Kind::kFreeUncarved:
      ++counters_.repeated_frees;
      break;
    case Kind::kTrim:
      trim(prediction);
      break;
    case Kind::kRefuseRequest:
      ++refuse_any_;
      break;
    case Kind::kRefuseSegment:
      ++refuse_segment_;
      break;
    case Kind::kTamper: {
      const Slot slot = *slot_to_tamper(operation.argument);
      auto& freelist = segments_[slot.segment].freelist;
      std::ranges::find(freelist, slot.index, &FreeSlot::index)->tampered = true;
      break;
    }
    case Kind::kForgeAndAllocate: {
      const Slot slot = slot_to_forge()->first;
      segments_[slot.segment].freelist.back().tampered = true;
      allocate(1, prediction);
      break;
    }
    case Kind::kQuery:
    case Kind::kDestroyNull:
      break;
  }
  count_sums();
  return prediction;
}

void SlabModel::take(std::size_t wanted, Prediction& prediction) {
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    while (prediction.handed_out.size() < wanted &&
           (!segments_[i].freelist.empty() || segments_[i].carved < capacity_)) {
      const Slot slot = take_from(i);
      prediction.handed_out.push_back(slot);
      held_.push_back(slot);
    }
  }
}

SlabModel::Slot SlabModel::take_from(std::uint32_t index) {
  Segment& segment = segments_[index];
  ++segment.live;
  ++counters_.live;
  segment.address_known = true;
  if (segment.freelist.empty()) return {index, segment.carved++};
  const FreeSlot head = segment.freelist.back();
  segment.freelist.pop_back();
  if (head.tampered) {
    ++counters_.corrupt_links;
    segment.abandoned += static_cast<std::uint32_t>(segment.freelist.size());
    segment.freelist.clear();
  }
  return {index, head.index};
}

bool SlabModel::next_growth_is_refused() {
  std::uint64_t& pending = refuse_any_ > 0 ? refuse_any_ : refuse_segment_;
  if (pending == 0) return false;
  --pending;
  return true;
}

void SlabModel::allocate(std::size_t wanted, Prediction& prediction) {
  take(wanted, prediction);
  while (prediction.handed_out.size() < wanted) {
    ++prediction.growth_rounds;
    if (!kind_.growable || next_growth_is_refused()) {
      if (prediction.handed_out.empty()) prediction.refusal = Refusal::kOutOfMemory;
      break;
    }
    segments_.emplace_back();
    ++prediction.installed;
    take(wanted, prediction);
  }
  counters_.peak_live = std::max(counters_.peak_live, counters_.live);
}

void SlabModel::put(Slot slot) {
  Segment& segment = segments_[slot.segment];
  segment.freelist.push_back({slot.index, false});
  --segment.live;
  --counters_.live;
}

void SlabModel::give_back(std::size_t position, Prediction& prediction) {
  const auto block = held_.end() - 1 - static_cast<std::ptrdiff_t>(position);
  prediction.given_back.push_back(*block);
  put(*block);
  held_.erase(block);
}

/// One segment at a time is out, and counts as live meanwhile.
void SlabModel::trim(Prediction& prediction) {
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    if (segment.live != 0 || segment.carved == 0 || segment.abandoned != 0) continue;
    counters_.peak_live = std::max(counters_.peak_live, counters_.live + capacity_);
    segment.freelist.clear();
    segment.carved = 0;
    prediction.trimmed.push_back(i);
  }
}

void SlabModel::count_sums() {
  counters_.segments = segments_.size();
  counters_.capacity = capacity_;
  counters_.free = counters_.uncarved = counters_.abandoned = 0;
  for (const Segment& segment : segments_) {
    counters_.free += segment.freelist.size();
    counters_.uncarved += capacity_ - segment.carved;
    counters_.abandoned += segment.abandoned;
  }
}

/// Where nothing tracks slots, a second free is only known as one if the slot is the head of its
/// freelist or its segment has nothing live.
std::optional<SlabModel::Slot> SlabModel::slot_to_free_again(std::uint32_t choice) const {
  const auto count = static_cast<std::uint32_t>(segments_.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t index = (choice + i) % count;
    const Segment& segment = segments_[index];
    if (segment.freelist.empty()) continue;
    const bool any = kind_.tracks_slots || segment.live == 0;
    const std::size_t position = any ? choice % segment.freelist.size() : 0;
    return Slot{index, segment.freelist[segment.freelist.size() - 1 - position].index};
  }
  return std::nullopt;
}

std::optional<SlabModel::Slot> SlabModel::slot_never_carved(std::uint32_t choice) const {
  const auto count = static_cast<std::uint32_t>(segments_.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t index = (choice + i) % count;
    const Segment& segment = segments_[index];
    if (!segment.address_known || segment.carved == capacity_) continue;
    return Slot{index, segment.carved + choice % (capacity_ - segment.carved)};
  }
  return std::nullopt;
}

/// Not the last slot of a freelist, whose link to nothing one of the tamperings would leave as it
/// is, and none twice, since the second might undo the first.
std::optional<SlabModel::Slot> SlabModel::slot_to_tamper(std::uint32_t choice) const {
  const std::uint32_t place = choice / kTamperings;
  if (choice % kTamperings == 3 && !kind_.seals_links) return std::nullopt;
  const auto count = static_cast<std::uint32_t>(segments_.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t index = (place + i) % count;
    const auto& freelist = segments_[index].freelist;
    if (freelist.size() < 2) continue;
    const FreeSlot& slot = freelist[freelist.size() - 1 - place % (freelist.size() - 1)];
    if (!slot.tampered) return Slot{index, slot.index};
  }
  return std::nullopt;
}

std::optional<std::pair<SlabModel::Slot, SlabModel::Slot>> SlabModel::slot_to_forge() const {
  if (!kind_.tracks_slots && !kind_.seals_links) return std::nullopt;
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.freelist.empty() && segment.carved == capacity_) continue;
    if (segment.freelist.size() < 2) return std::nullopt;
    for (const Slot& live : held_) {
      if (live.segment == i) return std::pair(Slot{i, segment.freelist.back().index}, live);
    }
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace slabproof::properties
