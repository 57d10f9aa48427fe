#include "model/slab/step_trace.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace slabproof::model {
namespace {}  // namespace

StepTrace::StepTrace(const Setting& setting, const Program& program)
    : setting_(setting), program_(program) {
  for (const auto& thread : program_.threads) {
    for (const Op& op : thread) {
      greatest_batch_ = std::max<std::size_t>(greatest_batch_, blocks_asked_for(op));
    }
  }
}

void StepTrace::append(const History& history, std::string& text) {
  if (history.overflowed) return;
  begin(history, text);
  for (std::size_t stamp = 0; stamp < history.acquisition_count; ++stamp) {
    const OpId id = history.acquisitions[stamp].op;
    section(stamp, *threads_[id.thread].records[id.op]);
  }
  word("end");
  number(history.census.segments);
  // The system counts what a trim holds as live, and the code does not.
  number(history.census.peak_live + greatest_.with_trims - greatest_.live);
  text += '\n';
}

void StepTrace::append_stopped(const History& history, std::string& text) {
  if (history.overflowed) return;
  begin(history, text);
  for (std::size_t stamp = 0; stamp < history.acquisition_count; ++stamp) {
    const OpId id = history.acquisitions[stamp].op;
    const OpRecord* const record = threads_[id.thread].records[id.op];
    if (record == nullptr) break;
    section(stamp, *record);
  }
  word("stopped");
  text += '\n';
}

void StepTrace::begin(const History& history, std::string& text) {
  history_ = &history;
  text_ = &text;
  segments_.clear();
  gifts_.clear();
  now_ = greatest_ = {};
  adopt_records();
  link_sections();
  write_heading();
  settle_gifts();
}

void StepTrace::adopt_records() {
  for (Thread& thread : threads_) {
    thread.records.fill(nullptr);
    thread.sections.fill(0);
    thread.op = 0;
    thread.done = 0;
    thread.has_started = false;
    thread.claimed.reset();
  }
  for (std::size_t i = 0; i < program_.threads.size(); ++i) {
    if ((history_->returned_threads >> i & 1U) == 0) continue;
    const OpRecord& record = history_->returned[i];
    threads_[i].records[record.id.op] = &record;
  }
  for (const OpRecord& record : history_->all_ops()) {
    threads_[record.id.thread].records[record.id.op] = &record;
  }
}

void StepTrace::link_sections() {
  std::array<std::array<std::size_t, kMaxOpsPerThread>, kMaxThreads> newest;
  for (auto& thread : newest) thread.fill(kNoStamp);
  for (std::size_t stamp = 0; stamp < history_->acquisition_count; ++stamp) {
    const OpId id = history_->acquisitions[stamp].op;
    ++threads_[id.thread].sections[id.op];
    std::size_t& before = newest[id.thread][id.op];
    next_[stamp] = kNoStamp;
    if (before != kNoStamp) next_[before] = static_cast<std::uint16_t>(stamp);
    before = stamp;
  }
}

void StepTrace::write_heading() {
  word("slab");
  number(setting_.capacity);
  word(recheck_name(setting_.recheck_all));
  word("lowest");
  number(program_.threads.size());
  number(greatest_batch_);
  for (const BackingEvent& event : history_->all_backing_events()) {
    const bool is_initial = event.op == kNoOp && event.is_segment &&
                            event.kind == BackingEvent::Kind::kGranted &&
                            segments_.size() < setting_.initial_segments;
    if (!is_initial) continue;
    segments_.push_back(event.base);
    number(event.base);
  }
  *text_ += '\n';
}

