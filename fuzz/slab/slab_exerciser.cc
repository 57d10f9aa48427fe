#include "fuzz/slab/slab_exerciser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <utility>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/landmarks.h"
#include "fuzz/slab/block_pattern.h"
#include "tests/support/environment.h"

namespace slabproof::fuzz {

using testing::environment;

namespace {

using Kind = model::Op::Kind;

const Landmark kImpossibleCapacity("a capacity that no slab can have");
const Landmark kGrew("growth");
const Landmark kManySegments("more segments than one word of a bitmap names");
const Landmark kWiderDirectory("a directory that widened");
const Landmark kBatchOverSegments("a batch from several segments");
const Landmark kLowSlotFirst("a freed slot of a lower segment served first");
const Landmark kRefusedUnharmed("a refusal while a slot was free");
const Landmark kRefused("a refused allocation");
const Landmark kCutShort("a batch that the backing cut short");
const Landmark kUnsupported("a request that no slot can hold");
const Landmark kForeign("a foreign pointer");
const Landmark kMisaligned("a misaligned pointer");
const Landmark kFreedAgain("a second free that the slab noticed");
const Landmark kBadPointerInBatch("a bad pointer within a batch");
const Landmark kTrimmed("a trim that laid segments out anew");
const Landmark kTrimGaveBack("a trim that gave pages back");
const Landmark kDrained("every slot drained at the end");

/// A drain touches every slot, so it is for slabs of this many at most.
constexpr std::uint64_t kMaxSlotsToDrain = 128;

std::uint64_t ceiling_of_quotient(std::uint64_t dividend, std::uint64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

}  // namespace

SlabExerciser::SlabExerciser(const SlabScript& script, model::AnySlab& slab)
    : script_(script),
      slab_(slab),
      traits_(slab.traits()),
      segment_(slab.segment_shape(script.capacity)),
      model_(static_cast<std::uint32_t>(script.capacity)) {
  if (slab_.error()) return;
  const std::uint32_t initial = traits_.grows ? script.initial_segments : 1;
  for (std::uint32_t i = 0; i < initial; ++i) model_.install();
  first_slots_.resize(initial);
}

void SlabExerciser::run() {
  check_counters();
  for (const Step& step : script_.steps) {
    if (step.is_overwrite) continue;
    perform(step);
    check_counters();
  }
  give_everything_back();
  drain();
}

void SlabExerciser::perform(const Step& step) {
  switch (step.op.kind) {
    case Kind::kAllocate:
      return allocate(step);
    case Kind::kFree: {
      if (held_.empty()) return;
      const bool newest = step.op.argument == model::Op::kNewest;
      return free_at(newest ? held_.size() - 1 : step.op.argument, step.form);
    }
    case Kind::kFreeAll:
      return free_all(step);
    case Kind::kFreeForeign:
      return offer_bad_pointer(foreign_pointer(step), MisuseKind::kForeignPointer);
    case Kind::kFreeMisaligned:
      if (held_.empty()) return;
      return offer_bad_pointer(misaligned_pointer(step), MisuseKind::kMisalignedPointer);
    case Kind::kFreeAgain:
      return free_again();
    case Kind::kUsableSize:
      return ask_usable_size(step);
    case Kind::kTrim:
      return trim();
    case Kind::kFailNextRequest:
      environment().refuse(0);
      return;
    case Kind::kCapacityBytes:
    case Kind::kSegmentCount:
    case Kind::kStats:
      return;  // asked after every step
    case Kind::kGive:
    case Kind::kTake:
      return;  // no script has them
    case Kind::kAllocateZeroed:
      return;  // a form of kAllocate
  }
}

std::expected<std::size_t, model::Refusal> SlabExerciser::call_allocate(
    const Step& step, std::span<model::BlockView> blocks) {
  const unsigned call = blocks.size() == 1 ? step.form % 5U : 4U;
  if (call == 4) {
    model::BatchInProgress unwatched;
    return slab_.allocate_batch(blocks, unwatched);
  }
  const bool is_zeroed = step.form == 5;
  const auto one = [&] {
    if (call == 1) return slab_.allocate(traits_.object_size, traits_.object_alignment);
    if (call == 2) return slab_.create();
    if (call == 3) return slab_.make_unique(true);
    return is_zeroed ? slab_.allocate_zeroed() : slab_.allocate();
  }();
  if (!one) return std::unexpected(one.error());
  blocks[0] = *one;
  const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
  require(!is_zeroed || std::all_of(one->data, one->data + one->size, is_zero), "S12",
          "a block of zeros is not zero");
  // An object has all of its slot.
  if (call == 2 || call == 3) blocks[0].size = traits_.stride;
  return 1;
}

void SlabExerciser::allocate(const Step& step) {
  if (const auto error = slab_.error()) return expect_error(step, *error);
  if (step.form == 7) return expect_error(step, model::Refusal::kUnsupportedLayout);
  std::array<model::BlockView, model::kMaxBatch> blocks;
  const std::size_t asked = step.op.argument;
  const Requests before = requests();
  const auto first_choice = model_.next();

  const auto served = call_allocate(step, std::span(blocks).first(asked));
  if (!served) {
    require(served.error() == model::Refusal::kOutOfMemory, "L3", "an unexpected error");
    kRefused.reach();
  }
  const std::size_t count = served.value_or(0);
  require(served ? count >= 1 && count <= asked : true, "S12", "more blocks served than asked for");
  judge_growth(asked, count, before);
  for (std::size_t i = 0; i < count; ++i) accept(blocks[i]);
  if (count > 1 && held_.back().name.segment != held_[held_.size() - count].name.segment) {
    kBatchOverSegments.reach();
  }
  if (first_choice && first_choice->segment + 1 < model_.segments()) kLowSlotFirst.reach();
}

SlabExerciser::Requests SlabExerciser::requests() {
  return {environment().grants(), environment().refusals};
}

void SlabExerciser::expect_error(const Step& step, model::Refusal error) {
  const bool impossible = error != model::Refusal::kUnsupportedLayout;
  (impossible ? kImpossibleCapacity : kUnsupported).reach();
  const Requests before = requests();
  const auto block = [&] {
    if (impossible) return slab_.allocate();
    if (step.selector % 2 == 0) return slab_.allocate(1, traits_.slot_alignment * 2);
    return slab_.allocate(traits_.stride + 1, 1);
  }();
  require(!block && block.error() == error, "S11", "an impossible request was not refused");
  require(requests() == before, "L2", "an impossible request reached the backing");
}

void SlabExerciser::judge_growth(std::size_t asked, std::size_t served, const Requests& before) {
  const std::uint64_t room = model_.slots() - model_.live();
  const std::uint64_t granted = environment().grants() - before.granted;
  const std::uint64_t refused = environment().refusals - before.refused;
  if (asked <= room) {
    require(granted + refused == 0, "L2", "a request to the backing although there was room");
    require(served == asked, "L3", "an allocation failed although there was room");
    if (environment().refused_requests.count != 0) kRefusedUnharmed.reach();
    return;
  }
  if (!traits_.grows) {
    require(served == room, "L3", "a slab of fixed capacity served another number than it had");
    return;
  }
  const std::uint64_t installed = slab_.segment_count() - model_.segments();
  const std::uint64_t available = room + installed * script_.capacity;
  require(installed <= granted, "S6", "a segment that the backing never granted");
  require(granted + refused <= 2 * (installed + 1), "L2", "too many requests to the backing");
  require(granted <= 2 * installed + refused, "S11", "a region was requested and not installed");
  if (refused == 0) {
    require(served == asked, "L3", "an allocation failed although nothing was refused");
    require(installed == ceiling_of_quotient(asked - room, script_.capacity), "S6",
            "another number of segments than needed");
  } else {
    require(served == available, "L3", "an allocation failed although a slot was free");
    if (served != 0) kCutShort.reach();
  }
  if (installed != 0) kGrew.reach();
  if (granted > installed) kWiderDirectory.reach();
  for (std::uint64_t i = 0; i < installed; ++i) {
    model_.install();
    first_slots_.push_back(nullptr);
  }
  constexpr std::size_t kBitsOfAWord = 64;
  if (model_.segments() > kBitsOfAWord) kManySegments.reach();
}

void SlabExerciser::accept(model::BlockView block) {
  require(block.size == traits_.stride, "S2", "a block of another size than the stride");
  require(std::bit_cast<std::uintptr_t>(block.data) % traits_.slot_alignment == 0, "S2",
          "a misaligned block");
  const model::SlotName name = model_.take();
  std::byte*& first_slot = first_slots_[name.segment];
  if (first_slot == nullptr) learn_segment(name.segment, block.data);
  if (block.data != first_slot + std::size_t{name.slot} * traits_.stride) {
    for (const Held& held : held_) {
      require(held.data != block.data, "S1", "a live block was handed out again");
    }
    fail("S12", fmt::format("slot {} of segment {} was due, another was handed out", name.slot,
                            name.segment));
  }
  held_.push_back({block.data, next_serial_++, name});
  fill_block(block.data, block.size, held_.back().serial);
}

/// The first slot of a segment goes out first, since lower slots are carved first.
void SlabExerciser::learn_segment(std::uint32_t segment, std::byte* first_slot) {
  const std::size_t size = script_.capacity * traits_.stride;
  for (std::byte* const other : first_slots_) {
    if (other == nullptr) continue;
    require(first_slot + size <= other || other + size <= first_slot, "S2",
            "a new segment overlaps another, or a slot of an old one was handed out as its first");
  }
  first_slots_[segment] = first_slot;
}

void SlabExerciser::free_at(std::size_t position, std::uint8_t form) {
  if (position >= held_.size()) return;
  const Held held = held_[position];
  check_contents(held);
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(position));
  if (form == 1) {
    slab_.destroy_object(held.data);
  } else {
    require(slab_.deallocate(held.data), "S12", "a live block was refused");
  }
  model_.put(held.name);
  last_freed_ = held;
}

void SlabExerciser::free_all(const Step& step) {
  std::vector<void*> pointers;
  for (const Held& held : held_) {
    check_contents(held);
    pointers.push_back(held.data);
    model_.put(held.name);
    last_freed_ = held;
  }
  const bool with_bad_pointer = step.form % 2 == 1 && !pointers.empty();
  int elsewhere = 0;
  if (with_bad_pointer) {
    kBadPointerInBatch.reach();
    pointers.insert(pointers.begin() + step.selector % (held_.size() + 1), &elsewhere);
  }
  const std::size_t count = held_.size();
  held_.clear();
  require(slab_.deallocate_batch(pointers) == count, "S12", "a batch freed another number");
  if (with_bad_pointer) expect_report(&elsewhere, MisuseKind::kForeignPointer);
}

/// Only where the slab can know: without a record of each slot, a second free that looks like a
/// first one breaks the contract.
void SlabExerciser::free_again() {
  if (!last_freed_) return;
  const auto is_same = [&](const Held& held) { return held.name == last_freed_->name; };
  if (std::ranges::any_of(held_, is_same)) return;
  if (!traits_.tracks_slots &&
      !model_.slots_of(last_freed_->name.segment).is_visibly_not_live(last_freed_->name.slot))
    return;
  offer_bad_pointer(last_freed_->data, MisuseKind::kNotLive);
}

void SlabExerciser::offer_bad_pointer(const void* pointer, MisuseKind kind) {
  require(!slab_.deallocate(const_cast<void*>(pointer)), "S10", "a bad pointer was accepted");
  // Null is no bad pointer: nothing is counted, which the next comparison of the counters shows.
  if (pointer != nullptr) expect_report(pointer, kind);
}

void SlabExerciser::expect_report(const void* pointer, MisuseKind kind) {
  ++expected_reports_[static_cast<std::size_t>(kind)];
  require(environment().misuse_reports == expected_reports_, "S10",
          "a bad pointer was reported as another kind of misuse");
  require(environment().last_misused == pointer, "S10", "another pointer was reported");
  constexpr std::array<const Landmark*, 3> kLandmarks = {&kForeign, &kMisaligned, &kFreedAgain};
  kLandmarks[static_cast<std::size_t>(kind)]->reach();
}

const void* SlabExerciser::foreign_pointer(const Step& step) const {
  switch (step.form) {
    case 0:
      return nullptr;
    case 1:
      return &slab_;
    case 2:
      return std::bit_cast<const void*>(~std::uintptr_t{0});
    case 3:
      return std::bit_cast<const void*>(std::uintptr_t{step.value});
    default:
      break;
  }
  // What lies next to a segment, unless another segment is known to be there, or might be unseen.
  const bool all_known = std::ranges::find(first_slots_, nullptr) == first_slots_.end();
  if (!all_known || first_slots_.empty() || segment_.region_bytes == 0) return &script_;
  const std::byte* const first_slot = first_slots_[step.selector % first_slots_.size()];
  const auto home = std::bit_cast<std::uintptr_t>(first_slot);
  if (step.form == 4) {
    const std::uintptr_t end = home + script_.capacity * traits_.stride;
    return lies_in_known_segment(end) ? nullptr : std::bit_cast<const void*>(end);
  }
  const std::uintptr_t neighbour =
      step.form % 2 == 0 ? home + segment_.region_bytes : home - segment_.region_bytes;
  return lies_in_known_segment(neighbour) ? nullptr : std::bit_cast<const void*>(neighbour);
}

bool SlabExerciser::lies_in_known_segment(std::uintptr_t address) const {
  const std::size_t bytes = segment_.slots_offset + script_.capacity * traits_.stride;
  return std::ranges::any_of(first_slots_, [&](std::byte* first_slot) {
    return address - (std::bit_cast<std::uintptr_t>(first_slot) - segment_.slots_offset) < bytes;
  });
}

const void* SlabExerciser::misaligned_pointer(const Step& step) const {
  const Held& held = held_.back();
  const std::byte* const first_slot = first_slots_[held.name.segment];
  // A growable slab's segment begins with a header, whose bytes are its own.
  if (step.form == 1 && traits_.grows) return first_slot - 1;
  return held.data + 1 + step.value % (traits_.stride - 1);
}

void SlabExerciser::ask_usable_size(const Step& step) {
  require(slab_.usable_size(foreign_pointer(step)) == std::nullopt, "S2",
          "a foreign pointer has a usable size");
  if (held_.empty()) return;
  require(slab_.usable_size(held_.back().data) == traits_.stride, "S2",
          "the usable size is not the stride");
  require(slab_.usable_size(misaligned_pointer(step)) == std::nullopt, "S2",
          "a misaligned pointer has a usable size");
}

void SlabExerciser::trim() {
  if (slab_.error() || !traits_.grows) return;
  const std::uint64_t before = environment().discarded_bytes;
  const std::size_t released = slab_.trim();
  require(released == environment().discarded_bytes - before, "S12",
          "trim returned another number of bytes");
  const bool trimmed = !model_.trim().empty();
  require(trimmed || released == 0, "S3", "trim released pages of a segment in use");
  if (trimmed) kTrimmed.reach();
  if (released != 0) kTrimGaveBack.reach();
  for (const Held& held : held_) check_contents(held);
}

void SlabExerciser::check_contents(const Held& held) const {
  require(block_is_intact(held.data, traits_.stride, held.serial), "S1",
          "the contents of a live block changed");
}

void SlabExerciser::check_counters() const {
  const std::uint64_t events = expected_reports_[0] + expected_reports_[1] + expected_reports_[2];
  require(slab_.corruption_events() == events, "S10", "the events counted are not those that were");
  if (slab_.error()) return;
  require(slab_.segment_count() == model_.segments(), "S6", "another number of segments");
  require(slab_.capacity_bytes() == model_.slots() * traits_.stride, "S12", "capacity_bytes");
  if (!traits_.grows) return;
  const model::Counters counters = slab_.counters();
  require(counters.live == model_.live(), "S4", "live slots miscounted");
  const std::uint64_t free = model_.sum(&model::OrderedSlots::free);
  require(counters.free == free, "S4", "free slots miscounted");
  require(counters.uncarved == model_.slots() - model_.live() - free, "S4",
          "slots never used miscounted");
  require(counters.abandoned == 0, "S9", "slots were abandoned although no link was touched");
  require(counters.peak_live == model_.peak_live(), "S6", "the peak of live slots miscounted");
  require(counters.growers == 0, "S6", "a grower that never ended");
  require(counters.directory_room >= counters.segments, "S3",
          "more segments than the directory holds");
  const std::uint64_t needed = std::max<std::uint64_t>(
      script_.initial_segments, ceiling_of_quotient(model_.peak_live(), script_.capacity));
  require(counters.segments == needed, "S6", "growth is not exact");
}

void SlabExerciser::give_everything_back() {
  while (!held_.empty()) free_at(held_.size() - 1, 0);
  check_counters();
}

void SlabExerciser::drain() {
  if (slab_.error() || model_.slots() > kMaxSlotsToDrain) return;
  environment().refuse_none();
  Step one;
  one.op = {Kind::kAllocate, 1};
  for (std::uint64_t room = model_.slots() - model_.live(); room > 0; --room) allocate(one);
  check_counters();
  give_everything_back();
  kDrained.reach();
}

}  // namespace slabproof::fuzz
