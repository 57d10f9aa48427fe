// What an execution looks like as steps of the proved system; check_trace has tests of its own.

#include "model/slab/step_trace.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/slab/history_builder.h"

namespace slabproof::model {
namespace {

// Segment 0 of the hand-written histories is at 65536, segment 1 at 131072.

std::string steps_of(HistoryBuilder& builder, bool stopped = false) {
  StepTrace trace(builder.setting(), builder.program());
  std::string text;
  if (stopped) {
    trace.append_stopped(builder.history(), text);
  } else {
    trace.append(builder.history(), text);
  }
  return text;
}

HistoryBuilder one_slot(const char* program) {
  return HistoryBuilder(program, {{.capacity = 1}});
}

TEST(StepTraceTest, AGrowingAllocationIsAStartAndAnInstall) {
  HistoryBuilder builder = one_slot("a f");
  builder.grow(0, 0).free(0, slot(0, 0));
  builder.census().segments = 1;
  builder.census().peak_live = 1;
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 1 1\n"
            "start 0 1 0\n"
            "install 0 65536 - 0:0\n"
            "free 0 0:0\n"
            "end 1 1\n");
}

TEST(StepTraceTest, EveryAllocationOfOneBlockIsTheSameSteps) {
  for (const OperationTraits& traits : kOperations) {
    if (traits.effect != Effect::kAllocate) continue;
    HistoryBuilder builder = one_slot(std::string(1, traits.letter).c_str());
    builder.grow(0, 0);
    EXPECT_TRUE(steps_of(builder).contains("start 0 1 0\ninstall 0 65536 - 0:0\n"))
        << traits.letter << '\n'
        << steps_of(builder);
  }
}

TEST(StepTraceTest, InitialSegmentsAreNamedInTheHeadingAndTheirSlotsByNumber) {
  HistoryBuilder builder("a a", {{.capacity = 2, .initial_segments = 2, .recheck_all = false}});
  builder.hit(0, slot(0, 1)).hit(0, slot(1, 0));
  EXPECT_EQ(steps_of(builder),
            "slab 2 new lowest 1 1 65536 131072\n"
            "start 0 1 - 0:1\n"
            "start 0 1 - 1:0\n"
            "end 2 0\n");
}

TEST(StepTraceTest, AGrowerThatFindsASlotAndLetsItsSegmentGoReuses) {
  HistoryBuilder builder = one_slot("a f | a");
  builder.grow(0, 0)
      .section(1)
      .granted(1, 1)
      .free(0, slot(0, 0))
      .section(1)
      .released(1, 1)
      .serves(1, {slot(0, 0)});
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 2 1\n"
            "start 0 1 0\n"
            "install 0 65536 - 0:0\n"
            "start 1 1 1\n"
            "free 0 0:0\n"
            "reuse 1 0:0\n"
            "end 0 0\n");
}

TEST(StepTraceTest, AGrowerThatFindsASlotAndKeepsItsSegmentInstalls) {
  HistoryBuilder builder = one_slot("a f | a");
  builder.grow(0, 0)
      .section(1)
      .granted(1, 1)
      .free(0, slot(0, 0))
      .section(1)
      .serves(1, {slot(0, 0)});
  EXPECT_NE(steps_of(builder).find("install 1 131072 - 0:0\n"), std::string::npos);
}

TEST(StepTraceTest, ARefusedGrowerThatFindsNothingTakesNoBlock) {
  HistoryBuilder builder = one_slot("a");
  builder.section(0).refused(0).section(0).fails(0);
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 1 1\n"
            "start 0 1 0\n"
            "refused 0\n"
            "end 0 0\n");
}

TEST(StepTraceTest, ARefusedGrowerTakesItsStepWhenItsWaitIsOver) {
  HistoryBuilder builder("a | ! a", {{.capacity = 2}});
  builder.passes(1).section(0).section(1).refused(1).section(1).section(1).granted(0, 0).section(0);
  builder.section(1).serves(0, {slot(0, 0)}).serves(1, {slot(0, 1)});
  EXPECT_EQ(steps_of(builder),
            "slab 2 all lowest 2 1\n"
            "start 0 1 0\n"
            "start 1 1 0\n"
            "install 0 65536 - 0:0\n"
            "refused 1 0:1\n"
            "end 0 0\n");
}

TEST(StepTraceTest, AnAllocationStartsWhenItsWaitForATrimIsOver) {
  HistoryBuilder builder("r | a", {{.capacity = 1, .initial_segments = 1}});
  builder.section(0).discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  builder.section(1).serves(1, {slot(0, 0)});
  builder.census().peak_live = 1;
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 2 1 65536\n"
            "claim 0 0\n"
            "release 0 0\n"
            "start 1 1 - 0:0\n"
            "end 1 1\n");
}

TEST(StepTraceTest, AGrowerTakesItsStepWhenItsWaitForATrimIsOver) {
  HistoryBuilder builder("a f r | a", {{.capacity = 1}});
  builder.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0)).section(0);
  builder.discarded(0, slot(0, 0), kStride).section(1).section(0).answers(0, kStride);
  builder.section(1).released(1, 1).serves(1, {slot(0, 0)});
  EXPECT_TRUE(steps_of(builder).contains("claim 0 0\nrelease 0 0\nreuse 1 0:0\n"))
      << steps_of(builder);
}

