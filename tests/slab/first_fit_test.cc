// The rule of the slab as the models of the tree have it.

#include "model/oracle/first_fit.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace slabproof::model {
namespace {

TEST(FirstFitTest, LastFreedSlotOfTheLowestSegmentGoesOutFirst) {
  FirstFit<OrderedSlots> model(2);
  EXPECT_EQ(model.next(), std::nullopt);
  model.install();
  model.install();
  EXPECT_EQ(model.take(), (SlotName{0, 0}));
  EXPECT_EQ(model.take(), (SlotName{0, 1}));
  EXPECT_EQ(model.take(), (SlotName{1, 0}));
  model.put({1, 0});
  model.put({0, 0});
  model.put({0, 1});
  EXPECT_EQ(model.take(), (SlotName{0, 1}));
  EXPECT_EQ(model.take(), (SlotName{0, 0}));
  EXPECT_EQ(model.take(), (SlotName{1, 0}));
}

TEST(FirstFitTest, TrimLaysOutAnewAndCountsNothingAsLive) {
  FirstFit<OrderedSlots> model(4, 1);
  model.put(model.take());
  EXPECT_EQ(model.peak_live(), 1U);
  EXPECT_EQ(model.trim(), std::vector{0U});
  EXPECT_EQ(model.peak_live(), 1U);
  EXPECT_EQ(model.live(), 0U);
  EXPECT_EQ(model.sum(&OrderedSlots::free), 0U);
  EXPECT_TRUE(model.trim().empty()) << "a segment that was never used is as good as new";
}

TEST(FirstFitTest, ClaimedSegmentServesNobodyUntilItIsLaidOut) {
  FirstFit<CountedSlots> model(1, 2);
  model.put(model.take(0));
  model.claim(0);
  EXPECT_EQ(model.lowest_with_room(), 1U);
  EXPECT_FALSE(model.is_trimmable(0));
  EXPECT_EQ(model.claimed(), 1U);
  EXPECT_TRUE(model.can_serve(1));
  EXPECT_FALSE(model.can_serve(2));
  model.lay_out(0);
  EXPECT_EQ(model.lowest_with_room(), 0U);
  EXPECT_EQ(model.claimed(), 0U);
  EXPECT_TRUE(model.can_serve(2));
}

TEST(FirstFitTest, SlotsBehindAnOverwrittenLinkAreAbandonedWhenItIsTaken) {
  FirstFit<TamperedSlots> model(4, 1);
  for (int i = 0; i < 4; ++i) model.take();
  for (const std::uint32_t slot : {0U, 1U, 2U}) model.put({0, slot});
  model.slots_of(0).tamper(1);
  EXPECT_EQ(model.take(), (SlotName{0, 2})) << "its own link is sound";
  EXPECT_EQ(model.sum(&TamperedSlots::abandoned), 0U);
  EXPECT_EQ(model.take(), (SlotName{0, 1}));
  EXPECT_EQ(model.sum(&TamperedSlots::abandoned), 1U);
  EXPECT_EQ(model.sum(&TamperedSlots::corrupt_links), 1U);
  EXPECT_EQ(model.next(), std::nullopt);
  for (const std::uint32_t slot : {1U, 2U, 3U}) model.put({0, slot});
  EXPECT_EQ(model.slots_of(0).live(), 0U);
  EXPECT_TRUE(model.trim().empty()) << "an abandoned slot is never had again";
}

TEST(FirstFitTest, SecondFreeShowsWithoutARecordOfEachSlotOnlyAtTheHeadOrInAnIdleSegment) {
  FirstFit<OrderedSlots> model(4, 1);
  for (int i = 0; i < 3; ++i) model.take();
  model.put({0, 0});
  model.put({0, 1});
  const OrderedSlots& slots = model.slots_of(0);
  EXPECT_TRUE(slots.is_visibly_not_live(1));
  EXPECT_FALSE(slots.is_visibly_not_live(0));
  EXPECT_FALSE(slots.is_visibly_not_live(2));
  EXPECT_TRUE(slots.is_visibly_not_live(3)) << "never carved";
  model.put({0, 2});
  EXPECT_TRUE(slots.is_visibly_not_live(0));
}

TEST(FirstFitTest, SlotIsLiveFromItsTakeToItsPut) {
  FirstFit<OrderedSlots> model(4, 2);
  EXPECT_EQ(model.slots(), 8U);
  model.take();
  const OrderedSlots& slots = model.slots_of(0);
  EXPECT_TRUE(slots.is_live(0));
  EXPECT_FALSE(slots.is_visibly_not_live(0)) << "none was freed";
  EXPECT_FALSE(slots.is_live(1)) << "never carved";
  model.put(SlotName());
  EXPECT_FALSE(slots.is_live(0));
}

TEST(FirstFitTest, LinksOfAbandonedSlotsAreNoLongerOverwritten) {
  FirstFit<TamperedSlots> model(4, 1);
  for (int i = 0; i < 3; ++i) model.take();
  TamperedSlots& slots = model.slots_of(0);
  for (const std::uint32_t slot : {0U, 1U}) {
    model.put({0, slot});
    slots.tamper(slot);
  }
  EXPECT_TRUE(slots.is_tampered(0));
  EXPECT_FALSE(slots.is_tampered(2));
  EXPECT_EQ(model.take(), (SlotName{0, 1}));
  EXPECT_FALSE(slots.is_tampered(0));
}

TEST(FirstFitTest, TrimLaysOutEachIdleSegment) {
  FirstFit<CountedSlots> model(1, 3);
  for (const std::uint32_t segment : {0U, 1U, 2U}) model.take(segment);
  for (const std::uint32_t segment : {0U, 2U}) model.put({segment, 0});
  EXPECT_EQ(model.trim(), (std::vector{0U, 2U}));
}

TEST(FirstFitTest, SegmentsBeforeAResetAreGone) {
  FirstFit<CountedSlots> model(1, 2);
  for (const std::uint32_t segment : {0U, 1U}) {
    model.take(segment);
    model.put({segment, 0});
  }
  model.reset(1);
  EXPECT_TRUE(model.trim().empty());
}

}  // namespace
}  // namespace slabproof::model
