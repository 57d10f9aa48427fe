// The specification that concurrent runs are judged by must itself refuse what no slab may do.

#include "tests/properties/slab_specification.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/properties/linearizability.h"

namespace slabproof::properties {
namespace {

using Kind = SlabStep::Kind;

/// Segments of two slots of 16 bytes behind a header of 64.
constexpr SlabGeometry kGeometry{.capacity = 2, .stride = 16, .slots_offset = 64};

constexpr std::array<std::uintptr_t, 4> kRegions{0x10000, 0x10060, 0x10200, 0x10300};

constexpr std::uintptr_t slot(std::size_t segment, std::uintptr_t index) {
  return kRegions[segment] + 64 + index * 16;
}

SlabStep take(std::uintptr_t address) {
  return {.kind = Kind::kTake, .address = address};
}
SlabStep grow(std::uintptr_t address) {
  return {.kind = Kind::kTake, .address = address, .may_grow = true};
}
SlabStep put(std::uintptr_t address) {
  return {.kind = Kind::kPut, .address = address};
}
SlabStep segments(std::uint64_t count) {
  return {.kind = Kind::kSegments, .value = count};
}

/// Whether all steps are legal, one after another.
bool accepts(const std::vector<SlabStep>& steps, bool recheck_all = true,
             const std::vector<std::uintptr_t>& initial = {}) {
  SlabSpecification slab(kGeometry, recheck_all, initial, kRegions);
  for (const SlabStep& step : steps) {
    if (!slab.apply(step)) return false;
  }
  return true;
}

TEST(SlabSpecificationTest, SlotsAreCarvedInOrderAndReusedNewestFirst) {
  EXPECT_TRUE(accepts({grow(slot(0, 0)), take(slot(0, 1)), put(slot(0, 0)), put(slot(0, 1)),
                       take(slot(0, 1)), take(slot(0, 0))}));
}

TEST(SlabSpecificationTest, BlockIsNotHandedOutTwice) {
  EXPECT_FALSE(accepts({grow(slot(0, 0)), take(slot(0, 0))}));
}

TEST(SlabSpecificationTest, OldestFreedIsNotHandedOutFirst) {
  EXPECT_FALSE(accepts(
      {grow(slot(0, 0)), take(slot(0, 1)), put(slot(0, 0)), put(slot(0, 1)), take(slot(0, 0))}));
}

TEST(SlabSpecificationTest, CallThatObtainedNoSegmentAddsNone) {
  EXPECT_FALSE(accepts({take(slot(0, 0))}));
}

TEST(SlabSpecificationTest, SegmentIsNotAddedWhileASlotIsFree) {
  EXPECT_FALSE(accepts({grow(slot(0, 0)), grow(slot(1, 0))}));
  EXPECT_TRUE(accepts({grow(slot(0, 0)), take(slot(0, 1)), grow(slot(1, 0))}));
}

TEST(SlabSpecificationTest, OnlyNewSegmentsRecheckMayAddASegmentWhileASlotIsFree) {
  EXPECT_TRUE(accepts({grow(slot(0, 0)), grow(slot(1, 0))}, false));
  EXPECT_FALSE(accepts({grow(slot(0, 0)), take(slot(1, 0))}, false));
}

TEST(SlabSpecificationTest, LowestSegmentServesFirst) {
  const std::vector<std::uintptr_t> initial = {slot(0, 0) - 64, slot(1, 0) - 64};
  EXPECT_TRUE(accepts({take(slot(0, 0))}, true, initial));
  EXPECT_FALSE(accepts({take(slot(1, 0))}, true, initial));
}

TEST(SlabSpecificationTest, AddressBetweenSlotsIsNotABlock) {
  EXPECT_FALSE(accepts({grow(slot(0, 0) + 8)}));
  EXPECT_FALSE(accepts({grow(slot(0, 2))}));
}

TEST(SlabSpecificationTest, BlockIsNotPutTwice) {
  EXPECT_FALSE(accepts({grow(slot(0, 0)), put(slot(0, 0)), put(slot(0, 0))}));
  EXPECT_FALSE(accepts({grow(slot(0, 0)), put(slot(0, 1))}));
}

TEST(SlabSpecificationTest, NothingIsFoundOnlyWhereNothingIsFree) {
  const SlabStep nothing{.kind = Kind::kExhausted};
  EXPECT_TRUE(accepts({nothing}));
  EXPECT_TRUE(accepts({grow(slot(0, 0)), take(slot(0, 1)), nothing}));
  EXPECT_FALSE(accepts({grow(slot(0, 0)), nothing}));
}

TEST(SlabSpecificationTest, SegmentsAreCountedExactly) {
  EXPECT_TRUE(accepts({segments(0), grow(slot(0, 0)), segments(1)}));
  EXPECT_FALSE(accepts({grow(slot(0, 0)), segments(2)}));
}

TEST(SlabSpecificationTest, TrimTakesOutOnlyWhatIsFreeAndWasUsed) {
  const SlabStep claim{.kind = Kind::kClaim, .address = slot(0, 0)};
  const SlabStep lay_out{.kind = Kind::kLayOut, .address = slot(0, 0)};
  const std::vector<SlabStep> used = {grow(slot(0, 0)), take(slot(0, 1)), put(slot(0, 0)),
                                      put(slot(0, 1))};
  std::vector<SlabStep> whole = used;
  whole.insert(whole.end(), {claim, lay_out, take(slot(0, 0))});
  EXPECT_TRUE(accepts(whole));
  EXPECT_FALSE(accepts({grow(slot(0, 0)), claim}));
  std::vector<SlabStep> while_out = used;
  while_out.insert(while_out.end(), {claim, take(slot(0, 0))});
  EXPECT_FALSE(accepts(while_out));
}

TEST(SlabSpecificationTest, NobodyGrowsOrFailsWhileATrimHoldsASegment) {
  const SlabStep claim{.kind = Kind::kClaim, .address = slot(0, 0)};
  const SlabStep lay_out{.kind = Kind::kLayOut, .address = slot(0, 0)};
  const SlabStep exhausted{.kind = Kind::kExhausted};
  const std::vector<SlabStep> used = {grow(slot(0, 0)), put(slot(0, 0)), claim};
  for (const SlabStep& step : {grow(slot(1, 0)), exhausted}) {
    std::vector<SlabStep> steps = used;
    steps.push_back(step);
    EXPECT_FALSE(accepts(steps));
  }
  EXPECT_TRUE(accepts({grow(slot(0, 0)), put(slot(0, 0)), claim, lay_out, take(slot(0, 0)),
                       take(slot(0, 1)), exhausted}));
}

TEST(SlabSpecificationTest, CountersMustBeThoseOfTheState) {
  SlabStep counters{.kind = Kind::kCounters};
  counters.counters = {.segments = 1,
                       .capacity = 2,
                       .live = 1,
                       .peak_live = 1,
                       .free = 0,
                       .uncarved = 1,
                       .foreign_pointers = 1};
  const SlabStep foreign{.kind = Kind::kForeign};
  EXPECT_TRUE(accepts({grow(slot(0, 0)), foreign, counters}));
  EXPECT_FALSE(accepts({grow(slot(0, 0)), counters}));
  counters.counters.peak_live = 2;
  EXPECT_FALSE(accepts({grow(slot(0, 0)), foreign, counters}));
}

TEST(SlabSpecificationTest, DifferentStatesAreEncodedDifferently) {
  SlabSpecification slab(kGeometry, true, {}, kRegions);
  std::vector<std::string> encodings;
  for (const SlabStep& step : {grow(slot(0, 0)), take(slot(0, 1)), put(slot(0, 0)), put(slot(0, 1)),
                               SlabStep{.kind = Kind::kMisaligned}}) {
    ASSERT_TRUE(slab.apply(step));
    std::string encoding;
    slab.encode(encoding);
    for (const std::string& earlier : encodings) EXPECT_NE(encoding, earlier);
    encodings.push_back(encoding);
  }
}

/// Two threads that saw a full slab, whose calls overlap a free.
TEST(SlabSpecificationTest, ConcurrentOverGrowthIsNotLinearizableWhereAllSegmentsAreRechecked) {
  ConcurrentHistory<SlabStep> history(2);
  history[0] = {{grow(slot(0, 0)), 0, 1}, {take(slot(0, 1)), 2, 3}, {put(slot(0, 0)), 4, 5}};
  history[1] = {{grow(slot(1, 0)), 6, 9}};
  const auto verdict = [&](bool recheck_all) {
    return check_linearizable(history, SlabSpecification(kGeometry, recheck_all, {}, kRegions))
        .verdict;
  };
  EXPECT_EQ(verdict(true), LinearizabilityVerdict::kNotLinearizable);
  EXPECT_EQ(verdict(false), LinearizabilityVerdict::kLinearizable);
  history[1][0].invoked = 3;
  EXPECT_EQ(verdict(true), LinearizabilityVerdict::kLinearizable);
}

}  // namespace
}  // namespace slabproof::properties
