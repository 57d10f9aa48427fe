#ifndef SLABPROOF_MODEL_GRAPH_TRACE_GRAPH_H_
#define SLABPROOF_MODEL_GRAPH_TRACE_GRAPH_H_

#include <cstdint>
#include <functional>
#include <string>

#include "model/graph/event.h"
#include "model/graph/graph.h"
#include "model/search/trace.h"

namespace slabproof::model::graph {

/// What the program calls what is in a graph.
struct GraphNames {
  std::function<std::string(Location)> object;
  std::function<std::string(Location, std::uint64_t)> value;
};

/// A graph as a person is shown it: a read-modify-write is one event, and so is a lock.
[[nodiscard]] TraceGraph trace_graph_of(const Graph& graph, const GraphNames& names);

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_TRACE_GRAPH_H_
