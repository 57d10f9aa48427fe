// What one execution may not leave for the next: state of the program, which each must begin with
// anew, thread_local variables, and the memory of threads that are abandoned.

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/checker/misused_program.h"

namespace slabproof::testing {
namespace {

using model::Execution;
using model::ExploreOptions;
using model::Failure;
using model::Search;
using Sync = model::RelacySync;
using enum std::memory_order;

// ---- what must be the same in each execution ----

void expect_not_the_same(Execution& execution) {
  for (const Search search : kSearches) {
    SCOPED_TRACE(to_text(search));
    expect_refused(explore_with(execution, search), "does not do the same again");
  }
}

TEST(StateBetweenExecutions, StateKeptOutsideBeforeIsRefused) {
  int executions = 0;
  Parts program({[&](State& state) { state.x.store(executions++, relaxed); },
                 [](State& state) { static_cast<void>(state.x.load(relaxed)); }, step});
  expect_not_the_same(program);
}

TEST(StateBetweenExecutions, VariableThatBeginsWithAnotherValueEachTimeIsRefused) {
  int executions = 0;
  const auto read = [](State& state) {
    static_cast<void>(state.value.read());
    step(state);
  };
  Parts program({read, read});
  program.on_before = [&](State& state) { state.value.write() = executions++; };
  expect_not_the_same(program);
}

TEST(StateBetweenExecutions, OtherOperationsEachTimeAreRefused) {
  int executions = 0;
  Parts program(
      {[&](State& state) { (++executions % 2 == 0 ? state.x : state.y).store(1, relaxed); }, step,
       step});
  expect_not_the_same(program);
}

TEST(StateBetweenExecutions, FewerStepsEachTimeAreRefused) {
  int left = 20;
  const auto steps = [&](State& state) {
    for (int i = 0; i < left; ++i) step(state);
    if (left > 1) --left;
  };
  Parts program({steps, step});
  expect_not_the_same(program);
}

TEST(StateBetweenExecutions, RefusalIsNotPassedOverByAPropertyFilter) {
  int executions = 0;
  Parts program({[&](State& state) { state.x.store(executions++, relaxed); },
                 [](State& state) { static_cast<void>(state.x.load(relaxed)); }, step});
  ExploreOptions options;
  options.is_wanted = [](const Failure& failure) {
    return failure.defect == model::Defect::kDataRace;
  };
  options.stop_on_violation = false;
  expect_refused(model::explore(program, options), "does not do the same again");
}

TEST(StateBetweenExecutions, AddressesThatDifferEachTimeAreNotRefused) {
  std::vector<std::unique_ptr<int>> kept;  // so that no address comes twice
  Sync::Atomic<int*>* head = nullptr;
  Sync::Atomic<std::uint64_t>* tagged = nullptr;
  const auto push = [&](State&) {
    int* const node = kept.emplace_back(std::make_unique<int>(1)).get();
    head->exchange(node, relaxed);
    tagged->exchange(reinterpret_cast<std::uint64_t>(node) | 1, relaxed);
  };
  Parts program({push, push});
  program.on_before = [&](State&) {
    head = new Sync::Atomic<int*>(nullptr);
    tagged = new Sync::Atomic<std::uint64_t>(0);
  };
  program.on_after = [&](State&) {
    delete head;
    delete tagged;
  };
  for (const Search search : kSearches) {
    EXPECT_FALSE(explore_with(program, search).violation.has_value());
  }
}

// ---- thread_local ----

thread_local int calls = 0;

TEST(StateBetweenExecutions, ThreadLocalThatChangesIsRefused) {
  const auto count = [](State& state) {
    ++calls;
    step(state);
  };
  Parts program({count, count});
  for (const Search search : kSearches) {
    expect_refused(explore_with(program, search), "a thread_local variable was changed");
  }
}

TEST(StateBetweenExecutions, ThreadLocalThatIsPutBackIsNotNoticed) {
  bool is_shared = false;
  const auto count = [&](State& state) {
    ++calls;
    step(state);
    is_shared |= calls % 2 == 0;
    --calls;
  };
  calls = 0;
  Parts program({count, count});
  EXPECT_TRUE(explore_with(program, Search::kDpor).exhaustive);
  EXPECT_TRUE(is_shared);
}

// ---- what abandoned executions leave behind ----

/// Bytes that are allocated after 1,000 and after 3,000 executions that each abandon three threads.
std::pair<std::size_t, std::size_t> allocated_by_failures(const Parts::Part& failing,
                                                          const model::RunSettings& run) {
  Parts program({failing, failing, failing});
  ExploreOptions options;
  options.search = Search::kRandom;
  options.iterations = 3000;
  options.stop_on_violation = false;
  options.trace = false;
  options.run = run;
  std::uint64_t executions = 0;
  std::size_t early = 0;
  std::size_t late = 0;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    EXPECT_NE(end.failure, nullptr);
    ++executions;
    (executions <= 1000 ? early : late) = ::mallinfo2().uordblks;
  };
  EXPECT_EQ(model::explore(program, options).violations, 3000U);
  return {early, late};
}

/// Less than one byte for each of 2,000 executions: what the C++ library keeps once may come in.
constexpr std::size_t kFlat = 1999;

TEST(StateBetweenExecutions, FailuresOfEachSortLeaveNothingOfTheCheckerBehind) {
  const auto race = [](State& state) {
    step(state);
    state.value.write() = 1;
    step(state);
  };
  const auto throwing = [](State& state) {
    step(state);
    throw std::runtime_error("a message that is too long to lie within a string object");
  };
  const auto reported = [](State& state) {
    step(state);
    model::checker_hooks::report("S1", "a message that is too long to lie within a string object");
  };
  for (const Parts::Part& failing : {Parts::Part(race), {throwing}, {reported}}) {
    const auto [early, late] = allocated_by_failures(failing, {});
    EXPECT_LE(late, early + kFlat);
  }
}

TEST(StateBetweenExecutions, HeapOfAbandonedThreadsIsFreedWhereThatIsAskedFor) {
  // The pointers are volatile, or a compiler may find that nothing uses the memory.
  const auto failing = [](State& state) {
    const std::string* const volatile kept = new std::string(100, 'x');
    int* const volatile given_back = new int(1);
    step(state);
    delete given_back;
    EXPECT_EQ(kept->size(), 100U);
    model::checker_hooks::report("S1", "abandoned");
  };
  model::RunSettings run;
  const auto [early, late] = allocated_by_failures(failing, run);
  EXPECT_GT(late, early + kFlat);
  run.free_abandoned_heap = true;
  const auto [early_freed, late_freed] = allocated_by_failures(failing, run);
  EXPECT_LE(late_freed, early_freed + kFlat);
}

}  // namespace
}  // namespace slabproof::testing
