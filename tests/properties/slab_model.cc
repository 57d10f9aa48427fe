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

/// The free slot that goes out after so many others.
std::uint32_t from_head(const model::OrderedSlots& slots, std::uint32_t position) {
  return slots.freed()[slots.free() - 1 - position];
}

}  // namespace

SlabModel::SlabModel(const model::SlabTraits& traits, const Setup& setup)
    : traits_(traits), initial_segments_(0), slots_(setup.capacity) {
  if (traits.grows) {
    initial_segments_ = std::min(setup.initial, setup.granted_initial);
    if (setup.granted_initial < setup.initial) construction_error_ = model::Refusal::kOutOfMemory;
    slots_.reset(initial_segments_);
  } else {
    slots_.reset(1);
  }
  address_known_.resize(slots_.segments());
  count_sums();
}

std::uint64_t SlabModel::exact_segments() const {
  const std::uint64_t needed = (counters_.peak_live + capacity() - 1) / capacity();
  return std::max<std::uint64_t>(initial_segments_, needed);
}

bool SlabModel::affords(std::uint64_t blocks) const {
  const std::uint64_t live = counters_.live + blocks;
  return live <= kMaxLiveBlocks && live * traits_.stride <= kMaxLiveBytes;
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
      return traits_.grows && affords(argument);
    case Kind::kFree:
    case Kind::kDestroy:
    case Kind::kQuery:
      return argument < held_.size();
    case Kind::kFreeBatch:
      return traits_.grows && argument / 2 <= held_.size();
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
      return traits_.grows;
    case Kind::kRefuseRequest:
    case Kind::kRefuseSegment:
      return traits_.grows && refuse_any_ + refuse_segment_ < kMaxPendingRefusals;
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
      prediction.refusal = operation.argument == 2 ? model::Refusal::kInvalidLayout
                                                   : model::Refusal::kUnsupportedLayout;
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
      if (operation.argument != 0) ++counters_.foreign_pointers;  // the first one is null
      break;
    case Kind::kFreeMisaligned:
      ++counters_.misaligned_pointers;
      break;
    case Kind::kFreeAgain:
    case Kind::kFreeUncarved:
      ++counters_.repeated_frees;
      break;
    case Kind::kTrim:
      prediction.trimmed = slots_.trim();
      break;
    case Kind::kRefuseRequest:
      ++refuse_any_;
      break;
    case Kind::kRefuseSegment:
      ++refuse_segment_;
      break;
    case Kind::kTamper: {
      const Slot slot = *slot_to_tamper(operation.argument);
      slots_.slots_of(slot.segment).tamper(slot.slot);
      break;
    }
    case Kind::kForgeAndAllocate: {
      const Slot slot = slot_to_forge()->first;
      slots_.slots_of(slot.segment).tamper(slot.slot);
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
  while (prediction.handed_out.size() < wanted) {
    const auto segment = slots_.lowest_with_room();
    if (!segment) return;
    const std::uint32_t corrupt_before = slots_.slots_of(*segment).corrupt_links();
    const Slot slot = slots_.take(*segment);
    counters_.corrupt_links += slots_.slots_of(*segment).corrupt_links() - corrupt_before;
    address_known_[*segment] = true;
    prediction.handed_out.push_back(slot);
    held_.push_back(slot);
  }
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
    if (!traits_.grows || next_growth_is_refused()) {
      if (prediction.handed_out.empty()) prediction.refusal = model::Refusal::kOutOfMemory;
      break;
    }
    slots_.install();
    address_known_.push_back(false);
    ++prediction.installed;
    take(wanted, prediction);
  }
  // A batch is served in parts (property L5), of which one that is cut short is the last.
  constexpr std::size_t kMaxSection = 256;
  const std::size_t served = prediction.handed_out.size();
  prediction.sections = served < wanted || wanted == 0 ? served / kMaxSection + 1
                                                       : (served + kMaxSection - 1) / kMaxSection;
}

void SlabModel::give_back(std::size_t position, Prediction& prediction) {
  const auto block = held_.end() - 1 - static_cast<std::ptrdiff_t>(position);
  prediction.given_back.push_back(*block);
  slots_.put(*block);
  held_.erase(block);
}

void SlabModel::count_sums() {
  using Slots = model::TamperedSlots;
  counters_.segments = slots_.segments();
  counters_.capacity = capacity();
  counters_.live = slots_.live();
  counters_.peak_live = slots_.peak_live();
  counters_.free = slots_.sum(&Slots::free);
  counters_.uncarved = slots_.slots() - slots_.sum(&Slots::carved);
  counters_.abandoned = slots_.sum(&Slots::abandoned);
}

/// Where nothing tracks slots, a second free is only known as one if the slot is the head of its
/// freelist or its segment has nothing live.
std::optional<SlabModel::Slot> SlabModel::slot_to_free_again(std::uint32_t choice) const {
  const std::uint32_t count = slots_.segments();
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t segment = (choice + i) % count;
    const model::TamperedSlots& slots = slots_.slots_of(segment);
    if (slots.free() == 0) continue;
    const bool any = traits_.tracks_slots || slots.live() == 0;
    return Slot{segment, from_head(slots, any ? choice % slots.free() : 0)};
  }
  return std::nullopt;
}

std::optional<SlabModel::Slot> SlabModel::slot_never_carved(std::uint32_t choice) const {
  const std::uint32_t count = slots_.segments();
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t segment = (choice + i) % count;
    const std::uint32_t uncarved = capacity() - carved(segment);
    if (!address_known_[segment] || uncarved == 0) continue;
    return Slot{segment, carved(segment) + choice % uncarved};
  }
  return std::nullopt;
}

/// Not the last slot of a freelist, whose link to nothing one of the tamperings would leave as it
/// is, and none twice, since the second might undo the first.
std::optional<SlabModel::Slot> SlabModel::slot_to_tamper(std::uint32_t choice) const {
  const std::uint32_t place = choice / kTamperings;
  if (choice % kTamperings == 3 && !traits_.seals_links) return std::nullopt;
  const std::uint32_t count = slots_.segments();
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t segment = (place + i) % count;
    const model::TamperedSlots& slots = slots_.slots_of(segment);
    if (slots.free() < 2) continue;
    const std::uint32_t slot = from_head(slots, place % (slots.free() - 1));
    if (!slots.is_tampered(slot)) return Slot{segment, slot};
  }
  return std::nullopt;
}

std::optional<std::pair<SlabModel::Slot, SlabModel::Slot>> SlabModel::slot_to_forge() const {
  if (!traits_.tracks_slots && !traits_.seals_links) return std::nullopt;
  const auto next = slots_.next();
  if (!next || slots_.slots_of(next->segment).free() < 2) return std::nullopt;
  for (const Slot& live : held_) {
    if (live.segment == next->segment) return std::pair(*next, live);
  }
  return std::nullopt;
}

}  // namespace slabproof::properties
