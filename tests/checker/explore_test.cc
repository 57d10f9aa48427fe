// A search on a runner that has neither fibers nor a memory model. The test links model/search and
// nothing else, so what is shown here needs no more.

#include "model/search/explore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csetjmp>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/execution_runner.h"
#include "model/search/failure.h"
#include "model/search/schedule.h"

namespace slabproof::model {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// Runs each thread to its end as soon as it is chosen.
class ThreadAfterThread : public ExecutionRunner {
 public:
  std::unique_ptr<SearchScope> begin_search(const RunSettings& /*settings*/) override {
    return nullptr;
  }
  void start_tree_search(std::optional<unsigned> /*context_bound*/) override { refuse(); }
  ExecutionResult run_tree(Execution& /*execution*/, const RunSettings& /*settings*/) override {
    refuse();
  }
  bool advance_tree() override { refuse(); }

  ExecutionResult run(Execution& execution, Scheduler& scheduler, const RunSettings& settings,
                      Trace* trace) override {
    Engine& engine = Engine::instance();
    engine.begin(execution, *this, &scheduler, settings, trace, execution.thread_count());
    scheduler.begin();
    if (setjmp(beginning_) == 0) {
      engine.run_before();
      while (engine.unfinished() != 0) engine.run_thread(engine.decide());
      engine.run_after();
    }
    engine.end();
    return engine.result();
  }

  /// There is no other thread.
  void leave_thread() override { abandon(); }
  [[noreturn]] void abandon() override { std::longjmp(beginning_, 1); }

 private:
  [[noreturn]] static void refuse() { std::abort(); }

  std::jmp_buf beginning_;
};

/// Says of each execution that it repeats another one.
class OnlyRepetitions final : public ThreadAfterThread {
 public:
  ExecutionResult run(Execution& execution, Scheduler& scheduler, const RunSettings& settings,
                      Trace* trace) override {
    ExecutionResult result = ThreadAfterThread::run(execution, scheduler, settings, trace);
    result.is_repetition = true;
    return result;
  }
};

/// One thread that draws a digit below 2 and one below 3.
class TwoDigits final : public Execution {
 public:
  using Number = std::pair<std::size_t, std::size_t>;

  [[nodiscard]] std::size_t thread_count() const override { return 1; }
  void thread(std::size_t /*index*/) override {
    number.first = Engine::instance().decide_value(2);
    if (stop && number.first == 1) abandon_execution(Defect::kInvalidAccess, "the digit is 1");
    number.second = Engine::instance().decide_value(3);
  }
  [[nodiscard]] std::optional<Failure> judge() override {
    if (number != wrong) return std::nullopt;
    return Failure{.label = "digits", .message = "the number is wrong"};
  }

  Number number;
  std::optional<Number> wrong;
  bool stop = false;
};

ExploreResult run(TwoDigits& digits, const ExploreOptions& options) {
  static ThreadAfterThread runner;
  return explore(digits, [](std::size_t) -> ExecutionRunner& { return runner; }, options);
}

TEST(Explore, EveryValueComesOnce) {
  TwoDigits digits;
  std::vector<TwoDigits::Number> seen;
  ExploreOptions options;
  options.on_execution = [&](const ExecutionEnd&) { seen.push_back(digits.number); };
  const ExploreResult result = run(digits, options);
  EXPECT_THAT(seen,
              UnorderedElementsAre(testing::Pair(0, 0), testing::Pair(0, 1), testing::Pair(0, 2),
                                   testing::Pair(1, 0), testing::Pair(1, 1), testing::Pair(1, 2)));
  EXPECT_EQ(result.executions, 6U);
  EXPECT_TRUE(result.exhaustive);
}

TEST(Explore, WhatTheJudgeFindsStopsTheSearchAndKeepsItsLabel) {
  TwoDigits digits;
  digits.wrong = {0, 1};
  const ExploreResult result = run(digits, {});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kReported);
  EXPECT_EQ(result.violation->label, "digits");
  EXPECT_EQ(result.executions, 2U);
  EXPECT_TRUE(result.reproduced);
  EXPECT_THAT(result.schedule.choices,
              ElementsAre(Choice::thread(0), Choice::value(0), Choice::value(1)));
}

TEST(Explore, AbandonedExecutionIsToldFromOneThatTheJudgeRefuses) {
  TwoDigits digits;
  digits.wrong = {0, 1};
  digits.stop = true;
  std::set<std::pair<Defect, bool>> ends;
  ExploreOptions options;
  options.stop_on_violation = false;
  options.on_execution = [&](const ExecutionEnd& end) {
    if (end.failure != nullptr) ends.emplace(end.failure->defect, end.abandoned);
  };
  static_cast<void>(run(digits, options));
  EXPECT_THAT(ends, UnorderedElementsAre(testing::Pair(Defect::kReported, false),
                                         testing::Pair(Defect::kInvalidAccess, true)));
}

TEST(Explore, RepetitionsOfNothingSayNothing) {
  TwoDigits digits;
  OnlyRepetitions runner;
  const ExploreResult result =
      explore(digits, [&](std::size_t) -> ExecutionRunner& { return runner; }, {});
  EXPECT_EQ(result.executions, 0U);
  EXPECT_EQ(result.redundant, 6U);
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_FALSE(result.exhaustive);
}

TEST(Explore, ScheduleOfAnExecutionRunsItAgain) {
  TwoDigits digits;
  std::optional<Schedule> schedule;
  ExploreOptions options;
  options.on_execution = [&](const ExecutionEnd& end) {
    if (digits.number == TwoDigits::Number(1, 1)) schedule = end.schedule();
  };
  static_cast<void>(run(digits, options));
  ASSERT_TRUE(schedule.has_value());
  ExploreOptions again;
  again.search = Search::kReplay;
  again.schedule = &*schedule;
  EXPECT_EQ(run(digits, again).executions, 1U);
  EXPECT_EQ(digits.number, TwoDigits::Number(1, 1));
}

TEST(Failure, TextNamesThePlaceWhereItIsKnown) {
  Failure failure{.defect = Defect::kDataRace, .message = "two writes"};
  EXPECT_EQ(to_text(failure), "two writes");
  failure.place = {.file = "stack.h", .line = 7, .function = "push"};
  EXPECT_EQ(to_text(failure), "two writes (stack.h:7, push)");
}

}  // namespace
}  // namespace slabproof::model
