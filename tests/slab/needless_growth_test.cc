// What the oracle says of a segment that was not needed: one reason, the critical section that
// installed it, and the one that made room.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "model/oracle/oracle.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

TEST(NeedlessGrowth, IsAtTheInstallAndAtTheFreeThatMadeRoom) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(1, 0)}).free(1, slot(1, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 1}));
  EXPECT_THAT(run.judged(), violates_at(4, 3));
  EXPECT_THAT(run.judged(),
              violates("S6",
                       "`a` (thread 1, operation 0) installed a segment although segment 0 "
                       "had a free slot since `f` (thread 0, operation 1)."));
}

TEST(NeedlessGrowth, IsAtTheInstallThatMadeRoomWhereNobodyFreed) {
  HistoryBuilder run("a | a", all(2));
  run.section(0).section(1).granted(0, 0).granted(1, 1);
  run.section(0).serves(0, {slot(0, 0)}).section(1).serves(1, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 0}));
  EXPECT_THAT(run.judged(), violates_at(3, 2));
}

TEST(NeedlessGrowth, IsAtTheFreeSinceWhichThereWasAlwaysRoom) {
  HistoryBuilder run("a2 f f | a", all(2));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0), slot(0, 1)});
  run.section(1).granted(1, 1).free(0, slot(0, 1)).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 1}));
}

TEST(NeedlessGrowth, IsAtTheInstallAlsoWhereAnotherOperationShowsIt) {
  HistoryBuilder run("a f | a a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).hit(1, slot(1, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 1}));
  EXPECT_THAT(run.judged(), violates_at(4, 3));
}

TEST(NeedlessGrowth, OfABatchIsAtTheFirstInstallAndNotAtALaterOne) {
  HistoryBuilder run("a a f f | a2", all(1));
  run.grow(0, 0).grow(0, 1).section(1).granted(1, 2).free(0, slot(1, 0)).free(0, slot(0, 0));
  run.section(1).granted(1, 3).section(1).serves(1, {slot(2, 0), slot(3, 0)});
  run.ends_with_segments(4);
  EXPECT_THAT(run.judged(), violates_at(7, 5));
}

TEST(NeedlessGrowth, OfABatchIsAtTheFirstInstallAlsoWhereTheNextRequestIsRefused) {
  HistoryBuilder run("a a f f | ! a2", all(1));
  run.passes(1).grow(0, 0).grow(0, 1).section(1).granted(1, 2);
  run.free(0, slot(1, 0)).free(0, slot(0, 0)).section(1).refused(1).section(1);
  run.serves(1, {slot(2, 0)}).ends_with_segments(3);
  EXPECT_THAT(run.judged(), violates_at(7, 5));
}

TEST(NeedlessGrowth, OfOneThatWaitedForATrimIsAtTheLastSectionAndNotAtThoseThatWaited) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).section(1).section(0).answers(0, kStride);
  run.section(1).serves(1, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 2}));
  EXPECT_THAT(run.judged(), violates_at(8, 7));
}

TEST(NeedlessGrowth, OfOneThatWaitedIsAtTheLastSectionThoughOthersMadeRequestsMeanwhile) {
  HistoryBuilder run("a f r | a | a", all(1));
  run.grow(0, 0).section(1).section(2).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).granted(2, 2).section(1);
  run.section(0).answers(0, kStride).section(1).serves(1, {slot(1, 0)});
  run.section(2).serves(2, {slot(2, 0)}).ends_with_segments(3);
  EXPECT_THAT(run.judged(), violates_at(9, 8));
}

TEST(NeedlessGrowth, OfOneThatWaitedIsAtTheLastSectionThoughItReleasedADirectoryMeanwhile) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).section(1).granted_directory(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).released_directory(1);
  run.section(0).answers(0, kStride).section(1).serves(1, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates_at(7, 6));
}

TEST(NeedlessGrowth, ThatOnlyTheEndShowsIsAtTheInstallAndAtTheFreeThatMadeRoom) {
  HistoryBuilder run("a f a | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).grow(0, 2).ends_with_segments(3);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 1}));
  EXPECT_THAT(run.judged(), violates_at(4, 3));
}

TEST(NeedlessGrowth, WithinTheBoundIsToldByItsOperationAndItsReason) {
  HistoryBuilder run("a f | a f", only_new(2));
  run.section(0).section(1).granted(0, 0).granted(1, 1).section(0).serves(0, {slot(0, 0)});
  run.section(1).serves(1, {slot(0, 1)}).free(0, slot(0, 0)).free(1, slot(0, 1));
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(),
              violates("S7",
                       "`a` (thread 1, operation 0) installed a segment although segment 0 had a "
                       "free slot since `a` (thread 0, operation 0)."));
}

