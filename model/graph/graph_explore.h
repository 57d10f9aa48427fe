#ifndef SLABPROOF_MODEL_GRAPH_GRAPH_EXPLORE_H_
#define SLABPROOF_MODEL_GRAPH_GRAPH_EXPLORE_H_

#include <cstddef>

#include "model/graph/graph.h"
#include "model/search/execution_runner.h"

namespace slabproof::model::graph {

/// Runs executions of exactly `threads` threads on execution graphs: the runner for
/// `Search::kGraph`. There is one for each number of threads, made at first use and kept.
///
/// What an execution allocates with `new` is gone when the next one begins, but for what `after`
/// allocates: a member of the Execution that keeps memory must be filled there or under a
/// CheckerScope, or be made anew in `before`.
///
/// Requires 1 <= threads <= kMaxThreads.
[[nodiscard]] ExecutionRunner& graph_runner(std::size_t threads);

/// Of the execution that runner ran last.
[[nodiscard]] const Graph& last_graph(std::size_t threads);

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_GRAPH_EXPLORE_H_
