#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/oracle/oracle.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

// S1: exclusive ownership.

TEST(OracleRejects, ABlockHandedOutTwiceAsS1) {
  HistoryBuilder run("a | a", all(2));
  run.grow(0, 0).hit(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S1", OpId{1, 0}, OpId{0, 0}));
}

TEST(OracleRejects, ABlockHandedOutTwiceByAFullSlabAsS1) {
  HistoryBuilder run("a | a", all(1));
  run.grow(0, 0).hit(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S1", OpId{1, 0}, OpId{0, 0}));
}

TEST(OracleRejects, ABlockHandedOutTwiceByAGrowerAsS1) {
  HistoryBuilder run("a | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).section(1).released(1, 1).serves(1, {slot(0, 0)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S1", OpId{1, 0}, OpId{0, 0}));
}

TEST(OracleRejects, ABatchWithTheSameBlockTwiceAsS1) {
  HistoryBuilder run("a2", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0), slot(0, 0)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S1", OpId{0, 0}, OpId{0, 0}));
}

TEST(OracleRejects, ABlockHandedOutBeforeTheSectionThatFreedItAsS1) {
  HistoryBuilder run("a f | a", all(2));
  run.grow(0, 0).hit(1, slot(0, 0)).free(0, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S1", OpId{1, 0}, OpId{0, 0}));
}

TEST(OracleRejects, ABlockHandedOutTwiceByNamingItAndBothOperations) {
  HistoryBuilder run("a | a2", all(3));
  run.grow(0, 0).section(1).serves(1, {slot(0, 1), slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S1",
                                     "`a2` (thread 1, operation 0) was handed 0x10080 while "
                                     "`a` (thread 0, operation 0) held it"));
}

// S2: where a block lies.

TEST(OracleRejects, AMisalignedBlockAsS2) {
  HistoryBuilder run("a", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0) + 8}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockBetweenTwoSlotsAsS2) {
  Setting setting = all(4);
  setting.alignment = 8;
  HistoryBuilder run("a a", setting);
  run.grow(0, 0).hit(0, slot(0, 1) + 8).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockBehindTheLastSlotAsS2) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).hit(0, slot(0, 2)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockOutsideEverySegmentAsS2) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).hit(0, 0x500000).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockThatReachesOverTheEndOfItsSegmentAsS2) {
  Setting setting = all(2);
  setting.alignment = 8;
  HistoryBuilder run("a", setting);
  run.section(0).granted(0, 0).section(0).serves(0, {segment_base(0) + kSegmentBytes - 8});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockOfAnotherSegmentThatIsNotASlotAsS2) {
  HistoryBuilder run("a a f@0 f a", all(1));
  run.grow(0, 0).grow(0, 1).free(0, slot(0, 0)).free(0, slot(1, 0)).hit(0, slot(1, 0) + 8);
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockInAReleasedSegmentAsS2) {
  HistoryBuilder run("a", all(1));
  run.section(0).granted(0, 0).section(0).released(0, 0).serves(0, {slot(0, 0)});
  run.history().backing_events[0].base = segment_base(7);
  run.history().backing_events[1].base = segment_base(7);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, ABlockSmallerThanTheStrideAsS2) {
  HistoryBuilder run("a", all(1));
  run.grow(0, 0).ends_with_segments(1);
  run.history().blocks[0].size = kStride / 2;
  EXPECT_THAT(run.judged(), violates("S2"));
}

TEST(OracleRejects, AUsableSizeThatIsNotTheStrideAsS2) {
  HistoryBuilder run("a u", all(1));
  run.grow(0, 0).section(0).answers(0, kStride - 1).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2"));
}

// S3: segments stay.

TEST(OracleRejects, AnInstalledSegmentThatIsReleasedAsS3) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).section(0).released(0, 0).frees(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S3"));
}

TEST(OracleRejects, ASegmentThatIsGoneAtTheEndAsS3) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("S3"));
}

TEST(OracleRejects, PagesOfASegmentInUseThatAreDiscardedAsS3) {
  HistoryBuilder run("a r", all(1));
  run.grow(0, 0).section(0).discarded(0, slot(0, 0), kStride).answers(0, kStride);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S3"));
}

