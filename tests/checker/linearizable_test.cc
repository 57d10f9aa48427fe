// Whether calls are linearizable: right and wrong objects, under each search.

#include "slabproof/model/linearizable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "slabproof/model/check.h"

namespace slabproof::model {
namespace {

using std::memory_order::acquire;
using std::memory_order::relaxed;
using std::memory_order::release;
using ::testing::HasSubstr;

/// What two threads that each add one to a counter get.
CheckResult check_counter(bool is_atomic, Search search) {
  return check(
      [is_atomic](auto& run) {
        auto& value = run.template make<Checked::Atomic<int>>(0);
        auto& calls = run.template make<Linearizable<int>>(0);
        run.threads(2, [&calls, &value, is_atomic] {
          calls.call(
              "add",
              [&value, is_atomic] {
                if (is_atomic) return value.fetch_add(1, relaxed);
                const int before = value.load(relaxed);
                value.store(before + 1, relaxed);
                return before;
              },
              [](int& counter) { return counter++; });
        });
        run.after([&] { calls.check(); });
      },
      {.search = search});
}

TEST(Linearizable, AdditionInOneStepIs) {
  for (const Search search : {Search::kGraph, Search::kDpor, Search::kFull}) {
    const CheckResult result = check_counter(true, search);
    EXPECT_TRUE(result.holds()) << to_text(search) << result.report();
  }
}

TEST(Linearizable, AdditionInTwoStepsIsNot) {
  for (const Search search : {Search::kGraph, Search::kDpor, Search::kFull}) {
    const CheckResult result = check_counter(false, search);
    ASSERT_EQ(result.exit_code(), 1) << to_text(search);
    EXPECT_THAT(result.report(), HasSubstr("no order of these calls explains what they returned:"));
    EXPECT_THAT(result.report(), HasSubstr("T0 add -> 0"));
    EXPECT_THAT(result.report(), HasSubstr("T1 add -> 0"));
  }
}

/// A register that a thread writes 1 and then 2, and another reads twice, beside a flag by which
/// the first says that it has written.
template <class Read>
CheckResult check_register(Read read) {
  return check([read](auto& run) {
    auto& value = run.template make<Checked::Atomic<int>>(0);
    auto& has_written = run.template make<Checked::Atomic<bool>>(false);
    auto& calls = run.template make<Linearizable<int>>(0);
    run.thread([&] {
      calls.call("write 1", [&] { value.store(1, relaxed); }, [](int& held) { held = 1; });
      has_written.store(true, release);
    });
    run.thread([&calls, &value, &has_written, read] {
      if (!has_written.load(acquire)) return;
      calls.call("read", [&value, read] { return read(value); }, [](int& held) { return held; });
    });
    run.after([&] { calls.check(); });
  });
}

TEST(Linearizable, CallThatHappensAfterAnotherSeesIt) {
  EXPECT_TRUE(check_register([](auto& value) { return value.load(relaxed); }).holds());
  EXPECT_THAT(check_register([](auto& /*value*/) { return 0; }).report(),
              HasSubstr("T1 read -> 0"));
}

TEST(Linearizable, CallThatNothingOrdersAfterAnotherNeedNotSeeIt) {
  const CheckResult result = check([](auto& run) {
    auto& calls = run.template make<Linearizable<int>>(0);
    run.thread([&] { calls.call("write", [] {}, [](int& held) { held = 1; }); });
    run.thread([&] { calls.call("read", [] { return 0; }, [](int& held) { return held; }); });
    run.after([&] { calls.check(); });
  });
  EXPECT_TRUE(result.holds()) << result.report();
}

/// A call before the threads, one in a thread, and one after them.
CheckResult check_calls_around(int seen_after) {
  return check([seen_after](model::Run& run) {
    auto& calls = run.make<Linearizable<int>>(0);
    const auto write = [](int value) { return [value](int& held) { held = value; }; };
    calls.call("write 1", [] {}, write(1));
    run.thread([&calls, write] { calls.call("write 2", [] {}, write(2)); });
    run.after([&calls, seen_after] {
      calls.call("read", [seen_after] { return seen_after; }, [](int& held) { return held; });
      calls.check();
    });
  });
}

TEST(Linearizable, CallsBeforeAndAfterTheThreadsAreOrderedWithAllOthers) {
  EXPECT_TRUE(check_calls_around(2).holds()) << check_calls_around(2).report();
  EXPECT_EQ(check_calls_around(1).exit_code(), 1);
  EXPECT_THAT(check_calls_around(1).report(), HasSubstr("main read -> 1"));
}

TEST(Linearizable, OrderThatLeadsElsewhereIsTriedToo) {
  const CheckResult result = check([](model::Run& run) {
    auto& calls = run.make<Linearizable<int>>(0);
    for (const int value : {1, 2}) {
      run.thread(
          [&calls, value] { calls.call("write", [] {}, [value](int& held) { held = value; }); });
    }
    run.after([&calls] {
      calls.call("read", [] { return 1; }, [](int& held) { return held; });
      calls.check();
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
}

TEST(Linearizable, CallThatAnExceptionLeavesIsNotJudged) {
  const CheckResult result = check([](model::Run& run) {
    auto& calls = run.make<Linearizable<int>>(0);
    run.thread([&] {
      try {
        calls.call("throw", []() -> int { throw 1; }, [](int& held) { return held; });
      } catch (int) {
      }
    });
    run.after([&] { calls.check(); });
  });
  EXPECT_EQ(result.exit_code(), 2) << result.report();
}

TEST(Linearizable, CallsThatNobodyChecksAreRefused) {
  const CheckResult result = check([](model::Run& run) {
    auto& calls = run.make<Linearizable<int>>(0);
    run.thread([&] { calls.call("add", [] { return 0; }, [](int& held) { return held++; }); });
  });
  EXPECT_EQ(result.exit_code(), 2);
  EXPECT_THAT(result.report(), HasSubstr("check() was not called"));
}

TEST(Linearizable, QueueThatGivesOutTheNewestFirstIsNotOne) {
  const CheckResult result = check([](auto& run) {
    auto& mutex = run.template make<checked::mutex>();
    auto& items = run.template make<std::deque<int>>();
    auto& calls = run.template make<Linearizable<std::deque<int>>>();
    const auto push = [&mutex, &items, &calls](int value) {
      calls.call(
          "push",
          [&] {
            const checked::lock_guard lock(mutex);
            const CheckerScope ours;
            items.push_back(value);
          },
          [value](std::deque<int>& queue) { queue.push_back(value); });
    };
    run.thread([push] {
      push(1);
      push(2);
    });
    run.thread([&mutex, &items, &calls] {
      calls.call(
          "pop",
          [&] {
            const checked::lock_guard lock(mutex);
            if (items.empty()) return std::optional<int>();
            const std::optional<int> newest = items.back();
            items.pop_back();
            return newest;
          },
          [](std::deque<int>& queue) {
            if (queue.empty()) return std::optional<int>();
            const std::optional<int> oldest = queue.front();
            queue.pop_front();
            return oldest;
          });
    });
    run.after([&] { calls.check(); });
  });
  EXPECT_EQ(result.exit_code(), 1);
  EXPECT_THAT(result.report(), HasSubstr("T1 pop -> 2"));
}

}  // namespace
}  // namespace slabproof::model
