// Ordinary code that is written with the names of the standard library, under the checker with
// nothing changed but its namespace.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <mutex>
#include <set>
#include <string>

#include "slabproof/model/check.h"

namespace slabproof::model {
namespace {

namespace sync = checked;
using ::testing::HasSubstr;
using Outcomes = std::set<std::string>;

class SpinLock {
 public:
  void lock() {
    while (locked_.test_and_set(std::memory_order_acquire)) sync::this_thread::yield();
  }
  void unlock() { locked_.clear(std::memory_order_release); }

 private:
  sync::atomic_flag locked_;
};

TEST(CheckedNames, SpinLockOfAFlagExcludes) {
  const CheckResult result = check([](auto& run) {
    auto& lock = run.template make<SpinLock>();
    auto& count = run.template make<sync::plain<int>>(0);
    run.threads(2, [&] {
      const std::lock_guard guard(lock);
      count = count + 1;
    });
    run.after([&] { expect(count == 2); });
  });
  EXPECT_TRUE(result.holds()) << result.report();
}

TEST(CheckedNames, PlainVariableWithoutALockIsARace) {
  const CheckResult result = check([](auto& run) {
    auto& count = run.template make<sync::plain<int>>(0);
    run.threads(2, [&] { count = count + 1; });
  });
  EXPECT_THAT(result.report(), HasSubstr("data race"));
}

/// Bounded, with conditions.
class Mailbox {
 public:
  void put(int value) {
    sync::unique_lock lock(mutex_);
    is_empty_.wait(lock, [this] { return !full_; });
    value_ = value;
    full_ = true;
    is_full_.notify_one();
  }
  int take() {
    sync::unique_lock lock(mutex_);
    is_full_.wait(lock, [this] { return bool{full_}; });
    full_ = false;
    is_empty_.notify_one();
    return value_;
  }