void StepTrace::section(std::size_t stamp, const OpRecord& record) {
  const OpId id = record.id;
  Thread& thread = threads_[id.thread];
  // A thread is in one operation at a time; a section of another one is none of its steps.
  if (id.op != thread.op) return unknown(id.thread);
  const bool is_last = ++thread.done == thread.sections[id.op];
  switch (traits_of(record.op).effect) {
    case Effect::kAllocate:
      allocation(stamp, record, is_last);
      break;
    case Effect::kFree:
      if (thread.done > 1) {
        unknown(id.thread);
      } else {
        const auto freed = history_->blocks_of(record);
        now_.live -= freed.size();
        now_.with_trims -= freed.size();
        line("free", id.thread);
        blocks(freed);
      }
      break;
    case Effect::kTrim:
      trim(stamp, id.thread);
      break;
    case Effect::kBadPointer:
    case Effect::kQuery:
    case Effect::kGift:
    case Effect::kRefusal:
      break;
  }
  settle_gifts();
}

void StepTrace::allocation(std::size_t stamp, const OpRecord& record, bool is_last) {
  const std::size_t from = history_->acquisitions[stamp].in_hand;
  const std::size_t to =
      is_last ? record.block_count : history_->acquisitions[next_[stamp]].in_hand;
  if (from > to || to > record.block_count) return unknown(record.id.thread);
  const auto taken = history_->blocks_of(record).subspan(from, to - from);
  if (!is_last && waits(stamp, taken)) return;
  Thread& thread = threads_[record.id.thread];
  count_live(taken.size());
  if (thread.has_started) {
    growth(stamp, record, taken, is_last);
  } else {
    line("start", record.id.thread);
    number(blocks_asked_for(record.op));
    observed(is_last);
    blocks(taken);
  }
  thread.has_started = true;
  thread.written = stamp;
}

/// A thread that takes nothing and then asks for nothing waits: for a growth, or for a trim.
bool StepTrace::waits(std::size_t stamp, std::span<const BlockEvent> taken) const {
  const OpId op = history_->acquisitions[stamp].op;
  return taken.empty() && !between(op, stamp, next_[stamp]).has_request();
}

void StepTrace::growth(std::size_t stamp, const OpRecord& record, std::span<const BlockEvent> taken,
                       bool is_last) {
  const Between supplies = between(record.id, threads_[record.id.thread].written, stamp);
  const bool is_served = supplies.has_request();
  // After a refusal, and where the segment was let go, an operation is over.
  const bool goes_on = supplies.granted && supplies.kept && !supplies.refused;
  if (!is_served || supplies.repeated || (!is_last && !goes_on)) return unknown(record.id.thread);
  if (goes_on) {
    segments_.push_back(*supplies.granted);
    line("install", record.id.thread);
    number(*supplies.granted);
    observed(is_last);
  } else {
    line(supplies.refused ? "refused" : "reuse", record.id.thread);
  }
  blocks(taken);
}

/// One section of a trim is up to two steps: what was claimed before is put back, the next segment
/// is claimed. Which one that was shows in what is discarded afterwards.
void StepTrace::trim(std::size_t stamp, std::uint8_t thread) {
  Thread& state = threads_[thread];
  if (state.claimed) {
    line("release", thread);
    number(*state.claimed);
    *text_ += '\n';
    state.claimed.reset();
    now_.with_trims -= setting_.capacity;
  }
  const auto discarded = between(history_->acquisitions[stamp].op, stamp, next_[stamp]).discarded;
  if (!discarded) return;
  state.claimed = segment_of(*discarded);
  if (!state.claimed) return unknown(thread);
  count_with_trims(setting_.capacity);
  line("claim", thread);
  number(*state.claimed);
  *text_ += '\n';
}

void StepTrace::count_live(std::uint64_t more) {
  now_.live += more;
  greatest_.live = std::max(greatest_.live, now_.live);
  count_with_trims(more);
}

void StepTrace::count_with_trims(std::uint64_t more) {
  now_.with_trims += more;
  greatest_.with_trims = std::max(greatest_.with_trims, now_.with_trims);
}

