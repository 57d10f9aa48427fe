// Which loops the search of execution graphs takes for waits, with a pause and without, and which
// it does not; what a loop without a pause is under Relacy.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <source_location>
#include <string>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/search/local_state.h"
#include "tests/checker/script_findings.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::ExploreOptions;
using model::Search;
using model::Verdict;
using Sync = model::RelacySync;
using enum std::memory_order;

struct State {
  Sync::Atomic<int> x{0};
  Sync::Atomic<int> y{0};
  Sync::Var<int> plain{0};
  Sync::Mutex mutex;
  std::array<int, 3> got{};
};
using Thread = std::function<void(State&)>;

ScriptFindings find(Search search, const std::vector<Thread>& threads, std::uint32_t steps = 0) {
  ExploreOptions options;
  if (steps != 0) options.run.step_limit = steps;
  return find_in_script<State>(search, threads, options);
}
ScriptFindings find_graphs(const std::vector<Thread>& threads) {
  return find(Search::kGraph, threads);
}

const Thread kSetX = [](State& s) { s.x.store(1, release); };

// ---- loops that pause, and await ----

void await_one(Sync::Atomic<int>& flag) {
  Sync::await([&] { return flag.load(acquire) == 1; });
}

TEST(WaitWithAPause, FailedRoundsAreNoExecutions) {
  const ScriptFindings found = find_graphs({[](State& s) {
                                              s.x.store(2, relaxed);
                                              s.x.store(3, relaxed);
                                              s.x.store(1, release);
                                            },
                                            [](State& s) { await_one(s.x); }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_TRUE(found.result.exhaustive);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(WaitWithAPause, WriteBeforeTheLoopDoesNotHideItsStart) {
  const ScriptFindings found = find_graphs({[](State& s) {
                                              s.y.fetch_add(1, relaxed);
                                              s.x.store(1, release);
                                            },
                                            [](State& s) {
                                              s.y.fetch_add(1, relaxed);
                                              await_one(s.x);
                                            }});
  EXPECT_EQ(found.complete, 2U);  // the orders of the additions
}

TEST(WaitWithAPause, LoopThatCountsItsRoundsGivesUp) {
  const ScriptFindings found = find_graphs({[](State& s) { s.x.store(1, relaxed); },
                                            [](State& s) {
                                              int rounds = 0;
                                              while (rounds < 3 && s.x.load(relaxed) == 0) {
                                                ++rounds;
                                                Sync::pause();
                                              }
                                              s.got[0] = rounds;
                                            }});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"000", "100", "200", "300"}));
  EXPECT_EQ(found.complete, 4U);
  EXPECT_TRUE(found.result.exhaustive);
}