// The system counts what a trim holds as live: 1 block of a caller, and then 2 slots of a trim.
TEST(StepTraceTest, ThePeakThatTheCodeCountsIsRaisedByWhatATrimHeld) {
  HistoryBuilder builder("a f r", {{.capacity = 2}});
  builder.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  builder.section(0).answers(0, kStride);
  builder.census().peak_live = 1;
  EXPECT_TRUE(steps_of(builder).ends_with("end 0 2\n")) << steps_of(builder);
  builder.census().peak_live = 2;
  EXPECT_TRUE(steps_of(builder).ends_with("end 0 3\n")) << steps_of(builder);
}

TEST(StepTraceTest, BlocksOfABatchBelongToTheSectionAfterWhichTheyWereInHand) {
  HistoryBuilder builder("a3", {{.capacity = 2, .initial_segments = 1}});
  builder.section(0).granted(0, 1).section(0, 2).serves(0, {slot(0, 0), slot(0, 1), slot(1, 0)});
  EXPECT_EQ(steps_of(builder),
            "slab 2 all lowest 1 3 65536\n"
            "start 0 3 1 0:0 0:1\n"
            "install 0 131072 - 1:0\n"
            "end 1 0\n");
}

TEST(StepTraceTest, ASectionOfATrimThatPutsBackAndClaimsIsTwoSteps) {
  HistoryBuilder builder("r", {{.capacity = 1, .initial_segments = 2}});
  builder.section(0)
      .discarded(0, slot(0, 0), kStride)
      .section(0)
      .discarded(0, slot(1, 0), kStride)
      .section(0)
      .answers(0, 2 * kStride);
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 1 1 65536 131072\n"
            "claim 0 0\n"
            "release 0 0\n"
            "claim 0 1\n"
            "release 0 1\n"
            "end 2 1\n");
}

TEST(StepTraceTest, AGiftComesBeforeTheFreeByItsTaker) {
  HistoryBuilder builder("a g>1 | t f", {{.capacity = 1, .initial_segments = 1}});
  builder.hit(0, slot(0, 0)).serves(0, {slot(0, 0)});
  builder.serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 2 1 65536\n"
            "start 0 1 - 0:0\n"
            "give 0 1 0:0\n"
            "free 1 0:0\n"
            "end 1 0\n");
}

TEST(StepTraceTest, SectionsThatChangeNothingAreNotSteps) {
  HistoryBuilder builder("x n", {{.capacity = 1}});
  builder.section(0).offers(0, 0x100).section(0).answers(0, 0);
  EXPECT_EQ(steps_of(builder), "slab 1 all lowest 1 1\nend 0 0\n");
}

TEST(StepTraceTest, ASecondSectionOfAFreeIsUnknown) {
  HistoryBuilder builder("a f", {{.capacity = 1, .initial_segments = 1}});
  builder.hit(0, slot(0, 0)).section(0).free(0, slot(0, 0));
  EXPECT_NE(steps_of(builder).find("free 0 0:0\nunknown 0\n"), std::string::npos);
}

TEST(StepTraceTest, AThirdPhaseWithoutARequestIsUnknown) {
  HistoryBuilder builder("a2", {{.capacity = 1, .initial_segments = 1}});
  builder.section(0).section(0, 1).serves(0, {slot(0, 0), slot(1, 0)});
  EXPECT_TRUE(steps_of(builder).contains("start 0 2 1 0:0\nunknown 0\n")) << steps_of(builder);
}

TEST(StepTraceTest, ABlockInNoSegmentIsNamedBeyondAllOfThem) {
  HistoryBuilder builder("a", {{.capacity = 1, .initial_segments = 1}});
  builder.hit(0, 0x100);
  EXPECT_NE(steps_of(builder).find("start 0 1 - 1:"), std::string::npos);
}

TEST(StepTraceTest, AnExecutionThatWasStoppedTellsUpToTheOperationThatDidNotReturn) {
  HistoryBuilder builder("a f | a", {{.capacity = 1, .initial_segments = 1}});
  builder.hit(0, slot(0, 0)).section(1).section(0);
  EXPECT_EQ(steps_of(builder, /*stopped=*/true),
            "slab 1 all lowest 2 1 65536\n"
            "start 0 1 - 0:0\n"
            "stopped\n");
}

TEST(StepTraceTest, AnAllocationThatReturnedIsToldAlthoughTheUseOfItsBlockWasStopped) {
  HistoryBuilder builder("a | a", {{.capacity = 1, .initial_segments = 1}});
  builder.hit(0, slot(0, 0)).section(1).returns(1, {slot(0, 0)});
  EXPECT_EQ(steps_of(builder, /*stopped=*/true),
            "slab 1 all lowest 2 1 65536\n"
            "start 0 1 - 0:0\n"
            "start 1 1 - 0:0\n"
            "stopped\n");
}

TEST(StepTraceTest, AHistoryThatOverflowedIsLeftOut) {
  HistoryBuilder builder("a", {{.capacity = 1, .initial_segments = 1}});
  builder.hit(0, slot(0, 0));
  builder.history().overflowed = true;
  EXPECT_EQ(steps_of(builder), "");
}

}  // namespace
}  // namespace slabproof::model