 private:
  sync::mutex mutex_;
  sync::condition_variable is_empty_;
  sync::condition_variable is_full_;
  sync::plain<bool> full_ = false;
  sync::plain<int> value_ = 0;
};

TEST(CheckedNames, MailboxWithConditionsLosesNothing) {
  const CheckResult result = check([](auto& run) {
    auto& box = run.template make<Mailbox>();
    run.thread([&] {
      box.put(1);
      box.put(2);
    });
    run.thread([&run, &box] {
      run.observe(box.take());
      run.observe(box.take());
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"- | 1 2"}));
}

TEST(CheckedNames, OperatorsOfAnAtomicAreThoseOfTheStandard) {
  const CheckResult result = check([](auto& run) {
    auto& x = run.template make<sync::atomic<unsigned>>(6U);
    auto& set = run.template make<std::array<sync::atomic<bool>, 2>>();
    run.thread([&run, &x, &set] {
      for (const unsigned value : {++x, x++, --x, x--, x += 4, x -= 2, x |= 1, x &= 3, x ^= 7}) {
        run.observe(value);
      }
      run.observe(unsigned{x});
      for (const unsigned value : {x = 9, x.exchange(5), x.load()}) run.observe(value);
      unsigned seen = 4;
      run.observe(x.compare_exchange_strong(seen, 1));
      run.observe(seen, x.compare_exchange_strong(seen, 2));
      set[1] = true;
      run.observe(bool{set[0]}, bool{set[1]});
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"7 7 7 7 10 8 9 1 6 6 9 9 5 false 5 true false true"}));
}

TEST(CheckedNames, AtomicPointerStepsByObjects) {
  const CheckResult result = check([](auto& run) {
    auto& values = run.template make<std::array<int, 3>>();
    auto& next = run.template make<sync::atomic<int*>>(values.data());
    run.thread([&run, &values, &next] {
      int* const first = next++;
      next += 1;
      run.observe(first - values.data(), next.load() - values.data());
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"0 2"}));
}

TEST(CheckedNames, WaitReturnsWhenTheValueHasChanged) {
  const CheckResult result = check([](auto& run) {
    auto& ready = run.template make<sync::atomic<bool>>();
    auto& data = run.template make<sync::plain<int>>(0);
    run.thread([&] {
      data = 3;
      ready = true;
      ready.notify_all();
    });
    run.thread([&run, &ready, &data] {
      ready.wait(false);
      run.observe(int{data});
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"- | 3"}));
}

TEST(CheckedNames, ReadersOfASharedMutexSeeWhatAWriterWrote) {
  const CheckResult result = check([](auto& run) {
    auto& mutex = run.template make<sync::shared_mutex>();
    auto& value = run.template make<sync::plain<int>>(0);
    run.thread([&] {
      const sync::lock_guard lock(mutex);
      value = 1;
    });
    run.threads(2, [&run, &mutex, &value] {
      const sync::shared_lock lock(mutex);
      run.observe(int{value});
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"- | 0 | 0", "- | 0 | 1", "- | 1 | 1"}));
}

TEST(CheckedNames, FencesOrderRelaxedAccesses) {
  const auto program = [](bool has_fences) {
    return check([has_fences](auto& run) {
      auto& data = run.template make<sync::plain<int>>(0);
      auto& ready = run.template make<sync::atomic<bool>>();
      run.thread([&data, &ready, has_fences] {
        data = 1;
        if (has_fences) sync::atomic_thread_fence(std::memory_order_release);
        ready.store(true, std::memory_order_relaxed);
      });
      run.thread([&data, &ready, has_fences] {
        if (!ready.load(std::memory_order_relaxed)) return;
        if (has_fences) sync::atomic_thread_fence(std::memory_order_acquire);
        expect(data == 1);
      });
    });
  };
  EXPECT_TRUE(program(true).holds());
  EXPECT_THAT(program(false).report(), HasSubstr("data race"));
}

// Where one of these would overflow, it would not be a constant.
constexpr int kMin = std::numeric_limits<int>::min();
constexpr int kMax = std::numeric_limits<int>::max();
static_assert(sync::wrapping_sum(kMax, 1) == kMin && sync::wrapping_sum(-2, 5) == 3);
static_assert(sync::wrapping_difference(kMin, 1) == kMax);

TEST(CheckedNames, OperatorsWrapAroundAsTheAtomicDoes) {
  const CheckResult result = check([](model::Run& run) {
    auto& x = run.make<sync::atomic<int>>(kMax);
    run.thread([&run, &x] {
      for (const bool is_right : {++x == kMin, --x == kMax, (x += 2) == kMin + 1}) {
        run.observe(is_right);
      }
    });
  });
  EXPECT_EQ(result.outcomes(), (Outcomes{"true true true"})) << result.report();
}

TEST(CheckedNames, PlainVariablesCountAndCopy) {
  const CheckResult result = check([](model::Run& run) {
    auto& pair = run.make<std::array<sync::plain<int>, 2>>();
    run.thread([&run, &pair] {
      pair[0] += 3;
      ++pair[0];
      pair[1] = pair[0];
      pair[1] -= 1;
      run.observe(int{pair[0]}, int{pair[1]});
    });
  });
  EXPECT_EQ(result.outcomes(), (Outcomes{"4 3"})) << result.report();
}

TEST(CheckedNames, TryLockDoesNotBlock) {
  const CheckResult result = check([](auto& run) {
    auto& mutex = run.template make<sync::mutex>();
    run.threads(2, [&run, &mutex] {
      const std::unique_lock lock(mutex, std::try_to_lock);
      run.observe(lock.owns_lock());
    });
  });
  EXPECT_EQ(result.failure(), nullptr) << result.report();
  EXPECT_TRUE(result.outcomes().contains("false | true"));
  EXPECT_TRUE(result.outcomes().contains("true | true"));
}

}  // namespace
}  // namespace slabproof::model
