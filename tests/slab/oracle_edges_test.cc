// Rules of the oracle at their edges: what is just good, what is just not, and what it says then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/oracle/oracle.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

// Trims.

TEST(OracleEdges, GrowthAfterATrimWaitsForNobody) {
  HistoryBuilder run("a f r a a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(0).answers(0, kStride).hit(0, slot(0, 0)).grow(0, 1).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, AllocationThatWaitedForATrimInstalledNothing) {
  HistoryBuilder run("a f r | a a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(1).section(1).section(0).answers(0, kStride).section(1).serves(1, {slot(0, 0)});
  run.grow(1, 1).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, BatchWaitsForATrimWhereTheOtherSegmentsHaveLessThanItWants) {
  HistoryBuilder run("a2 F r | a a2", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0), slot(0, 1)}).grow(1, 1);
  run.section(0).frees(0, {slot(0, 0), slot(0, 1)}).section(0);
  run.discarded(0, slot(0, 0), 2 * kStride).section(1).section(0).answers(0, 2 * kStride);
  run.section(1).serves(1, {slot(0, 0), slot(0, 1)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, SegmentThatWasNeverUsedIsNotClaimed) {
  HistoryBuilder run("a f r", all(1, 2));
  run.hit(0, slot(0, 0)).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(0).answers(0, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, TrimExaminesSixtyFourSegmentsInASection) {
  HistoryBuilder run("r", all(1, 64));
  run.section(0).answers(0, 0).ends_with_segments(64);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, TrimOfMoreThanSixtyFourSegmentsTakesAnotherSection) {
  HistoryBuilder run("r", all(1, 65));
  run.section(0).section(0).answers(0, 0).ends_with_segments(65);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, NothingIsClaimedWhileAGrowerWaitsAndAfterThatItIs) {
  HistoryBuilder run("a2 F r | a2 F r", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0)}).section(1).granted(1, 2);
  run.section(0).frees(0, {slot(0, 0), slot(1, 0)}).section(0).discarded(0, slot(0, 0), kStride);
  run.section(1).section(0).answers(0, kStride);
  run.section(1).released(1, 2).serves(1, {slot(0, 0), slot(1, 0)});
  run.section(1).frees(1, {slot(0, 0), slot(1, 0)}).section(1).discarded(1, slot(0, 0), kStride);
  run.section(1).discarded(1, slot(1, 0), kStride).section(1).answers(1, 2 * kStride);
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, NothingIsClaimedWhileARefusedAllocationWaitsAndAfterThatItIs) {
  HistoryBuilder run("a f r | a | ! a f r", all(1));
  run.passes(2).grow(0, 0).section(1).section(2).refused(2).section(2).free(0, slot(0, 0));
  run.section(0).answers(0, 0).section(2).serves(2, {slot(0, 0)});
  run.granted(1, 1).section(1).serves(1, {slot(1, 0)}).free(2, slot(0, 0)).section(2);
  run.discarded(2, slot(0, 0), kStride).section(2).answers(2, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

// Slots.

TEST(OracleEdges, LastByteOfASegmentMayBeASlot) {
  Setting setting = all(1);
  setting.stride = setting.alignment = 1;
  HistoryBuilder run("a", setting);
  run.section(0).granted(0, 0).section(0).serves(0, {segment_base(0) + kSegmentBytes - 1});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, BlocksFartherApartThanASegmentHasSlotsAreS2WhicheverComesFirst) {
  HistoryBuilder run("a a", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 2)}).hit(0, slot(0, 0));
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleEdges, BlockBetweenTwoNeighboursIsS2) {
  Setting setting = all(4);
  setting.alignment = 8;
  HistoryBuilder run("a a a", setting);
  run.grow(0, 0).hit(0, slot(0, 2)).hit(0, slot(0, 1) + 8).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleEdges, BlockBelowTheOthersThatIsNoSlotIsS2) {
  Setting setting = all(4);
  setting.alignment = 8;
  HistoryBuilder run("a a", setting);
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 1)}).hit(0, slot(0, 0) + 8);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

// Records.

