#include "slabproof/cached_slab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/layout.h"
#include "slabproof/thread_cache.h"
#include "tests/support/observed_policies.h"

namespace slabproof::testing {
namespace {

struct Object {
  std::uint64_t words[8];
};

/// Magazines of two blocks, so that a few operations leave the hit path.
struct SmallConfig : ObservedConfig<Recheck::kAllSegments> {
  static constexpr std::uint32_t magazine_rounds = 2;
  static constexpr std::size_t depot_magazines = 3;
};
using SmallSlab = CachedSlab<Object, SmallConfig>;

struct Narrow : SmallConfig {
  static constexpr std::uint32_t magazine_rounds = 1000;
  static constexpr std::size_t cache_bytes = 6 * sizeof(Object);
};

struct Wide : SmallConfig {
  static constexpr std::uint32_t magazine_rounds = 64;
};

constexpr std::size_t kCapacity = 8;

class CachedSlabTest : public ::testing::Test {
 protected:
  CachedSlabTest() { new_environment(); }

  static std::byte* take(auto& source) { return source.allocate().value().data; }
  static std::vector<std::byte*> take(auto& source, std::size_t count) {
    std::vector<std::byte*> blocks(count);
    for (std::byte*& block : blocks) block = take(source);
    return blocks;
  }
  static void give(auto& sink, const std::vector<std::byte*>& blocks) {
    for (std::byte* const block : blocks) sink.deallocate(block);
  }
};

TEST_F(CachedSlabTest, HandsOutDistinctBlocksAndTakesThemBack) {
  SmallSlab slab(kCapacity);
  const auto blocks = take(slab, 20);
  EXPECT_EQ(std::set<std::byte*>(blocks.begin(), blocks.end()).size(), 20U);
  give(slab, blocks);
  slab.trim();
  EXPECT_EQ(slab.stats().live, 0U);
}

TEST_F(CachedSlabTest, HitTakesNoLock) {
  SmallSlab slab(kCapacity);
  slab.deallocate(take(slab));
  EXPECT_EQ(acquisitions_of([&] { slab.deallocate(take(slab)); }), 0U);
}

TEST_F(CachedSlabTest, CacheIsLookedForOnceOnly) {
  // The entry of the first slab goes to the last one.
  std::vector<std::unique_ptr<SmallSlab>> slabs(20);
  for (auto& slab : slabs) slab = std::make_unique<SmallSlab>(kCapacity);
  for (auto& slab : slabs) {
    slab->deallocate(take(*slab));
    EXPECT_EQ(acquisitions_of([&] { slab->deallocate(take(*slab)); }), 0U);
  }
  for (auto& slab : slabs) {
    slab->deallocate(take(*slab));
    EXPECT_EQ(acquisitions_of([&] { slab->deallocate(take(*slab)); }), 0U);
  }
}

TEST_F(CachedSlabTest, NewestFreedBlockIsHandedOutFirst) {
  SmallSlab slab(kCapacity);
  const auto blocks = take(slab, 2);
  give(slab, blocks);
  EXPECT_EQ(take(slab), blocks[1]);
  EXPECT_EQ(take(slab), blocks[0]);
}

TEST_F(CachedSlabTest, ThreadAroundTheEndOfAMagazineStaysOutOfTheDepot) {
  SmallSlab slab(kCapacity);
  give(slab, take(slab, 3));  // the loaded magazine has one round now, the previous one is full
  EXPECT_EQ(acquisitions_of([&] {
              for (int i = 0; i < 100; ++i) give(slab, take(slab, 2));
            }),
            0U);
}

TEST_F(CachedSlabTest, CacheAndDepotHoldNoMoreThanTheyMay) {
  SmallSlab slab(64);
  give(slab, take(slab, 64));
  const std::uint64_t held_by_caller = 0;
  const std::uint64_t cached = slab.stats().live - held_by_caller;
  EXPECT_LE(cached, SmallSlab::Cache::kMaxBlocks + SmallSlab::Depot::kShelf * 2);
  EXPECT_EQ(slab.depot().cached(), SmallSlab::Depot::kShelf * 2);
}

TEST_F(CachedSlabTest, BytesBoundACacheAsWellAsBlocksDo) {
  EXPECT_EQ((CachedSlab<Object, Narrow>::Cache::kMaxBlocks), 6U);
}

TEST_F(CachedSlabTest, MissDoesNotGrowTheSlabForMoreThanTheCallerAsksFor) {
  CachedSlab<Object, Wide> slab(1);
  const auto blocks = take(slab, 5);
  EXPECT_EQ(slab.segment_count(), 5U);
  give(slab, blocks);
}

TEST_F(CachedSlabTest, GrowthIsExactInWhatIsLiveAndCached) {
  SmallSlab slab(kCapacity);
  for (int round = 0; round < 10; ++round) give(slab, take(slab, 30));
  const SlabStats stats = slab.stats();
  EXPECT_EQ(stats.segments, (stats.peak_live + kCapacity - 1) / kCapacity);
  EXPECT_EQ(stats.live + stats.free + stats.uncarved + stats.abandoned, kCapacity * stats.segments);
}

TEST_F(CachedSlabTest, EverythingIsBackAfterAThreadEnded) {
  SmallSlab slab(kCapacity);
  std::thread([&] { give(slab, take(slab, 5)); }).join();
  while (auto* const full = slab.depot().take_full()) {
    SmallSlab::Cache::return_rounds(slab.shared(), full->begin(), full->end());
    slab.depot().put_empty(full);
  }
  EXPECT_EQ(slab.stats().live, 0U);
}

/// Uses a slab when its thread ends.
struct LastUser {
  SmallSlab* slab;
  ~LastUser() {
    if (slab != nullptr) slab->deallocate(slab->allocate().value().data);
  }
};
thread_local LastUser last_user{nullptr};

TEST_F(CachedSlabTest, ThreadWhoseCachesHaveEndedGoesWithoutOne) {
  SmallSlab slab(kCapacity);
  std::thread([&slab] {
    // Made before the thread has a cache, so it ends after that.
    last_user.slab = &slab;
    slab.deallocate(take(slab));
  }).join();
  EXPECT_EQ(slab.stats().live, 0U);
}

TEST_F(CachedSlabTest, MagazinesOfTheDepotAreUsedAgainAfterATrim) {
  SmallSlab slab(64);
  give(slab, take(slab, 64));
  slab.trim();
  const std::uint64_t requests = environment().requests;
  for (int round = 0; round < 10; ++round) {
    give(slab, take(slab, 64));
    slab.trim();
  }
  EXPECT_EQ(environment().requests, requests);
}

TEST_F(CachedSlabTest, MemoryOfCachesGoesWithTheThreadAndTheRestWithTheSlab) {
  {
    SmallSlab slab(kCapacity);
    const std::int64_t before = regions_held();
    std::thread([&] { give(slab, take(slab, 1)); }).join();
    // A segment, its directory and a chunk of magazines stay; the cache does not.
    EXPECT_EQ(regions_held(), before + 3);
  }
  EXPECT_EQ(regions_held(), 0);
}

TEST_F(CachedSlabTest, SlabMayEndBeforeTheThreadThatUsedIt) {
  auto slab = std::make_unique<SmallSlab>(kCapacity);
  std::barrier used(2);
  std::barrier ended(2);
  std::thread user([&] {
    give(*slab, take(*slab, 5));
    used.arrive_and_wait();
    ended.arrive_and_wait();
  });
  used.arrive_and_wait();
  slab.reset();
  EXPECT_EQ(regions_held(), 0);
  ended.arrive_and_wait();
  user.join();
}

TEST_F(CachedSlabTest, CacheOfASlabThatEndedIsNotTakenForOneAtTheSameAddress) {
  alignas(SmallSlab) std::byte place[sizeof(SmallSlab)];
  auto* slab = ::new (place) SmallSlab(kCapacity);
  give(*slab, take(*slab, 2));
  std::destroy_at(slab);
  slab = ::new (place) SmallSlab(kCapacity);
  EXPECT_EQ(slab->stats().segments, 0U);
  static_cast<void>(take(*slab));
  EXPECT_EQ(slab->stats().segments, 1U);
  std::destroy_at(slab);
}

TEST_F(CachedSlabTest, ThreadWithMoreSlabsThanEntriesKeepsOneCacheForEach) {
  constexpr std::size_t kSlabs = 40;
  std::vector<std::unique_ptr<SmallSlab>> slabs(kSlabs);
  for (auto& slab : slabs) slab = std::make_unique<SmallSlab>(kCapacity);
  for (auto& slab : slabs) give(*slab, take(*slab, 1));
  const std::int64_t regions = regions_held();
  for (auto& slab : slabs) give(*slab, take(*slab, 1));
  EXPECT_EQ(regions_held(), regions);
}

TEST_F(CachedSlabTest, BlockMayBeFreedByAnotherThread) {
  SmallSlab slab(kCapacity);
  const auto blocks = take(slab, 10);
  std::thread([&] { give(slab, blocks); }).join();
  slab.trim();
  EXPECT_EQ(slab.stats().live, 0U);
}

TEST_F(CachedSlabTest, RefusedMemoryForACacheMakesOperationsSlowerAndNothingElse) {
  SmallSlab slab(kCapacity);
  const auto first = slab.shared().allocate();
  environment().refuse_all();
  std::byte* const block = take(slab);
  EXPECT_TRUE(slab.deallocate(block));
  EXPECT_TRUE(slab.deallocate(first->data));
  EXPECT_EQ(slab.stats().live, 0U);
}

TEST_F(CachedSlabTest, AllocationFailsOnlyWhereNoBlockIsFreeOrInTheDepot) {
  SmallSlab slab(kCapacity);
  auto blocks = take(slab, kCapacity);
  environment().refuse_all();
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
  // Another thread frees all and ends: what its cache held is free, the rest is in the depot.
  environment().refuse_none();
  std::thread([&] { give(slab, blocks); }).join();
  environment().refuse_all();
  blocks = take(slab, kCapacity);
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
  give(slab, blocks);
}

TEST_F(CachedSlabTest, BackingIsNeverCalledWithALockHeld) {
  {
    SmallSlab slab(1);
    std::thread([&] { give(slab, take(slab, 12)); }).join();
    give(slab, take(slab, 12));
    slab.trim();
  }
  EXPECT_EQ(environment().backing_calls_under_lock, 0U);
}

TEST_F(CachedSlabTest, ForeignPointerIsCountedWhenItsMagazineGoesBack) {
  SmallSlab slab(kCapacity);
  Object object{};
  EXPECT_TRUE(slab.deallocate(&object));
  EXPECT_EQ(slab.corruption_events(), 0U);
  slab.trim();
  EXPECT_EQ(slab.corruption_events(), 1U);
}

TEST_F(CachedSlabTest, ExplicitCacheGivesEverythingBackWhenItEnds) {
  SmallSlab slab(kCapacity);
  {
    ThreadCache cache(slab);
    give(cache, take(cache, 3));
    EXPECT_EQ(cache.size(), slab.stats().live);
    EXPECT_GT(cache.size(), 0U);
  }
  EXPECT_EQ(slab.stats().live, 0U);
}

TEST_F(CachedSlabTest, ForkHoldsTheLocksOfTheSlabAndOfItsDepot) {
  SmallSlab slab(kCapacity);
  EXPECT_EQ(acquisitions_of([&] {
              slab.before_fork();
              EXPECT_EQ(lock_counts.held, 2U);
              slab.after_fork_in_parent();
              EXPECT_EQ(lock_counts.held, 0U);
            }),
            2U);
}

TEST_F(CachedSlabTest, WholeObjectsComeFromTheCache) {
  SmallSlab slab(kCapacity);
  slab.destroy(slab.create().value());
  slab.trim();
  EXPECT_EQ(slab.stats().live, 0U);
  slab.destroy(slab.create().value());
  EXPECT_EQ(acquisitions_of([&] { const auto owner = slab.make_unique().value(); }), 0U);
}

/// Many threads allocate, write, check and free, and hand every other block to the next thread.
TEST(CachedSlabConcurrencyTest, ThreadsShareNoBlock) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kRounds = 200;
  constexpr std::size_t kBlocks = 64;
  CachedSlab<Object> slab(16);
  std::vector<std::vector<std::uint64_t*>> gifts(kThreads);
  std::barrier all(kThreads);
  std::vector<std::thread> threads;
  std::vector<std::uint64_t> clashes(kThreads);
  for (std::size_t self = 0; self < kThreads; ++self) {
    threads.emplace_back([&, self] {
      for (std::size_t round = 0; round < kRounds; ++round) {
        std::vector<std::uint64_t*> mine(kBlocks);
        for (auto*& block : mine) {
          block = reinterpret_cast<std::uint64_t*>(slab.allocate().value().data);
          *block = self;
        }
        gifts[self].clear();
        for (std::size_t i = 0; i < kBlocks; ++i) {
          clashes[self] += *mine[i] != self ? 1U : 0U;
          if (i % 2 == 0) {
            slab.deallocate(mine[i]);
          } else {
            gifts[self].push_back(mine[i]);
          }
        }
        all.arrive_and_wait();
        const std::size_t giver = (self + 1) % kThreads;
        for (std::uint64_t* const block : gifts[giver]) {
          clashes[self] += *block != giver ? 1U : 0U;
          slab.deallocate(block);
        }
        all.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  slab.trim();
  EXPECT_EQ(slab.stats().live, 0U);
  EXPECT_EQ(std::count(clashes.begin(), clashes.end(), 0U), kThreads);
}

TEST_F(CachedSlabTest, ServesALayoutThatASlotCanHold) {
  SmallSlab slab(kCapacity);
  const Layout request = Layout::make(SmallSlab::block_size, SmallSlab::slot_alignment).value();
  EXPECT_TRUE(slab.allocate(request));
}

struct Bounds {
  static constexpr std::uint32_t magazine_rounds = 64;
  static constexpr std::size_t cache_bytes = 4096;
};

TEST(MagazineTest, HoldsAsManyBlocksAsCountAndBytesAllowAndOneAtLeast) {
  for (const auto& [stride, rounds] :
       {std::pair(8U, 64U), {64U, 32U}, {100U, 20U}, {2048U, 1U}, {4096U, 1U}}) {
    EXPECT_EQ(magazine_rounds<Bounds>(stride), rounds) << stride;
  }
}

TEST_F(CachedSlabTest, DepotKeepsEachEmptyMagazineOnce) {
  SmallSlab::Depot depot;
  using Stock = SmallSlab::Depot::Stock;
  std::set<Stock*> magazines;
  for (int i = 0; i < 8; ++i) magazines.insert(depot.take_empty());
  EXPECT_EQ(environment().requests, 1U);
  for (Stock* const magazine : magazines) depot.put_empty(magazine);
  std::set<Stock*> again;
  for (int i = 0; i < 8; ++i) again.insert(depot.take_empty());
  EXPECT_EQ(again, magazines);
  EXPECT_EQ(environment().requests, 1U);
}

TEST_F(CachedSlabTest, CacheThatGetsOneMagazineOnlyLeavesItInTheDepot) {
  SmallSlab slab(kCapacity, InitialSegments{1});
  std::vector<SmallSlab::Depot::Stock*> taken;
  for (int i = 0; i < 7; ++i) taken.push_back(slab.depot().take_empty());
  environment().refuse_all();
  {
    SmallSlab::Cache cache(slab);
    cache.deallocate(take(cache));
    EXPECT_EQ(cache.size(), 0U);
    taken.push_back(slab.depot().take_empty());
    EXPECT_NE(taken.back(), nullptr);
  }
  for (auto* const magazine : taken) slab.depot().put_empty(magazine);
}

}  // namespace
}  // namespace slabproof::testing
