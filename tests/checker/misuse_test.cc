// What a program under check may not do, or what goes wrong in it outside of the sync policy: each
// ends in a message that says so, and never in silence, in a crash or in "holds".

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "tests/checker/misused_program.h"

namespace slabproof::testing {
namespace {

using model::Execution;
using model::ExploreOptions;
using model::ExploreResult;
using model::Search;
using ::testing::HasSubstr;
using Sync = model::RelacySync;
using enum std::memory_order;

void expect_failure_with_trace(const ExploreResult& result, const std::string& message) {
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_FALSE(result.violation->is_no_verdict());
  EXPECT_THAT(result.violation->message, HasSubstr(message));
  EXPECT_TRUE(result.reproduced);
  ASSERT_FALSE(result.trace.events.empty());
  EXPECT_TRUE(result.trace.events.back().failed);
}

// ---- what cannot be run ----

TEST(CheckerMisuse, MoreThreadsThanThereMayBeAreRefused) {
  Parts program(std::vector<Parts::Part>(model::kMaxThreads + 1, step));
  const ExploreResult result = explore_with(program, Search::kDpor);
  expect_refused(result, "at most 8 threads; thread_count() gives 9");
  EXPECT_EQ(result.executions, 0U);
}

TEST(CheckerMisuse, NoThreadsAreRefused) {
  Parts program({});
  const ExploreResult result = explore_with(program, Search::kDpor);
  expect_refused(result, "at least one thread");
  EXPECT_EQ(result.executions, 0U);
}

TEST(CheckerMisuse, ReplayWithoutAScheduleIsRefused) {
  Parts program({step});
  expect_refused(explore_with(program, Search::kReplay), "needs a schedule");
}

TEST(CheckerMisuse, SearchWithinAnExecutionIsRefused) {
  Parts inner({step});
  Parts program({[&](State&) { static_cast<void>(explore_with(inner, Search::kDpor)); }, step});
  for (const Search search : kSearches) {
    expect_refused(explore_with(program, search), "explore is called within an execution");
  }
}

TEST(CheckerMisuse, SearchWithinAJudgementIsRefusedAndTheOtherGoesOn) {
  Parts inner({step});
  Parts program({step, step});
  program.on_judge = [&] {
    expect_refused(explore_with(inner, Search::kDpor), "another search runs");
  };
  const ExploreResult result = explore_with(program, Search::kDpor);
  EXPECT_TRUE(result.exhaustive);
  EXPECT_EQ(result.executions, 2U);
  EXPECT_TRUE(explore_with(inner, Search::kDpor).exhaustive);
}

// ---- stacks ----

/// Writes to each page of a local array, the far end first.
template <std::size_t kKibibytes>
[[gnu::noinline]] int use_stack() {
  constexpr std::size_t kSize = kKibibytes << 10;
  std::array<char, kSize> bytes;
  volatile char* const seen = bytes.data();
  for (std::size_t i = 0; i < kSize; i += 1024) seen[i] = 1;
  return seen[0];
}

TEST(CheckerMisuse, ThreadMayUse200KibibytesOfStack) {
  const auto part = [](State& state) {
    step(state);
    use_stack<200>();
    step(state);
  };
  Parts program({part, part});
  program.on_before = [](State&) { use_stack<200>(); };
  program.on_after = [](State&) { use_stack<200>(); };
  const ExploreResult result = explore_with(program, Search::kDpor);
  EXPECT_FALSE(result.violation.has_value()) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
}

TEST(CheckerMisuse, StackThatIsOverrunIsNamedWithTheSchedule) {
  Parts program({step, [](State& state) {
                   if (state.x.load(relaxed) == 1) use_stack<400>();
                 }});
  for (const Search search : kSearches) {
    const ExploreResult result = explore_with(program, search);
    expect_failure_with_trace(result, "thread 1 overran its stack of 320 KiB");
    EXPECT_FALSE(result.schedule.choices.empty());
  }
}

TEST(CheckerMisuse, StackThatIsOverrunByFarIsNamed) {
  Parts program({[](State&) { use_stack<4096>(); }, step});
  expect_failure_with_trace(explore_with(program, Search::kDpor),
                            "thread 0 overran its stack of 320 KiB");
}

TEST(CheckerMisuse, StackThatIsOverrunBeforeTheThreadsIsNamed) {
  Parts program({step});
  program.on_before = [](State&) { use_stack<400>(); };
  expect_failure_with_trace(explore_with(program, Search::kDpor),
                            "what runs before the threads overran its stack");
}

// ---- exceptions and crashes ----

TEST(CheckerMisuse, ExceptionThatLeavesAThreadIsAFailureWithItsMessage) {
  Parts program({step, [](State& state) {
                   if (state.x.load(relaxed) == 1) throw std::runtime_error("queue is full");
                 }});
  for (const Search search : kSearches) {
    const ExploreResult result = explore_with(program, search);
    expect_failure_with_trace(result, "an exception leaves thread 1: queue is full");
    EXPECT_FALSE(result.schedule.choices.empty());
  }
}

TEST(CheckerMisuse, ExceptionThatLeavesBeforeOrAfterIsAFailure) {
  const auto fail = [](State&) { throw std::runtime_error("no memory"); };
  Parts program({step});
  program.on_after = fail;
  expect_failure_with_trace(explore_with(program, Search::kDpor),
                            "an exception leaves what runs after the threads: no memory");
  program.on_before = fail;
  expect_failure_with_trace(explore_with(program, Search::kDpor),
                            "an exception leaves what runs before the threads: no memory");
}

TEST(CheckerMisuse, ExceptionOfAnyTypeIsAFailure) {
  Parts program({[](State&) { throw 7; }});
  expect_failure_with_trace(explore_with(program, Search::kDpor),
                            "an exception leaves thread 0: not a std::exception");
}

TEST(CheckerMisuse, SearchGoesOnAfterAnException) {
  Parts program({step, [](State& state) {
                   if (state.x.load(relaxed) == 1) throw std::runtime_error("odd");
                 }});
  ExploreOptions options;
  options.search = Search::kFull;
  options.stop_on_violation = false;
  const ExploreResult result = model::explore(program, options);
  EXPECT_GE(result.violations, 1U);
  EXPECT_GT(result.executions, result.violations);
}

TEST(CheckerMisuse, ExceptionsOfTwoThreadsAtOnceDoNotMix) {
  const auto throw_and_catch = [](const char* mine) {
    return [mine](State& state) {
      try {
        try {
          throw std::runtime_error(mine);
        } catch (const std::exception&) {
          step(state);  // here the other one may throw, and end its own
          throw;
        }
      } catch (const std::exception& caught) {
        if (std::string_view(caught.what()) != mine)
          model::checker_hooks::report("S1", caught.what());
      }
    };
  };
  Parts program({throw_and_catch("first"), throw_and_catch("second")});
  const ExploreResult result = explore_with(program, Search::kFull);
  EXPECT_FALSE(result.violation.has_value()) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
}

TEST(CheckerMisuse, ExceptionThatANoexceptFunctionStopsIsAFailure) {
  const auto never_throws = [](const auto& function) noexcept { function(); };
  Parts program({step, [&](State&) { never_throws([] { throw std::runtime_error("it does"); }); }});
  expect_failure_with_trace(explore_with(program, Search::kDpor), "it does");
}

// ---- what the checker does not control ----

TEST(CheckerMisuse, ThreadOfTheOperatingSystemThatUsesACheckedObjectIsReported) {
  Parts program({[](State& state) {
                   std::thread foreign([&] { state.x.store(1, relaxed); });
                   foreign.join();
                 },
                 step});
  for (const Search search : {Search::kDpor, Search::kFull}) {
    expect_refused(explore_with(program, search),
                   "a thread of the operating system that the checker did not start");
  }
}

TEST(CheckerMisuse, ThreadOfTheOperatingSystemThatNobodyJoinsIsReported) {
  Parts program({[](State& state) {
                   std::atomic<bool> begun = false;
                   std::thread([&] {
                     begun = true;
                     static_cast<void>(state.value.read());
                   }).detach();
                   while (!begun || model::Engine::foreign_use() == nullptr) {
                   }
                 },
                 step});
  expect_refused(explore_with(program, Search::kDpor),
                 "a thread of the operating system that the checker did not start");
}

TEST(CheckerMisuseDeathTest, CheckedObjectOutsideOfAnExecutionEndsTheProcessWithAMessage) {
  EXPECT_DEATH({ const Sync::Atomic<int> atomic(0); }, "used while no execution runs");
}

TEST(CheckerMisuseDeathTest, MemoryOutsideOfAnExecutionEndsTheProcessWithAMessage) {
  namespace hooks = model::checker_hooks;
  const auto expect_death = [](const auto& act) {
    EXPECT_DEATH(act(), "used while no execution runs");
  };
  expect_death([] { static_cast<void>(hooks::request_region(64, 64, 0, {})); });
  expect_death([] { hooks::release_region(nullptr, 64, 0); });
  expect_death([] { hooks::discard_region(nullptr, 64, 0); });
}

/// A search of programs that stall for ever, so that a short limit is right for them.
ExploreResult explore_stalling(Execution& execution, Search search) {
  ExploreOptions options;
  options.search = search;
  options.run.stall_limit = 0.1;
  return model::explore(execution, options);
}

TEST(CheckerMisuse, StandardMutexThatAnotherThreadHoldsIsReported) {
  std::optional<std::mutex> mutex;
  const auto section = [&](State& state) {
    const std::lock_guard lock(*mutex);
    step(state);
  };
  Parts program({section, section});
  program.on_before = [&](State&) { mutex.emplace(); };
  for (const Search search : kSearches) {
    expect_refused(explore_stalling(program, search), "such as a std::mutex");
  }
}

TEST(CheckerMisuse, LoopWithoutACheckedOperationIsReported) {
  std::atomic<bool> never = false;
  Parts program({[&](State&) {
                   while (!never) {
                   }
                 },
                 step});
  expect_refused(explore_stalling(program, Search::kDpor), "thread 0 has made no step for 0.1 s");
}

TEST(CheckerMisuse, StandardMutexOrdersNothing) {
  std::optional<std::mutex> mutex;  // anew each time: a failure leaves it locked
  const auto section = [&](State& state) {
    const std::lock_guard lock(*mutex);
    state.value.write() = 1;
  };
  Parts program({section, section});
  program.on_before = [&](State&) { mutex.emplace(); };
  const ExploreResult result = explore_with(program, Search::kDpor);
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_THAT(result.violation->message, HasSubstr("data race"));
}

TEST(CheckerMisuse, RecursiveMutexExcludesNothing) {
  std::recursive_mutex mutex;
  int inside = 0;
  bool both_inside = false;
  const auto section = [&](State& state) {
    const std::lock_guard lock(mutex);
    ++inside;
    both_inside |= inside == 2;
    step(state);
    --inside;
  };
  Parts program({section, section});
  program.on_before = [&](State&) { inside = 0; };
  EXPECT_TRUE(explore_with(program, Search::kDpor).exhaustive);
  EXPECT_TRUE(both_inside);
}

}  // namespace
}  // namespace slabproof::testing
