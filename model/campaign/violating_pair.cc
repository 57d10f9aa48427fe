#include "model/campaign/violating_pair.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>

#include "model/slab/slab_event.h"

namespace slabproof::model {
namespace {

/// The event with which an operation begins, or null.
TraceEvent* beginning_of(Trace& trace, OpId op) {
  std::size_t before = 0;
  for (TraceEvent& event : trace.events) {
    if (event.thread != op.thread || slab_event(event) != SlabEvent::kOperation) continue;
    if (before++ == op.op) return &event;
  }
  return nullptr;
}

bool names_something(const TraceEvent& event) {
  return !event.object.empty() || event.annotation.address != 0;
}

bool is_on_the_same(const TraceEvent& a, const TraceEvent& b) {
  const std::uintptr_t block = a.annotation.address;
  return (!a.object.empty() && a.object == b.object) ||
         (block != 0 && block == b.annotation.address);
}

/// The event that stopped the execution may only say why: then the one before it, by the same
/// thread, says what was touched.
void mark_clash_of(Trace& trace, std::size_t failed) {
  const auto past = std::views::reverse(std::span(trace.events).first(failed + 1));
  const int thread = trace.events[failed].thread;
  const auto touched = std::ranges::find_if(past, [&](const TraceEvent& event) {
    return event.thread == thread && names_something(event);
  });
  if (touched == past.end()) return;
  const auto clash = std::ranges::find_if(touched, past.end(), [&](const TraceEvent& event) {
    return event.thread != thread && is_on_the_same(event, *touched);
  });
  if (clash != past.end()) clash->clashed = true;
}

}  // namespace

void mark_violating_pair(Trace& trace, const std::optional<Violation>& by_oracle) {
  if (by_oracle) {
    TraceEvent* const first = by_oracle->first ? beginning_of(trace, *by_oracle->first) : nullptr;
    TraceEvent* const other = by_oracle->other ? beginning_of(trace, *by_oracle->other) : nullptr;
    if (first != nullptr) first->failed = true;
    if (other != nullptr) other->clashed = true;
    return;
  }
  const auto failed = std::ranges::find(trace.events, true, &TraceEvent::failed);
  if (failed != trace.events.end()) {
    mark_clash_of(trace, static_cast<std::size_t>(failed - trace.events.begin()));
  }
}

}  // namespace slabproof::model
