// Races on real threads, with perturbed timing. ThreadSanitizer and AddressSanitizer builds run
// these as well: a block in two hands is then a data race on its contents.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

struct Payload {
  std::byte bytes[40];
};

template <Recheck kScope>
using StormConfig = ObservedConfig<kScope, WipingHeap, SlotStates<>>;

constexpr std::size_t kThreads = 4;

/// A generator for the calling thread. Each thread that asks gets a seed of its own.
std::minstd_rand& thread_random() {
  static std::atomic<std::uint32_t> next_seed = 1;
  thread_local std::minstd_rand random(next_seed.fetch_add(1, std::memory_order::relaxed));
  return random;
}

/// Runs `body(thread number)` in each of `count` threads, which start together, with their timing
/// perturbed and as many requests refused as the environment of the caller says; waits for all.
void run_threads(std::size_t count, const std::function<void(std::size_t)>& body) {
  const std::uint32_t refused_percent = environment().refused_percent;
  std::latch start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::jthread> threads;
  for (std::size_t number = 0; number < count; ++number) {
    threads.emplace_back([&body, &start, refused_percent, number] {
      environment().random_state = thread_random()();
      environment().refused_percent = refused_percent;
      start.arrive_and_wait();
      body(number);
    });
  }
}

/// The greatest number of blocks that can have been live, counted outside the slab: up before an
/// allocation, down after a free.
class LiveBound {
 public:
  void before_allocation(std::int64_t count) {
    const std::int64_t now = live_.fetch_add(count) + count;
    std::int64_t seen = peak_.load();
    while (seen < now && !peak_.compare_exchange_weak(seen, now)) {
    }
  }
  void after_free(std::int64_t count) { live_.fetch_sub(count); }
  [[nodiscard]] std::uint64_t peak() const { return static_cast<std::uint64_t>(peak_.load()); }

 private:
  std::atomic<std::int64_t> live_ = 0;
  std::atomic<std::int64_t> peak_ = 0;
};

