// What a check says beyond its verdict: a counterexample that is easy to follow, how far it is, and
// how much there was.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "model/search/tree_progress.h"
#include "slabproof/model/check.h"

namespace slabproof::model {
namespace {

using std::memory_order::relaxed;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// That a report ends with.
Schedule schedule_in(const std::string& report) {
  const std::string key = "SLABPROOF_REPLAY='";
  const std::size_t begin = report.find(' ', report.find(key) + key.size()) + 1;
  const auto schedule = parse_schedule(report.substr(begin, report.find('\'', begin) - begin));
  EXPECT_TRUE(schedule) << report;
  return schedule.value_or(Schedule{});
}

/// Additions in each of three threads, each a read and then a write: some may be lost.
CheckResult check_additions(const CheckOptions& options) {
  return check(
      [](auto& run) {
        auto& sum = run.template make<Checked::Atomic<int>>(0);
        for (int thread = 0; thread < 3; ++thread) {
          run.thread([&sum] {
            for (int i = 0; i < 2; ++i) sum.store(sum.load(relaxed) + 1, relaxed);
          });
        }
        run.after([&] { expect(sum.load(relaxed) > 2, "almost all additions are lost"); });
      },
      options);
}

TEST(Counterexample, HasFewerSwitchesThanTheFirstFailureWhereThatFailsToo) {
  const CheckResult first = check_additions({.search = Search::kDpor, .minimize = false});
  const CheckResult least = check_additions({.search = Search::kDpor});
  ASSERT_EQ(first.exit_code(), 1) << first.report();
  ASSERT_EQ(least.exit_code(), 1) << least.report();
  EXPECT_LT(complexity_of(schedule_in(least.report())).switches,
            complexity_of(schedule_in(first.report())).switches);
  EXPECT_THAT(least.report(), HasSubstr("with 0 old values and 3 switches between threads; the "));
  EXPECT_THAT(first.report(), Not(HasSubstr("simplest schedule")));
  EXPECT_EQ(least.executions(), first.executions());
  EXPECT_EQ(least.outcomes(), first.outcomes());
}

/// Two threads that add; an addition is lost where one reads what is old, and where one comes
/// between the read and the write of the other.
TEST(Counterexample, ReadsTheNewestValuesWhereThatFailsToo) {
  const auto lost_addition = [](bool minimize) {
    return check(
        [](auto& run) {
          auto& sum = run.template make<Checked::Atomic<int>>(0);
          run.threads(2, [&] { sum.store(sum.load(relaxed) + 1, relaxed); });
          run.after([&] { expect(sum.load(relaxed) == 2, "an addition is lost"); });
        },
        {.minimize = minimize});
  };
  EXPECT_GT(complexity_of(schedule_in(lost_addition(false).report())).old_values, 0U);
  const std::string report = lost_addition(true).report();
  EXPECT_THAT(report, HasSubstr("an addition is lost"));
  EXPECT_EQ(complexity_of(schedule_in(report)).old_values, 0U);
}

TEST(Counterexample, ReadsAnOldValueWhereNothingElseFails) {
  const CheckResult result = check([](auto& run) {
    auto& x = run.template make<Checked::Atomic<int>>(0);
    auto& y = run.template make<Checked::Atomic<int>>(0);
    run.thread([&] {
      x.store(1, relaxed);
      y.store(1, relaxed);
    });
    run.thread(
        [&] { expect(y.load(relaxed) == 0 || x.load(relaxed) == 1, "y is there before x"); });
  });
  ASSERT_EQ(result.exit_code(), 1);
  const ScheduleComplexity complexity = complexity_of(schedule_in(result.report()));
  EXPECT_EQ(complexity.old_values, 1U);
  EXPECT_EQ(complexity.switches, 1U);
}

CheckResult check_sum(const CheckOptions& options) {
  return check(
      [](auto& run) {
        auto& sum = run.template make<Checked::Atomic<int>>(0);
        for (int thread = 0; thread < 3; ++thread) {
          run.thread([&sum] {
            for (int i = 0; i < 2; ++i) sum.fetch_add(1, relaxed);
          });
        }
      },
      options);
}

TEST(Progress, IsALineAtEachTenthOfTheWayWhereThereIsNoTerminal) {
  ::testing::internal::CaptureStderr();
  const CheckResult result = check_sum({.progress_after = 0});
  const std::string shown = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(result.holds());
  EXPECT_THAT(
      shown,
      ContainsRegex(
          "^\\[#+ *\\] +[0-9]+%  check at counterexample_test.cc:[0-9]+, 64 executions, 0 s"));
}

TEST(Progress, IsNotShownWhereItIsNotWanted) {
  ::testing::internal::CaptureStderr();
  static_cast<void>(check_sum({.progress_after = -1}));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(Progress, OfACheckThatReachedALimitIsInItsReport) {
  for (const std::size_t jobs : {1U, 2U}) {
    const CheckResult cut = check_sum({.executions = 40, .jobs = jobs});
    EXPECT_EQ(cut.exit_code(), 3);
    EXPECT_GT(cut.explored_part(), 0);
    EXPECT_LT(cut.explored_part(), 1);
    EXPECT_THAT(cut.report(), ContainsRegex("executions, [0-9.]+% of all by an estimate, "));
    EXPECT_EQ(check_sum({.jobs = jobs}).explored_part(), 1);
  }
  EXPECT_EQ(check_sum({.search = Search::kDpor, .executions = 40}).explored_part(), 0);
}

/// Goes through a binary tree in which both branches at each node lead equally far.
void search_tree(TreeProgress& progress, std::size_t depth) {
  std::size_t put_aside = depth;
  progress.reach_leaf(put_aside);
  for (double leaf = 1; put_aside != 0; ++leaf) {
    EXPECT_EQ(progress.part(), leaf / static_cast<double>(1U << depth));
    progress.go_on(--put_aside);
    // The branch that comes next has as many nodes below it as it lies above the leaves.
    std::size_t below = 0;
    while ((static_cast<unsigned>(leaf) >> below & 1U) == 0) ++below;
    put_aside += below;
    progress.reach_leaf(put_aside);
  }
}

TEST(TreeProgress, IsExactWhereAllBranchesAreAlike) {
  TreeProgress progress(0.5);
  search_tree(progress, 5);
  EXPECT_EQ(progress.part(), 1);
}

TEST(TreeProgress, CountsBranchesThatLeadNowhere) {
  TreeProgress progress(0.5);
  progress.reach_leaf(3);
  progress.go_on(0);  // with the first of them
  EXPECT_EQ(progress.part(), 0.5);
  progress.reach_leaf(0);
  EXPECT_EQ(progress.part(), 1);
}

TEST(TreeProgress, OfAShareBeginsWithItsBranches) {
  TreeProgress progress;
  progress.begin_with(4);
  progress.go_on(3);
  progress.reach_leaf(3);
  EXPECT_EQ(progress.part(), 0.25);
}

}  // namespace
}  // namespace slabproof::model
