#include "fuzz/slab/corruption_exerciser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/landmarks.h"
#include "fuzz/slab/block_pattern.h"

namespace slabproof::fuzz {
namespace {

using Kind = model::Op::Kind;

const Landmark kCaught("an altered link that was counted and not followed");
const Landmark kAbandonedSlots("slots abandoned behind an altered link");
const Landmark kServedOn("a block served after an altered link");
const Landmark kFollowed("a forged link to a free slot that was followed");
const Landmark kLedToLive("without protection: a forged link to a live slot was followed");
const Landmark kUnusedOverwritten("a write into a slot that was never used");
const Landmark kReplay("a former link of the same slot, left out: its MAC is valid");
const Landmark kCopiedLink("a link copied to another slot");
const Landmark kTrimmedCorrupt("a trim of a segment with an altered link");
const Landmark kSecondFree("a second free that the slab noticed");
const Landmark kSecondSegment("a second segment");

}  // namespace

CorruptionExerciser::CorruptionExerciser(const SlabScript& script, model::AnySlab& slab)
    : script_(script),
      slab_(slab),
      traits_(slab.traits()),
      model_(static_cast<std::uint32_t>(script.capacity), script.initial_segments),
      first_slots_(script.initial_segments) {
  for (std::uint32_t i = 0; i < model_.segments(); ++i) {
    model_.slots_of(i).resize(script.capacity);
  }
}

void CorruptionExerciser::run() {
  for (const Step& step : script_.steps) {
    if (lost_track_) {
      perform_unjudged(step);
      continue;
    }
    if (step.is_overwrite) {
      overwrite(step);
    } else {
      perform(step);
    }
    if (!lost_track_) check_counters();
  }
  if (lost_track_) return;
  while (!held_.empty()) free_at(held_.size() - 1);
  check_counters();
}

void CorruptionExerciser::perform_unjudged(const Step& step) {
  if (step.op.kind == Kind::kAllocate && !step.is_overwrite) {
    const auto block = slab_.allocate();
    require(block.has_value(), "S9", "a slab with a corrupt link stopped serving");
    std::memset(block->data, step.value % 256, block->size);
    strays_.push_back(block->data);
  } else if (step.op.kind == Kind::kFree && !strays_.empty()) {
    slab_.deallocate(strays_[step.selector % strays_.size()]);
  } else if (step.op.kind == Kind::kTrim) {
    slab_.trim();
  }
  const model::Counters stats = slab_.counters();
  require(stats.live + stats.free + stats.abandoned <= stats.segments * stats.capacity, "S4",
          "more slots than there are");
}

void CorruptionExerciser::perform(const Step& step) {
  switch (step.op.kind) {
    case Kind::kAllocate:
      for (std::uint8_t i = 0; i < step.op.argument && !lost_track_; ++i) allocate();
      return;
    case Kind::kFree:
      if (held_.empty()) return;
      return free_at(step.op.argument == model::Op::kNewest ? held_.size() - 1 : step.op.argument);
    case Kind::kFreeAll:
      while (!held_.empty()) free_at(0);
      return;
    case Kind::kFreeAgain:
      return free_again();
    case Kind::kTrim:
      return trim();
    default:
      return;  // what asks, and what offers bad pointers, touches no link
  }
}

void CorruptionExerciser::allocate() {
  const std::uint32_t lowest = model_.lowest_with_room().value_or(model_.segments());
  if (lowest == model_.segments()) {
    model_.install();
    model_.slots_of(lowest).resize(script_.capacity);
    first_slots_.push_back(nullptr);
    if (model_.segments() > 1) kSecondSegment.reach();
  }
  const model::Counters before = slab_.counters();
  const auto block = slab_.allocate();
  const model::Counters after = slab_.counters();
  require(block.has_value(), "S9", "a slab with a corrupt link stopped serving");
  require(after.segments == model_.segments(), "S6", "another number of segments than needed");

  const Place place = place_of(block->data, lowest);
  const Taken taken{place, model_.slots_of(lowest).listed() != 0, slot(place).status};
  require(taken.former != Status::kLive, "S1", "a live block was handed out again");
  model_.take(lowest, place.slot);
  const bool astray = judge_link(taken, before, after);
  if (corrupt_links_ != 0) kServedOn.reach();
  slot(place).serial = next_serial_++;
  held_.push_back(place);
  fill_block(block->data, block->size, slot(place).serial);
  if (astray) lose_track();
}

CorruptionExerciser::Place CorruptionExerciser::place_of(std::byte* block, std::uint32_t segment) {
  std::byte*& first_slot = first_slots_[segment];
  if (first_slot == nullptr) first_slot = block;
  const std::uintptr_t offset =
      std::bit_cast<std::uintptr_t>(block) - std::bit_cast<std::uintptr_t>(first_slot);
  const bool is_slot = offset % traits_.stride == 0 && offset / traits_.stride < script_.capacity;
  require(is_slot, "S2", "a block that is not a slot of the lowest segment with room");
  return {segment, static_cast<std::uint32_t>(offset / traits_.stride)};
}

/// What taking the slot at `place` had to do to the freelist that it stood on, if it stood on one.
/// True where a forged link was followed to a live slot, as only an unprotected slab may do.
bool CorruptionExerciser::judge_link(const Taken& taken, const model::Counters& before,
                                     const model::Counters& after) {
  const Place place = taken.place;
  WitnessedSlots& home = model_.slots_of(place.segment);
  const std::uint64_t counted = after.corrupt_links - before.corrupt_links;
  if (!taken.from_freelist) {
    require(place.slot + 1 == home.carved(), "S9",
            "a slot out of order, with nothing on the freelist");
    require(counted == 0, "S9", "a corrupt link counted where none was read");
    return false;
  }
  require(taken.former != Status::kUnused, "S9", "a slot that was never on the freelist");
  const bool altered = link_bytes_of(place) != slot(place).sealed.back();
  if (!must_be_refused(place)) {
    require(counted == 0, "S9", "a sound link was counted as corrupt");
    if (altered && home.listed() != 0) kFollowed.reach();
    const auto next = static_cast<std::uint32_t>(link_bytes_of(place));
    const bool is_protected = traits_.tracks_slots || traits_.seals_links;
    return !is_protected && next != 0 && home[next - 1].status == Status::kLive;
  }
  require(counted == 1, "S9", "a corrupt link was followed, or not counted");
  require(after.abandoned - before.abandoned == home.listed(), "S4",
          "slots behind a corrupt link were lost without a count");
  kCaught.reach();
  if (home.listed() != 0) kAbandonedSlots.reach();
  ++corrupt_links_;
  home.abandon_freelist();
  return false;
}

/// Whether the link in a slot that was just taken from the list cannot be followed.
bool CorruptionExerciser::must_be_refused(Place place) const {
  const WitnessedSlots& home = model_.slots_of(place.segment);
  const std::uint64_t bytes = link_bytes_of(place);
  if (traits_.seals_links && bytes != slot(place).sealed.back()) return true;
  const auto next = static_cast<std::uint32_t>(bytes);
  if ((next == 0) != (home.listed() == 0) || next > home.carved()) return true;
  if (next == 0) return false;
  if (!traits_.tracks_slots) return next - 1 == place.slot;
  // The slot itself is live by now.
  return next - 1 == place.slot || home[next - 1].status == Status::kLive;
}

void CorruptionExerciser::free_at(std::size_t position) {
  if (position >= held_.size()) return;
  const Place place = held_[position];
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(position));
  require(block_is_intact(data_of(place), traits_.stride, slot(place).serial), "S1",
          "the contents of a live block changed");
  require(slab_.deallocate(data_of(place)), "S9", "a live block was refused");
  model_.put(place, link_bytes_of(place));
  last_freed_ = place;
}

