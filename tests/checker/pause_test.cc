// That a pause loses nothing: it is a scheduling point, and what is left out after it are turns of
// a wait that repeat each other. The programs on which a plausible rule of fairness loses outcomes,
// loops that wait and end, loops that wait for ever, and loops of which the search cannot know.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/support/instructions.h"
#include "tests/support/scripted_execution.h"
#include "tests/support/small_findings.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using model::ExploreOptions;
using model::Search;
using model::Verdict;
using enum std::memory_order;
using Kind = Instruction::Kind;
using Sync = model::RelacySync;

void expect_as_without_pauses(const SmallProgram& program) {
  const std::set<std::string> expected = find_all(without_pauses(program), Search::kFull).outcomes;
  for (const Search search : {Search::kFull, Search::kDpor}) {
    const Findings found = find_all(program, search);
    EXPECT_TRUE(found.result.exhaustive);
    EXPECT_EQ(found.result.verdict, Verdict::kHolds);
    EXPECT_EQ(found.outcomes, expected) << to_text(search);
  }
}

// ---- a pause is a scheduling point and no more ----

TEST(Pause, BeforeAStoreKeepsBothOrders) {
  const SmallProgram program = {{kPause, store(x, 1, seq_cst)}, {{Kind::kFetchAdd, x, seq_cst, 1}}};
  EXPECT_EQ(find_all(program, Search::kDpor).outcomes.size(), 2U);
  expect_as_without_pauses(program);
}

TEST(Pause, BetweenLoadsKeepsStaleValues) {
  expect_as_without_pauses({{load(x, relaxed), kPause, load(y, relaxed), kPause, load(x, relaxed)},
                            {store(x, 1, relaxed), store(y, 1, relaxed)}});
}

TEST(Pause, ManyInARowAreAsOne) {
  SmallThread thread(20, kPause);
  thread.push_back(store(x, 1, seq_cst));
  expect_as_without_pauses({thread, {{Kind::kFetchAdd, x, seq_cst, 1}}});
}

TEST(Pause, SameExchangeSeveralTimesIsNotAWait) {
  const Instruction again{Kind::kExchange, x, seq_cst, 1};
  expect_as_without_pauses({{again, kPause, again, kPause, again, kPause, again},
                            {store(x, 2, seq_cst), load(x, seq_cst)}});
}

TEST(Pause, WhileAMutexIsHeldKeepsEveryOrder) {
  const Instruction lock{Kind::kLock};
  const Instruction unlock{Kind::kUnlock};
  expect_as_without_pauses({{lock, kPause, store(x, 1, relaxed), kPause, unlock},
                            {kPause, lock, load(x, relaxed), unlock, kPause}});
}

struct XAndY {
  Sync::Atomic<std::uint32_t> x{0};
  Sync::Atomic<std::uint32_t> y{0};
  std::uint32_t result = 0;  // of one thread only
};
using Program = ScriptedExecution<XAndY>;

// An attempt that fails and backs off, and another thread that takes "nobody has been here" for
// granted as soon as it has made the attempt fail.
TEST(Pause, AfterAFailedAttemptHidesNoFailure) {
  const Program program({[](XAndY& state) {
                           std::uint32_t expected = 0;
                           if (state.x.compare_exchange_strong(expected, 5, seq_cst, seq_cst)) {
                             return;
                           }
                           Sync::pause();
                           state.y.store(1, seq_cst);
                         },
                         [](XAndY& state) {
                           state.x.store(1, seq_cst);
                           if (state.y.load(seq_cst) != 0)
                             model::checker_hooks::report("S1", "y is 1");
                         }});
  for (const Search search : {Search::kBound, Search::kFull, Search::kDpor}) {
    EXPECT_EQ(explore_all(program, search).failures, std::set<std::string>{"S1"})
        << to_text(search);
  }
}

// ---- loops that end ----

Program tries_of(unsigned most) {
  return Program({[most](XAndY& state) {
                    for (unsigned tries = 0; tries < most; ++tries) {
                      if (state.x.load(acquire) == 1) {
                        state.result = tries + 1;
                        return;
                      }
                      Sync::pause();
                    }
                    state.y.store(1, seq_cst);
                    state.result = 0;
                  },
                  [](XAndY& state) {
                    state.x.store(1, release);
                    state.x.store(2 + state.y.load(seq_cst), release);
                  }},
                 [](XAndY& state) {
                   return std::to_string(state.result) + " " +
                          std::to_string(state.x.load(relaxed));
                 });
}

