// Rules of the oracle at their edges: what is just good, what is just not, and what it says then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

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

TEST(OracleEdges, SlotsMayBeginAnywhereInASegment) {
  Setting setting = all(2);
  setting.alignment = 8;
  HistoryBuilder run("a a", setting);
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0) + 8}).hit(0, slot(0, 1) + 8);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, LastByteOfAHigherSegmentIsThereToo) {
  Setting setting = all(1);
  setting.stride = setting.alignment = 1;
  const auto last = [](std::size_t segment) { return segment_base(segment) + kSegmentBytes - 1; };
  HistoryBuilder run("a a f@0 f a", setting);
  run.section(0).granted(0, 0).section(0).serves(0, {last(0)});
  run.section(0).granted(0, 1).section(0).serves(0, {last(1)});
  run.free(0, last(0)).free(0, last(1)).hit(0, last(1)).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S12"));
}

// Records.

TEST(OracleEdges, SectionOfNoOperationEndsNothing) {
  HistoryBuilder run("n", all(1));
  run.section_of(kNoOp).section(0).answers(0, 1).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("S12"));
}

TEST(OracleEdges, DirectoryOfTheConstructionIsNoSegment) {
  HistoryBuilder run("a2", all(1, 2));
  auto& events = run.history().backing_events;
  events[2] =
      std::exchange(events[1], {kNoOp, BackingEvent::Kind::kGranted, false, 0, 0x1000, 256});
  run.history().backing_event_count = 3;
  run.section(0).serves(0, {slot(0, 0), slot(1, 0)}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, RequestOfALaterOperationIsNotOfTheOneThatGrows) {
  HistoryBuilder run("a a", all(1));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 0)}).grow(0, 1).ends_with_segments(2);
  run.history().backing_events[0].op = {0, 1};
  EXPECT_THAT(run.judged(), violates("S6", "before it looked for a free slot"));
}

TEST(OracleEdges, RefusalOfAnEarlierOperationExcusesNothing) {
  HistoryBuilder run("! a a", all(1));
  run.passes(0).section(0).refused(0).section(0).fails(0);
  run.section(0).granted(0, 0).released(0, 0).section(0).fails(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("L3", "although the backing refused nothing"));
}

TEST(OracleEdges, GrowerWithoutASegmentInstallsNone) {
  HistoryBuilder run("a", all(1));
  run.section(0).section(0).fails(0).ends_with_segments(0);
  EXPECT_THAT(run.judged(), violates("L3", "although the backing refused nothing"));
}

