#ifndef SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_
#define SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_

#include <memory>
#include <optional>
#include <vector>

#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/execution_result.h"
#include "model/search/schedule.h"
#include "model/search/scheduler.h"
#include "model/search/trace.h"

namespace slabproof::model {

/// Runs executions of a fixed number of threads on fibers, under a memory model. It asks the
/// engine at every scheduling point. Not thread safe, not reentrant.
class ExecutionRunner {
 public:
  virtual ~ExecutionRunner() = default;

  /// What must be in place while a search runs executions, against crashes and stalls of the
  /// program under check. It ends with the object.
  class SearchScope {
   public:
    virtual ~SearchScope() = default;
  };
  [[nodiscard]] virtual std::unique_ptr<SearchScope> begin_search(const RunSettings& settings) = 0;

  /// Prepares the runner's own exhaustive search, with at most `context_bound` preemptions if there
  /// is a bound.
  virtual void start_tree_search(std::optional<unsigned> context_bound) = 0;
  /// Runs one execution of the search that `start_tree_search` began.
  virtual ExecutionResult run_tree(Execution& execution, const RunSettings& settings) = 0;
  /// Goes on to the next execution of that search; false when there is none.
  [[nodiscard]] virtual bool advance_tree() = 0;
  /// What the last execution of that search has chosen, where it is not the engine that knows; it
  /// can be run again with it as any other schedule.
  [[nodiscard]] virtual std::vector<Choice> last_choices() const { return {}; }

  /// Runs one execution under a scheduler of ours; records a trace if one is given.
  virtual ExecutionResult run(Execution& execution, Scheduler& scheduler,
                              const RunSettings& settings, Trace* trace) = 0;

  /// The running thread is about to fail. Does not return where what it does was only tried.
  virtual void about_to_fail() {}
  /// The running thread has stopped for good: another one goes on.
  virtual void leave_thread() = 0;
  /// Leaves the running execution for the one who called `run`. The engine knows why. Runs
  /// on the stack of the execution, of which nothing is destroyed.
  [[noreturn]] virtual void abandon() = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_
