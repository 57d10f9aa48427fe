#include "tests/properties/program_thread.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace slabproof::properties {

using testing::environment;
using testing::Environment;
using testing::now;

namespace {

using Kind = model::Op::Kind;

/// An address that no slab ever hands out, but for one with caches that was given it.
std::byte foreign_object;

bool is_zero(model::BlockView block) {
  return std::all_of(block.data, block.data + block.size,
                     [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

void ProgramThread::run(const std::vector<model::Op>& operations) {
  Environment& mine = environment();
  slab_.begin_thread(index_);
  for (const model::Op op : operations) {
    mine.events.clear();
    mine.pauses = 0;
    testing::lock_counts.acquisitions = 0;
    mine.perturb();
    const std::uint64_t moved = moved_;
    carry_out(op);
    if (model::has_caches(kind_.traits.family)) judge_hit(op, moved_ != moved);
    events_.insert(events_.end(), mine.events.begin(), mine.events.end());
  }
  slab_.end_thread();
  keep_taken_back();
  if (mine.backing_calls_under_lock != 0) complain("S5: the backing was called under the lock");
}

/// A free right after an allocation, or the reverse, is a hit, and takes no lock (property C6).
void ProgramThread::judge_hit(model::Op op, bool moved_a_block) {
  using enum model::Effect;
  const model::Effect before = last_change_;
  const model::Effect now = traits_of(op).effect;
  was_refused_ |= count_events(BackingEvent::Kind::kRefused, false) != 0;
  if (now == kQuery || now == kGift || now == kRefusal) return;
  last_change_ = moved_a_block ? now : kQuery;
  const bool is_single = model::blocks_asked_for(op) == 1 || op.kind == Kind::kFree;
  const bool is_reversal =
      (before == kAllocate && now == kFree) || (before == kFree && now == kAllocate);
  if (moved_a_block && is_single && is_reversal && !was_refused_ &&
      testing::lock_counts.acquisitions != 0) {
    complain("C6: a hit took a lock");
  }
}

/// Alone, a thread knows of each block where it is (property C7).
void ProgramThread::judge_failure() {
  const model::Counters counters = slab_.counters_at_rest();
  if (counters.live != counters.segments * counters.capacity || counters.cached != 0) {
    complain("C7: an allocation failed although a block was free, or in a cache");
  }
}

void ProgramThread::keep_taken_back() {
  while (std::byte* const block = slab_.take_back()) receive({block, kind_.traits.stride});
}

bool ProgramThread::is_bad(const std::byte* pointer) const {
  return model::has_caches(kind_.traits.family) &&
         (pointer == &foreign_object ||
          reinterpret_cast<std::uintptr_t>(pointer) % kind_.traits.slot_alignment != 0);
}

void ProgramThread::carry_out(model::Op op) {
  switch (op.kind) {
    case Kind::kAllocate:
    case Kind::kAllocateZeroed:
      return allocate(op);
    case Kind::kFree:
      if (op.argument == model::Op::kNewest) {
        if (!held_.empty()) free_at(held_.size() - 1);
      } else if (op.argument < held_.size()) {
        free_at(op.argument);
      }
      return;
    case Kind::kFreeAll:
      if (!held_.empty()) free_all();
      return;
    case Kind::kGive:
      if (!held_.empty()) give(op.argument);
      return;
    case Kind::kTake: {
      HeldBlock block;
      if (inboxes_[index_].take(block)) held_.push_back(block);
      return;
    }
    case Kind::kFreeForeign:
      return free_bad_pointer(&foreign_object, SlabStep::Kind::kForeign);
    case Kind::kFreeMisaligned:
      if (held_.empty()) return;
      return free_bad_pointer(held_.back().data + 1, SlabStep::Kind::kMisaligned);
    case Kind::kFreeAgain:
      return;
    case Kind::kUsableSize:
    case Kind::kCapacityBytes:
    case Kind::kSegmentCount:
      return query(op.kind);
    case Kind::kStats:
      return read_counters();
    case Kind::kTrim:
      return trim();
    case Kind::kFailNextRequest:
      environment().refuse(0);
      return;
  }
}

void ProgramThread::allocate(model::Op op) {
  const std::size_t count = model::blocks_asked_for(op);
  std::vector<model::BlockView> blocks(count);
  model::BatchInProgress unwatched;
  const Instant invoked = now();
  const auto outcome = slab_.allocate_each(op.kind, blocks, unwatched);
  const Instant responded = now();
  std::size_t served = std::min(outcome.value_or(0), count);
  const auto bad = std::ranges::remove_if(std::span(blocks).first(served),
                                          [this](auto& block) { return is_bad(block.data); });
  bad_pointers_.handed_out += bad.size();
  served -= bad.size();
  if (op.kind == Kind::kAllocateZeroed && served == 1 && !is_zero(blocks[0])) {
    complain("S12: a block of zeros is not zero");
  }
  const bool may_grow = count_events(BackingEvent::Kind::kGranted, true) > 0;
  for (std::size_t i = 0; i < served; ++i) {
    add_step({.kind = SlabStep::Kind::kTake,
              .address = reinterpret_cast<std::uintptr_t>(blocks[i].data),
              .may_grow = may_grow},
             invoked, responded);
    receive(blocks[i]);
  }
  if (served + bad.size() < count) {
    if (model::has_caches(kind_.traits.family) && inboxes_.size() == 1) judge_failure();
    add_step({.kind = SlabStep::Kind::kExhausted}, invoked, responded);
    if (count_events(BackingEvent::Kind::kRefused, false) == 0) {
      complain(is_shared() ? "S11: an allocation failed although the backing refused nothing"
                           : "C7, L3: an allocation failed although the backing refused nothing");
    }
    if (served == 0 && (outcome || outcome.error() != model::Refusal::kOutOfMemory)) {
      complain("S12: an allocation serves nothing, and reports " +
               std::string(outcome ? "success" : model::to_text(outcome.error())));
    }
  }
  judge_allocation_costs(count);
}

void ProgramThread::judge_allocation_costs(std::size_t count) {
  if (!is_shared()) return;
  const std::size_t segments = count_events(BackingEvent::Kind::kGranted, true);
  const std::size_t refused = count_events(BackingEvent::Kind::kRefused, false);
  // Each round of growth installs a segment, or is the last.
  const std::size_t most_rounds = count;
  if (segments + refused > most_rounds) complain("L2: too many requests to the backing");
  // One that waits for a trim, or that was refused and waits for others who grow, looks again after
  // each pause.
  const std::uint64_t pauses = environment().pauses;
  if (testing::lock_counts.acquisitions != 1 + segments + refused + pauses) {
    complain("L2: " + std::to_string(testing::lock_counts.acquisitions) +
             " lock acquisitions of an allocation with " + std::to_string(segments + refused) +
             " requests for segments, and " + std::to_string(pauses) + " pauses");
  }
}

void ProgramThread::free_at(std::size_t position) {
  void* const pointer = release(position);
  const Instant invoked = now();
  const bool accepted = slab_.deallocate(pointer);
  const Instant responded = now();
  if (!accepted) complain("S12: a block was refused by its own slab");
  add_step({.kind = SlabStep::Kind::kPut, .address = reinterpret_cast<std::uintptr_t>(pointer)},
           invoked, responded);
  keep_taken_back();
}

void ProgramThread::free_all() {
  std::vector<void*> pointers;
  while (!held_.empty()) pointers.push_back(release(held_.size() - 1));
  const Instant invoked = now();
  const std::size_t accepted = slab_.deallocate_batch(pointers);
  const Instant responded = now();
  if (accepted != pointers.size()) complain("S12: a block of a batch was refused by its own slab");
  for (void* const pointer : pointers) {
    add_step({.kind = SlabStep::Kind::kPut, .address = reinterpret_cast<std::uintptr_t>(pointer)},
             invoked, responded);
  }
  keep_taken_back();
}

void ProgramThread::give(std::size_t receiver) {
  const HeldBlock block = held_.back();
  held_.pop_back();
  inboxes_[receiver].put(block);
}

void ProgramThread::free_bad_pointer(void* pointer, SlabStep::Kind kind) {
  const Instant invoked = now();
  const bool accepted = slab_.deallocate(pointer);
  const Instant responded = now();
  if (accepted && is_shared()) complain("S10: a bad pointer was accepted");
  ++bad_pointers_.offered;
  add_step({.kind = kind}, invoked, responded);
}

void ProgramThread::query(Kind kind) {
  if (kind == Kind::kUsableSize) {
    if (held_.empty()) return;
    if (slab_.usable_size(held_.back().data) != kind_.traits.stride)
      complain("S2: usable_size is wrong");
    return;
  }
  const Instant invoked = now();
  std::uint64_t segments = 0;
  if (kind == Kind::kSegmentCount) {
    segments = slab_.segment_count();
  } else {
    const std::uint64_t segment_bytes = slab_.segment_capacity() * kind_.traits.stride;
    const std::uint64_t bytes = slab_.capacity_bytes();
    if (bytes % segment_bytes != 0) complain("S12: capacity_bytes is not one of whole segments");
    segments = bytes / segment_bytes;
  }
  add_step({.kind = SlabStep::Kind::kSegments, .value = segments}, invoked, now());
}

void ProgramThread::read_counters() {
  const Instant invoked = now();
  const model::Counters counters = slab_.counters();
  add_step({.kind = SlabStep::Kind::kCounters, .counters = counters}, invoked, now());
}

/// A segment is out from some moment before its pages are given back to some moment after that.
void ProgramThread::trim() {
  const Instant invoked = now();
  slab_.trim();
  const Instant responded = now();
  Instant from = invoked;
  std::uintptr_t out = 0;
  for (const BackingEvent& event : environment().events) {
    if (event.kind != BackingEvent::Kind::kDiscarded) continue;
    if (out != 0) {
      add_step({.kind = SlabStep::Kind::kLayOut, .address = out}, from, event.when);
    }
    add_step({.kind = SlabStep::Kind::kClaim, .address = event.base}, from, event.when);
    out = event.base;
    from = event.when;
  }
  if (out != 0) add_step({.kind = SlabStep::Kind::kLayOut, .address = out}, from, responded);
}

void ProgramThread::give_everything_back() {
  HeldBlock block;
  while (inboxes_[index_].take(block)) held_.push_back(block);
  while (!held_.empty()) free_at(held_.size() - 1);
}

void ProgramThread::receive(model::BlockView block) {
  ++moved_;
  if (block.size < std::max(kind_.traits.stride, kind_.traits.object_size))
    complain("S2: a block is too small");
  if (reinterpret_cast<std::uintptr_t>(block.data) % kind_.traits.slot_alignment != 0) {
    complain("S2: a block is not aligned");
  }
  // Different for blocks of different threads, and for the last 32 of one.
  const auto value = static_cast<std::uint8_t>(index_ * 32 + next_fill_++ % 32);
  std::memset(block.data, value, kind_.traits.stride);
  held_.push_back({block.data, value});
}

void* ProgramThread::release(std::size_t position) {
  const HeldBlock block = held_[position];
  ++moved_;
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(position));
  const bool intact =
      std::all_of(block.data, block.data + kind_.traits.stride,
                  [&](std::byte byte) { return byte == std::byte{block.filled_with}; });
  if (!intact) complain("S1: the contents of a block changed while it was held");
  return block.data;
}

void ProgramThread::complain(std::string what) {
  if (!complaint_) complaint_ = std::move(what);
}

std::size_t ProgramThread::count_events(BackingEvent::Kind kind, bool segments_only) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(environment().events, [&](const BackingEvent& event) {
        return event.kind == kind && (event.is_segment || !segments_only);
      }));
}

}  // namespace slabproof::properties
