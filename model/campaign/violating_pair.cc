#include "model/campaign/violating_pair.h"

#include <cstddef>
#include <cstdint>

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

}  // namespace

void mark_violating_pair(Trace& trace, const std::optional<Violation>& by_oracle) {
  if (by_oracle) {
    TraceEvent* const first = by_oracle->first ? beginning_of(trace, *by_oracle->first) : nullptr;
    TraceEvent* const other = by_oracle->other ? beginning_of(trace, *by_oracle->other) : nullptr;
    if (first != nullptr) first->failed = true;
    if (other != nullptr) other->clashed = true;
    return;
  }
  mark_clash(trace);
}

}  // namespace slabproof::model
