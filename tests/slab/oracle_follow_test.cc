// An execution that has not ended: whether it is good so far, and what the oracle tells of its
// past.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "model/oracle/oracle.h"
#include "model/search/execution.h"
#include "model/search/limits.h"
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

TEST(OracleFollow, SectionThatIsNotGoodIsFound) {
  HistoryBuilder run("n n", all(1));
  run.section(0).answers(0, 7).is_in(0);
  EXPECT_FALSE(Oracle(run.setting(), run.program()).follow(run.history()));
}

TEST(OracleFollow, OperationThatReturnedWithoutItsSectionIsNotGood) {
  HistoryBuilder run("n n", all(1));
  run.answers(0, 0).is_in(0);
  EXPECT_FALSE(Oracle(run.setting(), run.program()).follow(run.history()));
}

TEST(OracleFollow, ThreadBetweenTwoOperationsNeedsNoRecordOfTheNext) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0);
  EXPECT_TRUE(Oracle(run.setting(), run.program()).follow(run.history()));
}

TEST(OracleFollow, AsManyThreadsAsAProgramMayHaveAreFollowed) {
  static_assert(kMaxThreads == 8);
  HistoryBuilder run("n | n | n | n | n | n | n | n", all(1));
  for (std::size_t thread = 0; thread < kMaxThreads; ++thread) run.is_in(thread);
  EXPECT_TRUE(Oracle(run.setting(), run.program()).follow(run.history()));
}

TEST(OracleFollow, SectionOfNoOperationIsPassedOver) {
  HistoryBuilder run("n", all(1));
  run.section_of(kNoOp).is_in(0);
  EXPECT_TRUE(Oracle(run.setting(), run.program()).follow(run.history()));
}

// What it tells of all threads.

TEST(OracleFollow, HowManyBadPointersWereRefusedIsTold) {
  const auto told = [](std::uint64_t refused) {
    HistoryBuilder run("x n", all(1));
    return Followed(run.section(0).offers(0, 0x666, refused).is_in(0)).shared();
  };
  EXPECT_NE(told(0), told(1));
}

TEST(OracleFollow, WhereSlotsLieIsTold) {
  const auto told = [](std::size_t first, std::size_t second) {
    HistoryBuilder run("a a F", all(3, 1));
    run.hit(0, slot(0, first)).hit(0, slot(0, second));
    return Followed(run.section(0).frees(0, {slot(0, first), slot(0, second)})).shared();
  };
  EXPECT_NE(told(0, 1), told(1, 2)) << "the least";
  EXPECT_NE(told(0, 1), told(0, 2)) << "the greatest";
  EXPECT_EQ(told(0, 2), told(2, 0));
}

TEST(OracleFollow, WhereEachSegmentLiesIsTold) {
  const auto told = [](std::size_t first, std::size_t second) {
    HistoryBuilder run("a2 F", all(1));
    run.section(0).granted(0, first).section(0).granted(0, second).section(0);
    run.serves(0, {slot(first, 0), slot(second, 0)});
    return Followed(run.section(0).frees(0, {slot(first, 0), slot(second, 0)})).shared();
  };
  EXPECT_NE(told(0, 1), told(7, 1));
  EXPECT_NE(told(0, 1), told(0, 7));
}

TEST(OracleFollow, WhichBlocksAreLiveIsTold) {
  const auto told = [](std::size_t freed) {
    HistoryBuilder run("a a f", all(2, 1));
    return Followed(run.hit(0, slot(0, 0)).hit(0, slot(0, 1)).free(0, slot(0, freed))).shared();
  };
  EXPECT_NE(told(0), told(1));
}

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

TEST(OracleFollow, WhichSegmentItHoldsIsTold) {
  const auto told = [](std::size_t segment) {
    HistoryBuilder run("a", all(1));
    return Followed(run.section(0).granted(0, segment).is_in(0)).of_thread(0);
  };
  EXPECT_NE(told(0), told(7));
}

TEST(OracleFollow, WhatATrimHasGivenBackIsTold) {
  HistoryBuilder before("a f r", all(1));
  before.grow(0, 0).free(0, slot(0, 0)).section(0).is_in(0);
  HistoryBuilder behind("a f r", all(1));
  behind.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride).is_in(0);
  EXPECT_NE(Followed(before).of_thread(0), Followed(behind).of_thread(0));
}