void CorruptionExerciser::free_again() {
  if (!last_freed_ || !traits_.tracks_slots || slot(*last_freed_).status == Status::kLive) return;
  require(!slab_.deallocate(data_of(*last_freed_)), "S10", "a second free was accepted");
  ++repeated_frees_;
  kSecondFree.reach();
}

std::vector<CorruptionExerciser::Place> CorruptionExerciser::idle_slots() const {
  std::vector<Place> idle;
  for (std::uint32_t segment = 0; segment < model_.segments(); ++segment) {
    if (first_slots_[segment] == nullptr) continue;
    for (std::uint32_t index = 0; index < script_.capacity; ++index) {
      if (slot({segment, index}).status == Status::kLive) continue;
      idle.push_back({segment, index});
    }
  }
  return idle;
}

void CorruptionExerciser::overwrite(const Step& step) {
  const std::vector<Place> idle = idle_slots();
  if (idle.empty()) return;
  const Place target = idle[step.selector % idle.size()];
  const std::vector<std::byte> former(data_of(target), data_of(target) + traits_.stride);
  write_link(step, target, idle);
  if (slot(target).status == Status::kUnused) {
    kUnusedOverwritten.reach();
    return;
  }
  const std::vector<std::uint64_t>& sealed = slot(target).sealed;
  const auto same = std::ranges::find(sealed, link_bytes_of(target));
  if (same != sealed.end() && *same != sealed.back() && traits_.seals_links) {
    std::ranges::copy(former, data_of(target));
    kReplay.reach();
  }
}

