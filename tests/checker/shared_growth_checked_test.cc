// Growth::kShared in every order of the slab's critical sections: how many segments the calls ask
// for that meet a full slab together, beside refusals, frees and trims.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/runtime/relacy_explore.h"
#include "slabproof/recheck.h"
#include "tests/support/execution_ends.h"
#include "tests/support/growth_program.h"
#include "tests/support/sharing_program.h"

namespace slabproof::testing {
namespace {

using Outcomes = std::set<std::string>;

/// Each outcome is the number of segments at the end, of the calls that failed, and of requests.
/// The slab begins with one segment, which is full.
template <class Config>
class SharedGrowthChecked : public ::testing::Test {
 protected:
  static Outcomes outcomes_of(const GrowthProgram& program) {
    const ExecutionEnds ends = explore_all(SharingThreads<Config>(program));
    expect_holds(ends);
    return ends.outcomes;
  }
};

using BothScopes =
    ::testing::Types<SharingConfig<Recheck::kAllSegments>, SharingConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(SharedGrowthChecked, BothScopes);

TYPED_TEST(SharedGrowthChecked, CallsForWhichASegmentHasRoomAskForOne) {
  EXPECT_EQ(this->outcomes_of({.threads = {"a", "a"}, .segments = 1, .capacity = 2}),
            (Outcomes{"2 0 1"}));
  EXPECT_EQ(this->outcomes_of({.threads = {"a", "a", "a"}, .segments = 1, .capacity = 3}),
            (Outcomes{"2 0 1"}));
}

TYPED_TEST(SharedGrowthChecked, CallsForWhichASegmentHasNoRoomAskForTwo) {
  EXPECT_EQ(this->outcomes_of({.threads = {"a", "a", "a"}, .segments = 1, .capacity = 2}),
            (Outcomes{"3 0 2"}));
}

TYPED_TEST(SharedGrowthChecked, CallForWhichNoRoomIsLeftDoesNotWait) {
  EXPECT_EQ(this->outcomes_of({.threads = {"a", "a", "a"}, .segments = 1, .capacity = 1}),
            (Outcomes{"4 0 3"}));
}

TYPED_TEST(SharedGrowthChecked, EachFullSlabIsMetAnew) {
  EXPECT_EQ(this->outcomes_of({.threads = {"aa", "aa"}, .segments = 1, .capacity = 2}),
            (Outcomes{"3 0 2"}));
}

TYPED_TEST(SharedGrowthChecked, CallsThatComeLaterDoNotOvertakeThoseThatWait) {
  EXPECT_EQ(this->outcomes_of({.threads = {"aa", "a", "a"}, .segments = 1, .capacity = 2}),
            (Outcomes{"3 0 2"}));
}

TYPED_TEST(SharedGrowthChecked, BatchIsCountedWithAllThatItLacks) {
  EXPECT_EQ(this->outcomes_of({.threads = {"b", "a", "a"}, .segments = 1, .capacity = 2}),
            (Outcomes{"3 0 2"}));
  EXPECT_EQ(this->outcomes_of({.threads = {"b", "a"}, .segments = 1, .capacity = 3}),
            (Outcomes{"2 0 1"}));
}

TYPED_TEST(SharedGrowthChecked, CallsThatWaitedForARefusedGrowerAskToo) {
  EXPECT_EQ(this->outcomes_of({.threads = {"!a", "a"}, .segments = 1, .capacity = 2}),
            (Outcomes{"2 0 1", "2 1 1"}));
  EXPECT_EQ(this->outcomes_of({.threads = {"!a", "a", "a"}, .segments = 1, .capacity = 3}),
            (Outcomes{"2 0 1", "2 1 1", "2 1 2"}));
}

TYPED_TEST(SharedGrowthChecked, NobodyWaitsForEverWhereTheBackingRefusesEverything) {
  EXPECT_EQ(this->outcomes_of({.threads = {"!a", "!a", "!a"}, .segments = 1, .capacity = 3}),
            (Outcomes{"1 3 0"}));
}

TYPED_TEST(SharedGrowthChecked, SegmentOnWhichACallCountsIsNotLeftOutForAFreeSlot) {
  const Outcomes outcomes =
      this->outcomes_of({.threads = {"o", "a", "a"}, .segments = 1, .capacity = 2});
  EXPECT_TRUE(outcomes.contains("2 0 1"));
}

TYPED_TEST(SharedGrowthChecked, HoldsBesideATrim) {
  const Outcomes outcomes =
      this->outcomes_of({.threads = {"ot", "oaa", "aa"}, .segments = 1, .capacity = 2});
  EXPECT_TRUE(outcomes.contains("2 0 1"));
}

TEST(RacingGrowthChecked, AsksForMore) {
  const ExecutionEnds ends = explore_all(
      SharingThreads<GrowthConfig>({.threads = {"a", "a"}, .segments = 1, .capacity = 2}));
  EXPECT_EQ(ends.messages, (Outcomes{"more segments are asked for than are needed"}));
}

}  // namespace
}  // namespace slabproof::testing
