#ifndef SLABPROOF_MODEL_GRAPH_RUN_RECORD_H_
#define SLABPROOF_MODEL_GRAPH_RUN_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/graph.h"
#include "model/search/schedule.h"

namespace slabproof::model::graph {

/// In which order a run has started its threads and done their operations. With the graph that
/// comes to a schedule: a run that is made to do the same, and to choose each time what the graph
/// says, makes that graph anew, and the program does the same in between.
///
/// A value of the schedule counts from the newest: how many writes that the run has done by then
/// are newer than the one that a read reads from, or come after a write in coherence. For a weak
/// compare-exchange that fails spuriously, all possible values are added to it.
class RunRecord {
 public:
  void clear() noexcept { threads_.clear(); }
  /// A thread starts or, if it has started, does its next operation.
  void add(std::size_t thread) { threads_.push_back(static_cast<std::uint8_t>(thread)); }

  /// Empty if it has a value that a schedule cannot hold.
  [[nodiscard]] std::vector<Choice> choices(const Graph& graph) const;

 private:
  std::vector<std::uint8_t> threads_;
};

/// How many values a schedule may have for an operation when `writes` have been done to its
/// location.
[[nodiscard]] constexpr std::size_t value_count(const Event& operation,
                                                std::size_t writes) noexcept {
  if (is_lock(operation.action)) return 1;
  return operation.action == Action::kWeakCompareExchange ? 2 * (writes + 1) : writes + 1;
}

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_RUN_RECORD_H_
