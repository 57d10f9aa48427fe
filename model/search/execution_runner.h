#ifndef SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_
#define SLABPROOF_MODEL_SEARCH_EXECUTION_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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
  /// For a runner that can: of executions that differ only in which of some threads is which, that
  /// search goes through one. Two threads of one class are interchangeable. Empty: none are.
  virtual void set_symmetry(std::span<const std::uint8_t> /*symmetry_class*/) {}
  /// Runs one execution of the search that `start_tree_search` began.
  virtual ExecutionResult run_tree(Execution& execution, const RunSettings& settings) = 0;
  /// Goes on to the next execution of that search; false when there is none.
  [[nodiscard]] virtual bool advance_tree() = 0;
  // For a runner whose search can be shared by processes. It has put aside where else it has to go
  // on, each with all that follows from there and with nothing that follows from another.
  [[nodiscard]] virtual std::size_t put_aside() const { return 0; }
  /// As `advance_tree`, but goes on with what was put aside first and not last: so soon much is put
  /// aside, in parts of like size.
  [[nodiscard]] virtual bool advance_tree_in_breadth() { return false; }
  /// Forgets what was put aside, but for each `count`th part from number `index` on.
  virtual void keep_share(std::size_t /*index*/, std::size_t /*count*/) {}
  /// What the last execution of that search has chosen, where it is not the engine that knows; it
  /// can be run again with it as any other schedule.
  [[nodiscard]] virtual std::vector<Choice> last_choices() const { return {}; }

  /// Runs one execution under a scheduler of ours; records a trace if one is given.
  virtual ExecutionResult run(Execution& execution, Scheduler& scheduler,
                              const RunSettings& settings, Trace* trace) = 0;

  /// Where a thread that has started is in happens-before, see `ThreadClock`; null where that is
  /// not known.
  [[nodiscard]] virtual const std::size_t* clock_of(std::size_t /*thread*/) const {
    return nullptr;
  }

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
