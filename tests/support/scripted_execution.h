#ifndef SLABPROOF_TESTS_SUPPORT_SCRIPTED_EXECUTION_H_
#define SLABPROOF_TESTS_SUPPORT_SCRIPTED_EXECUTION_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"

namespace slabproof::testing {

/// A program of functions over a `State` of checked objects, which is made anew for each execution.
template <class State>
class ScriptedExecution final : public model::Execution {
 public:
  using Thread = std::function<void(State&)>;

  /// `outcome_of` is asked after the threads.
  explicit ScriptedExecution(std::vector<Thread> threads,
                             std::function<std::string(State&)> outcome_of = {})
      : threads_(std::move(threads)), outcome_of_(std::move(outcome_of)) {}

  [[nodiscard]] std::size_t thread_count() const override { return threads_.size(); }
  void before() override { state_ = ::new (static_cast<void*>(memory_)) State(); }
  void thread(std::size_t index) override { threads_[index](*state_); }
  void after() override {
    if (outcome_of_) {
      const model::CheckerScope quiet;
      outcome_ = outcome_of_(*state_);
    }
    std::destroy_at(state_);
  }
  [[nodiscard]] const std::string& outcome() const { return outcome_; }

 private:
  std::vector<Thread> threads_;
  std::function<std::string(State&)> outcome_of_;
  std::string outcome_;
  State* state_ = nullptr;
  alignas(State) std::byte memory_[sizeof(State)];
};

/// What all executions of such a program came to.
struct ScriptedFindings {
  std::set<std::string> outcomes;
  std::set<std::string> failures;  ///< ids of properties
  std::set<std::string> messages;
  model::ExploreResult result;
};

template <class State>
ScriptedFindings explore_all(ScriptedExecution<State> execution, model::ExploreOptions options) {
  ScriptedFindings found;
  options.stop_on_violation = false;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) {
      found.outcomes.insert(execution.outcome());
    } else {
      found.failures.insert(end.failure->property);
      found.messages.insert(end.failure->message);
    }
  };
  found.result = model::explore(execution, options);
  return found;
}

template <class State>
ScriptedFindings explore_all(const ScriptedExecution<State>& execution, model::Search search) {
  model::ExploreOptions options;
  options.search = search;
  return explore_all(execution, options);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SCRIPTED_EXECUTION_H_
