#include "tests/properties/sequential_run.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/support/environment.h"

namespace slabproof::properties {

using testing::BackingEvent;
using testing::environment;
using testing::Environment;
using testing::regions_held;

namespace {

/// Bytes at each end of a block that are filled and compared; small blocks entirely.
constexpr std::size_t kChecked = 128;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string to_text(SlabModel::Slot slot) {
  return "slot " + number(slot.slot) + " of segment " + number(slot.segment);
}

/// A call that is refused, or that is not, against the model.
template <class Result>
Complaint judge_refusal(const std::expected<Result, model::Refusal>& result,
                        const SlabModel::Prediction& expected) {
  const std::optional<model::Refusal> refusal =
      result ? std::nullopt : std::optional(result.error());
  if (refusal == expected.refusal) return std::nullopt;
  return "S12: the allocation reports " + std::string(model::to_text(refusal));
}

/// The program's address space has no block there, and no slab may ever think otherwise.
void* all_ones() {
  return reinterpret_cast<void*>(~std::uintptr_t{0});
}

std::uint64_t pages_inside(const std::byte* first, std::size_t size, std::size_t page) {
  if (page == 0) return 0;
  const auto begin = reinterpret_cast<std::uintptr_t>(first);
  const std::uintptr_t from = (begin + page - 1) / page * page;
  const std::uintptr_t to = (begin + size) / page * page;
  return from < to ? to - from : 0;
}

}  // namespace

SequentialRun::SequentialRun(const SlabKind& subject, const Setup& setup)
    : kind_(subject), capacity_(setup.capacity), regions_before_(regions_held()) {
  Environment& mine = environment();
  mine = {};
  mine.recording = true;
  other_slab_ = subject.make(1, 0);
  foreign_block_ = other_slab_->allocate().value_or(model::BlockView()).data;
  if (setup.granted_initial < setup.initial) {
    mine.refused_segments = {.pass = setup.granted_initial, .count = 1};
  }
  slab_ = subject.make(setup.capacity, setup.initial);
  mine.refused_segments.pass = 0;
}

SequentialRun::~SequentialRun() {
  environment() = {};
}

Complaint SequentialRun::judge_construction(const SlabModel& model) const {
  if (kind_.traits.stride < kind_.traits.object_size ||
      kind_.traits.stride % kind_.traits.object_alignment != 0 ||
      kind_.traits.slot_alignment < kind_.traits.object_alignment) {
    return "S2: a stride of " + number(kind_.traits.stride) +
           " does not hold an aligned object of " + number(kind_.traits.object_size) + " bytes";
  }
  if (foreign_block_ == nullptr) return "S11: a fresh slab of capacity 1 refused its first block";
  if (slab_->error() != model.construction_error()) {
    return "S11: construction reports " + std::string(model::to_text(slab_->error()));
  }
  return compare(model.counters());
}

Complaint SequentialRun::step(const SlabModel& before, Operation operation) {
  Environment& mine = environment();
  mine.events.clear();
  testing::lock_counts.acquisitions = 0;
  SlabModel after = before;
  const Prediction expected = after.apply(operation);
  if (views_.size() < after.counters().segments) views_.resize(after.counters().segments);

  if (Complaint complaint = perform(before, expected, operation)) return complaint;
  if (Complaint complaint = judge_costs(expected, operation)) return complaint;
  if (Complaint complaint = compare(after.counters())) return complaint;
  if (kind_.traits.grows && after.counters().abandoned == 0 &&
      after.counters().corrupt_links == 0 && slab_->segment_count() != after.exact_segments()) {
    return "S6: " + number(slab_->segment_count()) + " segments, where peak live needs " +
           number(after.exact_segments());
  }
  return std::nullopt;
}

Complaint SequentialRun::perform(const SlabModel& before, const Prediction& expected,
                                 Operation operation) {
  using Kind = Operation::Kind;
  switch (operation.kind) {
    case Kind::kAllocate:
    case Kind::kAllocateLayout:
    case Kind::kAllocateUnfit:
    case Kind::kAllocateBatch:
      return allocate(expected, operation);
    case Kind::kCreate:
    case Kind::kCreateThrowing:
    case Kind::kMakeUnique:
      return create(expected, operation);
    case Kind::kFree:
    case Kind::kDestroy:
    case Kind::kFreeBatch:
      return free_blocks(expected, operation);
    case Kind::kDestroyNull:
      slab_->destroy_object(nullptr);
      return std::nullopt;
    case Kind::kFreeForeign:
    case Kind::kFreeMisaligned:
    case Kind::kFreeAgain:
    case Kind::kFreeUncarved:
      return free_bad_pointer(before, operation);
    case Kind::kQuery:
      return query(before, operation.argument);
    case Kind::kTrim:
      return trim(expected);
    case Kind::kRefuseRequest:
      ++environment().refused_requests.count;
      return std::nullopt;
    case Kind::kRefuseSegment:
      ++environment().refused_segments.count;
      return std::nullopt;
    case Kind::kTamper:
      tamper(before, operation);
      return std::nullopt;
    case Kind::kForgeAndAllocate:
      tamper(before, operation);
      return allocate(expected, {Kind::kAllocate});
  }
  return "the judge does not know this operation";
}

std::expected<std::size_t, model::Refusal> SequentialRun::call_allocate(
    Operation operation, std::vector<model::BlockView>& blocks) {
  using Kind = Operation::Kind;
  if (operation.kind == Kind::kAllocateBatch) {
    blocks.resize(operation.argument);
    model::BatchInProgress unwatched;
    return slab_->allocate_batch(blocks, unwatched);
  }
  const model::SlabTraits& traits = kind_.traits;
  const auto one = [&]() -> std::expected<model::BlockView, model::Refusal> {
    if (operation.kind == Kind::kAllocate) return slab_->allocate();
    if (operation.kind == Kind::kAllocateLayout) {
      return slab_->allocate(1 + operation.argument % traits.stride,
                             std::size_t{1} << (operation.argument % 3));
    }
    if (operation.argument == 0) return slab_->allocate(traits.stride + 1, 1);
    if (operation.argument == 1) return slab_->allocate(1, traits.slot_alignment * 2);
    return slab_->allocate(0, 3);
  }();
  if (!one) return std::unexpected(one.error());
  blocks = {*one};
  return one->data == nullptr ? 0 : 1;
}

Complaint SequentialRun::allocate(const Prediction& expected, Operation operation) {
  std::vector<model::BlockView> blocks;
  const auto served = call_allocate(operation, blocks);
  if (Complaint complaint = judge_refusal(served, expected)) return complaint;
  if (served.value_or(0) != expected.handed_out.size()) {
    return "S12: " + number(served.value_or(0)) + " blocks were served, not " +
           number(expected.handed_out.size());
  }
  for (std::size_t i = 0; i < expected.handed_out.size(); ++i) {
    const Complaint complaint = receive(blocks[i], expected.handed_out[i], kind_.traits.stride);
    if (complaint) return complaint;
  }
  return std::nullopt;
}

Complaint SequentialRun::create(const Prediction& expected, Operation operation) {
  using Kind = Operation::Kind;
  if (operation.kind == Kind::kCreateThrowing) {
    const auto object = slab_->create_throwing();
    if (Complaint complaint = judge_refusal(object, expected)) return complaint;
    if (!object) return std::nullopt;
    if (*object == nullptr) return "S11: the exception of an object's constructor got lost";
    return receive_address(*object, expected.handed_out[0]);
  }
  const bool kept = operation.kind == Kind::kCreate;
  const auto object = kept ? slab_->create() : slab_->make_unique(false);
  if (Complaint complaint = judge_refusal(object, expected)) return complaint;
  if (!object) return std::nullopt;
  if (!kept) return receive_address(object->data, expected.handed_out[0]);
  return receive(*object, expected.handed_out[0], kind_.traits.object_size);
}

Complaint SequentialRun::free_blocks(const Prediction& expected, Operation operation) {
  using Kind = Operation::Kind;
  std::vector<void*> pointers;
  for (const Slot slot : expected.given_back) {
    std::byte* data = nullptr;
    if (Complaint complaint = release(slot, &data)) return complaint;
    pointers.push_back(data);
  }
  if (operation.kind == Kind::kDestroy) {
    slab_->destroy_object(pointers[0]);
    return std::nullopt;
  }
  if (operation.kind == Kind::kFree) {
    if (!slab_->deallocate(pointers[0])) return "S12: the slab refused a block of its own";
    return std::nullopt;
  }
  if (operation.argument % 2 != 0) {
    pointers.insert(pointers.begin() + static_cast<std::ptrdiff_t>(pointers.size() / 2),
                    foreign_block_);
  }
  const std::size_t accepted = slab_->deallocate_batch(pointers);
  if (accepted != expected.given_back.size()) {
    return "S10: " + number(accepted) + " pointers were accepted, not " +
           number(expected.given_back.size());
  }
  return std::nullopt;
}

Complaint SequentialRun::free_bad_pointer(const SlabModel& before, Operation operation) {
  using Kind = Operation::Kind;
  const std::uint32_t argument = operation.argument;
  std::byte local{};
  void* pointer = nullptr;
  if (operation.kind == Kind::kFreeForeign) {
    void* const foreign[] = {nullptr, all_ones(), &local, foreign_block_};
    pointer = foreign[argument];
  } else if (operation.kind == Kind::kFreeMisaligned) {
    const std::size_t offsets[] = {1, kind_.traits.stride / 2, kind_.traits.stride - 1};
    pointer = address_of(before.held_from_newest(argument / 3)) + offsets[argument % 3];
  } else if (operation.kind == Kind::kFreeAgain) {
    pointer = address_of(*before.slot_to_free_again(argument));
  } else {
    pointer = address_of(*before.slot_never_carved(argument));
  }
  if (slab_->deallocate(pointer)) return "S10: a bad pointer was accepted";
  return std::nullopt;
}

Complaint SequentialRun::query(const SlabModel& before, std::uint32_t position) {
  std::byte* const block = address_of(before.held_from_newest(position));
  if (slab_->usable_size(block) != kind_.traits.stride) {
    return "S2: usable_size of a block is not the stride";
  }
  std::byte local{};
  if (slab_->usable_size(block + kind_.traits.stride / 2) || slab_->usable_size(&local) ||
      slab_->usable_size(nullptr) || slab_->usable_size(all_ones())) {
    return "S10: usable_size of a pointer to no slot";
  }
  if (!slab_->contains(block) || slab_->contains(&local) || slab_->contains(foreign_block_)) {
    return "S2: contains mistakes whose memory this is";
  }
  const std::uint64_t segments = before.counters().segments;
  if (slab_->capacity_bytes() != segments * capacity_ * kind_.traits.stride) {
    return "S12: capacity_bytes is " + number(slab_->capacity_bytes());
  }
  if (slab_->segment_count() != segments) {
    return "S12: segment_count is " + number(slab_->segment_count());
  }
  if (slab_->segment_capacity() != capacity_) {
    return "S12: segment_capacity is " + number(slab_->segment_capacity());
  }
  return std::nullopt;
}

Complaint SequentialRun::trim(const Prediction& expected) {
  std::uint64_t pages = 0;
  for (const std::uint32_t segment : expected.trimmed) {
    pages += pages_inside(views_[segment].first_slot, capacity_ * kind_.traits.stride, kind_.page);
  }
  const std::size_t released = slab_->trim();
  if (released != pages) {
    return "S12: trim gave back " + number(released) + " bytes, not " + number(pages);
  }
  return std::nullopt;
}

/// The link to the next slot is the 32-bit word at the start of a free slot, counted from 1.
void SequentialRun::tamper(const SlabModel& before, Operation operation) {
  Slot slot;
  std::uint32_t forged = 0;
  std::uint32_t current = 0;
  if (operation.kind == Operation::Kind::kForgeAndAllocate) {
    const auto [victim, live] = *before.slot_to_forge();
    slot = victim;
    forged = live.slot + 1;
  } else {
    slot = *before.slot_to_tamper(operation.argument);
    std::memcpy(&current, address_of(slot), sizeof(current));
    const std::uint32_t in_range = current % before.carved(slot.segment) + 1;
    const std::uint32_t values[SlabModel::kTamperings] = {~0U, 0, slot.slot + 1, in_range};
    forged = values[operation.argument % SlabModel::kTamperings];
  }
  std::memcpy(address_of(slot), &forged, sizeof(forged));
}

Complaint SequentialRun::receive(model::BlockView block, Slot slot, std::size_t least_size) {
  if (block.size < least_size) return "S2: a block of " + number(block.size) + " bytes";
  if (Complaint complaint = receive_address(block.data, slot)) return complaint;
  std::uint8_t& fill_value = views_[slot.segment].filled_by[slot.slot];
  fill_value = next_fill_;
  next_fill_ = static_cast<std::uint8_t>(next_fill_ == 0xff ? 1 : next_fill_ + 1);
  fill(block.data, fill_value);
  return std::nullopt;
}

Complaint SequentialRun::receive_address(std::byte* data, Slot slot) {
  SegmentView& view = views_[slot.segment];
  if (view.first_slot == nullptr) {
    const std::size_t bytes = capacity_ * kind_.traits.stride;
    std::byte* const first = data - slot.slot * kind_.traits.stride;
    for (const SegmentView& other : views_) {
      if (other.first_slot != nullptr && first < other.first_slot + bytes &&
          other.first_slot < first + bytes) {
        return "S2: two segments overlap, or a block is not of the lowest segment with room";
      }
    }
    view.first_slot = first;
    view.filled_by.resize(capacity_);
  }
  if (data != address_of(slot)) {
    return "S12: another block than " + to_text(slot) + " was handed out";
  }
  if (reinterpret_cast<std::uintptr_t>(data) % kind_.traits.slot_alignment != 0) {
    return "S2: a block is not aligned";
  }
  return std::nullopt;
}

Complaint SequentialRun::release(Slot slot, std::byte** data) {
  *data = address_of(slot);
  const std::uint8_t value = views_[slot.segment].filled_by[slot.slot];
  if (!is_filled(*data, value)) {
    return "S1: the contents of " + to_text(slot) + " changed while it was held";
  }
  return std::nullopt;
}

void SequentialRun::fill(std::byte* data, std::uint8_t value) const {
  const std::size_t part = std::min(kChecked, kind_.traits.stride);
  std::memset(data, value, part);
  std::memset(data + kind_.traits.stride - part, value, part);
}

bool SequentialRun::is_filled(const std::byte* data, std::uint8_t value) const {
  const std::size_t part = std::min(kChecked, kind_.traits.stride);
  const auto same = [value](std::byte byte) { return byte == std::byte{value}; };
  return std::all_of(data, data + part, same) &&
         std::all_of(data + kind_.traits.stride - part, data + kind_.traits.stride, same);
}

std::byte* SequentialRun::address_of(Slot slot) const {
  return views_[slot.segment].first_slot + slot.slot * kind_.traits.stride;
}

Complaint SequentialRun::compare(const model::Counters& expected) const {
  const model::Counters actual = slab_->counters();
  const std::uint64_t events = expected.foreign_pointers + expected.misaligned_pointers +
                               expected.repeated_frees + expected.corrupt_links;
  struct Line {
    const char* what;
    std::uint64_t actual;
    std::uint64_t expected;
    bool of_fixed;
  };
  const Line lines[] = {
      {"S4: live", actual.live, expected.live, true},
      {"S4: capacity", actual.capacity, expected.capacity, true},
      {"S9, S10: corruption_events", slab_->corruption_events(), events, true},
      {"S6: segments", actual.segments, expected.segments, false},
      {"S6: peak_live", actual.peak_live, expected.peak_live, false},
      {"S4: free", actual.free, expected.free, false},
      {"S4: uncarved", actual.uncarved, expected.uncarved, false},
      {"S9: abandoned", actual.abandoned, expected.abandoned, false},
      {"S9: corrupt_links", actual.corrupt_links, expected.corrupt_links, false},
      {"S10: foreign_pointers", actual.foreign_pointers, expected.foreign_pointers, false},
      {"S10: misaligned_pointers", actual.misaligned_pointers, expected.misaligned_pointers, false},
      {"S10: repeated_frees", actual.repeated_frees, expected.repeated_frees, false},
      {"S12: growers", actual.growers, 0, false},
  };
  for (const Line& line : lines) {
    if (line.actual == line.expected || (!kind_.traits.grows && !line.of_fixed)) continue;
    return std::string(line.what) + " is " + number(line.actual) + ", not " + number(line.expected);
  }
  if (kind_.traits.grows && actual.directory_room < actual.segments) {
    return "S12: directory_room is less than the segments in it";
  }
  return std::nullopt;
}

Complaint SequentialRun::judge_costs(const Prediction& expected, Operation operation) const {
  const Environment& mine = environment();
  if (mine.backing_calls_under_lock != 0) return "S5: the backing was called under the lock";
  if (!kind_.traits.grows || operation.kind == Operation::Kind::kQuery) return std::nullopt;
  std::uint64_t installed = 0;
  std::uint64_t released = 0;
  std::uint64_t refused = 0;
  for (const BackingEvent& event : mine.events) {
    installed += event.kind == BackingEvent::Kind::kGranted && event.is_segment ? 1U : 0U;
    released += event.kind == BackingEvent::Kind::kReleased ? 1U : 0U;
    refused += event.kind == BackingEvent::Kind::kRefused ? 1U : 0U;
  }
  if (installed != expected.installed || released != 0) {
    return "S3: " + number(installed) + " segments were obtained and " + number(released) +
           " regions released, where " + number(expected.installed) + " segments were needed";
  }
  if (installed + refused != expected.growth_rounds) {
    return "L2: " + number(refused) + " requests were refused in " +
           number(expected.growth_rounds) + " rounds of growth";
  }
  using Kind = Operation::Kind;
  const bool allocates = operation.kind == Kind::kAllocate ||
                         operation.kind == Kind::kAllocateLayout ||
                         operation.kind == Kind::kAllocateBatch || operation.kind == Kind::kCreate;
  if (allocates &&
      testing::lock_counts.acquisitions != expected.sections + expected.growth_rounds) {
    return "L2: " + number(testing::lock_counts.acquisitions) + " lock acquisitions";
  }
  return std::nullopt;
}

Complaint SequentialRun::finish(SlabModel model) {
  using Kind = Operation::Kind;
  const auto carry_out = [&](Operation operation) {
    Complaint complaint = step(model, operation);
    model.apply(operation);
    return complaint;
  };
  const auto give_all_back = [&]() -> Complaint {
    while (!model.held().empty()) {
      if (Complaint complaint = carry_out({Kind::kFree})) return complaint;
    }
    return std::nullopt;
  };
  if (Complaint complaint = give_all_back()) return complaint;
  const std::uint64_t slots = model.counters().free + model.counters().uncarved;
  for (std::uint64_t i = 0; i < slots && model.allows({Kind::kAllocate}); ++i) {
    // A corrupt link met on the way abandons slots; what is left after it is all there is.
    if (model.counters().free + model.counters().uncarved == 0) break;
    if (Complaint complaint = carry_out({Kind::kAllocate})) return complaint;
  }
  if (Complaint complaint = give_all_back()) return complaint;
  slab_.reset();
  other_slab_.reset();
  if (regions_held() != regions_before_) {
    return "S11: " + number(static_cast<std::uint64_t>(regions_held() - regions_before_)) +
           " regions were not given back";
  }
  return std::nullopt;
}

}  // namespace slabproof::properties
