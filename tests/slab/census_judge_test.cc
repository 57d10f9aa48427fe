// What is judged of a slab with caches, or of an owner, when its threads have finished: each rule
// at its edge, with the sentence that it says.

#include "model/oracle/census_judge.h"

#include <gtest/gtest.h>

#include <string>

namespace slabproof::model {
namespace {

/// Two threads with caches of 2 blocks and a depot of 3, on 3 segments of 4 slots.
struct Judged {
  SlabSetup setup{.capacity = 4, .initial_segments = 1, .family = SlabFamily::kCached};
  SlabTraits traits{.cache_blocks = 2, .depot_blocks = 3};
  Census census{.segments = 3,
                .peak_live = 9,
                .drained_blocks = 12,
                .segments_after_drain = 3,
                .at_rest = {.segments = 3, .live = 8, .free = 3, .uncarved = 1, .cached = 7},
                .after_ends = {.segments = 3, .live = 4, .free = 7, .uncarved = 1, .cached = 3},
                .held = 1};
  BadPointers bad;

  /// "property: sentence", or nothing.
  [[nodiscard]] std::string said() const {
    const auto violation = CensusJudge(setup, traits, 2).judge(census, bad);
    EXPECT_TRUE(!violation || violation->status == HistoryStatus::kViolates);
    return violation ? violation->property + ": " + violation->message : "";
  }
};

TEST(CensusJudge, FullCachesAndAFullDepotAreGood) {
  EXPECT_EQ(Judged().said(), "");
}

TEST(CensusJudge, EachSlotIsCountedOnce) {
  Judged judged;
  judged.census.at_rest.uncarved = 2;
  EXPECT_EQ(judged.said(), "C1: 12 slots, but 8 live, 3 free, 2 uncarved and 0 abandoned ones.");
  judged = {};
  judged.census.after_ends.abandoned = 1;
  judged.census.after_ends.free = 6;
  EXPECT_EQ(judged.said(), "C1: 12 slots, but 4 live, 6 free, 1 uncarved and 1 abandoned ones.");
}

TEST(CensusJudge, LiveBlocksAreHeldOrCached) {
  Judged judged;
  judged.census.held = 0;
  EXPECT_EQ(judged.said(), "C1: 8 blocks are live, but callers hold 0 and caches 7.");
  judged.census.held = 2;
  EXPECT_EQ(judged.said(), "C1: 8 blocks are live, but callers hold 2 and caches 7.");
}

TEST(CensusJudge, BadPointerInACacheIsNotALiveBlock) {
  Judged judged;
  judged.census.held = 2;
  judged.census.misuse_events = judged.census.corruption_events = 1;
  judged.bad = {.offered = 1, .handed_out = 0};
  EXPECT_EQ(judged.said(), "");
  judged.bad = {.offered = 2, .handed_out = 1};
  EXPECT_EQ(judged.said(), "");
  judged.bad.handed_out = 2;
  EXPECT_EQ(judged.said(), "C1: 8 blocks are live, but callers hold 2 and caches 7.");
}

TEST(CensusJudge, OneBlockMoreThanCachesAndDepotMayHold) {
  Judged judged;
  judged.census.at_rest.cached = 8;
  judged.census.held = 0;
  EXPECT_EQ(judged.said(), "C2: 8 blocks are in caches and the depot.");
}

TEST(CensusJudge, CachesThatEndByThemselvesHoldNothingAtRest) {
  Judged judged;
  judged.setup.family = SlabFamily::kAutoCached;
  judged.census.at_rest = judged.census.after_ends;
  EXPECT_EQ(judged.said(), "");
  ++judged.census.at_rest.live;
  --judged.census.at_rest.free;
  ++judged.census.at_rest.cached;
  EXPECT_EQ(judged.said(), "C2: 4 blocks are in caches and the depot.");
  --judged.census.at_rest.cached;
  EXPECT_EQ(judged.said(), "C3: 5 blocks are live, but callers hold 1 and caches 3.");
}

TEST(CensusJudge, WhereCachesHaveEndedOnlyTheDepotHoldsBlocks) {
  Judged judged;
  judged.census.after_ends.cached = 2;
  EXPECT_EQ(judged.said(),
            "C3: What threads had has ended, and 4 blocks are live, but callers hold 1 and the "
            "depot 2.");
}

TEST(CensusJudge, SegmentsAreThoseThatThePeakNeeds) {
  Judged judged;
  judged.census.peak_live = 8;
  EXPECT_EQ(judged.said(),
            "C4: 3 segments, but 8 blocks were live at most: 2 segments are needed.");
  judged.census.peak_live = 13;
  EXPECT_EQ(judged.said(),
            "C4: 3 segments, but 13 blocks were live at most: 4 segments are needed.");
  judged.census.peak_live = 12;
  EXPECT_EQ(judged.said(), "");
  judged.census.peak_live = 1;
  judged.setup.initial_segments = 3;
  EXPECT_EQ(judged.said(), "");
}

TEST(CensusJudge, EachBadPointerIsCountedOrHandedOut) {
  Judged judged;
  judged.bad = {.offered = 4, .handed_out = 2};
  judged.census.misuse_events = judged.census.corruption_events = 1;
  EXPECT_EQ(judged.said(),
            "C5: 4 bad pointers were given back, of which 2 were handed out again; 1 were "
            "counted.");
  judged.census.corruption_events = 2;
  judged.census.misuse_events = 2;
  EXPECT_EQ(judged.said(), "");
  judged.census.corruption_events = 3;
  EXPECT_EQ(judged.said(), "S9: A corrupt link was met, and nobody forged one.");
}

TEST(CensusJudge, AtTheEndEachSlotCanBeTakenOnce) {
  Judged judged;
  judged.census.live_end = 2;
  EXPECT_EQ(judged.said(), "C1: With all blocks back, 2 are live.");
  judged = {};
  judged.census.drained_blocks = 11;
  EXPECT_EQ(judged.said(),
            "C1: With all blocks back, 11 of 12 slots could be taken, and 3 segments became 3.");
  judged.census.drained_blocks = 12;
  judged.census.segments_after_drain = 4;
  EXPECT_EQ(judged.said(),
            "C1: With all blocks back, 12 of 12 slots could be taken, and 3 segments became 4.");
  judged.census.segments_after_drain = 3;
  judged.census.drained_distinct = false;
  EXPECT_EQ(judged.said(),
            "C1: With all blocks back, 12 of 12 slots could be taken, some of them twice, and 3 "
            "segments became 3.");
  judged.census.drained_distinct = true;
  judged.census.regions_still_mapped = 1;
  EXPECT_EQ(judged.said(), "C3: 1 regions outlived the slab.");
}

TEST(CensusJudge, OfAnOwnerTheSameIsSaidByItsOwnProperties) {
  Judged judged;
  judged.setup.family = SlabFamily::kOwner;
  judged.census.at_rest = judged.census.after_ends = {.segments = 3, .live = 1, .free = 11};
  EXPECT_EQ(judged.said(), "");
  judged.census.peak_live = 8;
  EXPECT_EQ(judged.said().substr(0, 2), "S6");
  judged.census.regions_still_mapped = 1;
  judged.census.peak_live = 9;
  EXPECT_EQ(judged.said().substr(0, 2), "R2");
  judged.census.drained_blocks = 11;
  EXPECT_EQ(judged.said().substr(0, 2), "R1");
}

}  // namespace
}  // namespace slabproof::model
