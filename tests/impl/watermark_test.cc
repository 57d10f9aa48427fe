#include "slabproof/watermark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/statistics.h"
#include "slabproof/std_sync.h"
#include "tests/support/environment.h"
#include "tests/support/observed_policies.h"

namespace slabproof::testing {
namespace {

using enum Crossing::Kind;

constexpr Layout kRequest = Layout::of<std::uint64_t>();
constexpr std::size_t kBytes = sizeof(std::uint64_t);

/// Keeps what was reported.
struct Note {
  std::vector<Crossing>* crossings;
  void operator()(const Crossing& crossing) const noexcept { crossings->push_back(crossing); }
};

template <class Inner>
struct Watched {
  std::vector<Crossing> crossings;
  Watermark<Inner, Note> slab;

  Watched(Mark mark, std::size_t capacity) : slab(mark, Note{&crossings}, capacity) {}

  Block take() { return slab.allocate(kRequest).value(); }
  void give(Block block) { EXPECT_TRUE(slab.deallocate(block.data, kRequest)); }
};

TEST(MarkTest, PercentIsOfTheCapacityAndNeverOverflows) {
  constexpr Mark kHalf = Mark::percent(50, 25);
  EXPECT_EQ(kHalf.levels(1000).above, 500);
  EXPECT_EQ(kHalf.levels(1000).below, 250);
  EXPECT_EQ(kHalf.levels(199).above, 99);
  constexpr auto kMost = static_cast<std::int64_t>(std::min<std::uint64_t>(SIZE_MAX, INT64_MAX));
  EXPECT_EQ(Mark::percent(100, 0).levels(SIZE_MAX).above, kMost);
  EXPECT_EQ(Mark::percent(500, 0).levels(64).above, 64);
  EXPECT_EQ(Mark::percent(500, 500).levels(1000).above, 1000);
  EXPECT_EQ(Mark::percent(500, 500).levels(1000).below, 1000);
}

TEST(MarkTest, LowerLevelIsNeverTheHigherOne) {
  EXPECT_EQ(Mark::bytes(10, 20).levels(0).below, 10);
}

TEST(WatermarkTest, ReportsAboveOnceAndBelowOnce) {
  Watched<ExtendableSlab<std::uint64_t>> watched(Mark::bytes(2 * kBytes, 1 * kBytes), 4);
  std::vector<Block> blocks;
  for (int i = 0; i < 2; ++i) blocks.push_back(watched.take());
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{}));
  for (int i = 0; i < 2; ++i) blocks.push_back(watched.take());
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{{kAbove, 3 * kBytes, 2 * kBytes}}));
  EXPECT_TRUE(watched.slab.is_above());
  EXPECT_EQ(watched.slab.bytes(), 4 * kBytes);
  watched.crossings.clear();

  for (std::size_t i = 0; i < 2; ++i) watched.give(blocks[i]);
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{}));
  for (std::size_t i = 2; i < 4; ++i) watched.give(blocks[i]);
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{{kBelow, 1 * kBytes, 1 * kBytes}}));
  EXPECT_FALSE(watched.slab.is_above());
  EXPECT_EQ(watched.slab.bytes(), 0);
}

TEST(WatermarkTest, UseThatGoesToAndFroBetweenTheLevelsIsReportedOnce) {
  Watched<ExtendableSlab<std::uint64_t>> watched(Mark::bytes(2 * kBytes, 1 * kBytes), 4);
  watched.take();
  watched.take();
  for (int i = 0; i < 3; ++i) watched.give(watched.take());
  EXPECT_EQ(watched.crossings.size(), 1U);
}

TEST(WatermarkTest, RelativeMarkFollowsTheCapacityOfASlabThatGrows) {
  // Three of four slots are above half, three of eight are not.
  Watched<ExtendableSlab<std::uint64_t>> watched(Mark::percent(50, 50), 4);
  for (int i = 0; i < 4; ++i) watched.take();
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{{kAbove, 3 * kBytes, 2 * kBytes}}));
  const Block last = watched.take();
  EXPECT_EQ(watched.crossings.size(), 1U);
  watched.give(last);
  ASSERT_EQ(watched.crossings.size(), 2U);
  EXPECT_EQ(watched.crossings[1], (Crossing{kBelow, 4 * kBytes, 4 * kBytes}));
}

