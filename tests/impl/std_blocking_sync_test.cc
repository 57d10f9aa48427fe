// The production policy with all capabilities means what the standard library means.

#include "slabproof/std_blocking_sync.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

namespace slabproof {
namespace {

using Sync = StdBlockingSync;
using enum std::memory_order;

TEST(StdBlockingSyncTest, TryLockFailsWhileAnotherThreadHoldsTheMutex) {
  Sync::Mutex mutex;
  mutex.lock();
  std::thread([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
  mutex.unlock();
}

TEST(StdBlockingSyncTest, ReadersHoldASharedMutexTogether) {
  Sync::SharedMutex mutex;
  mutex.lock_shared();
  std::thread([&] {
    mutex.lock_shared();
    mutex.unlock_shared();
  }).join();
  mutex.unlock_shared();
  mutex.lock();
  mutex.unlock();
}

TEST(StdBlockingSyncTest, WaitForAConditionEndsWithTheMutexHeld) {
  Sync::Mutex mutex;
  Sync::ConditionVariable condition;
  bool is_ready = false;
  std::thread notifier([&] {
    mutex.lock();
    is_ready = true;
    mutex.unlock();
    condition.notify_all();
  });
  mutex.lock();
  while (!is_ready) condition.wait(mutex);
  std::thread([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
  mutex.unlock();
  condition.notify_one();
  notifier.join();
}

TEST(StdBlockingSyncTest, WaitForAValueAndAwaitEndWhenItIsThere) {
  Sync::WaitableAtomic<int> value{0};
  std::thread writer([&] {
    value.store(1, release);
    value.notify_one();
    value.notify_all();
  });
  value.wait(0, acquire);
  Sync::await([&] { return value.load(acquire) == 1; });
  writer.join();
}

TEST(StdBlockingSyncTest, BitsAndPointersChangeAsIntegersAndPointersDo) {
  Sync::Atomic<std::uint8_t> bits{0b0011};
  EXPECT_EQ(bits.fetch_or(0b0100, relaxed), 0b0011);
  EXPECT_EQ(bits.fetch_and(0b0110, relaxed), 0b0111);
  EXPECT_EQ(bits.fetch_xor(0b0010, relaxed), 0b0110);
  EXPECT_EQ(bits.load(relaxed), 0b0100);
  std::array<int, 4> objects{};
  Sync::Atomic<int*> pointer{objects.data()};
  EXPECT_EQ(pointer.fetch_add(3, relaxed), objects.data());
  EXPECT_EQ(pointer.fetch_sub(1, relaxed), std::to_address(objects.begin() + 3));
}

TEST(StdBlockingSyncTest, ExchangeOfOneOrderGivesBackWhatItFound) {
  Sync::Atomic<int> value{1};
  int expected = 0;
  EXPECT_FALSE(value.compare_exchange_strong(expected, 2, acq_rel));
  EXPECT_EQ(expected, 1);
  while (!value.compare_exchange_weak(expected, 2, acq_rel)) {
  }
  EXPECT_EQ(value.load(relaxed), 2);
}

}  // namespace
}  // namespace slabproof
