// The shipped Statistics and Watermark around the shipped slab, in every execution that C++20
// allows of two threads. The wrong variants are the same over a sync policy one of whose operations
// is not atomic.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <source_location>
#include <string>
#include <utility>

#include "model/graph/graph_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/checker/wrapper_program.h"
#include "tests/support/execution_ends.h"

namespace slabproof::testing {
namespace {

using model::RelacySync;
using Where = std::source_location;
using enum std::memory_order;

constexpr WrapperProgram kOneSlot{.threads = {"af", "af"}};
constexpr WrapperProgram kTwoSlots{.threads = {"af", "af"}, .capacity = 2};
constexpr WrapperProgram kStaysInUse{.threads = {"a", "afaf"}, .capacity = 2};
constexpr WrapperProgram kGrows{.threads = {"a", "af"}, .max_segments = 2};

template <class CheckedSync = RelacySync>
constexpr std::size_t kSlot = WrappedSlab<CheckedSync>::stride;

template <class Execution>
ExecutionEnds explore_graphs(Execution execution) {
  ExecutionEnds ends;
  model::ExploreOptions options;
  options.search = model::Search::kGraph;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) {
      ends.outcomes.insert(execution.outcome());
    } else {
      ends.messages.insert(end.failure->message);
    }
  };
  ends.result = model::explore(execution, &model::graph::graph_runner, options);
  return ends;
}

template <class CheckedSync = RelacySync>
ExecutionEnds counted(const WrapperProgram& program) {
  return explore_graphs(CountingThreads<CheckedSync>(program));
}

template <class CheckedSync = RelacySync>
ExecutionEnds watched(const WrapperProgram& program, Mark mark) {
  return explore_graphs(WatchedThreads<CheckedSync>(program, mark));
}

using Outcomes = std::set<std::string>;

TEST(StatisticsChecked, CountsEachCallOnceAndNoPeakThatNeverWas) {
  const ExecutionEnds ends = counted(kTwoSlots);
  expect_holds(ends);
  EXPECT_EQ(ends.outcomes, (Outcomes{"1 0", "2 0"}));
}

TEST(StatisticsChecked, BlockThatChangesItsOwnerCountsOnce) {
  const ExecutionEnds ends = counted(kOneSlot);
  expect_holds(ends);
  EXPECT_EQ(ends.outcomes, (Outcomes{"1 0", "1 1"}));
}

TEST(WatermarkChecked, CrossingsAlternateAndAreReportedOnce) {
  const ExecutionEnds ends = watched(kTwoSlots, Mark::bytes(kSlot<>, kSlot<>));
  expect_holds(ends);
  EXPECT_EQ(ends.outcomes, (Outcomes{"0 0", "1 1"}));
}

TEST(WatermarkChecked, UseThatStaysBetweenTheLevelsIsReportedOnce) {
  const ExecutionEnds ends = watched(kStaysInUse, Mark::bytes(kSlot<>, 0));
  expect_holds(ends);
  EXPECT_EQ(ends.outcomes, (Outcomes{"0 0", "1 0"}));
}

TEST(WatermarkChecked, BlockThatChangesItsOwnerIsNoAlarm) {
  const ExecutionEnds ends = watched(kOneSlot, Mark::bytes(kSlot<>, kSlot<>));
  expect_holds(ends);
  EXPECT_EQ(ends.outcomes, (Outcomes{"0 0"}));
}

TEST(WatermarkChecked, RelativeMarkIsRightInTheEndAlsoWhereTheSlabGrows) {
  const ExecutionEnds ends = watched(kGrows, Mark::percent(50, 50));
  expect_holds(ends);
  EXPECT_EQ(ends.outcomes, (Outcomes{"0 0", "1 0", "1 1", "2 1", "2 2"}));
}

// ---- Wrong variants ----

struct AdditionInTwoSteps : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    T fetch_add(T value, std::memory_order order, Where where = Where::current()) noexcept {
      const T before = this->load(order, where);
      this->store(static_cast<T>(before + value), order, where);
      return before;
    }
  };
};

struct ExchangeDoesNotCompare : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    bool compare_exchange_weak(T& /*expected*/, T desired, std::memory_order success,
                               std::memory_order /*failure*/,
                               Where where = Where::current()) noexcept {
      this->exchange(desired, success, where);
      return true;
    }
  };
};

TEST(StatisticsChecked, AdditionInTwoStepsLosesACount) {
  const ExecutionEnds ends = counted<AdditionInTwoSteps>(kTwoSlots);
  EXPECT_EQ(ends.messages, (Outcomes{"a count is wrong"}));
}

TEST(WatermarkChecked, ExchangeThatDoesNotCompareLosesUse) {
  const ExecutionEnds ends =
      watched<ExchangeDoesNotCompare>(kTwoSlots, Mark::bytes(kSlot<>, kSlot<>));
  EXPECT_FALSE(ends.messages.empty());
}

}  // namespace
}  // namespace slabproof::testing