TEST(Pause, LoopThatGivesUpDoesSoAtEveryMoment) {
  const std::set<std::string> all = {"0 2", "0 3", "1 2", "2 2", "3 2"};
  for (const Search search : {Search::kFull, Search::kDpor}) {
    const ExecutionEnds found = explore_all(tries_of(3), search);
    EXPECT_EQ(found.outcomes, all) << to_text(search);
    EXPECT_TRUE(found.result.exhaustive);
  }
}

// Of a loop that counts its turns the search cannot know that they repeat each other.
TEST(Pause, LoopThatCountsMoreTurnsThanAreUnrolledIsNotCalledExhaustive) {
  for (const Search search : {Search::kFull, Search::kDpor}) {
    const ExecutionEnds found = explore_all(tries_of(30), search);
    EXPECT_FALSE(found.result.exhaustive) << to_text(search);
    EXPECT_EQ(found.result.verdict, Verdict::kInconclusive);
  }
  ExploreOptions deeper;
  deeper.run.counted_turns = 30;
  const ExecutionEnds found = explore_all(tries_of(30), deeper);
  EXPECT_TRUE(found.result.exhaustive);
  EXPECT_EQ(found.outcomes.size(), 32U);
}

TEST(Pause, WaitIsExploredOnceForEachValueThatItReads) {
  const Findings found = find_all(
      {{await(x, 1, acquire), load(y, relaxed)}, {store(y, 1, relaxed), store(x, 1, release)}},
      Search::kDpor);
  EXPECT_EQ(found.outcomes, std::set<std::string>{"1 ||1 1 0 0 0 0"});
  EXPECT_TRUE(found.result.exhaustive);
  // With x set at first, and with a turn before.
  EXPECT_EQ(found.result.executions, 3U);
}

TEST(Pause, WaitThatReadsStaleValuesEnds) {
  const SmallProgram program = {{await(x, 2, relaxed), load(y, relaxed)},
                                {store(x, 1, relaxed), store(y, 1, relaxed), store(x, 2, relaxed)}};
  const Findings all = find_all(program, Search::kFull);
  const Findings reduced = find_all(program, Search::kDpor);
  EXPECT_TRUE(all.result.exhaustive && reduced.result.exhaustive);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  EXPECT_EQ(reduced.outcomes.size(), 2U);
}

struct Spinlock {
  Sync::Atomic<bool> taken{false};
  Sync::Var<std::uint32_t> count{0};

  void add() {
    while (taken.exchange(true, acquire)) Sync::pause();
    ++count.write();
    taken.store(false, release);
  }
};

TEST(Pause, SpinlockIsExhaustive) {
  const auto add = [](Spinlock& lock) { lock.add(); };
  const ExecutionEnds found = explore_all(
      ScriptedExecution<Spinlock>({add, add, add},
                                  [](Spinlock& lock) { return std::to_string(lock.count.read()); }),
      Search::kDpor);
  EXPECT_EQ(found.outcomes, std::set<std::string>{"3"});
  EXPECT_TRUE(found.failures.empty());
  EXPECT_TRUE(found.result.exhaustive);
}

struct Guarded {
  Sync::Mutex mutex;
  Sync::Var<bool> ready{false};
  Sync::Atomic<std::uint32_t> turns{0};
};

bool is_ready(Guarded& state) {
  state.mutex.lock();
  const bool ready = state.ready.read();
  state.mutex.unlock();
  return ready;
}

void make_ready(Guarded& state) {
  state.mutex.lock();
  state.ready.write() = true;
  state.mutex.unlock();
}

// A frame that overlaps those of the operations before it, where the checker has left its own.
[[gnu::noinline]] void back_off(unsigned turns) {
  std::array<std::uint32_t, 64> unused;
  for (unsigned i = 0; i < turns; ++i) {
    unused[i] = i;
    asm volatile("" : : "r"(&unused) : "memory");
    Sync::pause();
  }
}

