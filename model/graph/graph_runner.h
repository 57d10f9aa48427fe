#ifndef SLABPROOF_MODEL_GRAPH_GRAPH_RUNNER_H_
#define SLABPROOF_MODEL_GRAPH_GRAPH_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/graph/explorer.h"
#include "model/graph/graph_sync_model.h"
#include "model/graph/replay.h"
#include "model/graph/symmetry.h"
#include "model/runtime/thread_locals.h"
#include "model/search/execution_runner.h"

namespace slabproof::model::graph {

/// Runs executions on graphs. What `ExecutionRunner` calls the runner's own search goes through all
/// graphs of the program.
class GraphRunner final : public ExecutionRunner {
 public:
  explicit GraphRunner(std::size_t threads) : threads_(threads), replay_(threads) {}

  [[nodiscard]] std::unique_ptr<SearchScope> begin_search(const RunSettings& settings) override;
  void start_tree_search(std::optional<unsigned> context_bound) override;
  void set_symmetry(std::span<const std::uint8_t> symmetry_class) override;
  ExecutionResult run_tree(Execution& execution, const RunSettings& settings) override;
  [[nodiscard]] bool advance_tree() override;
  [[nodiscard]] std::size_t put_aside() const override;
  [[nodiscard]] bool advance_tree_in_breadth() override;
  void keep_share(std::size_t index, std::size_t count) override;
  ExecutionResult run(Execution& execution, Scheduler& scheduler, const RunSettings& settings,
                      Trace* trace) override;

  [[nodiscard]] std::vector<Choice> last_choices() const override;

  void about_to_fail() override { replay_.about_to_act(); }
  void leave_thread() override { replay_.leave_thread(); }
  [[noreturn]] void abandon() override;

  /// Of the last execution.
  [[nodiscard]] const Graph& graph() const noexcept { return explorer_->graph(); }

 private:
  void begin_graphs(const RunSettings& settings);
  ExecutionResult run_graph(Scheduler* guide);
  void run_parts(Scheduler* guide);
  void conclude(Replay::End end);
  void fail(Failure failure);

  std::size_t threads_;
  Replay replay_;
  GraphSyncModel sync_model_;
  GraphHeap heap_;
  std::optional<Explorer> explorer_;
  Symmetry symmetry_;  // of the search of its own
  bool is_blocked_ = false;
  std::optional<ThreadLocals> thread_locals_;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_GRAPH_RUNNER_H_