TEST(WaitWithAPause, LoopThatReadsTwoObjectsWaitsForEither) {
  const ScriptFindings found =
      find_graphs({[](State& s) { s.y.store(1, relaxed); },
                   [](State& s) {
                     while (s.x.load(relaxed) == 0 && s.y.load(relaxed) == 0) {
                       Sync::pause();
                     }
                   }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(WaitWithAPause, WaitThatHasReadSomethingOldIsNoLivelock) {
  // The round that reads the old value of the first object reads the newest one of the second.
  const ScriptFindings found =
      find_graphs({[](State& s) { s.x.store(1, relaxed); },
                   [](State& s) {
                     Sync::await([&] { return s.x.load(relaxed) != 0 || s.y.load(relaxed) != 0; });
                   }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.result.redundant, 1U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(WaitWithAPause, EndlessWaitIsALivelockThatNamesTheRead) {
  const ScriptFindings found =
      find_graphs({[](State& s) { s.y.store(1, relaxed); }, [](State& s) { await_one(s.x); }});
  EXPECT_EQ(found.defects, std::set{Defect::kLivelock});
  EXPECT_EQ(found.complete, 0U);
  EXPECT_TRUE(found.result.violation->message.contains("graph_waits_test.cc"))
      << found.result.violation->message;
  EXPECT_TRUE(found.result.violation->message.contains("reads what was there at first"));
}

TEST(WaitWithAPause, LoopThatReadsNothingIsALivelock) {
  const auto pause_for_ever = [](State& /*state*/) {
    for (;;) Sync::pause();
  };
  const auto fence_for_ever = [](State& /*state*/) {
    for (;;) {
      Sync::fence(seq_cst);
      Sync::pause();
    }
  };
  for (const Thread& loop : {Thread(pause_for_ever), Thread(fence_for_ever)}) {
    const ScriptFindings found = find_graphs({loop, [](State& s) { s.x.store(1, relaxed); }});
    EXPECT_EQ(found.defects, std::set{Defect::kLivelock});
    EXPECT_EQ(found.complete, 0U);
  }
}

TEST(WaitWithAPause, PauseAfterAFailedExchangeIsABackOff) {
  const auto add = [](State& s) {
    int seen = s.x.load(relaxed);
    while (!s.x.compare_exchange_strong(seen, seen + 1, relaxed, relaxed)) Sync::pause();
  };
  const ScriptFindings found = find_graphs({add, add});
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
  EXPECT_EQ(found.complete, 4U);  // both orders, with and without a failure of the second
}

// ---- loops that never pause ----

TEST(WaitWithoutAPause, FailedRoundsAreNoExecutions) {
  const ScriptFindings found = find_graphs({[](State& s) {
                                              s.x.store(2, relaxed);
                                              s.x.store(3, relaxed);
                                              s.x.store(1, release);
                                            },
                                            [](State& s) {
                                              while (s.x.load(acquire) != 1) {
                                              }
                                            }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
  EXPECT_TRUE(found.result.exhaustive);
}

TEST(WaitWithoutAPause, MayReadSeveralObjectsInARound) {
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    const ScriptFindings found =
        find(search, {[](State& s) { s.y.store(1, relaxed); },
                      [](State& s) {
                        while (s.x.load(relaxed) == 0 && s.y.load(relaxed) == 0) {
                        }
                      }});
    EXPECT_EQ(found.result.verdict, Verdict::kHolds);
    EXPECT_TRUE(found.result.exhaustive);
  }
}

TEST(WaitWithoutAPause, ForWhatNobodyWritesIsALivelock) {
  for (const Search search : {Search::kGraph, Search::kDpor, Search::kFull}) {
    const ScriptFindings found = find(search, {[](State& s) { s.y.store(1, relaxed); },
                                               [](State& s) {
                                                 while (s.x.load(acquire) != 1) {
                                                 }
                                               }});
    EXPECT_EQ(found.defects, std::set{Defect::kLivelock}) << to_text(search);
    EXPECT_EQ(found.complete, 0U);
  }
}

/// Leaves nothing on the stack of a loop that calls it: so all rounds are alike from the first on.
[[gnu::noinline]] bool holds_more_than(State& s, int value) {
  s.mutex.lock();
  const bool result = s.plain.read() > value;
  s.mutex.unlock();
  return result;
}

TEST(WaitWithAPause, LooksUnderAMutexAreRounds) {
  const auto await_more_than = [](int value) {
    return Thread([value](State& s) {
      do Sync::pause();
      while (!holds_more_than(s, value));
    });
  };
  const Thread add = [](State& s) {
    s.mutex.lock();
    ++s.plain.write();
    s.mutex.unlock();
  };
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    // The first section is an addition; the other one and the last looks are in any order.
    const ScriptFindings found = find(search, {await_more_than(0), await_more_than(0), add, add});
    EXPECT_EQ(found.result.verdict, Verdict::kHolds) << to_text(search);
    EXPECT_TRUE(found.result.exhaustive);
    EXPECT_EQ(found.complete, 12U) << to_text(search);
    EXPECT_EQ(find(search, {await_more_than(1), add, add}).complete, 2U) << to_text(search);
    EXPECT_EQ(find(search, {await_more_than(1), add}).defects, std::set{Defect::kLivelock})
        << to_text(search);
  }
}

TEST(WaitWithoutAPause, LocksByAnExchangeOfTheSameValue) {
  const Thread thread = [](State& s) {
    while (s.x.exchange(1, acquire) != 0) {
    }
    ++s.plain.write();
    s.x.store(0, release);
  };
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    const ScriptFindings found = find(search, {thread, thread});
    EXPECT_EQ(found.result.verdict, Verdict::kHolds) << to_text(search);
    EXPECT_TRUE(found.result.exhaustive);
  }
  EXPECT_EQ(find_graphs({thread, thread}).complete, 2U);
}

TEST(WaitWithoutAPause, ForALockThatIsNeverGivenBackIsALivelock) {
  const Thread thread = [](State& s) {
    while (s.x.exchange(1, acquire) != 0) {
    }
  };
  EXPECT_EQ(find_graphs({thread, thread}).defects, std::set{Defect::kLivelock});
}

TEST(WaitWithoutAPause, IsRunAgainFromItsSchedule) {
  const ScriptFindings found = find_graphs({kSetX, [](State& s) {
                                              while (s.y.load(acquire) != 1) {
                                              }
                                            }});
  ASSERT_TRUE(found.result.violation);
  EXPECT_TRUE(found.result.reproduced) << found.result.violation->message;
}

/// Threads that modify two atomics in one step each, look at them, and wait by writing 1 over 1:
/// others may read what such a round has written.
std::vector<Thread> random_waits(std::uint32_t seed) {
  enum class Kind : std::uint8_t { kExchange, kAdd, kLoad, kWait };
  struct Step {
    Kind kind;
    bool is_of_x;
    int value;
  };
  std::mt19937 random(seed);
  const std::size_t threads = 3 + random() % 2;
  std::vector<Thread> program;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    std::vector<Step> steps;
    const std::size_t count = 1 + random() % (threads == 3 ? 3 : 2);
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits = random();
      steps.push_back({.kind = static_cast<Kind>(bits % 4),
                       .is_of_x = (bits & 8U) != 0,
                       .value = static_cast<int>(bits / 16 % 3)});
    }
    program.push_back([steps, thread](State& s) {
      int got = 0;
      for (const Step& step : steps) {
        Sync::Atomic<int>& atomic = step.is_of_x ? s.x : s.y;
        switch (step.kind) {
          case Kind::kExchange:
            atomic.exchange(step.value, acq_rel);
            break;
          case Kind::kAdd:
            atomic.fetch_add(step.value, relaxed);
            break;
          case Kind::kLoad:
            got = 10 * got + atomic.load(relaxed);
            break;
          case Kind::kWait:
            while (atomic.exchange(1, acq_rel) == 1) {
            }
            break;
        }
      }
      if (thread < s.got.size()) s.got[thread] = got;
    });
  }
  return program;
}

TEST(WaitWithoutAPause, ByAnExchangeThatOthersReadLosesNothing) {
  ExploreOptions limited;
  limited.iterations = 3'000;
  std::size_t compared = 0;
  std::size_t stuck = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    const std::vector<Thread> program = random_waits(seed);
    const ScriptFindings relacy = find_in_script<State>(Search::kDpor, program, limited);
    if (!relacy.result.exhaustive) continue;
    const ScriptFindings graphs = find_graphs(program);
    // Relacy misses loads that are two stores stale.
    ASSERT_TRUE(std::ranges::includes(graphs.outcomes, relacy.outcomes)) << seed;
    ASSERT_EQ(graphs.defects, relacy.defects) << seed;
    ++compared;
    stuck += graphs.defects.empty() ? 0 : 1;
  }
  EXPECT_GT(compared, 100U);
  EXPECT_GT(stuck, 30U);
}

// ---- what is none ----

TEST(NoWait, ReadsOfOneObjectInACountedLoopAreAllThere) {
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    const ScriptFindings found = find(search, {kSetX, [](State& s) {
                                                 for (int i = 0; i < 3; ++i) {
                                                   s.got[0] += s.x.load(relaxed);
                                                 }
                                               }});
    EXPECT_EQ(found.outcomes, (std::set<std::string>{"000", "100", "200", "300"}));
    EXPECT_TRUE(found.result.exhaustive);
  }
}

// A round that changes what the thread knows is one that others may be told of.
TEST(NoWait, RoundThatIsRememberedIsExplored) {
  for (const bool pauses : {false, true}) {
    const ScriptFindings found = find_graphs({kSetX, [pauses](State& s) {
                                                bool has_waited = false;
                                                while (s.x.load(acquire) != 1) {
                                                  has_waited = true;
                                                  if (pauses) Sync::pause();
                                                }
                                                s.got[0] = has_waited ? 1 : 0;
                                              }});
    EXPECT_EQ(found.outcomes, (std::set<std::string>{"000", "100"}));
  }
}

TEST(NoWait, RetryThatWritesIsNotTakenForALivelock) {
  // Two threads undo what the other one needs, for ever.
  const Thread never = [](State& s) {
    while (s.x.fetch_add(1, relaxed) >= 0) s.x.fetch_sub(1, relaxed);
  };
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    const ScriptFindings found = find(search, {never, never}, 100);
    EXPECT_EQ(found.defects, std::set{Defect::kNotJudged}) << to_text(search);
    EXPECT_EQ(found.result.verdict, Verdict::kUnsupported);
    ASSERT_TRUE(found.result.violation);
  }
}

