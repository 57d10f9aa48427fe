// The production policy compiles away: it adds no byte and no step to what it wraps.

#include "slabproof/std_sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "slabproof/lock_guard.h"

namespace slabproof {
namespace {

struct Pair {
  std::uint64_t first;
  std::uint32_t second;
};

template <class T>
using Var = StdSync::Var<T>;

template <class T>
constexpr bool kVarIsAsLargeAsItsValue =
    sizeof(Var<T>) == sizeof(T) && alignof(Var<T>) == alignof(T);

TEST(StdSyncTest, VarHasTheSizeAndAlignmentOfItsValue) {
  EXPECT_TRUE(kVarIsAsLargeAsItsValue<char>);
  EXPECT_TRUE(kVarIsAsLargeAsItsValue<std::uint64_t>);
  EXPECT_TRUE(kVarIsAsLargeAsItsValue<Pair>);
}

TEST(StdSyncTest, VarEndsItsLifetimeWithoutCodeWhereItsValueDoes) {
  EXPECT_TRUE(std::is_trivially_destructible_v<Var<Pair>>);
  EXPECT_FALSE(std::is_trivially_destructible_v<Var<std::unique_ptr<int>>>);
}

TEST(StdSyncTest, AtomicAndMutexHaveTheSizeOfTheStandardOnes) {
  EXPECT_EQ(sizeof(StdSync::Atomic<std::uint64_t>), sizeof(std::atomic<std::uint64_t>));
  EXPECT_EQ(sizeof(StdSync::Mutex), sizeof(std::mutex));
}

TEST(StdSyncTest, VarReadsAndWritesItsOneValue) {
  Var<Pair> variable(Pair{1, 2});
  EXPECT_EQ(variable.read().second, 2U);
  variable.write().second = 5;
  EXPECT_EQ(variable.read().second, 5U);
  EXPECT_EQ(static_cast<const void*>(&variable.read()), &variable);
}

TEST(StdSyncTest, VarTakesAValueThatOnlyMoves) {
  Var<std::unique_ptr<int>> variable(std::make_unique<int>(3));
  EXPECT_EQ(*variable.read(), 3);
}

TEST(StdSyncTest, AtomicReadModifyWritesReturnTheOldValue) {
  StdSync::Atomic<std::uint64_t> atomic(10);
  EXPECT_EQ(atomic.fetch_add(5, std::memory_order::relaxed), 10U);
  EXPECT_EQ(atomic.fetch_sub(3, std::memory_order::relaxed), 15U);
  EXPECT_EQ(atomic.exchange(40, std::memory_order::acq_rel), 12U);
  EXPECT_EQ(atomic.load(std::memory_order::acquire), 40U);
  atomic.store(1, std::memory_order::release);
  EXPECT_EQ(atomic.load(std::memory_order::relaxed), 1U);
}

TEST(StdSyncTest, CompareExchangeStoresOnlyOverTheExpectedValue) {
  StdSync::Atomic<std::uint64_t> atomic(1);
  std::uint64_t expected = 7;
  EXPECT_FALSE(atomic.compare_exchange_strong(expected, 2, std::memory_order::acq_rel,
                                              std::memory_order::acquire));
  EXPECT_EQ(expected, 1U);
  EXPECT_TRUE(atomic.compare_exchange_strong(expected, 2, std::memory_order::acq_rel,
                                             std::memory_order::acquire));
  expected = 2;
  // The weak form may fail for no reason; then it leaves the value and is tried again.
  while (!atomic.compare_exchange_weak(expected, 3, std::memory_order::release,
                                       std::memory_order::relaxed)) {
    ASSERT_EQ(expected, 2U);
  }
  EXPECT_EQ(atomic.load(std::memory_order::relaxed), 3U);
}

TEST(StdSyncTest, FencesPublishWhatWasWrittenBefore) {
  std::uint64_t payload = 0;
  StdSync::Atomic<bool> ready(false);
  std::jthread writer([&] {
    payload = 42;
    ready.store(true, std::memory_order::release);
  });
  do {
    StdSync::pause();
  } while (!ready.load(std::memory_order::acquire));
  StdSync::fence(std::memory_order::seq_cst);
  EXPECT_EQ(payload, 42U);
}

TEST(StdSyncTest, MutexExcludesOtherThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  StdSync::Mutex mutex;
  int count = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          const LockGuard guard(mutex);
          ++count;
        }
      });
    }
  }
  EXPECT_EQ(count, kThreads * kRounds);
}

}  // namespace
}  // namespace slabproof
