#ifndef SLABPROOF_TESTS_CHECKER_SCRIPT_FINDINGS_H_
#define SLABPROOF_TESTS_CHECKER_SCRIPT_FINDINGS_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model/graph/graph_explore.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {

/// What the executions of a program of functions came to.
struct ScriptFindings {
  std::set<std::string> outcomes;  ///< of those without a failure: `numbers_of` their states
  std::set<model::Defect> defects;
  std::uint64_t complete = 0;  ///< without a failure
  model::ExploreResult result;
};

/// What threads have noted in `State::got`, one number after the other.
template <class State>
std::string numbers_of(State& state) {
  std::string text;
  for (const int value : state.got) text += std::to_string(value);
  return text;
}

/// Explores an execution past its failures, on execution graphs or on Relacy.
template <class State>
ScriptFindings find_in_execution(model::Search search, ScriptedExecution<State>& execution,
                                 model::ExploreOptions options = {}) {
  ScriptFindings found;
  options.search = search;
  options.stop_on_violation = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) {
      found.defects.insert(end.failure->defect);
      return;
    }
    ++found.complete;
    found.outcomes.insert(execution.outcome());
  };
  found.result = search == model::Search::kGraph
                     ? model::explore(execution, &model::graph::graph_runner, options)
                     : model::explore(execution, options);
  return found;
}

/// The same for a program of functions.
template <class State>
ScriptFindings find_in_script(model::Search search,
                              const std::vector<std::function<void(State&)>>& threads,
                              const model::ExploreOptions& options = {}) {
  ScriptedExecution<State> execution(threads, numbers_of<State>);
  return find_in_execution(search, execution, options);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_SCRIPT_FINDINGS_H_
