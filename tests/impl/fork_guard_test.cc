// A slab in the child of a process with several threads, whatever they were doing at the fork.

#include "slabproof/fork_guard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <latch>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/fork_registry.h"
#include "slabproof/slab_owner.h"
#include "slabproof/std_sync.h"
#include "slabproof/trim_policy.h"
#include "tests/support/child_process.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

struct Object {
  std::uint64_t words[8];
};

/// Other threads often run while one has a lock, so that a fork often finds it taken.
struct DwellingSync : ObservedSync {
  class Mutex : public ObservedSync::Mutex {
   public:
    void lock(std::source_location where = std::source_location::current()) noexcept {
      ObservedSync::Mutex::lock(where);
      environment().perturb();
    }
  };
};

struct LeakCounter : ObservedMisuse {
  inline static std::uint64_t live_at_end = 0;
  static void report_live(std::uint64_t count, const void* /*pointer*/,
                          const void* /*slab*/) noexcept {
    live_at_end = count;
  }
};

/// Magazines of two blocks, so that threads are at the depot and at the slab all the time; each
/// slot is a page, so that trims are at segments in use.
struct SmallConfig : ObservedConfig<> {
  using Backing = ObservedPages<sizeof(Object)>;
  using Sync = DwellingSync;
  using Misuse = LeakCounter;
  using RemoteBatch = FixedBatch<2>;
  static constexpr std::uint32_t magazine_rounds = 2;
  static constexpr std::size_t depot_magazines = 2;
};
using Shared = ExtendableSlab<Object, SmallConfig>;
using Cached = CachedSlab<Object, SmallConfig>;
using Owner = SlabOwner<Object, SmallConfig>;

constexpr std::size_t kCapacity = 4;

/// What a child does with a slab: takes many blocks, which are all different and keep what is
/// written into them, and gives them back. The slab grows meanwhile.
template <class Slab>
void use_in_child(Slab& slab) {
  constexpr std::size_t kBlocks = 20 * kCapacity;
  std::array<Block, kBlocks> blocks;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    const auto block = slab.allocate();
    require_in_child(block.has_value(), "an allocation succeeds");
    blocks[i] = *block;
    fill(blocks[i], i);
  }
  for (std::size_t i = 0; i < kBlocks; ++i) {
    require_in_child(is_filled(blocks[i], i), "no block is handed out twice");
    require_in_child(slab.deallocate(blocks[i].data), "a block goes back");
  }
  const SlabStats stats = slab.stats();
  require_in_child(stats.free + stats.live + stats.uncarved == stats.segments * stats.capacity,
                   "all slots are counted");
  require_in_child(stats.growers == 0, "there are no growers");
}

/// Another thread, stopped in the middle of something until this object goes.
class StoppedThread {
 public:
  /// `begin` gets what is to be called where the thread stops.
  template <class Begin>
  explicit StoppedThread(Begin begin)
      : thread_([this, begin] {
          begin([this] {
            reached_.count_down();
            go_on_.wait();
          });
        }) {
    reached_.wait();
  }
  ~StoppedThread() { go_on_.count_down(); }

 private:
  std::latch reached_{1};
  std::latch go_on_{1};
  std::jthread thread_;
};

using Hook = std::function<void()> Environment::*;

/// Calls `stop` in the next call of the backing that `hook` sees.
void stop_at(Hook hook, const std::function<void()>& stop) {
  environment().*hook = [hook, stop] {
    const auto once = stop;
    environment().*hook = nullptr;
    once();
  };
}

TEST(ForkGuardTest, GrowthOfAnotherThreadIsForgottenInTheChild) {
  Shared slab(kCapacity);
  const ForkGuard guard(slab);
  {
    const StoppedThread grower([&](const auto& stop) {
      stop_at(&Environment::during_request, stop);
      EXPECT_TRUE(slab.allocate());
    });
    EXPECT_EQ(slab.stats().growers, 1U);
    EXPECT_EQ(failure_of_child([&] {
                require_in_child(slab.stats().growers == 0, "there are no growers");
                use_in_child(slab);
                require_in_child(slab.stats().live == 0, "nothing is live");
              }),
              "");
    EXPECT_EQ(slab.stats().growers, 1U);
  }
  EXPECT_EQ(slab.stats().growers, 0U);
  EXPECT_EQ(slab.stats().live, 1U);
}

