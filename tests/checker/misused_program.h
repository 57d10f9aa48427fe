#ifndef SLABPROOF_TESTS_CHECKER_MISUSED_PROGRAM_H_
#define SLABPROOF_TESTS_CHECKER_MISUSED_PROGRAM_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>

#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {

/// The searches that run a program from its beginning.
inline constexpr std::array kSearches = {model::Search::kDpor, model::Search::kFull,
                                         model::Search::kBound, model::Search::kRandom};

/// What the threads of the programs share.
struct State {
  model::RelacySync::Atomic<int> x{0};
  model::RelacySync::Atomic<int> y{0};
  model::RelacySync::Var<int> value{0};
};
using Parts = ScriptedExecution<State>;

inline void step(State& state) {
  state.x.fetch_add(1, std::memory_order::relaxed);
}

inline model::ExploreResult explore_with(model::Execution& execution, model::Search search) {
  model::ExploreOptions options;
  options.search = search;
  return model::explore(execution, options);
}

inline void expect_refused(const model::ExploreResult& result, const std::string& message) {
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_TRUE(result.violation->is_no_verdict());
  EXPECT_THAT(result.violation->message, ::testing::HasSubstr(message));
  EXPECT_FALSE(result.exhaustive);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_MISUSED_PROGRAM_H_
