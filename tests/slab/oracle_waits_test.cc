// Allocations that wait, for a trim or for growths of others, and what waits for nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/oracle/oracle.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

TEST(OracleWaits, SegmentThatATrimHoldsIsNotClaimedByAnother) {
  HistoryBuilder run("a f r | r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(1).answers(1, 0).section(0).answers(0, kStride).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, AllocationDoesNotWaitForATrimWhereAHigherSegmentHasRoom) {
  HistoryBuilder run("a2 F r | a", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0)}).section(0).frees(0, {slot(0, 0), slot(1, 0)});
  run.section(0).discarded(0, slot(0, 0), kStride).hit(1, slot(1, 0));
  run.section(0).answers(0, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, AllocationDoesNotWaitForATrimWhereTheLowestSegmentHasRoom) {
  HistoryBuilder run("a a f r | a f a", all(2));
  run.grow(1, 0).hit(0, slot(0, 1)).grow(0, 1).free(0, slot(1, 0)).section(0);
  run.discarded(0, slot(1, 0), kStride).free(1, slot(0, 0)).hit(1, slot(0, 0));
  run.section(0).answers(0, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, WaitForATrimIsOverWhenAnotherSegmentHasRoom) {
  HistoryBuilder run("a f r | a | a f", all(1));
  run.grow(2, 0).grow(0, 1).free(0, slot(1, 0)).section(0).discarded(0, slot(1, 0), kStride);
  run.section(1).free(2, slot(0, 0)).section(1).serves(1, {slot(0, 0)});
  run.section(0).answers(0, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, NothingIsClaimedWhileAnAllocationWaitsThatHasLookedTwice) {
  HistoryBuilder run("a2 F r | a2", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0)}).section(0).frees(0, {slot(0, 0), slot(1, 0)});
  run.section(0).discarded(0, slot(0, 0), kStride).section(1).section(1);
  run.section(0).answers(0, kStride).section(1).serves(1, {slot(0, 0), slot(1, 0)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, NothingIsClaimedWhileAGrowerWaitsAndAfterThatItIs) {
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

TEST(OracleWaits, NothingIsClaimedWhileARefusedAllocationWaitsAndAfterThatItIs) {
  HistoryBuilder run("a f r | a | ! a f r", all(1));
  run.passes(2).grow(0, 0).section(1).section(2).refused(2).section(2).free(0, slot(0, 0));
  run.section(0).answers(0, 0).section(2).serves(2, {slot(0, 0)});
  run.granted(1, 1).section(1).serves(1, {slot(1, 0)}).free(2, slot(0, 0)).section(2);
  run.discarded(2, slot(0, 0), kStride).section(2).answers(2, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, SegmentsAreClaimedAgainWhenAnAllocationHasWaited) {
  HistoryBuilder run("a f r | a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride).section(1);
  run.section(0).answers(0, kStride).section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  run.section(1).discarded(1, slot(0, 0), kStride).section(1).answers(1, kStride);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, SegmentsAreClaimedAgainWhenAGrowerHasLookedTwice) {
  HistoryBuilder run("a f r | a f r", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).section(1).section(0).answers(0, kStride);
  run.section(1).released(1, 1).serves(1, {slot(0, 0)}).free(1, slot(0, 0)).section(1);
  run.discarded(1, slot(0, 0), kStride).section(1).answers(1, kStride).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, GrowerThatHasWaitedIsAwaitedByNobody) {
  HistoryBuilder run("a f r | a | ! a", all(1));
  run.passes(2).grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  run.section(1).released(1, 1).serves(1, {slot(0, 0)});
  run.section(2).refused(2).section(2).fails(2).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, GrowerThatWaitsForATrimIsAwaitedByOneThatWasRefused) {
  HistoryBuilder run("a f r a | a | ! a", all(1));
  run.passes(2).grow(0, 0).section(1).section(2).granted(1, 1).refused(2).free(0, slot(0, 0));
  run.section(0).discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  run.hit(0, slot(0, 0)).section(2).section(1).serves(1, {slot(1, 0)}).section(2).fails(2);
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, AllocationThatWaitedForATrimGrowsThoughAGrowerStillWaits) {
  HistoryBuilder run("a f r a | a | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).section(2).section(0).answers(0, kStride);
  run.hit(0, slot(0, 0)).section(2).section(1).serves(1, {slot(1, 0)});
  run.granted(2, 2).section(2).serves(2, {slot(2, 0)}).ends_with_segments(3);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, GrowthThatBeganLastIsAwaitedToo) {
  HistoryBuilder run("a | ! a", all(1));
  run.passes(1).section(1).section(0).refused(1).section(1).granted(0, 0).section(0);
  run.serves(0, {slot(0, 0)}).section(1).fails(1).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, BatchThatGotAPartAwaitsNoGrowth) {
  HistoryBuilder run("a | ! a2", all(1, 1));
  run.passes(1).section(1).section(0).refused(1).section(1).serves(1, {slot(0, 0)});
  run.granted(0, 1).section(0).serves(0, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, GrowerWhoseDirectoryWasRefusedInstallsNothingAfterAWaitEither) {
  HistoryBuilder run("a f r | ! a | a", all(1));
  run.passes(1).grow(0, 0).section(1).refused_directory(1).granted(1, 1).free(0, slot(0, 0));
  run.section(0).discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  run.hit(2, slot(0, 0)).section(1).released(1, 1).fails(1).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, GrowerThatWaitsCountsForTheDirectory) {
  HistoryBuilder run("a3 f r a | a | a", all(1, 3));
  run.section(0).serves(0, {slot(0, 0), slot(1, 0), slot(2, 0)}).section(1).granted(1, 3);
  run.free(0, slot(2, 0)).section(0).discarded(0, slot(2, 0), kStride).section(1);
  run.section(0).answers(0, kStride).hit(0, slot(2, 0));
  run.section(2).granted_directory(2).granted(2, 4).section(1).serves(1, {slot(3, 0)});
  run.section(2).serves(2, {slot(4, 0)}).ends_with_segments(5);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleWaits, DirectoryThatWasGrantedLeavesRoomForTheSegmentsItIsWideEnoughFor) {
  HistoryBuilder run("a a a a", all(1));
  run.grow(0, 0).grow(0, 1);
  run.section(0).granted_directory(0).granted(0, 2).section(0).serves(0, {slot(2, 0)});
  run.section(0).granted_directory(0).granted(0, 3).section(0).serves(0, {slot(3, 0)});
  run.ends_with_segments(4);
  EXPECT_THAT(run.judged(), violates("L2", "although there was room"));
}

TEST(OracleWaits, PagesThatATrimDiscardsAfterItsLastSectionAreS3) {
  HistoryBuilder run("a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).section(0);
  run.discarded(0, slot(0, 0), kStride).answers(0, kStride).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S3"));
}

}  // namespace
}  // namespace slabproof::model
