#ifndef SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_
#define SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_

#include <cstddef>
#include <optional>
#include <span>

#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/schedule.h"
#include "model/search/scheduler.h"
#include "model/search/trace.h"

namespace slabproof::model {

/// Runs executions of a fixed number of threads on Relacy's fibers and memory model. There is one
/// for each number of threads, made at first use and kept: making one costs a fiber for each
/// thread, and a search or a fuzzer wants very many executions. Not thread safe, not reentrant.
class ExecutionRunner {
 public:
  virtual ~ExecutionRunner() = default;

  /// Requires 1 <= threads <= kMaxModelThreads.
  static ExecutionRunner& with_threads(std::size_t threads);

  /// Prepares Relacy's own exhaustive search, with at most `context_bound` preemptions if there is
  /// a bound.
  virtual void start_tree_search(std::optional<unsigned> context_bound) = 0;
  /// Runs one execution of the search that `start_tree_search` began.
  virtual void run_tree(Execution& execution, const RunSettings& settings) = 0;
  /// Goes on to the next execution of that search; false when there is none.
  [[nodiscard]] virtual bool advance_tree() = 0;

  /// Runs one execution under a scheduler of ours; records a trace if one is given.
  virtual void run(Execution& execution, Scheduler& scheduler, const RunSettings& settings,
                   Trace* trace) = 0;

  // How the last execution went: `Engine::instance().failure()` and `choices()`.
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_