TEST(OracleRejects, PagesOfAnotherSegmentThanTheClaimedOneThatAreDiscardedAsS3) {
  HistoryBuilder run("a a f@0 r", all(1));
  run.grow(0, 0).grow(0, 1).free(0, slot(0, 0));
  run.section(0).discarded(0, slot(1, 0), kStride).section(0).answers(0, kStride);
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S3"));
}

// S4: conservation.

TEST(OracleRejects, ALostBlockAsS4) {
  HistoryBuilder run("a f", all(2));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().drained_blocks = 1;
  EXPECT_THAT(run.judged(), violates("S4"));
}

TEST(OracleRejects, ADrainThatGrowsAsS4) {
  HistoryBuilder run("a f", all(2));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().segments_after_drain = 2;
  EXPECT_THAT(run.judged(), violates("S4"));
}

TEST(OracleRejects, ADrainThatMeetsASlotTwiceAsS4) {
  HistoryBuilder run("a f", all(2));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().drained_distinct = false;
  EXPECT_THAT(run.judged(), violates("S4"));
}

// S6 and S7: growth.

TEST(OracleRejects, OverGrowthByOneWhereAllSegmentsAreLookedAtAsS6) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(1, 0)}).free(1, slot(1, 0));
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, ASegmentInstalledThoughItWasNotUsedAsS6) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, GrowthAlthoughASlotWasFreeAsS6) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).grow(0, 1).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, ASegmentAddedAfterAHitAsS6) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).section(0).granted(0, 1).section(0).serves(0, {slot(0, 1)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, GrowthAlthoughASlotWasFreeAndOthersGrewLaterAsS6) {
  HistoryBuilder run("a a | a a", all(2));
  run.grow(0, 0).grow(0, 1).grow(1, 2).hit(1, slot(0, 1)).ends_with_segments(3);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, ASegmentInstalledThoughTheDirectoryWasRefusedAsS6) {
  HistoryBuilder run("! a", all(1));
  run.passes(0).section(0).refused_directory(0).granted(0, 0).section(0).serves(0, {slot(0, 0)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S6", "its directory was refused"));
}

TEST(OracleRejects, GrowthAlthoughANewSegmentHadAFreeSlotAsS7) {
  HistoryBuilder run("a f | a f", only_new(2));
  run.section(0).section(1).granted(0, 0).granted(1, 1);
  run.section(0).serves(0, {slot(0, 0)}).section(1).serves(1, {slot(1, 0)});
  run.free(0, slot(0, 0)).free(1, slot(1, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S7"));
}

TEST(OracleRejects, OverGrowthBeyondTheBoundAsS7) {
  HistoryBuilder run("a f | a f", only_new(1));
  run.grow(0, 0).free(0, slot(0, 0)).hit(1, slot(0, 0)).free(1, slot(0, 0)).ends_with_segments(3);
  EXPECT_THAT(run.judged(), violates("S7", "1 more are allowed"));
}

TEST(OracleRejects, OverGrowthByOneThreadAloneAsS7) {
  HistoryBuilder run("a f", only_new(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S7"));
}

TEST(OracleRejects, OverGrowthByAllocationsAloneAsS7) {
  HistoryBuilder run("a | a", only_new(2));
  run.grow(0, 0).hit(1, slot(0, 1)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S7", "0 more are allowed"));
}

TEST(OracleRejects, AnUnusedSegmentWithinTheBoundAsS7) {
  HistoryBuilder run("a f | a f", only_new(1));
  run.grow(0, 0).free(0, slot(0, 0)).hit(1, slot(0, 0)).free(1, slot(0, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S7", "1 were not needed when they were installed"));
}

TEST(OracleRejects, AHitInASegmentThatShouldNotHaveBeenInstalledAsS6) {
  HistoryBuilder run("a f | a a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).hit(1, slot(1, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

// S9, S10: bad pointers and links.

TEST(OracleRejects, ARefusedPointerThatWasNotCountedAsS10) {
  HistoryBuilder run("x", all(1));
  run.section(0).offers(0, 0x666).ends_with_segments(0);
  run.census().misuse_events = 0;
  EXPECT_THAT(run.judged(), violates("S10"));
}

TEST(OracleRejects, AGoodPointerThatWasCountedAsS10) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().misuse_events = 1;
  EXPECT_THAT(run.judged(), violates("S10"));
}

TEST(OracleRejects, ABadPointerThatChangedWhatIsLiveAsS10) {
  HistoryBuilder run("a a f d s", all(2));
  run.grow(0, 0).hit(0, slot(0, 1)).free(0, slot(0, 1)).section(0).offers(0, slot(0, 1));
  run.section(0).answers(0, 0).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S10"));
}

TEST(OracleRejects, ACorruptLinkThatNobodyForgedAsS9) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().corruption_events = 1;
  EXPECT_THAT(run.judged(), violates("S9"));
}

// S11: nothing is lost on the way.

TEST(OracleRejects, ARegionThatOutlivesTheSlabAsS11) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  run.census().regions_still_mapped = 1;
  EXPECT_THAT(run.judged(), violates("S11"));
}

TEST(OracleRejects, AnUnusedSegmentThatIsNotReleasedAsS11) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S11"));
}

TEST(OracleRejects, ASegmentThatIsReleasedTwiceAsS11) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).released(1, 1).released(1, 1).serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S11"));
}

// S12: each section does what the sequential specification does.

TEST(OracleRejects, AWrongSegmentCountAsS12) {
  HistoryBuilder run("a n", all(1));
  run.grow(0, 0).section(0).answers(0, 2).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, AnAnswerOfAnEarlierMomentAsS12) {
  HistoryBuilder run("a | n", all(1));
  run.grow(0, 0).section(1).answers(1, 0).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, AWrongCapacityAsS12) {
  HistoryBuilder run("a c", all(3));
  run.grow(0, 0).section(0).answers(0, 2 * kStride).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, AWrongNumberOfLiveBlocksAsS12) {
  HistoryBuilder run("a s", all(3));
  run.grow(0, 0).section(0).answers(0, 2).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, TooFewLiveBlocksWithoutAnyBadPointerAsS12) {
  HistoryBuilder run("a s", all(3));
  run.grow(0, 0).section(0).answers(0, 0).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, SectionsOfOneThreadInTheWrongOrderAsS12) {
  HistoryBuilder run("n s", all(1));
  run.section_of({0, 1}).section_of({0, 0}).answers(0, 0).answers(0, 0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, ASectionOfAnOperationThatItsThreadHasLeftAsS12) {
  HistoryBuilder run("n s", all(1));
  run.section(0).answers(0, 0).section(0).answers(0, 0).section_of({0, 0}).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, AnOperationWithoutCriticalSectionAsS12) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).frees(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, ABlockOfAHigherSegmentThanTheLowestWithRoomAsS12) {
  HistoryBuilder run("a a f@0 f a", all(1));
  run.grow(0, 0).grow(0, 1).free(0, slot(0, 0)).free(0, slot(1, 0)).hit(0, slot(1, 0));
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, MoreBlocksThanWereAskedForAsS12) {
  HistoryBuilder run("a", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0), slot(0, 1)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, AFailureThatWasServedAsS12) {
  HistoryBuilder run("a", all(1));
  run.grow(0, 0).ends_with_segments(1);
  run.history().ops[0].failed = true;
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleRejects, ATrimThatReportsOtherThanItGaveBackAsS12) {
  HistoryBuilder run("a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0));
  run.section(0).discarded(0, slot(0, 0), kStride).section(0).answers(0, 2 * kStride);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
}

// L2: how often.

TEST(OracleRejects, AHitThatTakesTheLockTwiceAsL2) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).section(0).section(0).serves(0, {slot(0, 1)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, AGrowerThatTakesTheLockThreeTimesAsL2) {
  HistoryBuilder run("a", all(1));
  run.section(0).granted(0, 0).section(0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, AGrowerThatRequestsTwoSegmentsAsL2) {
  HistoryBuilder run("a", all(1));
  run.section(0).granted(0, 0).granted(0, 1).section(0).released(0, 1).serves(0, {slot(0, 0)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, ARequestBeforeTheFirstLookAsL2) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).granted(0, 1).section(0).released(0, 1).serves(0, {slot(0, 1)});
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, ARequestByATrimAsL2) {
  HistoryBuilder run("a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).granted(0, 1).released(0, 1).section(0);
  run.answers(0, 0).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, ADirectoryRequestedTwiceAsL2) {
  HistoryBuilder run("a", all(1));
  run.section(0).granted_directory(0).granted_directory(0).granted(0, 0).section(0);
  run.serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, ADirectoryRequestedAlthoughThereIsRoomAsL2) {
  HistoryBuilder run("a2 a a", all(1, 3));
  run.section(0).serves(0, {slot(0, 0), slot(1, 0)}).hit(0, slot(2, 0));
  run.section(0).granted_directory(0).granted(0, 3).section(0).serves(0, {slot(3, 0)});
  run.ends_with_segments(4);
  EXPECT_THAT(run.judged(), violates("L2"));
}

TEST(OracleRejects, ADirectoryRequestedByAHitAsL2) {
  HistoryBuilder run("a a", all(2));
  run.grow(0, 0).section(0).granted_directory(0).serves(0, {slot(0, 1)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2"));
}

// L3: when an allocation may fall short.

TEST(OracleRejects, AFailureAlthoughASlotWasFreeAtTheLastLookAsL3) {
  HistoryBuilder run("a f | ! a", only_new(1));
  run.passes(1).grow(0, 0).section(1).refused(1).free(0, slot(0, 0));
  run.section(1).fails(1).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L3"));
}

TEST(OracleRejects, AFailureWhileAGrowthIsInFlightThatWasSeenAsL3) {
  HistoryBuilder run("a | ! a", all(1));
  run.passes(1).section(0).section(1).refused(1).section(1).section(1).fails(1);
  run.granted(0, 0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L3", "while a growth was in flight that it had seen"));
}

TEST(OracleRejects, AFailureWhileATrimHoldsASegmentAsL3) {
  HistoryBuilder run("a f r | ! a", all(1));
  run.grow(0, 0).passes(1).section(1).refused(1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).fails(1).section(0).answers(0, kStride);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L3", "while a trim held a segment"));
}

TEST(OracleRejects, GrowthWhileATrimHoldsTheOnlySegmentAsS6) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.grow(1, 1).section(0).answers(0, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, ASegmentThatIsClaimedWhileAnAllocationWaitsAsL2) {
  HistoryBuilder run("a2 F r | a2", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0);
  run.serves(0, {slot(0, 0), slot(1, 0)}).section(0).frees(0, {slot(0, 0), slot(1, 0)});
  run.section(0).discarded(0, slot(0, 0), kStride).section(1).section(0);
  run.discarded(0, slot(1, 0), kStride).section(0).answers(0, 2 * kStride);
  run.section(1).serves(1, {slot(0, 0), slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S3"));
}

TEST(OracleRejects, AWaitForAGrowthThatBeganLaterAsL2) {
  HistoryBuilder run("! a | a", all(1));
  run.passes(0).section(0).refused(0).section(0).section(1).section(0).fails(0);
  run.granted(1, 0).section(1).serves(1, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L2", "took the lock again after it was done"));
}

TEST(OracleRejects, ARequestOfAThreadThatWaitsAsL2) {
  HistoryBuilder run("a | ! a", all(1));
  run.passes(1).section(0).section(1).refused(1).section(1).granted(1, 1).section(1);
  run.serves(1, {slot(1, 0)}).granted(0, 0).section(0).serves(0, {slot(0, 0)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
}

TEST(OracleRejects, AFailureWithoutALastLookAsL3) {
  HistoryBuilder run("! a", all(1));
  run.passes(0).section(0).refused(0).fails(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("L3"));
}

TEST(OracleRejects, AFailureAlthoughNothingWasRefusedAsL3) {
  HistoryBuilder run("a", all(1));
  run.section(0).granted(0, 0).released(0, 0).section(0).fails(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("L3"));
}

TEST(OracleRejects, APartOfABatchAlthoughMoreWasFreeAsL3) {
  HistoryBuilder run("a2", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("L3"));
}

TEST(OracleRejects, ARefusalThatIsReportedAsSomethingElseAsL3) {
  HistoryBuilder run("! a", all(1));
  run.passes(0).section(0).refused(0).section(0).fails(0, AllocError::kInvalidLayout);
  run.ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("L3"));
}

TEST(OracleRejects, AnOperationThatWasRecordedTwiceAsImpossible) {
  HistoryBuilder run("a", all(1));
  run.grow(0, 0).ends_with_segments(1);
  run.history().ops[run.history().op_count++] = run.history().ops[0];
  EXPECT_THAT(run.judged(),
              testing::Optional(testing::Field(&Violation::message, testing::HasSubstr("twice"))));
}

}  // namespace
}  // namespace slabproof::model
