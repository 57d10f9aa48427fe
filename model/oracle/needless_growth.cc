// Of a segment that nobody had to install: who did it, at which critical section, and why it was
// not needed.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/oracle/oracle.h"

namespace slabproof::model {
namespace {

using Stage = ReferenceSlab::Stage;

bool is_request(const BackingEvent& event) {
  return event.kind == BackingEvent::Kind::kGranted || event.kind == BackingEvent::Kind::kRefused;
}

}  // namespace

bool Oracle::fail_needless_growth(const BackingEvent& grant) {
  Needless why = why_needless(grant.op);
  const std::string_view property = setting_.recheck_all ? "S6" : "S7";
  fail(property, grant.op, fmt::format("{} installed a segment {}.", name(grant.op), why.reason));
  violation_->first_section = install_of(grant);
  if (why.other) {
    violation_->other = why.other->op;
    violation_->other_section = why.other->stamp;
  }
  return false;
}

/// What only the number of segments at the end shows; `leak_` says whose it was, if that is known.
bool Oracle::fail_leak(std::string_view property, std::string message) {
  if (!leak_) return fail(property, std::nullopt, std::move(message));
  fail(property, leak_->op, std::move(message));
  if (const BackingEvent* const grant = kept_grant_of(leak_->op)) {
    violation_->first_section = install_of(*grant);
  }
  if (leak_->why.other) {
    violation_->other = leak_->why.other->op;
    violation_->other_section = leak_->why.other->stamp;
  }
  return false;
}

Oracle::Needless Oracle::why_needless(OpId op) const {
  if (leak_ && leak_->op == op) return leak_->why;
  const Thread& thread = threads_[op.thread];
  if (thread.op == op.op && op.op < thread.records.size()) return why_needless_now(thread);
  return {
      op.op < thread.op ? "after its last critical section" : "before it looked for a free slot",
      std::nullopt};
}

/// Of the operation that the thread is at.
Oracle::Needless Oracle::why_needless_now(const Thread& thread) const {
  const OpRecord& record = *thread.records[thread.op];
  if (!allocates(record.op)) return {"although it allocates nothing", std::nullopt};
  if (!thread.started && !thread.room) return {"before it looked for a free slot", std::nullopt};
  switch (thread.allocation.stage) {
    case Stage::kAwaitsTrims:
    case Stage::kParked:
      return waits_for_trim();
    case Stage::kRefused:
      return {"instead of waiting for the growths that were in flight when it was refused",
              std::nullopt};
    case Stage::kGrows:
    case Stage::kDone:
      break;
  }
  if (thread.allocation.missing != 0 || !thread.room) {
    return {fmt::format("although its {} was refused", what_was_refused(record.id)), std::nullopt};
  }
  const auto& [segment, since] = *thread.room;
  std::string reason = fmt::format("although segment {} had a free slot", segment);
  if (since.op == record.id) return {"although it had all its blocks", std::nullopt};
  if (since.op == kNoOp) return {std::move(reason), std::nullopt};
  return {fmt::format("{} since {}", reason, name(since.op)), since};
}

Oracle::Needless Oracle::waits_for_trim() const {
  const auto trim = std::ranges::find_if(
      threads_, [](const Thread& thread) { return thread.trim.claimed.has_value(); });
  std::string reason = "instead of waiting for the trim that held a segment";
  if (trim == threads_.end()) return {std::move(reason), std::nullopt};
  return {std::move(reason), Moment{trim->records[trim->op]->id, trim->claimed_at}};
}

std::string_view Oracle::what_was_refused(OpId op) const {
  const auto events = history_->all_backing_events();
  const auto refused = std::ranges::find_if(events, [op](const BackingEvent& event) {
    return event.op == op && event.kind == BackingEvent::Kind::kRefused;
  });
  return refused != events.end() && refused->is_segment ? "segment" : "directory";
}

/// Whether the operation that was granted a region never let go of it.
bool Oracle::is_kept(const BackingEvent& grant) const {
  return std::ranges::none_of(history_->all_backing_events(), [&](const BackingEvent& event) {
    return &event > &grant && event.kind == BackingEvent::Kind::kReleased && event.op == grant.op &&
           event.base == grant.base;
  });
}

/// The last segment that an operation was granted and kept, or null.
const BackingEvent* Oracle::kept_grant_of(OpId op) const {
  const BackingEvent* found = nullptr;
  for (const BackingEvent& event : history_->all_backing_events()) {
    const bool is_it = event.op == op && event.kind == BackingEvent::Kind::kGranted &&
                       event.is_segment && is_kept(event);
    if (is_it) found = &event;
  }
  return found;
}

/// The grant of the segment that a block lies in, where it was kept but nobody had to install it;
/// else null.
const BackingEvent* Oracle::stray_segment_of(const BlockEvent& block) const {
  const auto events = history_->all_backing_events();
  const auto found = std::ranges::find_if(events, [&](const BackingEvent& event) {
    return event.kind == BackingEvent::Kind::kGranted && event.is_segment && event.op != kNoOp &&
           Region{event.base, event.size}.contains(block.address, 1) && is_kept(event);
  });
  return found == events.end() ? nullptr : &*found;
}

/// The section that installed a segment which was granted and kept: the last one of the operation
/// before its next request. Sections before that one waited for trims.
std::optional<std::size_t> Oracle::install_of(const BackingEvent& grant) const {
  std::optional<std::size_t> installs;
  for (std::size_t stamp = grant.stamp; stamp < history_->acquisition_count; ++stamp) {
    if (history_->acquisitions[stamp].op != grant.op) continue;
    const bool asks_again =
        installs && std::ranges::any_of(history_->all_backing_events(), [&](const auto& event) {
          return event.op == grant.op && is_request(event) && event.stamp > *installs &&
                 event.stamp <= stamp;
        });
    if (asks_again) break;
    installs = stamp;
  }
  return installs;
}

}  // namespace slabproof::model
