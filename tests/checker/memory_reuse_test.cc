// Under the search of execution graphs, memory that is freed comes back: in each way that a heap
// may choose, once each, and only after the free.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/search/failure.h"
#include "model/slab/model_backing.h"
#include "slabproof/layout.h"
#include "tests/checker/script_findings.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::ExploreOptions;
using Sync = model::RelacySync;
using enum std::memory_order;

struct State {
  Sync::Atomic<std::uintptr_t> freed{0};
  Sync::Atomic<int> x{0};
  Sync::Atomic<int> y{0};
  Sync::Var<int> plain{0};
  Sync::Var<void*> passed_on{nullptr};
  std::array<int, 1> got{};
};
using Thread = ScriptedExecution<State>::Part;

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

ScriptFindings explore_graphs(ScriptedExecution<State>& execution) {
  return find_in_execution(model::Search::kGraph, execution);
}

ScriptFindings explore_graphs(const std::vector<Thread>& threads, bool reuses = true) {
  ExploreOptions options;
  options.run.reuse_memory = reuses;
  return find_in_script<State>(model::Search::kGraph, threads, options);
}

// The compiler may leave out an expression of `new` and `delete`, but not these calls.
void allocate_and_free(State& /*state*/) {
  ::operator delete(::operator new(8));
}

TEST(MemoryReuse, FreedMemoryComesBackOrDoesNot) {
  const ScriptFindings found = explore_graphs({[](State& state) {
    auto* const first = new int(1);
    const std::uintptr_t freed = address_of(first);
    delete first;
    const auto second = std::make_unique<int>(2);
    state.got[0] = address_of(second.get()) == freed ? 1 : 0;
  }});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"0", "1"}));
  EXPECT_EQ(found.complete, 2U);
}

TEST(MemoryReuse, ObjectThatIsAliveInMemoryThatIsGivenBackIsFound) {
  const ScriptFindings found = explore_graphs({[](State& state) {
    const model::ModelBacking region(*Layout::make(256, 64));
    ::new (static_cast<void*>(region.data())) Sync::Var<int>(1);
    state.got[0] = 1;
  }});
  EXPECT_EQ(found.defects, std::set{Defect::kNeverDestroyed});
}

TEST(MemoryReuse, MemoryOfAnotherSizeDoesNotComeBack) {
  const ScriptFindings found = explore_graphs({[](State& state) {
    allocate_and_free(state);
    ::operator delete(::operator new(1'000));
  }});
  EXPECT_EQ(found.complete, 1U);
}

TEST(MemoryReuse, MemoryInUseDoesNotComeBack) {
  const ScriptFindings found = explore_graphs({[](State& state) {
    allocate_and_free(state);
    const auto second = std::make_unique<std::uint64_t>(2);
    const auto third = std::make_unique<std::uint64_t>(3);
    state.got[0] = second.get() == third.get() ? 1 : 0;
  }});
  EXPECT_EQ(found.outcomes, std::set<std::string>{"0"});
  EXPECT_EQ(found.complete, 3U);
}

// Of n threads that allocate and free once each, some get memory from one another, one after the
// other: the executions are the ways to put n threads into ordered lists (OEIS A000262). Fewer
// would be some that are missing, more some that come twice.
TEST(MemoryReuse, ExecutionsAreTheWaysToHandMemoryOn) {
  const std::uint64_t kWays[] = {1, 3, 13, 73, 501};
  for (std::size_t threads = 1; threads <= std::size(kWays); ++threads) {
    const ScriptFindings found = explore_graphs(std::vector<Thread>(threads, &allocate_and_free));
    EXPECT_TRUE(found.result.exhaustive);
    EXPECT_EQ(found.complete, kWays[threads - 1]) << threads;
  }
}

// Two of each: a thread's own second allocation may take its first, and so on. As many as there are
// ways to let each of the four allocations take one free or none, without a cycle, each free once.
TEST(MemoryReuse, ExecutionsOfTwoThreadsThatAllocateTwice) {
  const Thread twice = [](State& state) {
    allocate_and_free(state);
    allocate_and_free(state);
  };
  const ScriptFindings found = explore_graphs({twice, twice});
  EXPECT_TRUE(found.result.exhaustive);
  EXPECT_EQ(found.complete, 37U);
}

// A read has two sources; which memory comes back is independent of that, but for causality.
TEST(MemoryReuse, ReadsAndReusesAreChosenIndependently) {
  const ScriptFindings found = explore_graphs({[](State& state) {
                                                 allocate_and_free(state);
                                                 state.x.store(1, relaxed);
                                                 static_cast<void>(state.y.load(relaxed));
                                               },
                                               [](State& state) {
                                                 allocate_and_free(state);
                                                 state.y.store(1, relaxed);
                                                 static_cast<void>(state.x.load(relaxed));
                                               }});
  EXPECT_EQ(found.complete, 4U * 3U);
}

// The allocation of thread 0 does not take what is freed only after its own store was read.
TEST(MemoryReuse, NoMemoryComesBackBeforeItsCauses) {
  const ScriptFindings found = explore_graphs({[](State& state) {
                                                 allocate_and_free(state);
                                                 state.x.store(1, relaxed);
                                               },
                                               [](State& state) {
                                                 static_cast<void>(state.x.load(relaxed));
                                                 allocate_and_free(state);
                                               }});
  EXPECT_EQ(found.complete, 3U + 2U);
}

// Where thread 1 takes the memory of thread 0, it sees the store before the free.
TEST(MemoryReuse, FreeReleasesStoresToTheAllocation) {
  const ScriptFindings found = explore_graphs({[](State& state) {
                                                 state.x.store(1, relaxed);
                                                 allocate_and_free(state);
                                               },
                                               [](State& state) {
                                                 allocate_and_free(state);
                                                 static_cast<void>(state.x.load(relaxed));
                                               }});
  EXPECT_EQ(found.complete, 2U + 2U + 1U);
}

// The store revisits the load, but not where thread 0 has taken what thread 1 freed after it: that
// free would go.
TEST(MemoryReuse, FreeThatIsTakenStays) {
  const ScriptFindings found = explore_graphs({&allocate_and_free,
                                               [](State& state) {
                                                 static_cast<void>(state.x.load(relaxed));
                                                 allocate_and_free(state);
                                               },
                                               [](State& state) { state.x.store(1, relaxed); }});
  EXPECT_EQ(found.complete, 3U * 2U);
}

TEST(MemoryReuse, WhatWasDoneBeforeTheFreeHappensBeforeTheAllocation) {
  const ScriptFindings found =
      explore_graphs({[](State& state) {
                        auto* const mine = new int(1);
                        state.plain.write() = 1;
                        state.freed.store(address_of(mine), relaxed);
                        delete mine;
                      },
                      [](State& state) {
                        const auto other = std::make_unique<int>(2);
                        if (state.freed.load(relaxed) != address_of(other.get())) return;
                        state.got[0] = 1 + state.plain.read();
                      }});
  EXPECT_FALSE(found.result.violation) << to_text(*found.result.violation);
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"0", "2"}));
}

