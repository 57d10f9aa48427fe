#ifndef SLABPROOF_TESTS_SUPPORT_EXECUTION_ENDS_H_
#define SLABPROOF_TESTS_SUPPORT_EXECUTION_ENDS_H_

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "model/search/explore.h"

namespace slabproof::testing {

/// How the executions of a program ended.
struct ExecutionEnds {
  std::set<std::string> outcomes;  ///< of those without a failure
  std::set<std::string> failures;  ///< their names
  std::set<std::string> messages;
  model::ExploreResult result;
};

/// Explores an execution that says by `outcome()` what it came to.
template <class Execution>
[[nodiscard]] ExecutionEnds explore_all(Execution execution, model::ExploreOptions options = {}) {
  ExecutionEnds ends;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) {
      ends.outcomes.insert(execution.outcome());
    } else {
      ends.failures.insert(std::string(name_of(*end.failure)));
      ends.messages.insert(end.failure->message);
    }
  };
  ends.result = model::explore(execution, options);
  return ends;
}

/// The same, past failures.
template <class Execution>
[[nodiscard]] ExecutionEnds explore_all(Execution execution, model::Search search) {
  model::ExploreOptions options;
  options.search = search;
  options.stop_on_violation = false;
  return explore_all(std::move(execution), options);
}

inline void expect_holds(const ExecutionEnds& ends) {
  EXPECT_EQ(ends.result.violations, 0U) << ends.result.violation->message;
  EXPECT_TRUE(ends.result.exhaustive);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_EXECUTION_ENDS_H_