StepTrace::Between StepTrace::between(OpId op, std::size_t after, std::size_t before) const {
  Between seen;
  for (const BackingEvent& event : history_->all_backing_events()) {
    if (event.op != op || event.stamp <= after) continue;
    const bool is_later = before != kNoStamp && event.stamp > before;
    switch (event.kind) {
      case BackingEvent::Kind::kGranted:
        if (is_later || !event.is_segment) break;
        seen.repeated |= seen.granted.has_value();
        seen.granted = event.base;
        seen.kept = true;
        break;
      case BackingEvent::Kind::kRefused:
        seen.refused |= !is_later;
        break;
      case BackingEvent::Kind::kReleased:
        if (event.is_segment && event.base == seen.granted) seen.kept = false;
        break;
      case BackingEvent::Kind::kDiscarded:
        if (!is_later && !seen.discarded) seen.discarded = event.base;
        break;
    }
  }
  return seen;
}

/// Writes each gift whose giver has come to it, until no thread can go on without a section.
void StepTrace::settle_gifts() {
  bool moved = true;
  while (moved) {
    moved = false;
    for (std::size_t thread = 0; thread < program_.threads.size(); ++thread) {
      while (finish_operation(thread)) moved = true;
    }
  }
}

/// Ends the operation that a thread is at; false where sections of it, or the gift that it takes,
/// are still to come.
bool StepTrace::finish_operation(std::size_t thread) {
  Thread& state = threads_[thread];
  if (state.op == program_.threads[thread].size() || state.records[state.op] == nullptr ||
      state.done < state.sections[state.op]) {
    return false;
  }
  const OpRecord& record = *state.records[state.op];
  if (!record.skipped && record.op.kind == Op::Kind::kGive) {
    const BlockEvent& given = history_->blocks_of(record).front();
    line("give", thread);
    number(record.op.argument);
    block(given);
    *text_ += '\n';
    gifts_.push_back({given.address, record.op.argument});
  }
  if (!record.skipped && record.op.kind == Op::Kind::kTake) {
    const std::uintptr_t taken = history_->blocks_of(record).front().address;
    const auto gift = std::ranges::find_if(gifts_, [&](const Gift& candidate) {
      return candidate.block == taken && candidate.receiver == thread;
    });
    if (gift == gifts_.end()) return false;
    gifts_.erase(gift);
  }
  ++state.op;
  state.done = 0;
  state.has_started = false;
  return true;
}

void StepTrace::word(std::string_view text) {
  if (!text_->empty() && text_->back() != '\n') *text_ += ' ';
  *text_ += text;
}

void StepTrace::digits(std::uint64_t value) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits;
  text_->append(digits.data(),
                std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void StepTrace::number(std::uint64_t value) {
  *text_ += ' ';
  digits(value);
}

void StepTrace::observed(bool is_last) {
  if (is_last) {
    word("-");
  } else {
    number(segments_.size());
  }
}

void StepTrace::block(const BlockEvent& block) {
  const auto segment = segment_of(block.address);
  const std::uintptr_t first = segment ? segments_[*segment] + setting_.slots_offset : 0;
  // Beyond every slot there is: the checker, which knows how many there are, rejects it.
  constexpr std::uint64_t kNoSlot = std::numeric_limits<std::uint32_t>::max();
  const bool is_slot =
      segment && block.address >= first && (block.address - first) % setting_.stride == 0;
  number(segment.value_or(segments_.size()));
  *text_ += ':';
  digits(is_slot ? (block.address - first) / setting_.stride : kNoSlot);
}

void StepTrace::blocks(std::span<const BlockEvent> blocks) {
  for (const BlockEvent& each : blocks) block(each);
  *text_ += '\n';
}

void StepTrace::line(std::string_view step, std::uint64_t thread) {
  word(step);
  number(thread);
}

void StepTrace::unknown(std::uint64_t thread) {
  line("unknown", thread);
  *text_ += '\n';
}

std::optional<std::size_t> StepTrace::segment_of(std::uintptr_t address) const {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (address >= segments_[i] && address - segments_[i] < setting_.segment_bytes) return i;
  }
  return std::nullopt;
}

}  // namespace slabproof::model