TEST(MemoryReuse, ScheduleOfAFailureTakesTheSameMemoryAgain) {
  const ScriptFindings found = explore_graphs({[](State& /*state*/) {
    auto* const first = new int(1);
    const std::uintptr_t freed = address_of(first);
    delete first;
    const auto second = std::make_unique<int>(2);
    if (address_of(second.get()) == freed) {
      model::checker_hooks::report("client", "the same address");
    }
  }});
  ASSERT_TRUE(found.result.violation);
  EXPECT_TRUE(found.result.reproduced);
}

TEST(MemoryReuse, MemoryThatIsFreedTwiceIsFound) {
  const ScriptFindings found = explore_graphs({[](State& /*state*/) {
    auto* const memory = ::operator new(8);
    // The compiler must not know.
    const volatile auto again = reinterpret_cast<std::uintptr_t>(memory);
    ::operator delete(memory);
    ::operator delete(reinterpret_cast<void*>(again));
  }});
  ASSERT_TRUE(found.result.violation);
  EXPECT_EQ(found.result.violation->defect, Defect::kUseAfterFree);
}

// `before` makes the vector anew, and so frees the buffer that it had in the execution before: at
// the address of the new one.
TEST(MemoryReuse, MemoryOfTheExecutionBeforeIsNotFreedTwice) {
  std::vector<int> kept;
  const auto grow = [&kept](State& state) {
    if (state.x.load(relaxed) == 1) kept.push_back(1);
    state.got[0] = static_cast<int>(kept.size());
  };
  ScriptedExecution<State> execution({grow, [](State& state) { state.x.store(1, relaxed); }},
                                     numbers_of<State>);
  execution.on_before = [&](State& /*state*/) { kept = std::vector<int>(4); };
  const ScriptFindings found = explore_graphs(execution);
  EXPECT_FALSE(found.result.violation) << to_text(*found.result.violation);
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"4", "5"}));
}

TEST(MemoryReuse, MemoryOfTheSearchBeforeIsNotFreedTwice) {
  std::vector<int> kept;
  bool grows = false;
  ScriptedExecution<State> execution({[&](State& /*state*/) {
    if (grows) kept.push_back(1);
  }});
  execution.on_before = [&](State& /*state*/) { kept = std::vector<int>(4); };
  ASSERT_EQ(explore_graphs(execution).complete, 1U);
  grows = true;
  const ScriptFindings found = explore_graphs(execution);
  EXPECT_FALSE(found.result.violation) << to_text(*found.result.violation);
}

// Thread 1 knows of the memory by a race alone: an allocation that took what it frees would never
// have been made.
TEST(MemoryReuse, MemoryThatIsFreedByARaceIsNotUsedAgain) {
  const ScriptFindings found = explore_graphs({[](State& state) {
                                                 void* const memory = ::operator new(8);
                                                 state.passed_on.write() = memory;
                                               },
                                               [](State& state) {
                                                 if (void* const memory = state.passed_on.read()) {
                                                   ::operator delete(memory);
                                                 }
                                               }});
  EXPECT_EQ(found.defects, std::set{Defect::kDataRace});
  EXPECT_EQ(found.result.verdict, model::Verdict::kViolated);
}

TEST(MemoryReuse, AllMemoryIsFreshWhereSoAsked) {
  const ScriptFindings found = explore_graphs({&allocate_and_free, &allocate_and_free}, false);
  EXPECT_EQ(found.complete, 1U);
}

}  // namespace
}  // namespace slabproof::testing