TEST(NeedlessGrowth, OfNobodyKnownNamesNoOperation) {
  HistoryBuilder run("a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6"));
  EXPECT_THAT(run.judged(), testing::Optional(testing::AllOf(
                                testing::Field(&Violation::first, testing::Eq(std::nullopt)),
                                testing::Field(&Violation::other, testing::Eq(std::nullopt)))));
}

TEST(NeedlessGrowth, HasItsOwnReasonAndNotThatOfAnEarlierOne) {
  HistoryBuilder run("a f | a f | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0)).grow(2, 2).ends_with_segments(3);
  EXPECT_THAT(run.judged(), violates("S6", OpId{2, 0}, OpId{1, 1}));
}

TEST(NeedlessGrowth, AfterARefusalSaysWhichOfItsOwnRequestsWasRefused) {
  HistoryBuilder run("! a | ! a", all(1));
  run.passes(0).passes(1).section(1).refused_directory(1).section(1).fails(1);
  run.section(0).granted_directory(0).refused(0).section(0).granted(0, 0).section(0);
  run.serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S6", "installed a segment although its segment was refused"));
}

TEST(NeedlessGrowth, IsOfTheOneThatWasGrantedTheSegmentWhoeverReleasesIt) {
  HistoryBuilder run("a f n | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(1, 0)}).free(1, slot(1, 0));
  run.section(0).released(0, 1).answers(0, 2).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 1}));
}

TEST(NeedlessGrowth, OfABatchThatWaitedIsAtTheInstallAndNotAtALaterOne) {
  HistoryBuilder run("a a f f r | a2", all(1));
  run.grow(0, 0).grow(0, 1).section(1).granted(1, 2).free(0, slot(1, 0)).free(0, slot(0, 0));
  run.section(0).discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  run.section(1).granted(1, 3).section(1).serves(1, {slot(2, 0), slot(3, 0)});
  run.ends_with_segments(4);
  EXPECT_THAT(run.judged(), violates_at(10, 5));
}

TEST(NeedlessGrowth, OfOneThatWaitedRightAfterItsRequestIsAtTheLastSection) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).section(1).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.granted(1, 1).section(1).section(0).answers(0, kStride);
  run.section(1).serves(1, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates_at(7, 6));
}

TEST(NeedlessGrowth, OfTheFirstOperationIsAtItsInstallAndNotBehindTheEnd) {
  HistoryBuilder run("a f | a f", all(1));
  run.grow(1, 0).section(0).granted(0, 1).free(1, slot(0, 0));
  run.section(0).serves(0, {slot(1, 0)}).free(0, slot(1, 0)).ends_with_segments(2);
  run.history().acquisitions[run.history().acquisition_count] = {{0, 0}, 0, 0};
  EXPECT_THAT(run.judged(), violates_at(4, 3));
}

TEST(NeedlessGrowth, OfOneThatWaitedForATrimThatHasEndedHasNoOtherSide) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  run.discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  run.serves(1, {slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "instead of waiting for the trim that held a segment."));
  EXPECT_THAT(run.judged(),
              testing::Optional(testing::Field(&Violation::other, testing::Eq(std::nullopt))));
}

TEST(NeedlessGrowth, HasTheReasonOfThisHistoryAndNotOfTheOneBefore) {
  HistoryBuilder before("a f | a f", all(1));
  before.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  before.section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0)).ends_with_segments(1);
  HistoryBuilder run("a f | a f", all(1));
  run.section(1).granted(1, 0).section(1).granted(1, 1).section(1).serves(1, {slot(0, 0)});
  run.free(1, slot(0, 0)).hit(0, slot(0, 0)).free(0, slot(0, 0)).ends_with_segments(2);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(before.history()), violates("S11"));
  EXPECT_THAT(oracle.judge(run.history()), violates("S6", "although it had all its blocks"));
}

