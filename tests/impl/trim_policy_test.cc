// Slabs that trim by themselves.

#include "slabproof/trim_policy.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "tests/support/environment.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

constexpr std::size_t kCapacity = 4;

struct HalfFree : ObservedConfig<> {
  using Trim = TrimAbove<50>;
  static constexpr std::uint32_t magazine_rounds = 2;
  static constexpr std::size_t depot_magazines = 1;
};
/// Each slot is a page.
struct HalfFreePages : HalfFree {
  using Backing = ObservedPages<64>;
};
struct HalfFreeStates : HalfFree {
  using Protection = SlotStates<>;
};

struct Object {
  std::uint64_t words[8];
};

template <class Config>
using SlabOf = ExtendableSlab<Object, Config>;

/// The blocks of segments [first, last), which were taken in order.
std::span<const Block> of_segments(const std::vector<Block>& blocks, std::size_t first,
                                   std::size_t last) {
  return std::span(blocks).subspan(first * kCapacity, (last - first) * kCapacity);
}

class TrimPolicyTest : public ::testing::Test {
 protected:
  Environment& seen_ = new_environment();
};

TEST_F(TrimPolicyTest, NeverTrimsByDefault) {
  SlabOf<ObservedConfig<>> slab(kCapacity);
  give_back(slab, take_blocks(slab, 10 * kCapacity));
  EXPECT_EQ(seen_.discards, 0U);
}

TEST_F(TrimPolicyTest, FreeThatMakesMoreThanTheShareFreeTrims) {
  SlabOf<HalfFree> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 10 * kCapacity);
  give_back(slab, of_segments(blocks, 0, 5));
  EXPECT_EQ(seen_.discards, 0U);
  give_back(slab, of_segments(blocks, 5, 6));
  EXPECT_EQ(seen_.discards, 6U);
  EXPECT_EQ(slab.stats().uncarved, 6 * kCapacity);
  EXPECT_EQ(slab.stats().live, 4 * kCapacity);
  EXPECT_EQ(slab.stats().free, 0U);
}

TEST_F(TrimPolicyTest, TrimsWithoutTheLock) {
  SlabOf<HalfFree> slab(kCapacity);
  give_back(slab, take_blocks(slab, 2 * kCapacity));
  EXPECT_GT(seen_.discards, 0U);
  EXPECT_EQ(seen_.backing_calls_under_lock, 0U);
}

TEST_F(TrimPolicyTest, BatchTrimsWhenAllOfItIsBack) {
  SlabOf<HalfFree> slab(kCapacity);
  std::vector<void*> pointers;
  for (const Block& block : take_blocks(slab, 10 * kCapacity)) pointers.push_back(block.data);
  EXPECT_EQ(slab.deallocate_batch(pointers), pointers.size());
  EXPECT_EQ(seen_.discards, 10U);
  EXPECT_EQ(slab.stats().uncarved, 10 * kCapacity);
}

TEST_F(TrimPolicyTest, EndOfAnObjectTrims) {
  SlabOf<HalfFreeStates> slab(kCapacity);
  std::vector<Object*> objects;
  for (std::size_t i = 0; i < 2 * kCapacity; ++i) objects.push_back(slab.create().value());
  for (Object* const object : objects) slab.destroy(object);
  EXPECT_GT(seen_.discards, 0U);
}

TEST_F(TrimPolicyTest, SlabAtTheBoundaryDoesNotTrimAtEachFree) {
  SlabOf<HalfFree> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 10 * kCapacity);
  give_back(slab, of_segments(blocks, 0, 6));
  const std::uint64_t before = seen_.discards;
  EXPECT_EQ(before, 6U);
  for (int round = 0; round < 100; ++round) give_back(slab, take_blocks(slab, kCapacity));
  EXPECT_EQ(seen_.discards, before);
}

TEST_F(TrimPolicyTest, SlotsThatCannotGoDoNotMakeItTrimAgain) {
  // Two slots a page, and one of each page stays in use: much is free, and nothing can go.
  struct Config : HalfFree {
    using Backing = ObservedPages<128>;
  };
  constexpr std::size_t kSlots = 64;
  SlabOf<Config> slab(kSlots);
  const std::vector<Block> blocks = take_blocks(slab, 4 * kSlots);
  // All of the first segment, and two of three slots of the others.
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i >= kSlots && i % 3 != 0) slab.deallocate(blocks[i].data);
  }
  const std::uint64_t before = seen_.discards;
  give_back(slab, std::span(blocks).first(kSlots));
  const std::uint64_t first = seen_.discards - before;
  EXPECT_GT(first, 0U);
  for (int round = 0; round < 100; ++round) {
    std::vector<Block> all = take_blocks(slab, 5);
    give_back(slab, all);
  }
  EXPECT_EQ(seen_.discards - before, first);
}

