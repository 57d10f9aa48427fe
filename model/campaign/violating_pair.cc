#include "model/campaign/violating_pair.h"

#include <cstddef>
#include <cstdint>

#include "model/slab/slab_event.h"

namespace slabproof::model {
namespace {

/// The event of this kind that has so many before it, or null. `thread` is whose they must be.
TraceEvent* find_event(Trace& trace, SlabEvent kind, std::size_t before,
                       std::optional<int> thread = {}) {
  for (TraceEvent& event : trace.events) {
    if (slab_event(event) != kind || (thread && event.thread != *thread)) continue;
    if (before-- == 0) return &event;
  }
  return nullptr;
}

/// Where an operation is at the section, or begins where that is not known; or null.
TraceEvent* moment_of(Trace& trace, const std::optional<OpId>& op,
                      const std::optional<std::size_t>& section) {
  if (section) return find_event(trace, SlabEvent::kSection, *section);
  return op ? find_event(trace, SlabEvent::kOperation, op->op, op->thread) : nullptr;
}

}  // namespace

void mark_violating_pair(Trace& trace, const std::optional<Violation>& by_oracle) {
  if (by_oracle) {
    TraceEvent* const first = moment_of(trace, by_oracle->first, by_oracle->first_section);
    TraceEvent* const other = moment_of(trace, by_oracle->other, by_oracle->other_section);
    if (first != nullptr) first->failed = true;
    if (other != nullptr) other->clashed = true;
    return;
  }
  mark_clash(trace);
}

}  // namespace slabproof::model
