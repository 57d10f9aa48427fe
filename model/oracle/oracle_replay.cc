#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/oracle/oracle.h"

namespace slabproof::model {
namespace {

using Kind = Op::Kind;
using Stage = ReferenceSlab::Stage;

std::string_view why_it_waits(Stage stage) {
  switch (stage) {
    case Stage::kRefused:
      return ", while a growth was in flight that it had seen";
    case Stage::kAwaitsTrims:
    case Stage::kParked:
      return ", while a trim held a segment";
    case Stage::kGrows:
    case Stage::kDone:
      return "";
  }
  return "";
}

/// Whether an operation entered a critical section at all.
bool takes_lock(const OpRecord& record) {
  return !record.skipped && model::takes_lock(record.op);
}

}  // namespace

bool Oracle::replay_sections() {
  for (std::size_t stamp = 0; stamp < history_->acquisition_count; ++stamp) {
    if (!replay_section(stamp)) return false;
  }
  return true;
}

bool Oracle::replay() {
  if (!replay_sections()) return false;
  for (std::size_t i = 0; i < program_.threads.size(); ++i) {
    if (!replay_events(threads_[i], history_->acquisition_count)) return false;
    if (!advance_to(threads_[i], program_.threads[i].size())) return false;
  }
  return true;
}

void Oracle::enter(Thread& thread, std::uint8_t op) {
  thread.op = op;
  thread.started = false;
  thread.finished = false;
  thread.refused = false;
  thread.requests = {};
  thread.segment.reset();
  thread.blocks = 0;
  thread.discarded = 0;
  thread.room.reset();
  thread.allocation = {};
  thread.trim = {};
}

bool Oracle::replay_section(std::size_t stamp) {
  const OpId id = history_->acquisitions[stamp].op;
  if (id == kNoOp) return true;
  if (id.thread >= program_.threads.size() || id.op >= program_.threads[id.thread].size()) {
    return fail(
        HistoryStatus::kImpossible, std::nullopt,
        fmt::format("Operation {} of thread {}, which took the lock, is not in the program.", id.op,
                    id.thread));
  }
  Thread& thread = threads_[id.thread];
  if (!replay_events(thread, stamp) || !advance_to(thread, id.op)) return false;
  const OpRecord& record = *thread.records[id.op];
  if (!takes_lock(record)) {
    return fail(HistoryStatus::kImpossible, id,
                fmt::format("{} had no reason to take the lock.", name(id)));
  }
  if (thread.finished) {
    return fail("L2", id, fmt::format("{} took the lock again after it was done.", name(id)));
  }
  section_ = stamp;
  const bool holds = replay_operation(thread, record);
  section_.reset();
  thread.started = true;
  return holds;
}

bool Oracle::replay_operation(Thread& thread, const OpRecord& record) {
  switch (traits_of(record.op).effect) {
    case Effect::kAllocate:
      return replay_allocation(thread, record);
    case Effect::kTrim:
      replay_trim(thread);
      return true;
    case Effect::kFree:
      thread.finished = true;
      return replay_free(record);
    case Effect::kBadPointer:
      thread.finished = true;
      return replay_bad_pointer(record);
    case Effect::kQuery:
      thread.finished = true;
      return replay_query(record);
    case Effect::kGift:
    case Effect::kRefusal:
      break;
  }
  return true;
}

/// Ends the operations before `op`, all of whose sections must have been replayed.
bool Oracle::advance_to(Thread& thread, std::size_t op) {
  if (op < thread.op) {
    const OpId id = thread.records[op]->id;
    return fail("S12", id,
                fmt::format("{} entered a critical section after a later operation of its thread.",
                            name(id)));
  }
  while (thread.op < op) {
    const OpRecord& record = *thread.records[thread.op];
    if (!thread.finished && takes_lock(record)) return fail_unfinished(thread, record);
    // What a trim gives back, and what an allocation lets go of, comes after its last section.
    if (traits_of(record.op).effect == Effect::kTrim && !finish_trim(thread, record)) return false;
    if (thread.segment && !leak_) leak_ = Leak{record.id, why_needless_now(thread)};
    enter(thread, static_cast<std::uint8_t>(thread.op + 1));
  }
  return true;
}

/// What the thread did without the lock before the acquisition at `stamp`.
bool Oracle::replay_events(Thread& thread, std::size_t stamp) {
  while (thread.next_event < thread.events.size()) {
    const BackingEvent& event = *thread.events[thread.next_event];
    if (event.stamp > stamp) return true;
    ++thread.next_event;
    bool holds = true;
    switch (event.kind) {
      case BackingEvent::Kind::kGranted:
      case BackingEvent::Kind::kRefused:
        holds = replay_request(thread, event);
        break;
      case BackingEvent::Kind::kReleased:
        holds = replay_release(thread, event);
        break;
      case BackingEvent::Kind::kDiscarded:
        holds = replay_discard(thread, event);
        break;
    }
    if (!holds) return false;
  }
  return true;
}

bool Oracle::replay_request(Thread& thread, const BackingEvent& event) {
  const bool refused = event.kind == BackingEvent::Kind::kRefused;
  const bool grows = event.op.op == thread.op && thread.allocation.stage == Stage::kGrows;
  if (!grows) {
    if (event.is_segment && !refused && is_kept(event)) return fail_needless_growth(event);
    return fail(
        "L2", event.op,
        fmt::format("{} called the backing although it had no need to grow.", name(event.op)));
  }
  Requests& requests = thread.requests;
  if (std::exchange(event.is_segment ? requests.segment : requests.directory, true)) {
    return fail("L2", event.op,
                fmt::format("{} requested two {} at once.", name(event.op),
                            event.is_segment ? "segments" : "directories"));
  }
  if (!event.is_segment && thread.allocation.directory_width == 0) {
    return fail("L2", event.op,
                fmt::format("{} requested a directory although there was room.", name(event.op)));
  }
  if (refused) {
    requests.refused = thread.refused = true;
  } else if (event.is_segment) {
    thread.segment = Region{event.base, event.size};
  } else {
    requests.directory_granted = true;
  }
  return true;
}

bool Oracle::replay_release(Thread& thread, const BackingEvent& event) {
  if (!event.is_segment) return true;
  if (thread.segment && thread.segment->base == event.base) {
    thread.segment.reset();
    return true;
  }
  if (slots_.is_installed(event.base)) {
    return fail(
        "S3", event.op,
        fmt::format("{} released the installed segment at {:#x}.", name(event.op), event.base));
  }
  return fail("S11", event.op,
              fmt::format("{} released a region at {:#x} that it did not hold.", name(event.op),
                          event.base));
}

bool Oracle::replay_discard(Thread& thread, const BackingEvent& event) {
  const auto claimed = event.op.op == thread.op ? thread.trim.claimed : std::nullopt;
  if (!claimed || !slots_.segment(*claimed).contains(event.base, event.size)) {
    return fail(
        "S3", event.op,
        fmt::format("{} discarded {} bytes at {:#x}, which are not of a segment that it has "
                    "claimed.",
                    name(event.op), event.size, event.base));
  }
  thread.discarded += event.size;
  return true;
}

bool Oracle::replay_allocation(Thread& thread, const OpRecord& record) {
  ReferenceSlab::Allocation& allocation = thread.allocation;
  const Requests& requests = thread.requests;
  const auto run_section = [&] {
    if (!thread.started) {
      return reference_.begin_allocate(allocation, blocks_asked_for(record.op));
    }
    if (allocation.stage == Stage::kGrows || allocation.stage == Stage::kParked) {
      return reference_.continue_allocate(
          allocation, {.segment = thread.segment.has_value() && !requests.refused,
                       .directory = requests.directory_granted});
    }
    return reference_.look_again(allocation);
  };
  const auto section = run_section();
  if (allocation.stage != Stage::kParked) thread.requests = {};
  if (section.installed) {
    slots_.install(*thread.segment);
    thread.segment.reset();
    room_since_.push_back({record.id, *section_});
  }
  if (!section.taken.empty()) {
    thread.room = Room{section.taken.back(), room_since_[section.taken.back()]};
  }
  for (const std::uint32_t segment : section.taken) {
    if (!hand_out(thread, record, segment)) return false;
  }
  thread.finished = allocation.stage == Stage::kDone;
  return !thread.finished || finish_allocation(thread, record);
}

bool Oracle::hand_out(Thread& thread, const OpRecord& record, std::uint32_t segment) {
  if (thread.blocks == record.block_count) {
    return fail("L3", record.id,
                fmt::format("{} fell short although segment {} had a free slot at its last look.",
                            name(record.id), segment));
  }
  const BlockEvent& block = history_->blocks_of(record)[thread.blocks++];
  const SlotTable::Fault fault = slots_.hand_out(block, segment, record.id);
  return fault == SlotTable::Fault::kNone || fail_block(record, block, fault);
}

bool Oracle::finish_allocation(const Thread& thread, const OpRecord& record) {
  if (thread.blocks < record.block_count) {
    const BlockEvent& block = history_->blocks_of(record)[thread.blocks];
    return fail_block(record, block, slots_.fault_of(block));
  }
  const bool failed = thread.allocation.served == 0;
  if (record.failed != failed) {
    return fail("S12", record.id,
                fmt::format("{} reported {} but was served {} blocks.", name(record.id),
                            record.failed ? "failure" : "success", thread.allocation.served));
  }
  if (thread.allocation.missing != 0 && !thread.refused) {
    return fail(
        "L3", record.id,
        fmt::format("{} fell short although the backing refused nothing.", name(record.id)));
  }
  if (failed && record.error != AllocError::kOutOfMemory) {
    return fail("L3", record.id,
                fmt::format("{} failed because the backing refused, but reported: {}.",
                            name(record.id), to_string(record.error)));
  }
  return true;
}

bool Oracle::replay_free(const OpRecord& record) {
  for (const BlockEvent& block : history_->blocks_of(record)) {
    const auto freed = slots_.take_back(block.address);
    if (!freed) {
      return fail(
          HistoryStatus::kImpossible, record.id,
          fmt::format("{} gave back {:#x}, which nobody held.", name(record.id), block.address));
    }
    if (!reference_.has_room(freed->segment)) make_room(freed->segment);
    reference_.free(freed->segment);
  }
  return true;
}

/// The section that is replayed frees the first slot of a segment.
void Oracle::make_room(std::uint32_t segment) {
  room_since_[segment] = {history_->acquisitions[*section_].op, *section_};
}

bool Oracle::replay_bad_pointer(const OpRecord& record) {
  for (const BlockEvent& block : history_->blocks_of(record)) {
    const SlotTable::LiveBlock* const live = slots_.find_live(block.address);
    if (live == nullptr) continue;
    return fail(HistoryStatus::kImpossible, record.id,
                fmt::format("{} gave back {:#x} while {} holds it: no slab can refuse that.",
                            name(record.id), block.address, name(live->holder)),
                live->holder);
  }
  refused_pointers_ += record.refused_pointers;
  return true;
}

bool Oracle::replay_query(const OpRecord& record) {
  const std::uint64_t segments = reference_.segments();
  std::uint64_t expected = segments;
  std::string_view property = "S12";
  switch (record.op.kind) {
    case Kind::kUsableSize:
      expected = setting_.stride;
      property = "S2";
      break;
    case Kind::kCapacityBytes:
      expected = segments * setting_.capacity * setting_.stride;
      break;
    case Kind::kStats:
      expected = reference_.live();
      // Too few by no more than the bad pointers so far: those were taken for live blocks.
      if (record.value < expected && expected - record.value <= refused_pointers_) property = "S10";
      break;
    default:
      break;
  }
  if (record.value == expected) return true;
  return fail(property, record.id,
              fmt::format("{} answered {}, but at its critical section {} was right.",
                          name(record.id), record.value, expected));
}

void Oracle::replay_trim(Thread& thread) {
  if (thread.trim.claimed) make_room(*thread.trim.claimed);
  reference_.trim(thread.trim);
  if (thread.trim.claimed) thread.claimed_at = *section_;
  thread.finished = thread.trim.finished;
}

bool Oracle::finish_trim(const Thread& thread, const OpRecord& record) {
  if (record.value == thread.discarded) return true;
  return fail("S12", record.id,
              fmt::format("{} answered {}, but the backing gave back {} bytes.", name(record.id),
                          record.value, thread.discarded));
}

// Violations.

bool Oracle::fail(std::string_view property, std::optional<OpId> first, std::string message,
                  std::optional<OpId> other) {
  violation_ =
      Violation{HistoryStatus::kViolates, std::string(property), std::move(message), first, other};
  const bool is_at_its_section = section_ && history_->acquisitions[*section_].op == first;
  if (is_at_its_section) violation_->first_section = section_;
  return false;
}

bool Oracle::fail(HistoryStatus status, std::optional<OpId> first, std::string message,
                  std::optional<OpId> other) {
  violation_ = Violation{status, {}, std::move(message), first, other};
  return false;
}

bool Oracle::fail_block(const OpRecord& record, const BlockEvent& block, SlotTable::Fault fault) {
  if (fault == SlotTable::Fault::kLive) {
    const OpId holder = slots_.find_live(block.address)->holder;
    return fail("S1", record.id,
                fmt::format("{} was handed {:#x} while {} held it.", name(record.id), block.address,
                            name(holder)),
                holder);
  }
  if (fault == SlotTable::Fault::kOtherSegment) {
    return fail("S12", record.id,
                fmt::format("{} was handed {:#x}, a free slot that none of its critical sections "
                            "had to take.",
                            name(record.id), block.address));
  }
  if (fault == SlotTable::Fault::kOutside) {
    if (const BackingEvent* const grant = stray_segment_of(block)) {
      return fail_needless_growth(*grant);
    }
  }
  return fail("S2", record.id,
              fmt::format("{} was handed {} bytes at {:#x}, which are {}.", name(record.id),
                          block.size, block.address,
                          fault == SlotTable::Fault::kOutside ? "outside every segment"
                                                              : "no slot of their segment"));
}

bool Oracle::fail_unfinished(const Thread& thread, const OpRecord& record) {
  if (allocates(record.op)) {
    if (thread.blocks < record.block_count) {
      const BlockEvent& block = history_->blocks_of(record)[thread.blocks];
      return fail_block(record, block, slots_.fault_of(block));
    }
    return fail("L3", record.id,
                fmt::format("{} fell short without a last look{}.", name(record.id),
                            why_it_waits(thread.allocation.stage)));
  }
  return fail(
      "S12", record.id,
      fmt::format("{} returned before the critical section that it needed.", name(record.id)));
}

std::string Oracle::name(OpId op) const {
  const bool known =
      op.thread < program_.threads.size() && op.op < program_.threads[op.thread].size();
  return fmt::format("`{}` (thread {}, operation {})",
                     known ? to_text(program_.threads[op.thread][op.op]) : "?", op.thread, op.op);
}

}  // namespace slabproof::model