TEST_F(TrimPolicyTest, PagesOfSegmentsInUseGoWithIt) {
  SlabOf<HalfFreePages> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 4 * kCapacity);
  for (std::size_t segment = 1; segment < 4; ++segment) {
    give_back(slab, of_segments(blocks, segment, segment + 1).first(3));
  }
  EXPECT_EQ(seen_.discards, 0U);
  give_back(slab, of_segments(blocks, 0, 1));
  EXPECT_EQ(slab.stats().live, 3U);
  EXPECT_GT(slab.stats().uncarved, 3 * kCapacity / 2);
}

TEST_F(TrimPolicyTest, NoTrimBeginsWithinAnother) {
  SlabOf<HalfFree> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 10 * kCapacity);
  std::uint64_t meanwhile = 0;
  seen_.during_discard = [&] {
    seen_.during_discard = nullptr;
    const std::uint64_t before = seen_.discards;
    give_back(slab, of_segments(blocks, 6, 10));
    meanwhile = seen_.discards - before;
  };
  give_back(slab, of_segments(blocks, 0, 6));
  EXPECT_EQ(meanwhile, 0U);
  // What came in meanwhile goes with it, since it looks at those segments later.
  EXPECT_EQ(slab.stats().free, 0U);
}

TEST_F(TrimPolicyTest, NextTrimComesWhenAsMuchIsFreeAgain) {
  SlabOf<HalfFree> slab(kCapacity);
  for (int round = 1; round <= 5; ++round) {
    give_back(slab, take_blocks(slab, 8 * kCapacity));
    EXPECT_GE(slab.stats().uncarved, 4 * kCapacity) << round;
    EXPECT_EQ(slab.segment_count(), 8U);
  }
}

TEST(TrimTriggerTest, WhatWasTakenSinceTheLastTrimCountsWhenItIsFreeAgain) {
  TrimTrigger<TrimAbove<50>> trigger;
  trigger.consider(40, 24);
  ASSERT_TRUE(trigger.begin());
  trigger.end(20);
  // Most of it is in use again, and other pages went meanwhile.
  trigger.consider(10, 6);
  EXPECT_FALSE(trigger.begin());
  trigger.consider(10, 9);
  EXPECT_TRUE(trigger.begin());
}

TEST_F(TrimPolicyTest, MissesOfACacheTrim) {
  CachedSlab<Object, HalfFree> slab(kCapacity);
  give_back(slab, take_blocks(slab, 10 * kCapacity));
  EXPECT_GT(seen_.discards, 0U);
  EXPECT_EQ(seen_.backing_calls_under_lock, 0U);
}

TEST_F(TrimPolicyTest, ThreadThatEndsLeavesTheTrimToTheNextFree) {
  CachedSlab<Object, HalfFree> slab(1);
  const Block mine = slab.shared().allocate().value();
  std::uint64_t discards = 0;
  std::jthread([&] {
    Environment& its = environment();
    // All blocks stay in its cache, and go back when that ends.
    give_back(slab, take_blocks(slab, 4));
    its.during_discard = [&discards] { ++discards; };
  }).join();
  EXPECT_EQ(discards, 0U);
  EXPECT_EQ(slab.stats().free, 4U);
  EXPECT_TRUE(slab.shared().deallocate(mine.data));
  EXPECT_GT(seen_.discards, 0U);
  EXPECT_EQ(slab.stats().free, 0U);
}

TEST(TrimDecisionTest, NeverIsNeverDue) {
  EXPECT_FALSE(TrimNever::is_due({.used = 100, .free = 100, .left = 0}));
}

TEST(TrimDecisionTest, AboveIsDueWhereMoreThanItsShareIsFree) {
  EXPECT_FALSE(TrimAbove<50>::is_due({.used = 10'000, .free = 5'000, .left = 0}));
  EXPECT_TRUE(TrimAbove<50>::is_due({.used = 10'000, .free = 5'001, .left = 0}));
}

TEST(TrimDecisionTest, AboveIsDueWhereMoreThanAQuarterOfItsShareWasGivenBackSince) {
  EXPECT_FALSE(TrimAbove<50>::is_due({.used = 10'000, .free = 6'000, .left = 4'750}));
  EXPECT_TRUE(TrimAbove<50>::is_due({.used = 10'000, .free = 6'000, .left = 4'749}));
}

TEST(TrimTriggerTest, FirstSlotThatIsFreeCounts) {
  TrimTrigger<TrimAbove<50>> trigger;
  trigger.consider(1, 1);
  EXPECT_TRUE(trigger.begin());
}

TEST_F(TrimPolicyTest, EndOfAnObjectTrimsOnlyWhereMoreThanTheShareIsFree) {
  SlabOf<HalfFreeStates> slab(kCapacity);
  std::vector<Object*> objects;
  for (std::size_t i = 0; i < 10 * kCapacity; ++i) objects.push_back(slab.create().value());
  for (std::size_t i = 0; i < 5 * kCapacity; ++i) slab.destroy(objects[i]);
  EXPECT_EQ(seen_.discards, 0U);
  slab.clear();
}

}  // namespace
}  // namespace slabproof::testing
