// What an execution looks like as steps of the proved system; check_trace has tests of its own.

#include "slabproof/model/step_trace.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/history_builder.h"

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
  return HistoryBuilder(program, {.capacity = 1});
}

TEST(StepTraceTest, a_growing_allocation_is_a_start_and_an_install) {
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

TEST(StepTraceTest, initial_segments_are_named_in_the_heading_and_their_slots_by_number) {
  HistoryBuilder builder("a a", {.capacity = 2, .initial_segments = 2, .recheck_all = false});
  builder.hit(0, slot(0, 1)).hit(0, slot(1, 0));
  EXPECT_EQ(steps_of(builder),
            "slab 2 new lowest 1 1 65536 131072\n"
            "start 0 1 - 0:1\n"
            "start 0 1 - 1:0\n"
            "end 2 0\n");
}

TEST(StepTraceTest, a_grower_that_finds_a_slot_and_lets_its_segment_go_reuses) {
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

TEST(StepTraceTest, a_grower_that_finds_a_slot_and_keeps_its_segment_installs) {
  HistoryBuilder builder = one_slot("a f | a");
  builder.grow(0, 0)
      .section(1)
      .granted(1, 1)
      .free(0, slot(0, 0))
      .section(1)
      .serves(1, {slot(0, 0)});
  EXPECT_NE(steps_of(builder).find("install 1 131072 - 0:0\n"), std::string::npos);
}

TEST(StepTraceTest, a_refused_grower_that_finds_nothing_takes_no_block) {
  HistoryBuilder builder = one_slot("a");
  builder.section(0).refused(0).section(0).fails(0);
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 1 1\n"
            "start 0 1 0\n"
            "refused 0\n"
            "end 0 0\n");
}

TEST(StepTraceTest, blocks_of_a_batch_belong_to_the_section_after_which_they_were_in_hand) {
  HistoryBuilder builder("a3", {.capacity = 2, .initial_segments = 1});
  builder.section(0).granted(0, 1).section(0, 2).serves(0, {slot(0, 0), slot(0, 1), slot(1, 0)});
  EXPECT_EQ(steps_of(builder),
            "slab 2 all lowest 1 3 65536\n"
            "start 0 3 1 0:0 0:1\n"
            "install 0 131072 - 1:0\n"
            "end 1 0\n");
}

TEST(StepTraceTest, a_section_of_a_trim_that_puts_back_and_claims_is_two_steps) {
  HistoryBuilder builder("r", {.capacity = 1, .initial_segments = 2});
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
            "end 2 0\n");
}

TEST(StepTraceTest, a_gift_comes_before_the_free_by_its_taker) {
  HistoryBuilder builder("a g>1 | t f", {.capacity = 1, .initial_segments = 1});
  builder.hit(0, slot(0, 0)).serves(0, {slot(0, 0)});
  builder.serves(1, {slot(0, 0)}).free(1, slot(0, 0));
  EXPECT_EQ(steps_of(builder),
            "slab 1 all lowest 2 1 65536\n"
            "start 0 1 - 0:0\n"
            "give 0 1 0:0\n"
            "free 1 0:0\n"
            "end 1 0\n");
}

TEST(StepTraceTest, sections_that_change_nothing_are_no_steps) {
  HistoryBuilder builder("x n", {.capacity = 1});
  builder.section(0).offers(0, 0x100).section(0).answers(0, 0);
  EXPECT_EQ(steps_of(builder), "slab 1 all lowest 1 1\nend 0 0\n");
}

TEST(StepTraceTest, a_second_section_of_a_free_is_unknown) {
  HistoryBuilder builder("a f", {.capacity = 1, .initial_segments = 1});
  builder.hit(0, slot(0, 0)).section(0).free(0, slot(0, 0));
  EXPECT_NE(steps_of(builder).find("free 0 0:0\nunknown 0\n"), std::string::npos);
}

TEST(StepTraceTest, a_third_phase_without_a_request_is_unknown) {
  HistoryBuilder builder("a", {.capacity = 1, .initial_segments = 1});
  builder.section(0).section(0).serves(0, {slot(0, 0)});
  EXPECT_NE(steps_of(builder).find("start 0 1 1\nunknown 0\n"), std::string::npos);
}

TEST(StepTraceTest, a_block_in_no_segment_is_named_beyond_all_of_them) {
  HistoryBuilder builder("a", {.capacity = 1, .initial_segments = 1});
  builder.hit(0, 0x100);
  EXPECT_NE(steps_of(builder).find("start 0 1 - 1:"), std::string::npos);
}

TEST(StepTraceTest, an_execution_that_was_stopped_tells_up_to_the_operation_that_did_not_return) {
  HistoryBuilder builder("a f | a", {.capacity = 1, .initial_segments = 1});
  builder.hit(0, slot(0, 0)).section(1).section(0);
  EXPECT_EQ(steps_of(builder, /*stopped=*/true),
            "slab 1 all lowest 2 1 65536\n"
            "start 0 1 - 0:0\n"
            "stopped\n");
}

TEST(StepTraceTest, an_allocation_that_returned_is_told_although_the_use_of_its_block_was_stopped) {
  HistoryBuilder builder("a | a", {.capacity = 1, .initial_segments = 1});
  builder.hit(0, slot(0, 0)).section(1).returns(1, {slot(0, 0)});
  EXPECT_EQ(steps_of(builder, /*stopped=*/true),
            "slab 1 all lowest 2 1 65536\n"
            "start 0 1 - 0:0\n"
            "start 1 1 - 0:0\n"
            "stopped\n");
}

TEST(StepTraceTest, a_history_that_overflowed_is_left_out) {
  HistoryBuilder builder("a", {.capacity = 1, .initial_segments = 1});
  builder.hit(0, slot(0, 0));
  builder.history().overflowed = true;
  EXPECT_EQ(steps_of(builder), "");
}

}  // namespace
}  // namespace slabproof::model