TEST(NeedlessGrowth, BeforeTheFirstLookSaysSo) {
  HistoryBuilder first("a", all(1));
  first.granted(0, 0).section(0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(first.judged(), violates("S6", "before it looked for a free slot"));
  HistoryBuilder second("a a", all(2));
  second.grow(0, 0).granted(0, 1).section(0).serves(0, {slot(0, 1)}).ends_with_segments(2);
  EXPECT_THAT(second.judged(), violates("S6", "before it looked for a free slot"));
}

TEST(NeedlessGrowth, BeforeTheFirstLookSaysSoWhateverTheHistoryBeforeTook) {
  HistoryBuilder before("a", all(1));
  before.grow(0, 0).ends_with_segments(1);
  HistoryBuilder run("a", all(1));
  run.granted(0, 0).section(0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  Oracle oracle(run.setting(), run.program());
  ASSERT_THAT(oracle.judge(before.history()), holds());
  EXPECT_THAT(oracle.judge(run.history()), violates("S6", "before it looked for a free slot"));
}

TEST(NeedlessGrowth, OfAnOperationThatIsOverSaysSo) {
  HistoryBuilder run("a n", all(1));
  run.grow(0, 0).section(0).granted(0, 1).answers(0, 1).ends_with_segments(2);
  run.history().backing_events[1].op = {0, 0};
  EXPECT_THAT(run.judged(), violates("S6", "after its last critical section"));
}

TEST(NeedlessGrowth, OfATrimSaysSo) {
  HistoryBuilder run("a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).granted(0, 1).section(0).answers(0, 0);
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "although it allocates nothing"));
}

TEST(NeedlessGrowth, OfABatchThatGotAPartAfterARefusalSaysSo) {
  HistoryBuilder run("! a2", all(1, 1));
  run.passes(0).section(0).refused(0).section(0).granted(0, 1).serves(0, {slot(0, 0)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "although its segment was refused"));
}

TEST(NeedlessGrowth, WhereNothingWasRefusedNamesNoSegment) {
  HistoryBuilder run("a", all(1));
  run.section(0).section(0).granted(0, 0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  // Of an execution before, behind the events of this one.
  run.history().backing_events[run.history().backing_event_count] = {
      {0, 0}, BackingEvent::Kind::kRefused, true, 0, 0, kSegmentBytes};
  EXPECT_THAT(run.judged(), violates("S6"));
  EXPECT_THAT(run.judged(),
              testing::Optional(testing::Field(
                  &Violation::message, testing::Not(testing::HasSubstr("segment was refused")))));
}

TEST(NeedlessGrowth, IsThatOfASegmentAtAnAddressThatWasReleasedBefore) {
  HistoryBuilder run("a f | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).released(1, 1).granted(1, 1).serves(1, {slot(0, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 1}));
}

/// A block that nobody should have: of an operation that was granted segment 1, and should have
/// taken slot 0 of segment 0.
std::optional<Violation> judged_with_block(std::uintptr_t block) {
  HistoryBuilder run("a f | a", all(1));
  run.grow(0, 0).section(1).granted_directory(1).granted(1, 1).free(0, slot(0, 0));
  return run.section(1).serves(1, {block}).ends_with_segments(2).judged();
}

TEST(NeedlessGrowth, IsShownByABlockAnywhereInTheSegmentAndNowhereElse) {
  EXPECT_THAT(judged_with_block(segment_base(1)), violates("S6"));
  EXPECT_THAT(judged_with_block(segment_base(1) + kSegmentBytes - 1), violates("S6"));
  EXPECT_THAT(judged_with_block(segment_base(1) + kSegmentBytes), violates("S2"));
  EXPECT_THAT(judged_with_block(0x1000 + kStride), violates("S2")) << "in its directory";
}

TEST(NeedlessGrowth, IsNotShownByABlockOfASegmentThatWasReleased) {
  HistoryBuilder run("a f | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).released(1, 1).serves(1, {slot(1, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S2", "outside every segment"));
}

TEST(NeedlessGrowth, IsNotShownByABlockOfWhatBelongsToNoOperation) {
  HistoryBuilder run("a", all(1, 1));
  run.hit(0, slot(7, 0)).ends_with_segments(1);
  run.history().backing_events[run.history().backing_event_count++] = {
      kNoOp, BackingEvent::Kind::kGranted, true, 0, segment_base(7), kSegmentBytes};
  EXPECT_THAT(run.judged(), violates("S2", "outside every segment"));
}

TEST(NeedlessGrowth, HasNoOtherSideWhereRoomWasThereFromTheStart) {
  HistoryBuilder run("a", all(1, 1));
  run.grow(0, 1).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "although segment 0 had a free slot."));
}

TEST(NeedlessGrowth, InsteadOfAWaitForATrimIsAtTheSectionThatClaimed) {
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.grow(1, 1).section(0).answers(0, kStride).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "instead of waiting for the trim"));
  EXPECT_THAT(run.judged(), violates("S6", OpId{1, 0}, OpId{0, 2}));
  EXPECT_THAT(run.judged(), violates_at(5, 3));
}

TEST(NeedlessGrowth, InsteadOfAWaitForGrowthsInFlightSaysSo) {
  HistoryBuilder run("a | ! a", all(1));
  run.passes(1).section(0).section(1).refused(1).section(1).granted(1, 1).section(1);
  run.serves(1, {slot(1, 0)}).granted(0, 0).section(0).serves(0, {slot(0, 0)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "instead of waiting for the growths"));
}

TEST(NeedlessGrowth, OfOneThatHadAllItsBlocksSaysSo) {
  HistoryBuilder run("a", all(1));
  run.section(0).granted(0, 0).section(0).granted(0, 1).section(0).serves(0, {slot(0, 0)});
  run.ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S6", "although it had all its blocks"));
}

}  // namespace
}  // namespace slabproof::model