TEST(OracleEdges, InitialSegmentThatWasRefusedIsNone) {
  HistoryBuilder run("n", all(1, 2));
  run.section(0).answers(0, 2).ends_with_segments(2);
  run.history().backing_events[1].kind = BackingEvent::Kind::kRefused;
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kImpossible));
}

TEST(OracleEdges, ErrorOfAnAllocationThatWasServedMeansNothing) {
  HistoryBuilder run("a", all(1));
  run.grow(0, 0).ends_with_segments(1);
  run.history().ops[0].error = AllocError::kInvalidLayout;
  EXPECT_THAT(run.judged(), holds());
}

// What it says.

TEST(OracleEdges, LostBlockIsToldByWhatCouldBeTaken) {
  HistoryBuilder run("a f", all(2));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().drained_blocks = 1;
  run.census().segments_after_drain = 3;
  EXPECT_THAT(run.judged(), violates("S4",
                                     "With all blocks back, 1 of 2 slots could be taken, and 1 "
                                     "segments became 3."));
}

TEST(OracleEdges, OperationBehindTheEndOfItsThreadHasNoText) {
  HistoryBuilder run("n", all(1));
  run.section(0).answers(0, 0).granted(0, 0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("S6", "`?` (thread 0, operation 1) installed a segment"));
}

// One oracle judges many histories.

TEST(OracleEdges, TrimOfTheHistoryBeforeHoldsNothing) {
  HistoryBuilder bad("a f r", all(1));
  bad.grow(0, 0).free(0, slot(0, 0)).section(0).answers(0, 0).ends_with_segments(1);
  HistoryBuilder good("a f r", all(1));
  good.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  good.section(0).answers(0, kStride).ends_with_segments(1);
  Oracle oracle(good.setting(), good.program());
  ASSERT_THAT(oracle.judge(bad.history()), violates("S12"));
  EXPECT_THAT(oracle.judge(good.history()), holds());
}

TEST(OracleEdges, SegmentsOfTheHistoryBeforeServeNobody) {
  HistoryBuilder two("a f r | a f", all(1));
  two.grow(0, 0).grow(1, 1).free(1, slot(1, 0)).free(0, slot(0, 0));
  two.section(0).discarded(0, slot(0, 0), kStride).section(0).discarded(0, slot(1, 0), kStride);
  two.section(0).answers(0, 2 * kStride).ends_with_segments(2);
  HistoryBuilder one("a f r | a f", all(1));
  one.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  one.section(1).section(1).section(0).answers(0, kStride).section(1).serves(1, {slot(0, 0)});
  one.free(1, slot(0, 0)).ends_with_segments(1);
  Oracle oracle(one.setting(), one.program());
  ASSERT_THAT(oracle.judge(two.history()), holds());
  EXPECT_THAT(oracle.judge(one.history()), holds());
}

TEST(OracleEdges, GrowthInFlightOfTheHistoryBeforeNeedsNoDirectory) {
  HistoryBuilder before("a2 a a", all(1, 3));
  before.section(0).serves(0, {slot(0, 0), slot(1, 0)}).hit(0, slot(2, 0));
  before.section(0).refused(0).fails(0).ends_with_segments(3);
  HistoryBuilder run("a2 a a", all(1, 3));
  run.section(0).serves(0, {slot(0, 0), slot(1, 0)}).hit(0, slot(2, 0));
  run.section(0).granted_directory(0).granted(0, 3).section(0).serves(0, {slot(3, 0)});
  run.ends_with_segments(4);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(before.history()), violates("L3"));
  EXPECT_THAT(oracle.judge(run.history()), violates("L2"));
}

TEST(OracleEdges, GrowthInFlightOfTheHistoryBeforeIsNoReasonForARequest) {
  HistoryBuilder before("a", all(1));
  before.section(0).refused(0).fails(0).ends_with_segments(0);
  HistoryBuilder run("a", all(1));
  run.refused(0).section(0).granted(0, 0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(before.history()), violates("L3"));
  EXPECT_THAT(oracle.judge(run.history()), violates("L2"));
}

}  // namespace
}  // namespace slabproof::model
