// An execution that has not ended: whether it is good so far, and what the oracle tells of its
// past.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "model/oracle/oracle.h"
#include "model/search/execution.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

/// What was told, in order: numbers, and addresses, which `true` marks.
using Numbers = std::vector<std::pair<bool, std::uint64_t>>;

struct Told final : StateSink {
  Numbers all;

  void number(std::uint64_t number) override { all.emplace_back(false, number); }
  void address(const void* address) override {
    all.emplace_back(true, reinterpret_cast<std::uintptr_t>(address));
  }
  void thread(std::size_t /*thread*/) override { FAIL() << "the oracle tells of no thread"; }
};

Numbers shared(const Oracle& oracle) {
  Told told;
  oracle.append_shared(told);
  return told.all;
}
Numbers of_thread(const Oracle& oracle, std::size_t thread) {
  Told told;
  oracle.append_thread(thread, told);
  return told.all;
}

/// An oracle that has followed what was written down so far, and found it good.
class Followed {
 public:
  explicit Followed(HistoryBuilder& run) : oracle_(run.setting(), run.program()) {
    EXPECT_TRUE(oracle_.follow(run.history()));
  }
  [[nodiscard]] Numbers shared() const { return model::shared(oracle_); }
  [[nodiscard]] Numbers of_thread(std::size_t thread) const {
    return model::of_thread(oracle_, thread);
  }

 private:
  Oracle oracle_;
};

// Whether it is good so far.

TEST(OracleFollow, WhatEachThreadDidAfterItsLastSectionIsJudged) {
  for (const std::size_t thread : {0U, 1U}) {
    HistoryBuilder run("a | a", all(2));
    run.section(0).section(1).released(thread, 7).is_in(0).is_in(1);
    EXPECT_FALSE(Oracle(run.setting(), run.program()).follow(run.history())) << thread;
  }
}

// What it tells of all threads.

TEST(OracleFollow, GrowthInFlightIsTold) {
  HistoryBuilder before("a", all(1));
  before.is_in(0);
  HistoryBuilder run("a", all(1));
  run.section(0).is_in(0);
  EXPECT_NE(Followed(run).shared(), Followed(before).shared());
}

TEST(OracleFollow, OrderInWhichLiveBlocksWereHandedOutIsNotTold) {
  HistoryBuilder run("a | a", all(2, 1));
  run.hit(0, slot(0, 0)).hit(1, slot(0, 1));
  HistoryBuilder other("a | a", all(2, 1));
  other.hit(0, slot(0, 1)).hit(1, slot(0, 0));
  EXPECT_EQ(Followed(run).shared(), Followed(other).shared());
}

// What it tells of a thread.

TEST(OracleFollow, OperationThatAThreadIsAtIsTold) {
  HistoryBuilder first("n n", all(1));
  first.is_in(0);
  HistoryBuilder second("n n", all(1));
  second.section(0).answers(0, 0).is_in(0);
  EXPECT_NE(Followed(first).of_thread(0), Followed(second).of_thread(0));
}

TEST(OracleFollow, WhetherAnOperationHadItsSectionIsTold) {
  HistoryBuilder before("n", all(1));
  before.is_in(0);
  HistoryBuilder behind("n", all(1));
  behind.section(0).is_in(0);
  EXPECT_NE(Followed(before).of_thread(0), Followed(behind).of_thread(0));
}

TEST(OracleFollow, RequestsSinceTheLastSectionAreTold) {
  std::set<Numbers> told;
  const auto tell = [&told](auto... requests) {
    HistoryBuilder run("a", all(1));
    run.section(0);
    (requests(run), ...);
    told.insert(Followed(run.is_in(0)).of_thread(0));
  };
  const auto segment = [](HistoryBuilder& run) { run.granted(0, 0); };
  const auto no_segment = [](HistoryBuilder& run) { run.refused(0); };
  const auto directory = [](HistoryBuilder& run) { run.granted_directory(0); };
  const auto no_directory = [](HistoryBuilder& run) { run.refused_directory(0); };
  const auto release = [](HistoryBuilder& run) { run.released(0, 0); };
  tell();
  tell(segment);
  tell(segment, release);
  tell(no_segment);
  tell(directory);
  tell(no_directory);
  tell(directory, segment);
  tell(no_directory, segment);
  EXPECT_EQ(told.size(), 8U);
}

TEST(OracleFollow, GrowerThatWaitsForATrimIsToldFromAnAllocationThatHasTakenNothing) {
  const auto begin = [](HistoryBuilder& run) {
    run.passes(2).section(2).granted_directory(2).refused(2).section(2).fails(2);
  };
  const auto trim = [](HistoryBuilder& run) { run.grow(0, 0).free(0, slot(0, 0)).section(0); };
  HistoryBuilder grower("a f r | a | ! a", all(1));
  begin(grower);
  grower.section(1);
  trim(grower);
  grower.section(1).is_in(0).is_in(1);
  HistoryBuilder newcomer("a f r | a | ! a", all(1));
  begin(newcomer);
  trim(newcomer);
  newcomer.section(1).is_in(0).is_in(1);
  EXPECT_NE(Followed(grower).of_thread(1), Followed(newcomer).of_thread(1));
}

TEST(OracleFollow, WhatIsToldDoesNotDependOnTheExecutionBefore) {
  HistoryBuilder growing("n a", all(1));
  growing.section(0).answers(0, 0).section(0).is_in(0);
  HistoryBuilder before("n a", all(1));
  before.is_in(0);
  HistoryBuilder behind("n a", all(1));
  behind.section(0).is_in(0);
  for (HistoryBuilder* const run : {&before, &behind}) {
    Oracle oracle(run->setting(), run->program());
    ASSERT_TRUE(oracle.follow(growing.history()));
    ASSERT_TRUE(oracle.follow(run->history()));
    EXPECT_EQ(of_thread(oracle, 0), Followed(*run).of_thread(0));
    EXPECT_EQ(shared(oracle), Followed(*run).shared());
  }
}

}  // namespace
}  // namespace slabproof::model