TEST(ForkGuardTest, SegmentThatAnotherThreadTrimsIsWholeInTheChild) {
  Shared slab(kCapacity, InitialSegments{1});
  give_back(slab, take_blocks(slab, kCapacity));
  const ForkGuard guard(slab);
  const StoppedThread trimmer([&](const auto& stop) {
    stop_at(&Environment::during_discard, stop);
    slab.trim();
  });
  EXPECT_EQ(failure_of_child([&] {
              for (std::size_t i = 0; i < kCapacity; ++i) {
                require_in_child(slab.allocate().has_value(), "a slot is there");
              }
              const SlabStats stats = slab.stats();
              require_in_child(stats.segments == 1, "the slab did not grow");
              require_in_child(stats.live == kCapacity, "live are those that were handed out");
            }),
            "");
}

TEST(ForkGuardTest, ForkWaitsForATrimOfASegmentInUse) {
  constexpr std::size_t kSlots = 8;
  Shared slab(kSlots);
  std::vector<Block> blocks = take_blocks(slab, kSlots);
  const Block kept = blocks[3];
  std::erase(blocks, kept);
  give_back(slab, blocks);
  const ForkGuard guard(slab);
  std::optional<StoppedThread> trimmer(std::in_place, [&](const auto& stop) {
    stop_at(&Environment::during_discard, stop);
    EXPECT_GT(slab.trim(), 0U);
  });
  environment().during_pause = [&trimmer] { trimmer.reset(); };
  EXPECT_EQ(failure_of_child([&] {
              for (std::size_t i = 1; i < kSlots; ++i) {
                require_in_child(slab.allocate().has_value(), "a slot is there");
              }
              require_in_child(slab.stats().segments == 1, "the slab did not grow");
              require_in_child(slab.deallocate(kept.data), "the block that was kept is live");
            }),
            "");
  EXPECT_FALSE(trimmer.has_value());
  environment().during_pause = nullptr;
}

TEST(ForkGuardTest, WhatTheCacheOfAnotherThreadHoldsStaysLiveInTheChild) {
  std::optional<Cached> slab(std::in_place, kCapacity);
  std::optional<ForkGuard<Cached>> guard(std::in_place, *slab);
  const Block mine = slab->allocate().value();
  const std::uint64_t live_before = slab->stats().live;
  const StoppedThread other([&](const auto& stop) {
    give_back(*slab, take_blocks(*slab, 2));
    stop();
  });
  const std::uint64_t cached_by_other = slab->stats().live - live_before;
  ASSERT_GE(cached_by_other, 2U);
  EXPECT_EQ(failure_of_child([&] {
              require_in_child(slab->deallocate(mine.data), "a block of the parent goes back");
              use_in_child(*slab);
              guard.reset();
              slab.reset();
              require_in_child(LeakCounter::live_at_end == cached_by_other,
                               "live are those that the other thread's cache holds");
            }),
            "");
  EXPECT_TRUE(slab->deallocate(mine.data));
}

TEST(ForkGuardTest, CacheThatIsOlderThanMineIsForgottenInTheChild) {
  std::optional<Cached> slab(std::in_place, kCapacity);
  std::optional<ForkGuard<Cached>> guard(std::in_place, *slab);
  const StoppedThread other([&](const auto& stop) {
    give_back(*slab, take_blocks(*slab, 2));
    stop();
  });
  const std::uint64_t cached_by_other = slab->stats().live;
  give_back(*slab, take_blocks(*slab, 2));
  EXPECT_EQ(failure_of_child([&] {
              guard.reset();
              slab.reset();
              require_in_child(LeakCounter::live_at_end == cached_by_other,
                               "live are those that the other thread's cache holds");
            }),
            "");
}

TEST(ForkGuardTest, SlabEndsInTheChildAlthoughOtherThreadsHaveCaches) {
  std::optional<Cached> slab(std::in_place, kCapacity);
  std::optional<ForkGuard<Cached>> guard(std::in_place, *slab);
  {
    const StoppedThread other([&](const auto& stop) {
      static_cast<void>(slab->allocate());
      // Within an operation on its cache, which goes to the slab.
      stop_at(&Environment::during_request, stop);
      while (environment().during_request) static_cast<void>(slab->allocate());
    });
    EXPECT_EQ(failure_of_child([&] {
                use_in_child(*slab);
                guard.reset();
                slab.reset();
              }),
              "");
  }
  guard.reset();
  slab.reset();
}

