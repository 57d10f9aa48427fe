// The judge of slabs with caches and of owners accepts a good history, and rejects one of each kind
// that breaks a property.

#include "model/oracle/fast_path_oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/slab/history_builder.h"
#include "tests/slab/oracle_matchers.h"

namespace slabproof::model {
namespace {

constexpr SlabTraits kTraits{.cache_blocks = 2, .depot_blocks = 1};
constexpr std::uint32_t kCapacity = 4;

Setting of(SlabFamily family) {
  return {{.capacity = kCapacity, .family = family}};
}

std::optional<Violation> judged(const HistoryBuilder& built) {
  return FastPathOracle(built.setting(), kTraits, built.program())
      .judge(const_cast<HistoryBuilder&>(built).history());
}

/// What a slab of one segment counts with so many blocks live, of which the caches have some.
Counters counters(std::uint64_t live, std::uint64_t cached = 0) {
  return {.segments = 1,
          .capacity = kCapacity,
          .live = live,
          .free = kCapacity - live,
          .cached = cached};
}

/// The program `a f`, whose block stays in a cache, or else goes back to its owner.
HistoryBuilder allocate_and_free(SlabFamily family) {
  HistoryBuilder built("a f", of(family));
  if (family == SlabFamily::kOwner) {
    built.granted(0, 0).serves(0, {slot(0, 0)});
  } else {
    built.grow(0, 0);
  }
  built.frees(0, {slot(0, 0)}).ends_with_segments(1);
  const std::uint64_t cached = family == SlabFamily::kCached ? 1 : 0;
  built.census().peak_live = 1;
  built.census().at_rest = counters(cached, cached);
  built.census().after_ends = counters(0);
  return built;
}

struct Case {
  std::string_view name;
  SlabFamily family;
  std::string_view property;
  std::function<void(HistoryBuilder&)> break_it;
};

class FastPathOracleTest : public ::testing::TestWithParam<Case> {};

TEST_P(FastPathOracleTest, RejectsWhatBreaksAProperty) {
  HistoryBuilder built = allocate_and_free(GetParam().family);
  ASSERT_THAT(judged(built), holds());
  GetParam().break_it(built);
  EXPECT_THAT(judged(built), violates(GetParam().property));
}

using enum SlabFamily;

const Case kCases[] = {
    {"BlockThatIsNoSlot", kCached, "S2",
     [](auto& built) { built.history().blocks[0].address += 1; }},
    {"BlockOutsideEverySegment", kOwner, "S2",
     [](auto& built) { built.history().blocks[0].address = slot(7, 0); }},
    {"SlotsThatAreNotCounted", kCached, "C1", [](auto& built) { --built.census().at_rest.free; }},
    {"AbandonedSlots", kCached, "C1",
     [](auto& built) {
       --built.census().at_rest.free;
       built.census().at_rest.abandoned = 1;
     }},
    {"CachedBlockThatIsFreeAsWell", kCached, "C1",
     [](auto& built) { built.census().at_rest = counters(0, 1); }},
    {"LiveBlockThatNobodyHolds", kCached, "C1",
     [](auto& built) { built.census().at_rest = counters(2, 1); }},
    {"BlockThatStaysLive", kCached, "C1", [](auto& built) { built.census().live_end = 1; }},
    {"SlotThatCannotBeTaken", kCached, "C1", [](auto& built) { --built.census().drained_blocks; }},
    {"CachesThatHoldTooMuch", kCached, "C2",
     [](auto& built) { built.census().at_rest = counters(4, 4); }},
    {"BlockThatACacheLeavesBehind", kCached, "C3",
     [](auto& built) { built.census().after_ends = counters(1); }},
    {"BlockOfAThreadThatHasEnded", kAutoCached, "C3",
     [](auto& built) { built.census().at_rest = counters(1); }},
    {"MemoryThatOutlivesTheSlab", kCached, "C3",
     [](auto& built) { built.census().regions_still_mapped = 1; }},
    {"NeedlessSegment", kCached, "C4", [](auto& built) { built.ends_with_segments(2); }},
    {"RefusalThatNobodyCausedOfACache", kCached, "C5",
     [](auto& built) { built.census().misuse_events = 1; }},
    {"LockOfAHit", kCached, "C6", [](auto& built) { built.section_of({0, 1}); }},
    {"FailureWithoutARefusal", kCached, "C7",
     [](auto& built) {
       built.history().ops[0].block_count = 0;
       built.history().ops[0].failed = true;
     }},
    {"SlotThatIsTakenTwice", kOwner, "R1",
     [](auto& built) { built.census().drained_distinct = false; }},
    {"BlockThatIsReclaimedTwice", kOwner, "R1",
     [](auto& built) { built.census().misuse_events = 1; }},
    {"BlockThatTheCloseLoses", kOwner, "R2",
     [](auto& built) { built.census().at_rest = counters(1); }},
    {"BlockThatIsReclaimedWhileItIsHeld", kOwner, "R2",
     [](auto& built) { built.census().held = 1; }},
    {"LockOfARemote", kOwner, "R3", [](auto& built) { built.section_of({0, 1}); }},
    {"NeedlessSegmentOfAnOwner", kOwner, "S6", [](auto& built) { built.ends_with_segments(2); }},
    {"FailureOfAnOwnerWithoutARefusal", kOwner, "L3",
     [](auto& built) {
       built.history().ops[0].block_count = 0;
       built.history().ops[0].failed = true;
     }},
};

INSTANTIATE_TEST_SUITE_P(Histories, FastPathOracleTest, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<Case>& tested) {
                           return std::string(tested.param.name);
                         });

TEST(FastPathOracle, BadPointerIsCountedOrHandedOutAgain) {
  HistoryBuilder built("x a a", of(kCached));
  built.offers(0, 0x1).grow(0, 0).serves(0, {}).ends_with_segments(1);
  built.history().ops[2].refused_pointers = 1;
  built.census().peak_live = 1;
  built.census().held = 1;
  built.census().at_rest = built.census().after_ends = counters(1);
  EXPECT_THAT(judged(built), violates("C5")) << "both";
  built.census().misuse_events = built.census().corruption_events = 0;
  EXPECT_THAT(judged(built), holds());
}

TEST(FastPathOracle, OfBadPointersAllButThoseHandedOutAgainAreCounted) {
  HistoryBuilder built("x x a a", of(kCached));
  built.offers(0, 0x1).offers(0, 0x2).grow(0, 0).serves(0, {}).ends_with_segments(1);
  built.history().ops[3].refused_pointers = 1;
  built.census().misuse_events = built.census().corruption_events = 1;
  built.census().peak_live = 1;
  built.census().held = 1;
  built.census().at_rest = built.census().after_ends = counters(1);
  EXPECT_THAT(judged(built), holds());
}

TEST(FastPathOracle, BlockInADirectoryIsInNoSegment) {
  HistoryBuilder built = allocate_and_free(kOwner);
  built.granted_directory(0);
  built.history().blocks[0].address = 0x1000 + kStride;
  EXPECT_THAT(judged(built), violates("S2"));
}

TEST(FastPathOracle, BlockOfASegmentOfTheHistoryBeforeIsInNoSegment) {
  HistoryBuilder before = allocate_and_free(kOwner);
  HistoryBuilder built = allocate_and_free(kOwner);
  built.history().backing_events[0].base = segment_base(7);
  FastPathOracle oracle(built.setting(), kTraits, built.program());
  ASSERT_THAT(oracle.judge(before.history()), holds());
  EXPECT_THAT(oracle.judge(built.history()), violates("S2"));
}

TEST(FastPathOracle, LocksOfTheHistoryBeforeDoNotCount) {
  HistoryBuilder before = allocate_and_free(kCached);
  before.section_of({0, 1});
  HistoryBuilder built = allocate_and_free(kCached);
  FastPathOracle oracle(built.setting(), kTraits, built.program());
  ASSERT_THAT(oracle.judge(before.history()), violates("C6"));
  EXPECT_THAT(oracle.judge(built.history()), holds());
}

TEST(FastPathOracle, BlockThatIsNoSlotIsToldBySizeAndAddress) {
  HistoryBuilder built = allocate_and_free(kOwner);
  built.history().blocks[0] = {0x666, 7};
  EXPECT_THAT(judged(built),
              violates("S2",
                       "`a` (thread 0, operation 0) was handed 7 bytes at 0x666, which are no "
                       "slot of a segment."));
}

TEST(FastPathOracle, UsableSizeOfNoBlockIsNotJudged) {
  HistoryBuilder built("u", of(kCached));
  built.skips(0).ends_with_segments(0);
  EXPECT_THAT(judged(built), holds());
  built.history().ops[0].skipped = false;
  EXPECT_THAT(judged(built), violates("S2"));
}

TEST(FastPathOracle, BatchAfterAFreeMayTakeALock) {
  HistoryBuilder built("a f a2", of(kCached));
  built.grow(0, 0).frees(0, {slot(0, 0)}).section(0).serves(0, {slot(0, 0), slot(0, 1)});
  built.ends_with_segments(1);
  built.census().peak_live = 2;
  built.census().held = 2;
  built.census().at_rest = built.census().after_ends = counters(2);
  EXPECT_THAT(judged(built), holds());
}

TEST(FastPathOracle, LockIsToldByItsOperationOrByTheEndOfItsThread) {
  const auto with_lock_of = [](OpId op) {
    HistoryBuilder built = allocate_and_free(kOwner);
    return judged(built.section_of(op));
  };
  EXPECT_THAT(with_lock_of({0, 1}), violates("R3", "`f` (thread 0, operation 1) took a lock"));
  EXPECT_THAT(with_lock_of({0, 2}), violates("R3", "`the end` (thread 0, operation 2) took"));
  EXPECT_THAT(with_lock_of({1, 0}), violates("R3", "`the end` (thread 1, operation 0) took"));
}

TEST(FastPathOracle, BlockOfARegionThatWasRefusedIsInNoSegment) {
  HistoryBuilder built = allocate_and_free(kOwner);
  built.refused(0);
  built.history().blocks[0].address = kStride;
  EXPECT_THAT(judged(built), violates("S2"));
}

TEST(FastPathOracle, UsableSizeIsTheStride) {
  HistoryBuilder built("a u f", of(kCached));
  built.grow(0, 0).answers(0, kStride).frees(0, {slot(0, 0)}).ends_with_segments(1);
  built.census().peak_live = 1;
  built.census().at_rest = built.census().after_ends = counters(0);
  EXPECT_THAT(judged(built), holds());
  built.history().ops[1].value = 63;
  EXPECT_THAT(judged(built), violates("S2", "answered 63, but a slot has 64 bytes."));
}

/// A program of one thread with a cache, of which an operation took a lock; all its blocks are from
/// one segment, each operation that allocates gets one, and each other gives one back.
std::optional<Violation> judged_with_lock(std::string_view program, std::uint8_t op) {
  HistoryBuilder built(program, of(kCached));
  built.granted(0, 0);
  std::uint64_t live = 0;
  std::uint64_t peak = 0;
  for (const Op each : built.program().threads[0]) {
    if (allocates(each)) {
      built.serves(0, {slot(0, live++)});
    } else {
      built.frees(0, {slot(0, --live)});
    }
    peak = std::max(peak, live);
  }
  built.section_of({0, op}).ends_with_segments(1);
  built.census().peak_live = peak;
  built.census().held = live;
  built.census().at_rest = built.census().after_ends = counters(live);
  return judged(built);
}

TEST(FastPathOracle, OperationThatUndoesTheOneBeforeTakesNoLock) {
  EXPECT_THAT(judged_with_lock("a f a", 1), violates("C6", "operation 1) took 1 locks"));
  EXPECT_THAT(judged_with_lock("a f a", 2), violates("C6", "operation 2) took 1 locks"));
}

TEST(FastPathOracle, OperationThatDoesTheSameAsTheOneBeforeMayTakeALock) {
  EXPECT_THAT(judged_with_lock("a a f f", 1), holds());
  EXPECT_THAT(judged_with_lock("a a f f", 3), holds());
}

TEST(FastPathOracle, LockOfTheEndOfAThreadIsOfNoOperation) {
  EXPECT_THAT(judged_with_lock("a f a f a f", 6), holds());
}

TEST(FastPathOracle, AllocationThatGotABadPointerPromisesNothing) {
  HistoryBuilder built("a x a f", of(kCached));
  built.grow(0, 0).offers(0, 0x1).serves(0, {}).section(0).frees(0, {slot(0, 0)});
  built.history().ops[2].refused_pointers = 1;
  built.ends_with_segments(1);
  built.census().misuse_events = built.census().corruption_events = 0;
  built.census().peak_live = 1;
  built.census().at_rest = built.census().after_ends = counters(0);
  EXPECT_THAT(judged(built), holds());
}

TEST(FastPathOracle, PartOfABatchWithoutARefusalIsC7) {
  HistoryBuilder built("a2", of(kCached));
  built.grow(0, 0).ends_with_segments(1);
  EXPECT_THAT(judged(built), violates("C7"));
}

TEST(FastPathOracle, FailureThatWasServedIsC7) {
  HistoryBuilder built("a", of(kCached));
  built.grow(0, 0).ends_with_segments(1);
  built.history().ops[0].failed = true;
  EXPECT_THAT(judged(built), violates("C7"));
}

TEST(FastPathOracle, FailureIsGoodWhereItsOwnRequestWasRefusedAndItSaysSo) {
  const auto refused = [](std::size_t whose, AllocError error) {
    HistoryBuilder built("a | a", of(kCached));
    return judged(built.refused(whose).fails(0, error).grow(1, 0).ends_with_segments(1));
  };
  HistoryBuilder built("a", of(kCached));
  built.refused(0).fails(0).ends_with_segments(0);
  EXPECT_THAT(judged(built), holds());
  EXPECT_THAT(refused(1, AllocError::kOutOfMemory), violates("C7", "the backing refused nothing"));
  EXPECT_THAT(refused(0, AllocError::kInvalidLayout), violates("C7", "but reported"));
}

TEST(FastPathOracle, ErrorOfABatchThatGotAPartMeansNothing) {
  HistoryBuilder built("a2", of(kCached));
  built.refused(0).grow(0, 0).ends_with_segments(1);
  built.history().ops[0].error = AllocError::kInvalidLayout;
  built.census().peak_live = 1;
  built.census().held = 1;
  built.census().at_rest = built.census().after_ends = counters(1);
  EXPECT_THAT(judged(built), holds());
}

TEST(FastPathOracle, FailureIsNoBetterForARelease) {
  HistoryBuilder built("a", of(kCached));
  built.granted(0, 0).released(0, 0).fails(0).ends_with_segments(0);
  EXPECT_THAT(judged(built), violates("C7", "the backing refused nothing"));
}

TEST(FastPathOracle, LockIsExcusedByARefusalOfItsOwnThreadUpToThen) {
  const auto refused = [](OpId whose) {
    HistoryBuilder built("a f a | a", of(kCached));
    built.granted(0, 0).serves(0, {slot(0, 0)}).section(0).frees(0, {slot(0, 0)});
    built.serves(0, {slot(0, 0)}).serves(1, {slot(0, 1)}).ends_with_segments(1);
    built.refused(0).history().backing_events[1].op = whose;
    built.census().peak_live = 2;
    built.census().held = 2;
    built.census().at_rest = built.census().after_ends = counters(2);
    return judged(built);
  };
  EXPECT_THAT(refused({0, 0}), holds());
  EXPECT_THAT(refused({0, 1}), holds());
  EXPECT_THAT(refused({0, 2}), violates("C6"));
  EXPECT_THAT(refused({1, 0}), violates("C6"));
}

TEST(FastPathOracle, MeasuresAreThoseOfTheCensus) {
  HistoryBuilder built = allocate_and_free(kCached);
  FastPathOracle oracle(built.setting(), kTraits, built.program());
  ASSERT_THAT(oracle.judge(built.history()), holds());
  EXPECT_EQ(oracle.measures().segments, 1U);
  EXPECT_EQ(oracle.measures().peak_live, 1U);
  EXPECT_EQ(oracle.measures().over_growth, 0U);
}

TEST(FastPathOracle, WhatBreaksAPropertyIsAViolation) {
  HistoryBuilder built = allocate_and_free(kOwner);
  built.history().blocks[0].address += 1;
  EXPECT_THAT(judged(built), violates(HistoryStatus::kViolates));
}

TEST(FastPathOracle, CacheWhoseMemoryWasRefusedMayLockAlways) {
  HistoryBuilder built("! a f", of(kAutoCached));
  built.passes(0).refused(0).grow(0, 0).free(0, slot(0, 0)).ends_with_segments(1);
  built.census().peak_live = 1;
  built.census().at_rest = built.census().after_ends = counters(0);
  EXPECT_THAT(judged(built), holds());
}

TEST(FastPathOracle, HistoryThatIsTooLongIsNotJudged) {
  HistoryBuilder built = allocate_and_free(kCached);
  built.history().overflowed = true;
  EXPECT_THAT(judged(built), violates(HistoryStatus::kTooLong));
}

TEST(FastPathOracle, ProgramThatDoesNotFitIsRefused) {
  EXPECT_THROW(FastPathOracle(of(kOwner), kTraits, parse_program("a | a").value()),
               std::invalid_argument);
}

TEST(FastPathOracle, ProgramThatIsNotWellFormedIsRefused) {
  EXPECT_THROW(FastPathOracle(of(kCached), kTraits, Program{}), std::invalid_argument);
}

}  // namespace
}  // namespace slabproof::model