TEST(OracleEdges, GrowerReleasesTheSegmentThatItWasGrantedAndNoOther) {
  HistoryBuilder run("a f | a", all(1));
  run.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  run.section(1).released(1, 7).serves(1, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S11", "released a region"));
}

TEST(OracleEdges, LeakIsThatOfTheFirstOperation) {
  HistoryBuilder run("a f | a f | a f", all(1));
  run.grow(0, 0).section(1).granted(1, 1).section(2).granted(2, 2).free(0, slot(0, 0));
  run.section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  run.section(2).serves(2, {slot(0, 0)}).free(2, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S11", "`a` (thread 1, operation 0)"));
}

TEST(OracleEdges, LiveBlocksAreNoSegments) {
  HistoryBuilder run("a a s", all(2));
  run.grow(0, 0).hit(0, slot(0, 1)).section(0).answers(0, 2).ends_with_segments(1);
  EXPECT_THAT(run.judged(), holds());
}

TEST(OracleEdges, AsManyTooFewLiveBlocksAsBadPointersAreS10) {
  HistoryBuilder run("a a x s", all(2));
  run.grow(0, 0).hit(0, slot(0, 1)).section(0).offers(0, 0x666).section(0).answers(0, 1);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S10"));
}

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

TEST(OracleEdges, WhatIsNotInTheProgramIsToldByOperationAndThread) {
  const auto said = [](const HistoryBuilder& run, std::string_view words) {
    EXPECT_THAT(run.judged(), violates("", words));
  };
  HistoryBuilder unknown("n n n n", all(1));
  for (int op = 0; op < 4; ++op) unknown.section(0).answers(0, 0);
  unknown.history().ops[3].id = {0, 4};
  unknown.history().ops[3].op = Op();
  said(unknown, "Operation 4 of thread 0 is not in the program.");
  HistoryBuilder twice("n n", all(1));
  twice.section(0).answers(0, 0).section(0).answers(0, 0).ends_with_segments(0);
  twice.history().ops[0].id = {0, 1};
  said(twice, "Operation 1 of thread 0 was recorded twice.");
  HistoryBuilder lock("n", all(1));
  lock.section(0).answers(0, 0).section_of({0, 1}).ends_with_segments(0);
  said(lock, "Operation 1 of thread 0, which took the lock, is not in the program.");
}

TEST(OracleEdges, OverGrowthIsToldByWhatThereIsAndWhatIsNeeded) {
  HistoryBuilder run("a a a", all(2));
  run.grow(0, 0).hit(0, slot(0, 1)).grow(0, 1).ends_with_segments(5);
  EXPECT_THAT(run.judged(), violates("S6",
                                     "5 segments, but 3 blocks were live at most: 2 segments are "
                                     "needed, and 0 more are allowed."));
}

TEST(OracleEdges, BadPointersAreToldByWhatWasGivenBackAndCounted) {
  HistoryBuilder run("x x", all(1));
  run.section(0).offers(0, 0x666).section(0).offers(0, 0x777).ends_with_segments(0);
  run.census().misuse_events = 1;
  EXPECT_THAT(run.judged(), violates("S10", "2 bad pointers were given back, and 1 were counted."));
  run.census().misuse_events = 2;
  run.census().corruption_events = 3;
  EXPECT_THAT(run.judged(), violates("S9", "3 corruption events, but 2 bad pointers"));
}

TEST(OracleEdges, RequestsAreToldByTheirKind) {
  HistoryBuilder segments("a", all(1));
  segments.section(0).granted(0, 0).refused(0).section(0).serves(0, {slot(0, 0)});
  EXPECT_THAT(segments.judged(), violates("L2", "requested two segments at once"));
  HistoryBuilder directories("a", all(1));
  directories.section(0).granted_directory(0).granted_directory(0).granted(0, 0).section(0);
  directories.serves(0, {slot(0, 0)});
  EXPECT_THAT(directories.judged(), violates("L2", "requested two directories at once"));
}

TEST(OracleEdges, DiscardIsToldBySizeAndAddress) {
  HistoryBuilder run("a r", all(1));
  run.grow(0, 0).section(0).discarded(0, slot(0, 0), kStride).answers(0, kStride);
  run.ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S3", "discarded 64 bytes at 0x10080, which are not"));
}

TEST(OracleEdges, FailureIsToldByWhatWasServed) {
  HistoryBuilder run("a", all(1));
  run.grow(0, 0).ends_with_segments(1);
  run.history().ops[0].failed = true;
  EXPECT_THAT(run.judged(), violates("S12", "reported failure but was served 1 blocks."));
}

TEST(OracleEdges, AnswersAreToldByWhatWasRight) {
  HistoryBuilder query("a n", all(1));
  query.grow(0, 0).section(0).answers(0, 2).ends_with_segments(1);
  EXPECT_THAT(query.judged(), violates("S12", "answered 2, but at its critical section 1 was"));
  HistoryBuilder trim("a f r", all(1));
  trim.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  trim.section(0).answers(0, 128).ends_with_segments(1);
  EXPECT_THAT(trim.judged(), violates("S12", "answered 128, but the backing gave back 64 bytes."));
}

TEST(OracleEdges, BlockThatIsNoSlotIsToldBySizeAndAddressAndByWhereItLies) {
  const auto judged = [](std::uintptr_t block) {
    HistoryBuilder run("a a", all(2));
    return run.grow(0, 0).hit(0, block).ends_with_segments(1).judged();
  };
  EXPECT_THAT(judged(segment_base(0) + kSegmentBytes),
              violates("S2", "64 bytes at 0x11000, which are outside every segment."));
  EXPECT_THAT(judged(slot(0, 1) + 8),
              violates("S2", "64 bytes at 0x100c8, which are no slot of their segment."));
}

TEST(OracleEdges, BlockBehindAnotherSegmentIsOutsideToo) {
  HistoryBuilder run("a a", all(1));
  run.grow(0, 0).section(0).granted(0, 1).section(0);
  run.serves(0, {segment_base(0) + kSegmentBytes}).ends_with_segments(2);
  EXPECT_THAT(run.judged(), violates("S2", "outside every segment"));
}

TEST(OracleEdges, ViolationInASectionNamesIt) {
  HistoryBuilder run("a n", all(1));
  run.grow(0, 0).section(0).answers(0, 2).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates(HistoryStatus::kViolates));
  EXPECT_THAT(run.judged(), testing::Optional(testing::Field(&Violation::first_section,
                                                             testing::Optional(std::size_t{2}))));
}

TEST(OracleEdges, ViolationThatNoSectionShowsNamesNone) {
  HistoryBuilder run("a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(0).answers(0, 2 * kStride).ends_with_segments(1);
  EXPECT_THAT(run.judged(), violates("S12"));
  EXPECT_THAT(run.judged(), testing::Optional(testing::Field(&Violation::first_section,
                                                             testing::Eq(std::nullopt))));
}

}  // namespace
}  // namespace slabproof::model
