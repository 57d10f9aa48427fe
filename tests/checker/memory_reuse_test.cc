// Under the search of execution graphs, memory that is freed comes back: in each way that a heap
// may choose, once each, and only after the free.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/graph/graph_explore.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/search/failure.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::ExploreOptions;
using model::ExploreResult;
using Sync = model::RelacySync;
using enum std::memory_order;

struct State {
  Sync::Atomic<std::uintptr_t> freed{0};
  Sync::Atomic<int> x{0};
  Sync::Atomic<int> y{0};
  Sync::Var<int> plain{0};
  Sync::Var<void*> passed_on{nullptr};
  std::string got;
};
using Thread = ScriptedExecution<State>::Part;

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

struct Explored {
  ExploreResult result;
  std::set<std::string> outcomes;
};

Explored explore_graphs(const std::vector<Thread>& threads, bool reuses = true) {
  ScriptedExecution<State> execution(threads, [](State& state) { return state.got; });
  Explored explored;
  ExploreOptions options;
  options.search = model::Search::kGraph;
  options.run.reuse_memory = reuses;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) explored.outcomes.insert(execution.outcome());
  };
  explored.result = model::explore(execution, &model::graph::graph_runner, options);
  return explored;
}

// The compiler may leave out an expression of `new` and `delete`, but not these calls.
void allocate_and_free(State& /*state*/) {
  ::operator delete(::operator new(8));
}

TEST(MemoryReuse, FreedMemoryComesBackOrDoesNot) {
  const auto explored = explore_graphs({[](State& state) {
    auto* const first = new int(1);
    const std::uintptr_t freed = address_of(first);
    delete first;
    const auto second = std::make_unique<int>(2);
    state.got = address_of(second.get()) == freed ? "same" : "other";
  }});
  EXPECT_EQ(explored.outcomes, (std::set<std::string>{"same", "other"}));
  EXPECT_EQ(explored.result.executions, 2U);
}