TEST(NoWait, LoopWithoutAnEndUnderRelacySaysWhoLoopsWhere) {
  const ScriptFindings found = find(Search::kDpor,
                                    {[](State& s) {
                                       while (s.y.fetch_add(1, relaxed) >= 0) {
                                       }
                                     },
                                     kSetX},
                                    100);
  EXPECT_EQ(found.defects, std::set{Defect::kNotJudged});
  ASSERT_TRUE(found.result.violation);
  const std::string text = to_text(*found.result.violation);
  EXPECT_TRUE(text.contains("thread 0 loops here and never pauses")) << text;
  EXPECT_TRUE(text.contains("graph_waits_test.cc")) << text;
}

TEST(NoWait, RoundThatWritesToAVariableIsNone) {
  const ScriptFindings found = find_graphs({[](State& s) {
    while (s.plain.read() < 3) {
      ++s.plain.write();
      s.x.load(relaxed);
    }
  }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(NoWait, LoopThatAnotherChoiceEndsIsNoLivelock) {
  const ScriptFindings found = find_graphs({[](State& s) {
    for (;;) {
      slabproof_note_local_state();
      if (model::checker_hooks::choose(2, std::source_location::current()) == 0) return;
      s.x.load(relaxed);
    }
  }});
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
  EXPECT_TRUE(found.result.exhaustive);
}

TEST(Choices, AreEachMadeOnceWithEachValueRead) {
  const ScriptFindings found = find_graphs({[](State& s) {
                                              s.got[0] = s.x.load(relaxed);
                                              slabproof_note_local_state();
                                              const auto chosen = model::checker_hooks::choose(
                                                  3, std::source_location::current());
                                              s.got[1] = static_cast<int>(chosen);
                                            },
                                            kSetX});
  EXPECT_EQ(found.outcomes.size(), 6U);
  EXPECT_EQ(found.complete, 6U);
}

// ---- await ----

TEST(Await, TryThatWritesToAVariableIsTriedAgain) {
  const ScriptFindings found = find_graphs({[](State& s) {
    Sync::await([&] {
      s.x.load(relaxed);
      return ++s.plain.write() == 3;
    });
  }});
  EXPECT_EQ(found.complete, 1U);
}

TEST(Await, TryThatAddsAndDoesNotTakeBackIsTriedAgain) {
  const ScriptFindings found =
      find_graphs({[](State& s) { Sync::await([&] { return s.x.fetch_add(1, relaxed) == 2; }); }});
  EXPECT_EQ(found.complete, 1U);
}

TEST(Await, TryThatFailsIsNoExecution) {
  const Thread add = [](State& s) {
    Sync::await([&] {
      int seen = s.x.load(relaxed);
      return s.x.compare_exchange_strong(seen, seen + 1, relaxed, relaxed);
    });
  };
  const ScriptFindings found = find_graphs({add, add});
  EXPECT_EQ(found.complete, 2U);
  EXPECT_TRUE(found.result.exhaustive);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(Await, TryThatTakesBackWhatItDidIsNoExecution) {
  const Thread thread = [](State& s) {
    Sync::await([&] {
      if (s.x.fetch_add(1, acquire) == 0) return true;
      s.x.fetch_sub(1, relaxed);
      return false;
    });
    ++s.plain.write();
    s.x.fetch_sub(1, release);
  };
  const ScriptFindings found = find_graphs({thread, thread});
  EXPECT_EQ(found.complete, 2U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(Await, TryThatAnotherThreadActsOnIsRefused) {
  using Look = int (*)(State&);
  const Look load = [](State& s) { return s.x.load(relaxed); };
  const Look add_nothing = [](State& s) { return s.x.fetch_add(0, relaxed); };
  for (const Look look : {load, add_nothing}) {
    const ScriptFindings found = find_graphs({[](State& s) {
                                                Sync::await([&] {
                                                  s.x.fetch_add(1, relaxed);
                                                  s.x.fetch_sub(1, relaxed);
                                                  return s.y.load(relaxed) == 1;
                                                });
                                              },
                                              [look](State& s) {
                                                if (look(s) == 1) s.got[0] = 1;
                                                s.y.store(1, relaxed);
                                              }});
    EXPECT_TRUE(found.defects.contains(Defect::kUnsupported));
    EXPECT_FALSE(found.result.exhaustive);
  }
}

TEST(Await, TryThatLeavesSomethingBehindIsTriedAgain) {
  const ScriptFindings found = find_graphs({[](State& s) {
    Sync::await([&] {
      s.x.store(s.x.load(relaxed) + 1, relaxed);
      return s.x.load(relaxed) == 3;
    });
    s.got[0] = s.x.load(relaxed);
  }});
  EXPECT_EQ(found.outcomes, std::set<std::string>{"300"});
}

TEST(Await, ForWhatNeverBecomesSoIsALivelock) {
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    const ScriptFindings found = find(
        search, {kSetX, [](State& s) { Sync::await([&] { return s.y.load(relaxed) == 1; }); }});
    EXPECT_EQ(found.defects, std::set{Defect::kLivelock}) << to_text(search);
  }
}

}  // namespace
}  // namespace slabproof::testing