TEST(OracleFollow, HowFarATrimIsIsTold) {
  HistoryBuilder one("r", all(1, 129));
  one.section(0).is_in(0);
  HistoryBuilder two("r", all(1, 129));
  two.section(0).section(0).is_in(0);
  EXPECT_NE(Followed(one).of_thread(0), Followed(two).of_thread(0));
}

/// Five segments, all of whose slots the first thread takes; the directory has room for eight.
HistoryBuilder full(std::string_view program) {
  HistoryBuilder run(program, all(1, 5));
  run.section(0);
  run.serves(0, {slot(0, 0), slot(1, 0), slot(2, 0), slot(3, 0), slot(4, 0)});
  return run;
}

TEST(OracleFollow, HowManySegmentsAGrowerSawIsTold) {
  HistoryBuilder five = full("a5 a | a");
  five.section(1).grow(0, 5).is_in(1);
  HistoryBuilder six = full("a5 a | a");
  six.grow(0, 5).section(1).is_in(1);
  EXPECT_NE(Followed(five).of_thread(1), Followed(six).of_thread(1));
}

TEST(OracleFollow, HowWideADirectoryAGrowerNeedsIsTold) {
  HistoryBuilder one("a | a", all(1));
  one.section(1).section(0).granted(0, 0).section(0).serves(0, {slot(0, 0)}).is_in(1);
  HistoryBuilder two("a | a", all(1));
  two.section(0).section(1).granted(0, 0).section(0).serves(0, {slot(0, 0)}).is_in(1);
  EXPECT_NE(Followed(one).of_thread(1), Followed(two).of_thread(1));
}

TEST(OracleFollow, OrderInWhichGrowthsBeganIsTold) {
  HistoryBuilder first = full("a5 a | a");
  first.section(1).section(0).is_in(0).is_in(1);
  HistoryBuilder second = full("a5 a | a");
  second.section(0).section(1).is_in(0).is_in(1);
  EXPECT_NE(Followed(first).of_thread(1), Followed(second).of_thread(1));
}

TEST(OracleFollow, WhichGrowthsARefusedAllocationWaitsForIsTold) {
  HistoryBuilder one = full("a5 a | ! a | a");
  one.passes(1).section(0).section(1).refused(1).section(1).section(2);
  one.is_in(0).is_in(1).is_in(2);
  HistoryBuilder both = full("a5 a | ! a | a");
  both.passes(1).section(0).section(1).section(2).refused(1).section(1);
  both.is_in(0).is_in(1).is_in(2);
  EXPECT_NE(Followed(one).of_thread(1), Followed(both).of_thread(1));
}

TEST(OracleFollow, HowAnAllocationCameToItsBlocksIsNotTold) {
  HistoryBuilder hit("a | a", all(2));
  hit.grow(0, 0).section(1).is_in(1, {slot(0, 1)});
  HistoryBuilder grower("a | a", all(2));
  grower.section(1).grow(0, 0).section(1).is_in(1, {slot(0, 1)});
  EXPECT_EQ(Followed(hit).of_thread(1), Followed(grower).of_thread(1));
}

TEST(OracleFollow, WhatIsToldOfATrimDoesNotDependOnTheExecutionBefore) {
  HistoryBuilder growing("r a | a f", all(1));
  growing.section(0).answers(0, 0).section(0).is_in(0).is_in(1);
  HistoryBuilder trimming("r a | a f", all(1));
  trimming.grow(1, 0).free(1, slot(0, 0)).section(0).is_in(0);
  Oracle oracle(trimming.setting(), trimming.program());
  ASSERT_TRUE(oracle.follow(growing.history()));
  ASSERT_TRUE(oracle.follow(trimming.history()));
  EXPECT_EQ(of_thread(oracle, 0), Followed(trimming).of_thread(0));
}

TEST(OracleFollow, WhatIsToldDoesNotDependOnTheExecutionBefore) {
  HistoryBuilder growing("n a", all(1));
  growing.section(0).answers(0, 0).section(0).granted_directory(0).granted(0, 0).is_in(0);
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