TEST(WatermarkTest, AllocationThatGrowsTheSlabMayBringItBelow) {
  Watched<ExtendableSlab<std::uint64_t>> watched(Mark::percent(80, 75), 2);
  watched.take();
  watched.take();
  EXPECT_EQ(watched.crossings.size(), 1U);
  watched.take();
  ASSERT_EQ(watched.crossings.size(), 2U);
  EXPECT_EQ(watched.crossings[1], (Crossing{kBelow, 3 * kBytes, 3 * kBytes}));
}

TEST(WatermarkTest, FailureAndRefusedPointerAndNullAreNoCrossing) {
  Watched<Slab<std::uint64_t>> watched(Mark::bytes(0, 0), 1);
  const Block block = watched.take();
  watched.crossings.clear();
  const std::uint64_t foreign = 0;
  EXPECT_FALSE(watched.slab.allocate(kRequest).has_value());
  EXPECT_FALSE(watched.slab.deallocate(&foreign, kRequest));
  EXPECT_FALSE(watched.slab.deallocate(nullptr, kRequest));
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{}));
  EXPECT_EQ(watched.slab.bytes(), static_cast<std::int64_t>(kBytes));
  watched.give(block);
  EXPECT_EQ(watched.crossings, (std::vector<Crossing>{{kBelow, 0, 0}}));
}

/// What an action does with the slab that calls it.
struct Use {
  const std::function<void()>* use;
  void operator()(const Crossing& /*crossing*/) const noexcept { (*use)(); }
};

TEST(WatermarkTest, NoLockIsHeldWhenTheActionRuns) {
  std::function<void()> use;
  Watermark<ExtendableSlab<std::uint64_t, ObservedConfig<>>, Use> slab(Mark::percent(10, 10),
                                                                       Use{&use}, 4U);
  int calls = 0;
  use = [&] {
    EXPECT_EQ(lock_counts.held, 0U);
    if (++calls > 1) return;
    const Block another = slab.allocate(kRequest).value();
    EXPECT_TRUE(slab.deallocate(another.data, kRequest));
  };
  const Block block = slab.allocate(kRequest).value();
  EXPECT_TRUE(slab.deallocate(block.data, kRequest));
  EXPECT_EQ(calls, 2);
}

TEST(WatermarkTest, WatchesStatisticsOfASlab) {
  Watched<Statistics<ExtendableSlab<std::uint64_t>>> watched(Mark::bytes(0, 0), 4);
  watched.give(watched.take());
  EXPECT_EQ(watched.crossings.size(), 2U);
  EXPECT_EQ(watched.slab.inner().counts().frees, 1U);
}

TEST(MarkTest, LevelsAndCrossingsBeginAtZero) {
  Mark::Levels levels;
  EXPECT_EQ(levels.above, 0);
  EXPECT_EQ(levels.below, 0);
  Crossing crossing;
  EXPECT_EQ(crossing, (Crossing{kAbove, 0, 0}));
}

/// Counts the changes of atomics and the looks at them.
struct CountingSync : StdSync {
  inline static int changes = 0;
  inline static int looks = 0;

  template <class T>
  struct Atomic : StdSync::Atomic<T> {
    using Base = StdSync::Atomic<T>;
    using Base::Base;
    using Where = std::source_location;
    T load(std::memory_order order, Where = Where::current()) const noexcept {
      ++looks;
      return Base::load(order);
    }
    T fetch_sub(T value, std::memory_order order, Where = Where::current()) noexcept {
      ++changes;
      return Base::fetch_sub(value, order);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Where = Where::current()) noexcept {
      ++changes;
      return Base::compare_exchange_strong(expected, desired, success, failure);
    }
  };
};

struct CountingConfig : DefaultConfig {
  using Sync = CountingSync;
};

TEST(WatermarkTest, FreeBelowTheMarkIsOneChangeAndOneLookAndThatOfNullIsNone) {
  Watched<ExtendableSlab<std::uint64_t, CountingConfig>> watched(Mark::bytes(64, 0), 4);
  const Block block = watched.take();
  CountingSync::changes = CountingSync::looks = 0;
  EXPECT_FALSE(watched.slab.deallocate(nullptr, kRequest));
  EXPECT_EQ(CountingSync::changes, 0);
  watched.give(block);
  EXPECT_EQ(CountingSync::changes, 1);
  EXPECT_EQ(CountingSync::looks, 1);
}

}  // namespace
}  // namespace slabproof::testing
