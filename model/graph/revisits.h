#ifndef SLABPROOF_MODEL_GRAPH_REVISITS_H_
#define SLABPROOF_MODEL_GRAPH_REVISITS_H_

#include <vector>

#include "model/graph/event.h"
#include "model/graph/graph.h"

namespace slabproof::model::graph {

// Backward revisits: a new write may be what a read that is there already reads from. The events
// between the two, in the order of addition, are then taken away, as they may depend on what was
// read. So that no graph is made twice, this is done only where each of these events is as it would
// have been if it had been added as the first choice, which exactly one graph of all those that
// would be restricted to the same one fulfils: Kokologiannakis, Marmanis, Gladstein, Vafeiadis,
// "Truly stateless, optimal dynamic partial order reduction", POPL 2022, section 3.3 and
// algorithm 2.

/// Whether `event` is the first choice, which is the newest, in what is older than it or in the
/// causes `kept` of the revisiting write.
[[nodiscard]] bool is_maximal(const Graph& graph, EventId event, const Clock& kept) noexcept;

/// The reads that `write` may revisit, newest first. It has been appended to its thread, and has no
/// place in the coherence order yet.
void find_revisits(const Graph& graph, EventId write, std::vector<EventId>& reads);

/// What is left of a graph when `write` revisits `read`, before it is said what the read reads and
/// where the write is placed. `read` is the last event of its thread then, and so is `write`.
void restrict_for_revisit(const Graph& whole, EventId read, EventId write, Graph& result);

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_REVISITS_H_
