#ifndef SLABPROOF_TESTS_SUPPORT_SCRIPTED_EXECUTION_H_
#define SLABPROOF_TESTS_SUPPORT_SCRIPTED_EXECUTION_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/search/failure.h"
#include "tests/support/execution_ends.h"
#include "tests/support/place.h"

namespace slabproof::testing {

/// A program of functions over a `State` of checked objects, which is made anew for each execution.
template <class State>
class ScriptedExecution final : public model::Execution {
 public:
  using Part = std::function<void(State&)>;

  /// `outcome_of` is asked after the threads.
  explicit ScriptedExecution(std::vector<Part> threads,
                             std::function<std::string(State&)> outcome_of = {})
      : threads_(std::move(threads)), outcome_of_(std::move(outcome_of)) {}

  [[nodiscard]] std::size_t thread_count() const override { return threads_.size(); }
  void before() override {
    state_.make();
    if (on_before) on_before(*state_);
  }
  void thread(std::size_t index) override { threads_[index](*state_); }
  void after() override {
    if (on_after) on_after(*state_);
    if (outcome_of_) {
      const model::CheckerScope quiet;
      outcome_ = outcome_of_(*state_);
    }
    state_.end();
  }
  [[nodiscard]] std::optional<model::Failure> judge() override {
    if (on_judge) on_judge();
    return std::nullopt;
  }
  [[nodiscard]] const std::string& outcome() const { return outcome_; }

  Part on_before;
  Part on_after;
  std::function<void()> on_judge;

 private:
  std::vector<Part> threads_;
  std::function<std::string(State&)> outcome_of_;
  std::string outcome_;
  Place<State> state_;
};

/// Explores a program of functions.
template <class State>
model::ExploreResult explore_parts(std::vector<std::function<void(State&)>> threads,
                                   const model::ExploreOptions& options = {}) {
  ScriptedExecution<State> program(std::move(threads));
  return model::explore(program, options);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SCRIPTED_EXECUTION_H_
