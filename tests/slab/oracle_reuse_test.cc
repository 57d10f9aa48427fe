// One oracle judges many histories: nothing of the one before decides how the next is judged.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <tuple>

#include "model/oracle/oracle.h"
#include "model/oracle/reference_slab.h"
#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

/// What an oracle says of `run` when it has judged `before`.
std::optional<Violation> judged_after(HistoryBuilder& before, HistoryBuilder& run) {
  Oracle oracle(run.setting(), run.program());
  std::ignore = oracle.judge(before.history());
  return oracle.judge(run.history());
}

TEST(OracleReuse, LiveBlocksAreCountedAnew) {
  HistoryBuilder run("a s", all(1));
  run.grow(0, 0).section(0).answers(0, 1).ends_with_segments(1);
  EXPECT_THAT(judged_after(run, run), holds());
}

TEST(OracleReuse, BadPointersAreCountedAnew) {
  HistoryBuilder run("x", all(1));
  run.section(0).offers(0, 0x666).ends_with_segments(0);
  EXPECT_THAT(judged_after(run, run), holds());
}

TEST(OracleReuse, SlotsMayLieElsewhere) {
  HistoryBuilder before("a", all(1));
  before.grow(0, 0).ends_with_segments(1);
  HistoryBuilder run("a", all(1));
  run.section(0).granted(0, 0).section(0).serves(0, {slot(0, 1)}).ends_with_segments(1);
  EXPECT_THAT(judged_after(before, run), holds());
}

TEST(OracleReuse, LeakIsThatOfTheHistoryBefore) {
  HistoryBuilder before("a f | a f", all(1));
  before.grow(0, 0).section(1).granted(1, 1).free(0, slot(0, 0));
  before.section(1).serves(1, {slot(0, 0)}).free(1, slot(0, 0)).ends_with_segments(1);
  ASSERT_THAT(before.judged(), violates("S11"));
  HistoryBuilder run("a f | a f", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).hit(1, slot(0, 0)).free(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(judged_after(before, run), holds());
}

TEST(OracleReuse, TrimOfTheHistoryBeforeHoldsNothing) {
  HistoryBuilder before("a f r", all(1));
  before.grow(0, 0).free(0, slot(0, 0)).section(0).answers(0, 0).ends_with_segments(1);
  ASSERT_THAT(before.judged(), violates("S12"));
  HistoryBuilder run("a f r", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(0).answers(0, kStride).ends_with_segments(1);
  EXPECT_THAT(judged_after(before, run), holds());
}

TEST(OracleReuse, SegmentsOfTheHistoryBeforeServeNobody) {
  HistoryBuilder two("a f r | a f", all(1));
  two.grow(0, 0).grow(1, 1).free(1, slot(1, 0)).free(0, slot(0, 0));
  two.section(0).discarded(0, slot(0, 0), kStride).section(0).discarded(0, slot(1, 0), kStride);
  two.section(0).answers(0, 2 * kStride).ends_with_segments(2);
  ASSERT_THAT(two.judged(), holds());
  HistoryBuilder one("a f r | a f", all(1));
  one.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  one.section(1).section(1).section(0).answers(0, kStride).section(1).serves(1, {slot(0, 0)});
  one.free(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(judged_after(two, one), holds());
}

TEST(OracleReuse, AllocationOfTheHistoryBeforeKeepsNoTrimFromClaiming) {
  HistoryBuilder before("a f r | a", all(1));
  before.grow(0, 0).free(0, slot(0, 0)).section(0).section(1).answers(0, 0).fails(1);
  before.ends_with_segments(1);
  ASSERT_THAT(before.judged(), violates("S12"));
  HistoryBuilder run("a f r | a", all(1));
  run.grow(0, 0).free(0, slot(0, 0)).section(0).discarded(0, slot(0, 0), kStride);
  run.section(0).answers(0, kStride).hit(1, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(judged_after(before, run), holds());
}

TEST(OracleReuse, GrowthOfTheHistoryBeforeNeedsNoDirectory) {
  HistoryBuilder before("a2 a a", all(1, 3));
  before.section(0).serves(0, {slot(0, 0), slot(1, 0)}).hit(0, slot(2, 0));
  before.section(0).refused(0).fails(0).ends_with_segments(3);
  ASSERT_THAT(before.judged(), violates("L3"));
  HistoryBuilder run("a2 a a", all(1, 3));
  run.section(0).serves(0, {slot(0, 0), slot(1, 0)}).hit(0, slot(2, 0));
  run.section(0).granted_directory(0).granted(0, 3).section(0).serves(0, {slot(3, 0)});
  run.ends_with_segments(4);
  EXPECT_THAT(judged_after(before, run), violates("L2"));
}

TEST(OracleReuse, GrowthOfTheHistoryBeforeIsNoReasonForARequest) {
  HistoryBuilder before("a", all(1));
  before.section(0).refused(0).fails(0).ends_with_segments(0);
  ASSERT_THAT(before.judged(), violates("L3"));
  HistoryBuilder run("a", all(1));
  run.refused(0).section(0).granted(0, 0).section(0).serves(0, {slot(0, 0)}).ends_with_segments(1);
  EXPECT_THAT(judged_after(before, run), violates("L2"));
}

TEST(OracleReuse, GrowthOfTheHistoryBeforeIsNoReasonForARequestOfATrim) {
  HistoryBuilder before("r a | a f", all(1));
  before.section(0).answers(0, 0).section(0).refused(0).fails(0).grow(1, 0).free(1, slot(0, 0));
  before.ends_with_segments(1);
  ASSERT_THAT(before.judged(), violates("L3"));
  HistoryBuilder run("r a | a f", all(1));
  run.grow(1, 0).free(1, slot(0, 0)).section(0).refused(0).discarded(0, slot(0, 0), kStride);
  run.section(0).answers(0, kStride).hit(0, slot(0, 0)).ends_with_segments(1);
  EXPECT_THAT(judged_after(before, run), violates("L2"));
}

TEST(ReferenceSlabTest, HasItsInitialSegmentsFromTheStart) {
  EXPECT_EQ(ReferenceSlab({.capacity = 1, .initial_segments = 2}).segments(), 2U);
}

}  // namespace
}  // namespace slabproof::model
