// The production policy with all capabilities means what the standard library means.

#include "slabproof/std_blocking_sync.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/child_process.h"
#include "tests/support/system_calls.h"

namespace slabproof {
namespace {

using Sync = StdBlockingSync;
using enum std::memory_order;

/// A thread that runs `action`, of which a test knows when the kernel has put it to sleep.
class Sleeper {
 public:
  explicit Sleeper(std::function<void()> action)
      : thread_([this, action = std::move(action)] {
          number_.store(::syscall(SYS_gettid), relaxed);
          action();
          has_ended_.store(true, relaxed);
        }) {}

  /// Returns when the thread sleeps, which in `action` it does only where it waits, or has ended.
  void await_sleep() const {
    while (!has_ended_.load(relaxed) && state() != 'S') std::this_thread::yield();
  }
  void join() { thread_.join(); }

 private:
  /// As the kernel writes it, behind the name in brackets; 0 where there is no such thread yet.
  [[nodiscard]] char state() const {
    std::ifstream file("/proc/self/task/" + std::to_string(number_.load(relaxed)) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(") ");
    return name_end == std::string::npos ? '\0' : line[name_end + 2];
  }

  std::atomic<long> number_ = 0;
  std::atomic<bool> has_ended_ = false;
  std::thread thread_;
};

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

TEST(StdBlockingSyncTest, WriterHoldsASharedMutexAloneUntilItGivesItBack) {
  Sync::SharedMutex mutex;
  std::atomic<int> writers = 0;
  mutex.lock_shared();
  Sleeper writer([&] {
    mutex.lock();
    ++writers;
    mutex.unlock();
  });
  writer.await_sleep();
  EXPECT_EQ(writers, 0);
  mutex.unlock_shared();
  writer.join();
  EXPECT_EQ(writers, 1);
  mutex.lock_shared();
  mutex.unlock_shared();
}

TEST(StdBlockingSyncTest, EachNotificationWakesWhoWaitsForACondition) {
  for (const auto notify :
       {&Sync::ConditionVariable::notify_one, &Sync::ConditionVariable::notify_all}) {
    Sync::Mutex mutex;
    Sync::ConditionVariable condition;
    bool is_ready = false;
    Sleeper waiter([&] {
      mutex.lock();
      while (!is_ready) condition.wait(mutex);
      mutex.unlock();
    });
    waiter.await_sleep();
    mutex.lock();
    is_ready = true;
    mutex.unlock();
    (condition.*notify)(Sync::Where::current());
    waiter.join();
  }
}

TEST(StdBlockingSyncTest, WaitForAValueEndsByEachNotificationAndNotBefore) {
  using Number = Sync::WaitableAtomic<int>;
  for (const auto notify : {&Number::notify_one, &Number::notify_all}) {
    Number value{0};
    Sleeper waiter([&] {
      value.wait(0, acquire);
      EXPECT_EQ(value.load(relaxed), 1);
    });
    waiter.await_sleep();
    value.store(1, release);
    (value.*notify)(Sync::Where::current());
    waiter.join();
  }
}

TEST(StdBlockingSyncTest, AwaitLetsOtherThreadsRunBetweenItsQuestions) {
  const std::string failure = testing::failure_of_child([] {
    std::signal(SIGSYS, [](int) { std::_Exit(EXIT_SUCCESS); });
    if (!testing::answer_system_call({SYS_sched_yield}, SECCOMP_RET_TRAP)) return;
    int questions = 0;
    Sync::await([&questions] { return ++questions == 2; });
    testing::end_child(false);
  });
  EXPECT_EQ(failure, "");
}

}  // namespace
}  // namespace slabproof