TEST(Pause, WaitUnderAMutexIsExhaustive) {
  const auto wait = [](Guarded& state) {
    while (!is_ready(state)) Sync::pause();
  };
  const auto wait_longer = [](Guarded& state) {
    while (!is_ready(state)) back_off(3);
  };
  for (const Search search : {Search::kFull, Search::kDpor}) {
    const ExecutionEnds found =
        explore_all(ScriptedExecution<Guarded>({wait_longer, make_ready}), search);
    EXPECT_TRUE(found.failures.empty());
    EXPECT_TRUE(found.result.exhaustive) << to_text(search);
  }
  const ExecutionEnds found =
      explore_all(ScriptedExecution<Guarded>({wait, wait_longer, make_ready}), Search::kDpor);
  EXPECT_TRUE(found.failures.empty());
  EXPECT_TRUE(found.result.exhaustive);
}

// ---- loops that do not end ----

TEST(Pause, WaitsThatNobodyEndsAreALivelockThatSaysWhoWaits) {
  for (const Search search : {Search::kBound, Search::kFull, Search::kDpor, Search::kRandom}) {
    ExploreOptions options;
    options.search = search;
    TracedExecution execution(
        {{await(x, 1, acquire)}, {store(y, 1, relaxed), await(y, 2, relaxed)}});
    const model::ExploreResult result = model::explore(execution, options);
    ASSERT_TRUE(result.violation.has_value()) << to_text(search);
    EXPECT_EQ(result.violation->defect, model::Defect::kLivelock);
    EXPECT_EQ(result.violation->message,
              "livelock: thread 0 waits for what nobody will write, thread 1 waits for what nobody "
              "will write");
    EXPECT_TRUE(result.reproduced);
  }
}

TEST(Pause, SpinlocksThatAreNeverReleasedAreALivelock) {
  const auto take = [](Spinlock& lock) {
    while (lock.taken.exchange(true, acquire)) Sync::pause();
  };
  const ExecutionEnds found =
      explore_all(ScriptedExecution<Spinlock>({take, take, take}), Search::kDpor);
  EXPECT_EQ(found.failures, std::set<std::string>{"livelock"});
  EXPECT_TRUE(found.outcomes.empty());
}

TEST(Pause, WaitForAThreadThatWaitsForItsMutexIsALivelock) {
  const ExecutionEnds found =
      explore_all(ScriptedExecution<Guarded>({[](Guarded& state) {
                                                state.mutex.lock();
                                                while (state.turns.load(acquire) == 0)
                                                  Sync::pause();
                                                state.mutex.unlock();
                                              },
                                              [](Guarded& state) {
                                                state.mutex.lock();
                                                state.turns.store(1, release);
                                                state.mutex.unlock();
                                              }}),
                  Search::kDpor);
  EXPECT_EQ(found.failures, std::set<std::string>{"livelock"});
  EXPECT_EQ(found.outcomes.size(), 1U);
}

TEST(Pause, LoopThatOnlyPausesIsALivelock) {
  const auto found = explore_all(Program({[](XAndY&) {
                                            for (;;) Sync::pause();
                                          },
                                          [](XAndY& state) { state.x.store(1, relaxed); }}),
                                 Search::kDpor);
  EXPECT_EQ(found.failures, std::set<std::string>{"livelock"});
}

// ---- loops of which the search cannot know ----

/// A lock for readers and a writer, in which a reader that comes too late takes back what it did.
struct ReadersAndWriter {
  static constexpr std::uint32_t kWriter = 16;
  Sync::Atomic<std::uint32_t> users{0};
  Sync::Var<std::uint32_t> value{0};

  void read() {
    while ((users.fetch_add(1, acquire) & kWriter) != 0) {
      users.fetch_sub(1, relaxed);
      Sync::pause();
    }
    static_cast<void>(value.read());
    users.fetch_sub(1, release);
  }
  void write() {
    for (;;) {
      std::uint32_t expected = 0;
      if (users.compare_exchange_strong(expected, kWriter, acquire, relaxed)) break;
      Sync::pause();
    }
    ++value.write();
    users.fetch_sub(kWriter, release);
  }
};

TEST(Pause, LoopThatTakesBackWhatItDidIsNotCalledExhaustive) {
  const ExecutionEnds found = explore_all(
      ScriptedExecution<ReadersAndWriter>({[](ReadersAndWriter& lock) { lock.read(); },
                                           [](ReadersAndWriter& lock) { lock.write(); }}),
      Search::kDpor);
  EXPECT_TRUE(found.failures.empty());
  EXPECT_FALSE(found.result.exhaustive);
  EXPECT_EQ(found.result.verdict, Verdict::kInconclusive);
}

}  // namespace
}  // namespace slabproof::testing
