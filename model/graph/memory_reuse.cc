#include "model/graph/memory_reuse.h"

#include <algorithm>
#include <cstdint>

namespace slabproof::model::graph {
namespace {

/// Calls `visit` for each event of one kind and sort in a part of a graph.
template <class Visit>
void for_each(const Graph& graph, const Clock& part, EventKind kind, Location sort, Visit visit) {
  for (std::size_t thread = 0; thread < graph.thread_count(); ++thread) {
    for (std::size_t index = 0; index < part[thread]; ++index) {
      const Event& event = graph.thread(thread)[index];
      if (event.kind != kind || event.location != sort) continue;
      visit(EventId{static_cast<std::uint8_t>(thread), static_cast<std::uint16_t>(index)}, event);
    }
  }
}

}  // namespace

Clock all_of(const Graph& graph) noexcept {
  Clock all;
  for (std::size_t thread = 0; thread < graph.thread_count(); ++thread) {
    all.set(thread, graph.thread(thread).size());
  }
  return all;
}

std::vector<EventId> reusable(const Graph& graph, Location sort, const Clock& part) {
  std::vector<EventId> frees;
  for_each(graph, part, EventKind::kFree, sort,
           [&](EventId id, const Event& /*event*/) { frees.push_back(id); });
  if (frees.empty()) return frees;
  for_each(graph, part, EventKind::kAllocation, sort,
           [&](EventId /*id*/, const Event& event) { std::erase(frees, event.source); });
  return frees;
}

}  // namespace slabproof::model::graph