TEST(MemoryReuse, MemoryOfAnotherSizeDoesNotComeBack) {
  const auto explored = explore_graphs({[](State& state) {
    allocate_and_free(state);
    const auto larger = std::make_unique<std::byte[]>(1'000);
  }});
  EXPECT_EQ(explored.result.executions, 1U);
}

TEST(MemoryReuse, MemoryInUseDoesNotComeBack) {
  const auto explored = explore_graphs({[](State& state) {
    allocate_and_free(state);
    const auto second = std::make_unique<std::uint64_t>(2);
    const auto third = std::make_unique<std::uint64_t>(3);
    state.got = second.get() == third.get() ? "same" : "other";
  }});
  EXPECT_EQ(explored.outcomes, (std::set<std::string>{"other"}));
  EXPECT_EQ(explored.result.executions, 3U);
}

// Of n threads that allocate and free once each, some get memory from one another, one after the
// other: the executions are the ways to put n threads into ordered lists (OEIS A000262). Fewer
// would be some that are missing, more some that come twice.
TEST(MemoryReuse, ExecutionsAreTheWaysToHandMemoryOn) {
  const std::uint64_t kWays[] = {1, 3, 13, 73, 501};
  for (std::size_t threads = 1; threads <= std::size(kWays); ++threads) {
    const auto explored = explore_graphs(std::vector<Thread>(threads, &allocate_and_free));
    EXPECT_TRUE(explored.result.exhaustive);
    EXPECT_EQ(explored.result.executions, kWays[threads - 1]) << threads;
  }
}

// Two of each: a thread's own second allocation may take its first, and so on. As many as there are
// ways to let each of the four allocations take one free or none, without a cycle, each free once.
TEST(MemoryReuse, ExecutionsOfTwoThreadsThatAllocateTwice) {
  const Thread twice = [](State& state) {
    allocate_and_free(state);
    allocate_and_free(state);
  };
  const auto explored = explore_graphs({twice, twice});
  EXPECT_TRUE(explored.result.exhaustive);
  EXPECT_EQ(explored.result.executions, 37U);
}

// A read has two sources; which memory comes back is independent of that, but for causality.
TEST(MemoryReuse, ReadsAndReusesAreChosenIndependently) {
  const auto explored = explore_graphs({[](State& state) {
                                          allocate_and_free(state);
                                          state.x.store(1, relaxed);
                                          static_cast<void>(state.y.load(relaxed));
                                        },
                                        [](State& state) {
                                          allocate_and_free(state);
                                          state.y.store(1, relaxed);
                                          static_cast<void>(state.x.load(relaxed));
                                        }});
  EXPECT_EQ(explored.result.executions, 4U * 3U);
}

// The allocation of thread 0 does not take what is freed only after its own store was read.
TEST(MemoryReuse, NoMemoryComesBackBeforeItsCauses) {
  const auto explored = explore_graphs({[](State& state) {
                                          allocate_and_free(state);
                                          state.x.store(1, relaxed);
                                        },
                                        [](State& state) {
                                          static_cast<void>(state.x.load(relaxed));
                                          allocate_and_free(state);
                                        }});
  EXPECT_EQ(explored.result.executions, 3U + 2U);
}

// Where thread 1 takes the memory of thread 0, it sees the store before the free.
TEST(MemoryReuse, FreeReleasesStoresToTheAllocation) {
  const auto explored = explore_graphs({[](State& state) {
                                          state.x.store(1, relaxed);
                                          allocate_and_free(state);
                                        },
                                        [](State& state) {
                                          allocate_and_free(state);
                                          static_cast<void>(state.x.load(relaxed));
                                        }});
  EXPECT_EQ(explored.result.executions, 2U + 2U + 1U);
}

// The store revisits the load, but not where thread 0 has taken what thread 1 freed after it: that
// free would go.
TEST(MemoryReuse, FreeThatIsTakenStays) {
  const auto explored = explore_graphs({&allocate_and_free,
                                        [](State& state) {
                                          static_cast<void>(state.x.load(relaxed));
                                          allocate_and_free(state);
                                        },
                                        [](State& state) { state.x.store(1, relaxed); }});
  EXPECT_EQ(explored.result.executions, 3U * 2U);
}

TEST(MemoryReuse, WhatWasDoneBeforeTheFreeHappensBeforeTheAllocation) {
  const auto explored = explore_graphs({[](State& state) {
                                          auto* const mine = new int(1);
                                          state.plain.write() = 1;
                                          state.freed.store(address_of(mine), relaxed);
                                          delete mine;
                                        },
                                        [](State& state) {
                                          const auto other = std::make_unique<int>(2);
                                          if (state.freed.load(relaxed) != address_of(other.get()))
                                            return;
                                          state.got = std::to_string(state.plain.read());
                                        }});
  EXPECT_FALSE(explored.result.violation) << to_text(*explored.result.violation);
  EXPECT_EQ(explored.outcomes, (std::set<std::string>{"", "1"}));
}

TEST(MemoryReuse, ScheduleOfAFailureTakesTheSameMemoryAgain) {
  const auto explored = explore_graphs({[](State& /*state*/) {
    auto* const first = new int(1);
    const std::uintptr_t freed = address_of(first);
    delete first;
    const auto second = std::make_unique<int>(2);
    if (address_of(second.get()) == freed) {
      model::checker_hooks::report("client", "the same address");
    }
  }});
  ASSERT_TRUE(explored.result.violation);
  EXPECT_TRUE(explored.result.reproduced);
}

TEST(MemoryReuse, MemoryThatIsFreedTwiceIsFound) {
  const auto explored = explore_graphs({[](State& /*state*/) {
    auto* const memory = ::operator new(8);
    // The compiler must not know.
    const volatile auto again = reinterpret_cast<std::uintptr_t>(memory);
    ::operator delete(memory);
    ::operator delete(reinterpret_cast<void*>(again));
  }});
  ASSERT_TRUE(explored.result.violation);
  EXPECT_EQ(explored.result.violation->defect, Defect::kUseAfterFree);
}

// Thread 1 knows of the memory by a race alone: an allocation that took what it frees would never
// have been made.
TEST(MemoryReuse, MemoryThatIsFreedByARaceIsNotUsedAgain) {
  ScriptedExecution<State> execution({[](State& state) {
                                        void* const memory = ::operator new(8);
                                        state.passed_on.write() = memory;
                                      },
                                      [](State& state) {
                                        if (void* const memory = state.passed_on.read()) {
                                          ::operator delete(memory);
                                        }
                                      }});
  std::set<Defect> defects;
  ExploreOptions options;
  options.search = model::Search::kGraph;
  options.stop_on_violation = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) defects.insert(end.failure->defect);
  };
  const ExploreResult result = model::explore(execution, &model::graph::graph_runner, options);
  EXPECT_EQ(defects, (std::set<Defect>{Defect::kDataRace}));
  EXPECT_EQ(result.verdict, model::Verdict::kViolated);
}

TEST(MemoryReuse, AllMemoryIsFreshWhereSoAsked) {
  const auto explored = explore_graphs({&allocate_and_free, &allocate_and_free}, false);
  EXPECT_EQ(explored.result.executions, 1U);
}

}  // namespace
}  // namespace slabproof::testing
