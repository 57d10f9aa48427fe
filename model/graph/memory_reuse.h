#ifndef SLABPROOF_MODEL_GRAPH_MEMORY_REUSE_H_
#define SLABPROOF_MODEL_GRAPH_MEMORY_REUSE_H_

#include <cstddef>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/graph.h"

namespace slabproof::model::graph {

// Memory that is freed may be what a later allocation gets. Which one does so is no matter of
// running order but of the graph: an allocation names the free whose memory it takes, and comes
// after it ([new.delete.dataraces]).

/// All events of a graph.
[[nodiscard]] Clock all_of(const Graph& graph) noexcept;

/// The frees of memory of one sort that no allocation has taken, as far as both are in `part`;
/// ordered by thread, and by their places in it.
[[nodiscard]] std::vector<EventId> reusable(const Graph& graph, Location sort, const Clock& part);

/// An allocation that takes what `free` has given back.
[[nodiscard]] inline Event taking(const Event& allocation, const Graph& graph, EventId free) {
  Event event = allocation;
  event.source = free;
  event.value = graph.at(free).value;
  return event;
}

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_MEMORY_REUSE_H_