void CorruptionExerciser::write_link(const Step& step, Place target,
                                     const std::vector<Place>& idle) {
  std::byte* const data = data_of(target);
  const auto write_next = [&](std::uint32_t next) { std::memcpy(data, &next, sizeof(next)); };
  switch (step.form) {
    case 0:
      return write_next(0);
    case 1:
      std::memset(data, 0xff, sizeof(std::uint64_t));
      return;
    case 2:
      return write_next(target.slot + 1);
    case 3:
      return write_next(held_.empty() ? 1 : held_.back().slot + 1);
    case 4:
      return write_next(step.value % static_cast<std::uint32_t>(script_.capacity + 2));
    case 5:
      kCopiedLink.reach();
      std::memmove(data, data_of(idle[step.value % idle.size()]), sizeof(std::uint64_t));
      return;
    case 6:
      for (std::size_t i = 0; i + 1 < traits_.stride; i += sizeof(step.value)) {
        std::memcpy(data + i, &step.value, sizeof(step.value));
      }
      return;
    default:
      data[step.value / 8 % sizeof(std::uint64_t)] ^= std::byte{1} << step.value % 8;
  }
}

void CorruptionExerciser::trim() {
  for (std::uint32_t segment = 0; segment < model_.segments(); ++segment) {
    if (!model_.is_trimmable(segment)) continue;
    for (std::uint32_t index = 0; index < model_.slots_of(segment).carved(); ++index) {
      const Place place{segment, index};
      if (link_bytes_of(place) != slot(place).sealed.back()) kTrimmedCorrupt.reach();
    }
  }
  slab_.trim();
  for (const std::uint32_t segment : model_.trim()) {
    model_.slots_of(segment).resize(script_.capacity);
  }
}

/// From here on the slab may do anything that stays within its memory.
void CorruptionExerciser::lose_track() {
  kLedToLive.reach();
  lost_track_ = true;
  for (const Place place : held_) strays_.push_back(data_of(place));
}

void CorruptionExerciser::check_counters() const {
  const model::Counters stats = slab_.counters();
  require(stats.corrupt_links == corrupt_links_, "S9", "corrupt links miscounted");
  require(stats.repeated_frees == repeated_frees_, "S10", "second frees miscounted");
  require(slab_.corruption_events() == corrupt_links_ + repeated_frees_, "S9",
          "corruption_events is not the sum of what happened");
  require(stats.live == model_.live() && stats.free == model_.sum(&WitnessedSlots::listed) &&
              stats.abandoned == model_.sum(&WitnessedSlots::abandoned),
          "S4", "slots are in other states than the slab counts");
}

std::uint64_t CorruptionExerciser::link_bytes_of(Place place) const {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, data_of(place), std::min(traits_.link_bytes, sizeof(bytes)));
  return bytes;
}

}  // namespace slabproof::fuzz