/// One thread's blocks, each filled with a pattern of its own that is checked before it is freed.
template <class Slab>
class Holder {
 public:
  Holder(Slab& slab, LiveBound& bound, std::size_t thread)
      : slab_(slab), bound_(bound), next_pattern_(std::uint64_t{thread} << 32) {}
  ~Holder() { free_all(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  [[nodiscard]] std::size_t size() const { return held_.size(); }

  /// Whether a block could be had.
  bool allocate() {
    bound_.before_allocation(1);
    const auto block = slab_.allocate();
    if (!block) {
      EXPECT_EQ(block.error(), AllocError::kOutOfMemory);
      bound_.after_free(1);
      return false;
    }
    keep(*block);
    return true;
  }
  void allocate_batch(std::size_t count) {
    std::vector<Block> blocks(count);
    bound_.before_allocation(static_cast<std::int64_t>(count));
    const std::size_t served = slab_.allocate_batch(blocks).value_or(0);
    bound_.after_free(static_cast<std::int64_t>(count - served));
    for (const Block& block : std::span(blocks).first(served)) keep(block);
  }
  void free_any() {
    std::swap(held_[thread_random()() % held_.size()], held_.back());
    EXPECT_TRUE(slab_.deallocate(release_newest().data));
    bound_.after_free(1);
  }
  void free_batch(std::size_t count) {
    std::vector<void*> pointers;
    while (pointers.size() < count && !held_.empty()) pointers.push_back(release_newest().data);
    EXPECT_EQ(slab_.deallocate_batch(pointers), pointers.size());
    bound_.after_free(static_cast<std::int64_t>(pointers.size()));
  }
  void free_all() { free_batch(held_.size()); }

 private:
  struct Held {
    Block block;
    std::uint64_t pattern;
  };

  void keep(const Block& block) {
    held_.push_back({block, next_pattern_++});
    fill(block, held_.back().pattern);
  }
  Block release_newest() {
    const Held held = held_.back();
    held_.pop_back();
    EXPECT_TRUE(is_filled(held.block, held.pattern)) << "another thread wrote to this block";
    return held.block;
  }

  Slab& slab_;
  LiveBound& bound_;
  std::uint64_t next_pattern_;
  std::vector<Held> held_;
};

template <class Config>
class ConcurrencyTest : public ::testing::Test {
 protected:
  using Slab = ExtendableSlab<Payload, Config>;

  ConcurrencyTest() { new_environment(); }
  ~ConcurrencyTest() override {
    EXPECT_EQ(regions_held(), 0) << "a region was leaked, or released twice";
  }

  /// What must hold when all threads have ended and given everything back.
  static void expect_sound(const Slab& slab) {
    const SlabStats stats = slab.stats();
    expect_conserved(stats);
    EXPECT_EQ(stats.live, 0U);
    EXPECT_EQ(stats.growers, 0U);
    EXPECT_EQ(slab.corruption_events(), 0U);
  }

  /// Properties S6 and S7.
  static void expect_growth_bound(const Slab& slab, const LiveBound& bound) {
    const SlabStats stats = slab.stats();
    EXPECT_LE(stats.peak_live, bound.peak());
    const std::uint64_t needed = ceiling_of_quotient(stats.peak_live, stats.capacity);
    if (Config::recheck == Recheck::kAllSegments) {
      EXPECT_EQ(stats.segments, needed);
    } else {
      EXPECT_GE(stats.segments, needed);
      EXPECT_LE(stats.segments, needed + ceiling_of_quotient(kThreads - 1, stats.capacity));
    }
  }

  LiveBound bound_;
};

using BothScopes =
    ::testing::Types<StormConfig<Recheck::kAllSegments>, StormConfig<Recheck::kNewSegments>>;
TYPED_TEST_SUITE(ConcurrencyTest, BothScopes);

template <class Slab>
void allocate_and_free_at_random(Slab& slab, LiveBound& bound, std::size_t thread, int steps,
                                 std::size_t most_held) {
  Holder<Slab> mine(slab, bound, thread);
  for (int step = 0; step < steps; ++step) {
    // Waves: each thread fills up and runs empty, and the waves of threads drift.
    const bool rising = step / 50 % 2 == 0;
    const bool wants_more = (thread_random()() % 4 != 0) == rising;
    if (wants_more && mine.size() < most_held) {
      mine.allocate();
    } else if (mine.size() > 0) {
      mine.free_any();
    }
  }
}

TYPED_TEST(ConcurrencyTest, FreeRacingAllocateRacingGrowth) {
  for (const std::size_t capacity : {1U, 3U, 16U}) {
    ExtendableSlab<Payload, TypeParam> slab(capacity);
    LiveBound bound;
    run_threads(kThreads, [&](std::size_t thread) {
      allocate_and_free_at_random(slab, bound, thread, 15'000, 20);
    });
    this->expect_sound(slab);
    this->expect_growth_bound(slab, bound);
  }
}

TYPED_TEST(ConcurrencyTest, GrowthStormsOnSegmentsOfOneSlot) {
  ExtendableSlab<Payload, TypeParam> slab(1);
  for (int storm = 0; storm < 120; ++storm) {
    run_threads(kThreads, [&](std::size_t thread) {
      Holder mine(slab, this->bound_, thread);
      for (int i = 0; i < storm; ++i) mine.allocate();
    });
  }
  this->expect_sound(slab);
  this->expect_growth_bound(slab, this->bound_);
}

TYPED_TEST(ConcurrencyTest, AllocationsAloneGrowExactly) {
  constexpr std::size_t kEach = 100;
  for (const std::size_t capacity : {1U, 7U}) {
    ExtendableSlab<Payload, TypeParam> slab(capacity);
    std::array<std::optional<Holder<ExtendableSlab<Payload, TypeParam>>>, kThreads> holders;
    run_threads(kThreads, [&](std::size_t thread) {
      holders[thread].emplace(slab, this->bound_, thread);
      for (std::size_t i = 0; i < kEach; ++i) holders[thread]->allocate();
    });
    EXPECT_EQ(slab.segment_count(), ceiling_of_quotient(kThreads * kEach, capacity));
  }
}

TYPED_TEST(ConcurrencyTest, free_into_old_segment_while_another_thread_grows) {
  constexpr std::size_t kOld = 12;
  ExtendableSlab<Payload, TypeParam> slab(2);
  run_threads(2, [&](std::size_t thread) {
    Holder mine(slab, this->bound_, thread);
    if (thread == 0) {
      // Lets go of a block of the oldest segments, and takes one again, over and over.
      for (std::size_t i = 0; i < kOld; ++i) mine.allocate();
      for (int round = 0; round < 15'000; ++round) {
        mine.free_any();
        mine.allocate();
      }
    } else {
      for (int round = 0; round < 300; ++round) {
        for (int i = 0; i < 50; ++i) mine.allocate();
        mine.free_all();
      }
    }
  });
  this->expect_sound(slab);
  this->expect_growth_bound(slab, this->bound_);
}

/// Blocks on their way from one thread to another.
class Mailbox {
 public:
  void put(const Block& block) {
    const std::lock_guard guard(mutex_);
    blocks_.push_back(block);
  }
  std::optional<Block> take() {
    const std::lock_guard guard(mutex_);
    if (blocks_.empty()) return std::nullopt;
    const Block block = blocks_.front();
    blocks_.pop_front();
    return block;
  }

 private:
  std::mutex mutex_;
  std::deque<Block> blocks_;
};

TYPED_TEST(ConcurrencyTest, BlockFreedByAnotherThreadThanItsAllocator) {
  constexpr std::size_t kProducers = 2;
  constexpr std::size_t kConsumers = 2;
  constexpr std::size_t kEach = 15'000;
  ExtendableSlab<Payload, TypeParam> slab(5);
  Mailbox mailbox;
  std::atomic<std::size_t> consumed = 0;
  run_threads(kProducers + kConsumers, [&](std::size_t thread) {
    if (thread < kProducers) {
      for (std::size_t i = 0; i < kEach; ++i) {
        this->bound_.before_allocation(1);
        const Block block = slab.allocate().value();
        fill(block, reinterpret_cast<std::uintptr_t>(block.data));
        mailbox.put(block);
      }
      return;
    }
    while (consumed < kProducers * kEach) {
      const auto block = mailbox.take();
      if (!block) {
        std::this_thread::yield();
        continue;
      }
      EXPECT_TRUE(is_filled(*block, reinterpret_cast<std::uintptr_t>(block->data)));
      EXPECT_TRUE(slab.deallocate(block->data));
      this->bound_.after_free(1);
      ++consumed;
    }
  });
  this->expect_sound(slab);
  this->expect_growth_bound(slab, this->bound_);
}

TYPED_TEST(ConcurrencyTest, BatchesRacingSingleAllocations) {
  ExtendableSlab<Payload, TypeParam> slab(4);
  run_threads(kThreads, [&](std::size_t thread) {
    Holder mine(slab, this->bound_, thread);
    for (int round = 0; round < 2000; ++round) {
      if (thread % 2 == 0) {
        mine.allocate_batch(1 + thread_random()() % 15);
        mine.free_batch(1 + thread_random()() % 15);
      } else {
        for (int i = 0; i < 5; ++i) mine.allocate();
        while (mine.size() > 3) mine.free_any();
      }
    }
  });
  this->expect_sound(slab);
  if (TypeParam::recheck == Recheck::kAllSegments) this->expect_growth_bound(slab, this->bound_);
}

TYPED_TEST(ConcurrencyTest, RefusalsAtRandomDuringAGrowthStorm) {
  environment().refused_percent = 40;
  for (const std::size_t capacity : {1U, 4U}) {
    ExtendableSlab<Payload, TypeParam> slab(capacity);
    LiveBound bound;
    std::atomic<int> failures = 0;
    run_threads(kThreads, [&](std::size_t thread) {
      for (int storm = 0; storm < 50; ++storm) {
        Holder mine(slab, bound, thread);
        for (int i = 0; i < 5 * storm; ++i) {
          if (!mine.allocate()) ++failures;
        }
      }
    });
    EXPECT_GT(failures, 0);
    this->expect_sound(slab);
    this->expect_growth_bound(slab, bound);
    // A later call succeeds: it is made by the main thread, of which nothing is refused at random.
    Holder(slab, bound, 0).allocate_batch(slab.capacity_bytes() / slab.stride + 1);
    this->expect_sound(slab);
  }
}

TYPED_TEST(ConcurrencyTest, TrimDuringAStorm) {
  ExtendableSlab<Payload, TypeParam> slab(8);
  std::atomic<std::size_t> running = kThreads;
  run_threads(kThreads + 1, [&](std::size_t thread) {
    if (thread == kThreads) {
      while (running != 0) {
        slab.trim();
        std::this_thread::yield();
      }
      return;
    }
    allocate_and_free_at_random(slab, this->bound_, thread, 15'000, 30);
    --running;
  });
  this->expect_sound(slab);
  if (TypeParam::recheck == Recheck::kAllSegments) expect_exact_growth(slab.stats());
}

TYPED_TEST(ConcurrencyTest, ObserversSeeAConsistentSlabThroughoutAStorm) {
  ExtendableSlab<Payload, TypeParam> slab(2);
  std::atomic<std::size_t> running = kThreads;
  run_threads(kThreads + 1, [&](std::size_t thread) {
    if (thread < kThreads) {
      allocate_and_free_at_random(slab, this->bound_, thread, 10'000, 25);
      --running;
      return;
    }
    SlabStats last;
    std::size_t last_bytes = 0;
    while (running != 0) {
      const SlabStats now = slab.stats();
      expect_conserved(now);
      EXPECT_LE(now.segments, now.directory_room);
      EXPECT_LE(now.growers, kThreads);
      EXPECT_GE(now.segments, last.segments);
      EXPECT_GE(now.peak_live, last.peak_live);
      EXPECT_LE(now.segments, slab.segment_count());
      const std::size_t bytes = slab.capacity_bytes();
      EXPECT_GE(bytes, last_bytes);
      EXPECT_FALSE(slab.usable_size(&slab));
      last = now;
      last_bytes = bytes;
    }
  });
  this->expect_sound(slab);
  this->expect_growth_bound(slab, this->bound_);
}

TYPED_TEST(ConcurrencyTest, BadPointersDuringAStormAreAllCounted) {
  constexpr std::uint64_t kEach = 500;
  ExtendableSlab<Payload, TypeParam> slab(2);
  run_threads(kThreads, [&](std::size_t thread) {
    Holder mine(slab, this->bound_, thread);
    std::uint64_t elsewhere = 0;
    for (std::uint64_t i = 0; i < kEach; ++i) {
      if (mine.size() < 10) {
        mine.allocate();
      } else {
        mine.free_all();
      }
      EXPECT_FALSE(slab.deallocate(&elsewhere));
      EXPECT_FALSE(slab.deallocate(&slab));
      EXPECT_FALSE(slab.deallocate(nullptr));  // which is no bad pointer
    }
  });
  EXPECT_EQ(slab.stats().foreign_pointers, 2 * kEach * kThreads);
  EXPECT_EQ(slab.corruption_events(), 2 * kEach * kThreads);
  expect_conserved(slab.stats());
  this->expect_growth_bound(slab, this->bound_);
}

/// Counts the destructors that run.
struct CountedObject {
  explicit CountedObject(std::atomic<int>& count) : destructors(count) {}
  ~CountedObject() { destructors.fetch_add(1, std::memory_order::relaxed); }
  std::atomic<int>& destructors;
};

TEST(ObjectsOfThreadsTest, OneOfManyDestroysOfOneObjectRunsItsDestructor) {
  std::atomic<int> destructors = 0;
  ExtendableSlab<CountedObject, StormConfig<Recheck::kAllSegments>> slab(4);
  for (int round = 1; round <= 200; ++round) {
    CountedObject* const object = slab.create(destructors).value();
    run_threads(kThreads, [&](std::size_t /*thread*/) { slab.destroy(object); });
    ASSERT_EQ(destructors.load(), round);
  }
  EXPECT_EQ(slab.stats().repeated_frees, 200 * (kThreads - 1));
  EXPECT_EQ(slab.stats().live, 0U);
}

/// While its destructor runs, another thread allocates.
template <template <class, class> class SlabTemplate>
struct Overlapped {
  using Home = SlabTemplate<Overlapped, DefaultConfig>;
  explicit Overlapped(Home* home_slab) : home(home_slab) {}
  ~Overlapped() {
    std::jthread([this] { taken = home->allocate().value().data; }).join();
  }
  std::uint64_t before_home[2]{};  // what a link of the freelist would be written over
  Home* home;
  static inline std::byte* taken = nullptr;
};

template <template <class, class> class SlabTemplate>
bool keeps_block_from_other_threads() {
  using Object = Overlapped<SlabTemplate>;
  typename Object::Home slab(4);
  Object* const object = slab.create(&slab).value();
  slab.destroy(object);
  return Object::taken != reinterpret_cast<std::byte*>(object);
}

TEST(ObjectsOfThreadsTest, BlockIsNobodysWhileItsDestructorRuns) {
  EXPECT_TRUE(keeps_block_from_other_threads<ExtendableSlab>());
  EXPECT_TRUE(keeps_block_from_other_threads<CachedSlab>());
}

TEST(ReserveOfThreadsTest, ThreadsThatReserveTheSameAddItOnce) {
  ExtendableSlab<std::uint64_t> slab(4);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&slab] { EXPECT_TRUE(slab.reserve(64)); });
  }
  threads.clear();
  EXPECT_EQ(slab.segment_count(), 16U);
  expect_conserved(slab.stats());
}

}  // namespace
}  // namespace slabproof::testing
