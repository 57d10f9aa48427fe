#include "model/oracle/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

// What must be accepted.

TEST(OracleAccepts, OneThreadThatGrowsAndGivesBack) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AHitThatTakesTheLockOnce) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).hit(0, slot(0, 1)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AGrowerThatReleasesTheSegmentItNoLongerNeeds) {
  HistoryBuilder run("a f | a f", all(1));
  run.section(0).section(1).granted(0, 0).granted(1, 1);
  run.section(0).serves(0, {slot(0, 0)}).free(0, slot(0, 0));
  run.section(1).released(1, 1).serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, OverGrowthByOneWhereOnlyNewSegmentsAreLookedAt) {
  HistoryBuilder run("a f | a f", only_new(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(1, 0)}).free(1, slot(1, 0));
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, OverGrowthByABatchWhereOnlyNewSegmentsAreLookedAt) {
  HistoryBuilder run("a2 F | a2", only_new(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0), slot(0, 1)});
  run.section(1).granted(1, 1).section(0).frees(0, {slot(0, 0), slot(0, 1)});
  run.section(1).serves(1, {slot(1, 0), slot(1, 1)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ABatchThatTakesWhatIsThereAndGrowsForTheRest) {
  HistoryBuilder run("a a3 F", all(2));
  run.grow(0, 0);
  run.section(0).granted(0, 1).section(0).serves(0, {slot(0, 1), slot(1, 0), slot(1, 1)});
  run.section(0).frees(0, {slot(0, 0), slot(0, 1), slot(1, 0), slot(1, 1)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ABatchThatAddsSegmentAfterSegment) {
  HistoryBuilder run("a3", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0).granted(0, 2).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0), slot(2, 0)}).ends_with_segments(3);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AFailureWhereTheBackingRefusesAndEverySlotIsLive) {
  HistoryBuilder run("a ! a", all(1));
  run.grow(0, 0).passes(0).section(0).refused(0).section(0).fails(0).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ARefusedGrowerThatIsServedFromAnOldSegment) {
  HistoryBuilder run("a f | ! a", only_new(1));
  run.passes(1).grow(0, 0).section(1).refused(1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ARefusedGrowerThatWaitsForAnotherAndIsServedFromItsSegment) {
  HistoryBuilder run("a | ! a", all(2));
  run.passes(1).section(0).section(1).refused(1).section(1).section(1).granted(0, 0).section(0);
  run.section(1).serves(0, {slot(0, 0)}).serves(1, {slot(0, 1)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ARefusedGrowerThatFailsWhenTheGrowthThatItSawHasEnded) {
  HistoryBuilder run("a | ! a | a", all(1));
  run.passes(1).section(0).section(1).refused(1).section(1);
  // A growth that begins later is not waited for.
  run.section(2).granted(0, 0).section(0).serves(0, {slot(0, 0)}).section(1).fails(1);
  run.granted(2, 1).section(2).serves(2, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, APartOfABatchWhereTheBackingRefuses) {
  HistoryBuilder run("a ! a2", all(2));
  run.grow(0, 0).passes(0).section(0).refused(0).section(0).serves(0, {slot(0, 1)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ADirectoryThatIsRefusedBeforeAnySegmentIsRequested) {
  HistoryBuilder run("! a", all(1));
  run.passes(0).section(0).refused_directory(0).section(0).fails(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ADirectoryThatIsRequestedAgainAfterARefusal) {
  HistoryBuilder run("! a a", all(1));
  run.passes(0).section(0).refused_directory(0).section(0).fails(0);
  run.section(0).granted_directory(0).granted(0, 0).section(0).serves(0, {slot(0, 0)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ADirectoryThatIsGrantedBeforeTheSegmentIsRefused) {
  HistoryBuilder run("! a", all(1));
  run.passes(0).section(0).granted_directory(0).refused(0).section(0).fails(0);
  run.ends_with_segments(0);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ADirectoryThatWidensWhereThereIsNoRoom) {
  HistoryBuilder run("a a", all(1));
  run.section(0).granted_directory(0).granted(0, 0).section(0).serves(0, {slot(0, 0)});
  run.section(0).granted_directory(0).granted(0, 1).section(0).serves(0, {slot(1, 0)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ADirectoryThatIsReleasedBecauseAWiderOneIsThere) {
  HistoryBuilder run("a f | a f", all(1));
  run.section(0).granted_directory(0).section(1).granted_directory(1).granted(1, 1);
  run.section(1).serves(1, {slot(1, 0)}).free(1, slot(1, 0)).granted(0, 0).section(0);
  run.released_directory(0).released(0, 0).serves(0, {slot(1, 0)}).free(0, slot(1, 0));
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ADirectoryInEachRoundOfABatch) {
  HistoryBuilder run("a2", all(1));
  run.section(0).granted_directory(0).granted(0, 0).section(0).granted_directory(0).granted(0, 1);
  run.section(0).serves(0, {slot(0, 0), slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ABlockThatAnotherThreadGivesBack) {
  HistoryBuilder run("a g>1 | t f a", all(1));
  run.grow(0, 0).passes(0).passes(1).free(1, slot(0, 0)).hit(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, OperationsThatFindNothingToActOn) {
  HistoryBuilder run("f F t d", all(1));
  run.skips(0).skips(0).skips(0).skips(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, BadPointersThatAreCounted) {
  HistoryBuilder run("a x m f d", all(1));
  run.grow(0, 0).section(0).offers(0, 0x666).section(0).offers(0, slot(0, 0) + 1);
  run.free(0, slot(0, 0)).section(0).offers(0, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AnswersThatAreRightAtTheirCriticalSection) {
  HistoryBuilder run("n c s | a u", all(2));
  run.section(0).answers(0, 0).grow(1, 0).section(1).answers(1, kStride);
  run.section(0).answers(0, 2 * kStride).section(0).answers(0, 1).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ATrimThatClaimsEachIdleSegmentOnce) {
  HistoryBuilder run("a3 F r a", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0).granted(0, 2).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0), slot(2, 0)});
  run.section(0).frees(0, {slot(0, 0), slot(1, 0), slot(2, 0)});
  run.section(0).discarded(0, slot(0, 0), kStride).section(0).discarded(0, slot(1, 0), kStride);
  run.section(0).discarded(0, slot(2, 0), kStride).section(0).answers(0, 3 * kStride);
  run.hit(0, slot(0, 0)).ends_with_segments(3);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AnAllocationThatWaitsForTheSegmentThatATrimHolds) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(1).section(1).section(0).answers(0, kStride).section(1).serves(1, {slot(0, 0)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AGrowerThatWaitsForTheSegmentThatATrimHolds) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).section(1).section(0).answers(0, kStride);
  run.section(1).released(1, 1).serves(1, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, ATrimThatClaimsNothingMoreWhileAnAllocationWaits) {
  HistoryBuilder run("a2 F r | a2", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0)}).section(0).frees(0, {slot(0, 0), slot(1, 0)});
  run.section(0).discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  run.section(1).serves(1, {slot(0, 0), slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, InitialSegmentsThatAreMoreThanNeeded) {
  HistoryBuilder run("a f", all(1, 3));
  run.hit(0, slot(0, 0)).free(0, slot(0, 0)).ends_with_segments(3);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AnEpilogueThatBelongsToNoOperation) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).epilogue(1).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, AConstructionThatObtainsADirectoryToo) {
  HistoryBuilder run("n", all(1, 2));
  auto& events = run.history().backing_events;
  events[2] =
      std::exchange(events[1], {kNoOp, BackingEvent::Kind::kGranted, false, 0, 0x1000, 256});
  run.history().backing_event_count = 3;
  run.section(0).answers(0, 2).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleAccepts, RecordsThatWereCompletedInAnotherOrderThanTheSections) {
  HistoryBuilder run("a f | a f", all(1));
  run.section(1).granted(1, 0).section(1).section_of({1, 1}).section(0);
  run.serves(0, {slot(0, 0)}).serves(1, {slot(0, 0)}).frees(1, {slot(0, 0)});
  run.free(0, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

// What is not a history.

TEST(OracleRefuses, AHistoryThatOutgrewItsArrays) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.history().overflowed = true;
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kTooLong));
}

TEST(OracleRefuses, AHistoryWithoutOneOfTheOperations) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, AnOperationThatIsRecordedTwice) {
  HistoryBuilder run("n n", all(1));
  run.section(0).answers(0, 0).section(0).answers(0, 0).ends_with_segments(0);
  run.history().ops[1].id = {0, 0};
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, AnOperationOfAThreadThatIsNotInTheProgram) {
  HistoryBuilder run("n", all(1));
  run.section(0).answers(0, 0).ends_with_segments(0);
  run.history().ops[0].id = {1, 0};
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, AnOperationBehindTheEndOfItsThread) {
  HistoryBuilder run("n", all(1));
  run.section(0).answers(0, 0).ends_with_segments(0);
  run.history().ops[0].id = {0, 1};
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, BlocksThatWereNotRecorded) {
  HistoryBuilder run("a", all(1));
  run.grow(0, 0).ends_with_segments(1);
  run.history().block_count = 0;
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, ALockTakenByAThreadThatIsNotInTheProgram) {
  HistoryBuilder run("n", all(1));
  run.section_of({1, 0}).section(0).answers(0, 0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, ALockTakenByAnOperationBehindTheEndOfItsThread) {
  HistoryBuilder run("n", all(1));
  run.section(0).answers(0, 0).section_of({0, 1}).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, ARequestByAThreadThatIsNotInTheProgram) {
  HistoryBuilder run("n", all(1));
  run.section(0).answers(0, 0).granted(1, 0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, AHistoryOfAnotherProgram) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  const auto other = parse_program("a n").value();
  EXPECT_THAT(Oracle(run.setting(), other).judge(run.history()),
              violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, AFreeOfABlockThatNobodyHolds) {
  HistoryBuilder run("a f f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).free(0, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, ASecondFreeOfABlockThatAnotherThreadHoldsByThen) {
  HistoryBuilder run("a f d | a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).hit(1, slot(0, 0)).section(0).offers(0, slot(0, 0));
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, ASectionOfAnOperationThatTakesNoLock) {
  HistoryBuilder run("!", all(1));
  run.section(0).passes(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, MissingInitialSegments) {
  HistoryBuilder run("n", all(1, 2));
  run.section(0).answers(0, 2).ends_with_segments(2);
  run.history().backing_event_count = 1;
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleRefuses, ACapacityOfNone) {
  EXPECT_THROW(Oracle(all(0), parse_program("a").value()), std::invalid_argument);
}

TEST(OracleRefuses, AStrideOfNone) {
  Setting setting = all(1);
  setting.stride = 0;
  EXPECT_THROW(Oracle(setting, parse_program("a").value()), std::invalid_argument);
}

TEST(OracleRefuses, AnAlignmentOfNone) {
  Setting setting = all(1);
  setting.alignment = 0;
  EXPECT_THROW(Oracle(setting, parse_program("a").value()), std::invalid_argument);
}

TEST(OracleRefuses, AProgramThatIsNotWellFormed) {
  EXPECT_THROW(Oracle(all(1), Program{}), std::invalid_argument);
}

// Measures.

TEST(OracleMeasures, PeakLiveInTheOrderOfSections) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).hit(1, slot(0, 0)).free(1, slot(0, 0)).ends_with_segments(1);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(run.history()), holds());
  EXPECT_EQ(oracle.measures().peak_live, 1U);
}

TEST(OracleMeasures, SegmentsAndOverGrowth) {
  HistoryBuilder run("a f | a f", only_new(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(1, 0)}).free(1, slot(1, 0)).ends_with_segments(2);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(run.history()), holds());
  EXPECT_EQ(oracle.measures().segments, 2U);
  EXPECT_EQ(oracle.measures().over_growth, 1U);
}

TEST(OracleMeasures, NoOverGrowthWhereTheInitialSegmentsAreMoreThanNeeded) {
  HistoryBuilder run("a", all(1, 3));
  run.hit(0, slot(0, 0)).ends_with_segments(3);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(run.history()), holds());
  EXPECT_EQ(oracle.measures().over_growth, 0U);
}

TEST(OracleMeasures, NothingIsLeftOverFromTheHistoryBefore) {
  HistoryBuilder bad("a f", all(1));
  bad.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(2);
  HistoryBuilder good("a f", all(1));
  good.grow(0, 5).free(0, slot(5, 0)).ends_with_segments(1);
  Oracle oracle(good.setting(), good.program());
  ASSERT_THAT(oracle.judge(bad.history()), violates("S6"));
  EXPECT_THAT(oracle.judge(good.history()), holds());
  EXPECT_THAT(oracle.judge(bad.history()), violates("S6"));
}

}  // namespace
}  // namespace slabproof::model