TEST(ForkGuardTest, OwnersOwnThreadForksWhileRemotesPush) {
  constexpr std::size_t kForks = 30;
  Owner owner(kCapacity);
  std::atomic<bool> stopping = false;
  std::vector<std::vector<Block>> given(2);
  std::vector<std::atomic<std::size_t>> limits(given.size());
  for (auto& blocks : given) blocks = take_blocks(owner, 50 * kForks);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < given.size(); ++i) {
    threads.emplace_back([&, i, remote = owner.remote()]() mutable {
      for (const Block& block : given[i]) {
        EXPECT_NE(remote.deallocate(block.data), RemoteFree::kOwnerGone);
        limits[i].fetch_add(1, std::memory_order::relaxed);
        if (stopping.load(std::memory_order::relaxed)) continue;
        std::this_thread::yield();
      }
    });
  }
  for (std::size_t number = 0; number < kForks; ++number) {
    EXPECT_EQ(failure_of_child([&] {
                use_in_child(owner);
                const std::uint64_t live = owner.stats().live;
                Owner::Remote remote = owner.remote();
                static_cast<void>(remote.deallocate(owner.allocate().value().data));
                require_in_child(remote.flush() == RemoteFree::kPushed, "a new remote pushes");
                owner.reclaim();
                require_in_child(owner.stats().live <= live, "the owner reclaims");
              }),
              "");
    give_back(owner, take_blocks(owner, 10));
  }
  stopping.store(true, std::memory_order::relaxed);
  threads.clear();
  owner.reclaim();
  EXPECT_EQ(owner.stats().live, 0U);
  expect_conserved(owner.stats());
}

TEST(ForkGuardTest, GuardThatEndedDoesNothing) {
  {
    Shared slab(kCapacity);
    const ForkGuard guard(slab);
    EXPECT_EQ(guard.error(), std::nullopt);
  }
  Shared slab(kCapacity);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(failure_of_child([] {}), ""); }), 2U);
  const ForkGuard guard(slab);
  EXPECT_EQ(acquisitions_of([&] { EXPECT_EQ(failure_of_child([] {}), ""); }), 3U);
}

/// Threads that use slabs in every way until this object goes: they grow and trim, miss and hit,
/// and end and come again, which ends caches.
class Bustle {
 public:
  Bustle(Shared& shared, Cached& cached) {
    for (std::uint64_t number = 0; number < 3; ++number) {
      threads_.emplace_back([this, number, &shared, &cached] {
        while (!stopping_.load(std::memory_order::relaxed)) {
          std::jthread([&] { use(shared, cached, number); });
        }
      });
    }
  }
  ~Bustle() { stopping_.store(true, std::memory_order::relaxed); }
  Bustle(const Bustle&) = delete;
  Bustle& operator=(const Bustle&) = delete;

 private:
  static void use(Shared& shared, Cached& cached, std::uint64_t number) {
    environment().random_state = number + 1;
    for (int round = 0; round < 5; ++round) {
      const auto own = take_blocks(shared, 3 * kCapacity);
      const auto others = take_blocks(cached, 3 * kCapacity);
      for (const Block& block : own) fill(block, number);
      for (const Block& block : own) EXPECT_TRUE(is_filled(block, number));
      give_back(cached, others);
      give_back(shared, own);
      shared.trim();
      cached.trim();
    }
  }

  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;
};

TEST(ForkGuardTest, NoChildHangsWhateverOtherThreadsWereDoing) {
  constexpr int kForks = 200;
  Shared shared(kCapacity);
  Cached cached(kCapacity);
  const ForkGuard guard_of_shared(shared);
  const ForkGuard guard_of_cached(cached);
  {
    const Bustle bustle(shared, cached);
    std::string failure;
    for (int number = 0; number < kForks && failure.empty(); ++number) {
      failure = failure_of_child([&] {
        use_in_child(shared);
        use_in_child(cached);
        shared.trim();
        cached.trim();
      });
    }
    EXPECT_EQ(failure, "");
  }
  cached.trim();
  for (const SlabStats& stats : {shared.stats(), cached.stats()}) {
    expect_conserved(stats);
    EXPECT_EQ(stats.live, 0U);
    EXPECT_EQ(stats.growers, 0U);
  }
}

TEST(ForkGuardTest, GuardsComeAndGoWhileOtherThreadsFork) {
  constexpr int kForks = 50;
  std::atomic<bool> stopping = false;
  std::vector<std::jthread> threads;
  for (int number = 0; number < 2; ++number) {
    threads.emplace_back([&] {
      while (!stopping.load(std::memory_order::relaxed)) {
        Shared first(kCapacity);
        Cached second(kCapacity);
        const ForkGuard guard_of_second(second);
        const ForkGuard guard_of_first(first);
        give_back(first, take_blocks(first, 1));
        give_back(second, take_blocks(second, 1));
      }
    });
  }
  std::string failure;
  for (int number = 0; number < kForks && failure.empty(); ++number) {
    failure = failure_of_child([] {
      Cached slab(kCapacity);
      const ForkGuard guard(slab);
      use_in_child(slab);
      if (!failure_of_child([&] { use_in_child(slab); }).empty()) end_child(false);
    });
  }
  EXPECT_EQ(failure, "");
  stopping.store(true, std::memory_order::relaxed);
}

TEST(ForkGuardTest, CountsAreInTheChildAsInTheParent) {
  Shared slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 3 * kCapacity);
  give_back(slab, std::span(blocks).subspan(1, 2 * kCapacity));
  const ForkGuard guard(slab);
  const SlabStats before = slab.stats();
  EXPECT_EQ(failure_of_child(
                [&] { require_in_child(slab.stats() == before, "the counts are as before"); }),
            "");
}

TEST(ForkGuardTest, RefusedCallInTheChildDoesNotWaitForAGrowerOfTheParent) {
  Shared slab(kCapacity);
  const ForkGuard guard(slab);
  const StoppedThread grower([&](const auto& stop) {
    stop_at(&Environment::during_request, stop);
    EXPECT_TRUE(slab.allocate());
  });
  EXPECT_EQ(failure_of_child([&] {
              environment().during_pause = [] { require_in_child(false, "nobody is waited for"); };
              environment().refuse_all();
              require_in_child(!slab.allocate(), "the call fails");
            }),
            "");
}

TEST(ForkGuardTest, SlabTrimsByItselfInTheChildThoughAnotherThreadWasAtIt) {
  struct TrimmingConfig : SmallConfig {
    using Trim = TrimAbove<50>;
  };
  ExtendableSlab<Object, TrimmingConfig> slab(kCapacity);
  const ForkGuard guard(slab);
  const StoppedThread trimmer([&](const auto& stop) {
    stop_at(&Environment::during_discard, stop);
    give_back(slab, take_blocks(slab, 2 * kCapacity));
  });
  EXPECT_EQ(failure_of_child([&] {
              environment() = {};
              give_back(slab, take_blocks(slab, 2 * kCapacity));
              require_in_child(environment().discards != 0, "pages go back");
            }),
            "");
}

TEST(ForkGuardTest, ForkThatHasWaitedForATrimHoldsTheLockAndLetsLaterTrimsBe) {
  constexpr std::size_t kSlots = 8;
  Shared slab(kSlots);
  const std::vector<Block> blocks = take_blocks(slab, 2 * kSlots);
  give_back(slab, std::span(blocks).first(kSlots - 1));
  std::optional<StoppedThread> trimmer(std::in_place, [&](const auto& stop) {
    stop_at(&Environment::during_discard, stop);
    EXPECT_GT(slab.trim(), 0U);
  });
  environment().during_pause = [&trimmer] { trimmer.reset(); };
  const std::uint64_t held = lock_counts.held;
  slab.before_fork();
  EXPECT_EQ(lock_counts.held, held + 1);
  slab.after_fork_in_parent();
  EXPECT_FALSE(trimmer.has_value());
  environment().during_pause = nullptr;
  give_back(slab, std::span(blocks).subspan(kSlots));
  EXPECT_GT(slab.trim(), 0U);
}

/// What `ForkRegistry` is told to do, in which order.
struct Registered {
  inline static std::vector<const void*> order;
  static void note(void* slab) noexcept { order.push_back(slab); }
  static void pass_over(void* /*slab*/) noexcept {}
};

TEST(ForkRegistryTest, SlabsAreLockedInTheOrderOfTheirAddresses) {
  using Registry = ForkRegistry<StdSync>;
  std::array<int, 3> slabs{};
  std::array<Registry::Member, 3> members = {{
      {&slabs[1], &Registered::note, &Registered::pass_over, &Registered::pass_over},
      {&slabs[2], &Registered::note, &Registered::pass_over, &Registered::pass_over},
      {&slabs[0], &Registered::note, &Registered::pass_over, &Registered::pass_over},
  }};
  for (auto& member : members) EXPECT_EQ(Registry::join(member), std::nullopt);
  Registered::order.clear();
  EXPECT_EQ(failure_of_child([] {}), "");
  for (const auto& member : members) Registry::leave(member);
  EXPECT_EQ(Registered::order, (std::vector<const void*>{&slabs[0], &slabs[1], &slabs[2]}));
}

}  // namespace
}  // namespace slabproof::testing
