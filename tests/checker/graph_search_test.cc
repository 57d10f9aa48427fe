// The search of execution graphs on programs that fail, wait or misuse it, and the addresses of
// what they allocate. What it finds of programs that do nothing wrong is in graph_random_test.cc
// and litmus_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/graph/graph_explore.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::ExploreOptions;
using model::Verdict;
using Sync = model::RelacySync;
using enum std::memory_order;

struct State {
  Sync::Atomic<int> x{0};
  Sync::Atomic<int> y{0};
  Sync::Atomic<int*> pointer{nullptr};
  Sync::Var<int> plain{0};
  Sync::Mutex a;
  Sync::Mutex b;
  std::array<int, 4> got{};
};
using Thread = ScriptedExecution<State>::Part;

struct Found {
  std::set<std::string> outcomes;
  std::set<Defect> defects;
  std::uint64_t complete = 0;
  model::ExploreResult result;
};

std::string values_of(State& state) {
  std::string text;
  for (const int value : state.got) text += std::to_string(value);
  return text;
}

/// Goes on after failures.
Found explore_graphs(const std::vector<Thread>& threads, ExploreOptions options = {}) {
  ScriptedExecution<State> execution(threads, values_of);
  Found found;
  options.search = model::Search::kGraph;
  options.stop_on_violation = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) {
      found.defects.insert(end.failure->defect);
      return;
    }
    ++found.complete;
    found.outcomes.insert(execution.outcome());
  };
  found.result = model::explore(execution, &model::graph::graph_runner, options);
  return found;
}

// ---- failures ----

TEST(GraphFailures, OtherExecutionsAreExploredAfterOne) {
  const Found found = explore_graphs({[](State& s) { s.x.store(1, relaxed); },
                                      [](State& s) {
                                        s.got[0] = s.x.load(relaxed);
                                        if (s.got[0] == 0) model::checker_hooks::report("zero", "");
                                        s.got[1] = s.x.load(relaxed);
                                      }});
  EXPECT_EQ(found.defects, std::set{Defect::kReported});
  EXPECT_EQ(found.result.violations, 1U);
  EXPECT_EQ(found.outcomes, std::set<std::string>{"1100"});
  EXPECT_TRUE(found.result.exhaustive);
}

TEST(GraphFailures, OtherThreadsGoOnWhereOneFails) {
  // The second thread reads what the first one writes before its failure.
  const Found found = explore_graphs({[](State& s) {
                                        s.x.store(1, relaxed);
                                        if (s.y.load(relaxed) == 0) {
                                          model::checker_hooks::report("too early", "");
                                        }
                                      },
                                      [](State& s) {
                                        if (s.x.load(relaxed) == 1) s.y.store(1, relaxed);
                                      }});
  // Both see nothing; only the first sees nothing; both see something.
  EXPECT_EQ(found.result.violations, 2U);
  EXPECT_EQ(found.complete, 1U);
}

TEST(GraphFailures, ExecutionsWithoutTheRaceAreExploredAfterIt) {
  const Found found = explore_graphs({[](State& s) {
                                        s.got[0] = s.x.load(acquire);
                                        if (s.got[0] == 0) s.plain.write() = 1;
                                      },
                                      [](State& s) {
                                        s.plain.write() = 2;
                                        s.x.store(1, release);
                                      }});
  EXPECT_EQ(found.defects, std::set{Defect::kDataRace});
  EXPECT_EQ(found.outcomes, std::set<std::string>{"1000"});
}

TEST(GraphFailures, RaceIsFoundThoughTheReadReturnsTheNewestValue) {
  const Found found = explore_graphs({[](State& s) {
                                        s.plain.write() = 1;
                                        s.x.store(1, relaxed);
                                      },
                                      [](State& s) {
                                        if (s.x.load(acquire) == 1) s.got[0] = s.plain.read();
                                      }});
  EXPECT_EQ(found.defects, std::set{Defect::kDataRace});
}

TEST(GraphFailures, ReleaseFenceOrdersPlainAccesses) {
  const Found found = explore_graphs({[](State& s) {
                                        s.plain.write() = 1;
                                        Sync::fence(release);
                                        s.x.store(1, relaxed);
                                      },
                                      [](State& s) {
                                        if (s.x.load(relaxed) != 1) return;
                                        Sync::fence(acquire);
                                        s.got[0] = s.plain.read();
                                      }});
  EXPECT_EQ(found.defects, std::set<Defect>{});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"0000", "1000"}));
}

TEST(GraphFailures, UseOfDeletedObjectIsFound) {
  struct Node {
    Sync::Var<int> value{0};
  };
  Node* shared = nullptr;
  const Found found = explore_graphs({[&shared](State& s) {
                                        shared = new Node();
                                        s.x.store(1, release);
                                        if (s.y.load(acquire) == 0) delete shared;
                                      },
                                      [&shared](State& s) {
                                        if (s.x.load(acquire) == 1) shared->value.write() = 1;
                                        s.y.store(1, release);
                                      }});
  EXPECT_FALSE(found.defects.empty());
  EXPECT_TRUE(std::ranges::all_of(found.defects, [](Defect defect) {
    return defect == Defect::kUseAfterFree || defect == Defect::kDataRace;
  }));
}

TEST(GraphFailures, DeadlockNamesWhoWaitsForWhom) {
  const auto in_order = [](Sync::Mutex& first, Sync::Mutex& second) {
    first.lock();
    second.lock();
    second.unlock();
    first.unlock();
  };
  const Found found = explore_graphs(
      {[&](State& s) { in_order(s.a, s.b); }, [&](State& s) { in_order(s.b, s.a); }});
  EXPECT_EQ(found.defects, std::set{Defect::kDeadlock});
  EXPECT_EQ(found.result.violations, 1U);
  EXPECT_EQ(found.complete, 2U);
  EXPECT_TRUE(found.result.violation->message.contains("that thread 1 has or waits for"))
      << found.result.violation->message;
}

TEST(GraphFailures, MutexOfTheThreadItselfIsADeadlock) {
  const Found found = explore_graphs({[](State& s) {
    s.a.lock();
    s.a.lock();
  }});
  EXPECT_EQ(found.defects, std::set{Defect::kDeadlock});
}

TEST(GraphFailures, FailureIsRunAgainForItsTrace) {
  ExploreOptions options;
  options.trace = true;
  const Found found = explore_graphs({[](State& s) { s.x.store(1, relaxed); },
                                      [](State& s) {
                                        if (s.x.load(relaxed) == 1) {
                                          model::checker_hooks::report("one", "read");
                                        }
                                      }},
                                     options);
  ASSERT_TRUE(found.result.violation);
  EXPECT_TRUE(found.result.reproduced);
  ASSERT_FALSE(found.result.trace.events.empty());
  EXPECT_TRUE(found.result.trace.events.back().failed);
  EXPECT_TRUE(to_text(found.result.trace).contains("load relaxed int 0 = 1"))
      << to_text(found.result.trace);
}

/// Two writers whose coherence order is not the order in which they run, and a reader of the older
/// write.
std::vector<Thread> program_of_many_choices() {
  return {[](State& s) {
            s.x.store(1, relaxed);
            s.y.store(1, relaxed);
          },
          [](State& s) { s.x.store(2, relaxed); },
          [](State& s) {
            int expected = 1;
            s.a.lock();
            s.got[0] = s.x.load(relaxed);
            const bool exchanged = s.y.compare_exchange_weak(expected, 3, relaxed, relaxed);
            s.got[1] = exchanged ? 9 : expected;
            s.got[2] = s.x.load(relaxed);
            s.a.unlock();
          }};
}

TEST(GraphSchedules, EachExecutionIsRunAgainFromItsSchedule) {
  ScriptedExecution<State> execution(program_of_many_choices(), values_of);
  std::vector<std::pair<std::string, std::string>> found;  // schedules and outcomes
  ExploreOptions options;
  options.search = model::Search::kGraph;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    found.emplace_back(to_text(end.schedule()), execution.outcome());
  };
  ASSERT_EQ(model::explore(execution, &model::graph::graph_runner, options).verdict,
            Verdict::kHolds);
  EXPECT_GT(found.size(), 20U);
  for (const auto& [schedule, outcome] : found) {
    const auto parsed = model::parse_schedule(schedule);
    ASSERT_TRUE(parsed);
    ExploreOptions again;
    again.search = model::Search::kReplay;
    again.schedule = &*parsed;
    const auto result = model::explore(execution, &model::graph::graph_runner, again);
    ASSERT_FALSE(result.violation) << schedule << ": " << to_text(*result.violation);
    EXPECT_EQ(execution.outcome(), outcome) << schedule;
  }
}

TEST(GraphSchedules, ScheduleOfAnotherProgramIsRefused) {
  ScriptedExecution<State> execution(program_of_many_choices(), values_of);
  for (const char* const text : {"g 0x9", "g v1", "g 7", "g 0 0 v9", "g 2 2 2 2 v7"}) {
    const auto schedule = model::parse_schedule(text);
    ASSERT_TRUE(schedule) << text;
    ExploreOptions options;
    options.search = model::Search::kReplay;
    options.schedule = &*schedule;
    const auto result = model::explore(execution, &model::graph::graph_runner, options);
    ASSERT_TRUE(result.violation) << text;
    EXPECT_EQ(result.violation->defect, Defect::kReplayMismatch) << text;
  }
}

TEST(GraphSchedules, DeadlockAndLivelockAreRunAgain) {
  const auto nest = [](Sync::Mutex& first, Sync::Mutex& second) {
    first.lock();
    second.lock();
    second.unlock();
    first.unlock();
  };
  const std::vector<std::vector<Thread>> programs = {
      {[&](State& s) { nest(s.a, s.b); }, [&](State& s) { nest(s.b, s.a); }},
      {[](State& s) { s.y.store(1, relaxed); },
       [](State& s) {
         while (s.x.load(acquire) != 1) Sync::pause();
       }}};
  for (const auto& program : programs) {
    const Found found = explore_graphs(program);
    ASSERT_TRUE(found.result.violation);
    EXPECT_TRUE(found.result.reproduced)
        << to_text(found.result.schedule) << ": " << found.result.violation->message;
  }
}

// ---- waits ----

void await_one(Sync::Atomic<int>& flag) {
  Sync::await([&] { return flag.load(acquire) == 1; });
}

TEST(GraphWaits, FailedRoundsAreNoExecutions) {
  const Found found = explore_graphs({[](State& s) {
                                        s.x.store(2, relaxed);
                                        s.x.store(3, relaxed);
                                        s.x.store(1, release);
                                      },
                                      [](State& s) { await_one(s.x); }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_TRUE(found.result.exhaustive);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(GraphWaits, WriteBeforeTheLoopDoesNotHideItsStart) {
  const Found found = explore_graphs({[](State& s) {
                                        s.y.fetch_add(1, relaxed);
                                        s.x.store(1, release);
                                      },
                                      [](State& s) {
                                        s.y.fetch_add(1, relaxed);
                                        await_one(s.x);
                                      }});
  EXPECT_EQ(found.complete, 2U);  // the orders of the additions
}

TEST(GraphWaits, LoopThatCountsItsRoundsGivesUp) {
  const Found found = explore_graphs({[](State& s) { s.x.store(1, relaxed); },
                                      [](State& s) {
                                        int rounds = 0;
                                        while (rounds < 3 && s.x.load(relaxed) == 0) {
                                          ++rounds;
                                          Sync::pause();
                                        }
                                        s.got[0] = rounds;
                                      }});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"0000", "1000", "2000", "3000"}));
  EXPECT_EQ(found.complete, 4U);
  EXPECT_TRUE(found.result.exhaustive);
}

TEST(GraphWaits, LoopThatReadsTwoObjectsWaitsForEither) {
  const Found found = explore_graphs({[](State& s) { s.y.store(1, relaxed); },
                                      [](State& s) {
                                        while (s.x.load(relaxed) == 0 && s.y.load(relaxed) == 0) {
                                          Sync::pause();
                                        }
                                      }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(GraphWaits, WaitThatHasReadSomethingOldIsNoLivelock) {
  // The round that reads the old value of the first object reads the newest one of the second.
  const Found found = explore_graphs(
      {[](State& s) { s.x.store(1, relaxed); },
       [](State& s) {
         Sync::await([&] { return s.x.load(relaxed) != 0 || s.y.load(relaxed) != 0; });
       }});
  EXPECT_EQ(found.complete, 1U);
  EXPECT_EQ(found.result.redundant, 1U);
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
}

TEST(GraphWaits, EndlessWaitIsALivelockThatNamesTheRead) {
  const Found found =
      explore_graphs({[](State& s) { s.y.store(1, relaxed); }, [](State& s) { await_one(s.x); }});
  EXPECT_EQ(found.defects, std::set{Defect::kLivelock});
  EXPECT_EQ(found.complete, 0U);
  EXPECT_TRUE(found.result.violation->message.contains("graph_search_test.cc"))
      << found.result.violation->message;
  EXPECT_TRUE(found.result.violation->message.contains("reads what was there at first"));
}

TEST(GraphWaits, LoopThatReadsNothingIsALivelock) {
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
    const Found found = explore_graphs({loop, [](State& s) { s.x.store(1, relaxed); }});
    EXPECT_EQ(found.defects, std::set{Defect::kLivelock});
    EXPECT_EQ(found.complete, 0U);
  }
}

TEST(GraphWaits, PauseAfterAFailedExchangeIsABackOff) {
  const auto add = [](State& s) {
    int seen = s.x.load(relaxed);
    while (!s.x.compare_exchange_strong(seen, seen + 1, relaxed, relaxed)) Sync::pause();
  };
  const Found found = explore_graphs({add, add});
  EXPECT_EQ(found.result.verdict, Verdict::kHolds);
  EXPECT_EQ(found.complete, 4U);  // both orders, with and without a failure of the second
}

TEST(GraphWaits, EventsOfAThreadAreLimitedWithAMessage) {
  ExploreOptions options;
  options.run.step_limit = 100;
  options.iterations = 1;
  const Found found = explore_graphs({[](State& s) {
                                       for (int i = 0; i < 1000; ++i) s.x.fetch_add(1, relaxed);
                                     }},
                                     options);
  EXPECT_EQ(found.defects, std::set{Defect::kNotJudged});
  EXPECT_EQ(found.result.verdict, Verdict::kUnsupported);
  EXPECT_FALSE(found.result.exhaustive);
  EXPECT_TRUE(found.result.violation->message.contains("more than 100 events"));
}

TEST(GraphWaits, LongThreadsAreExplored) {
  constexpr int kRounds = 300;
  const Found found = explore_graphs({[](State& s) {
    for (int i = 0; i < kRounds; ++i) s.got[0] = s.x.fetch_add(1, relaxed);
  }});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{std::to_string(kRounds - 1) + "000"}));
}

// ---- the surface ----

TEST(GraphSurface, EveryPairOfOrdersOfACompareExchangeIsModelled) {
  for (const auto success : {relaxed, acquire, release, acq_rel, seq_cst}) {
    for (const auto failure : {relaxed, acquire, seq_cst}) {
      const Found found = explore_graphs({[&](State& s) {
        int expected = 0;
        s.got[0] = s.x.compare_exchange_strong(expected, 1, success, failure) ? 1 : 0;
      }});
      EXPECT_EQ(found.outcomes, std::set<std::string>{"1000"});
    }
  }
}

TEST(GraphSurface, FailureOrderAcquiresWhereTheSuccessOrderDoesNot) {
  const Found found =
      explore_graphs({[](State& s) {
                        s.plain.write() = 1;
                        s.x.store(1, release);
                      },
                      [](State& s) {
                        int expected = 0;
                        if (!s.x.compare_exchange_strong(expected, 2, relaxed, acquire)) {
                          s.got[0] = s.plain.read();
                        }
                      }});
  EXPECT_EQ(found.defects, std::set<Defect>{});
}

TEST(GraphSurface, ConsumeIsRefused) {
  const Found found = explore_graphs({[](State& s) { s.x.load(consume); }});
  EXPECT_EQ(found.defects, std::set{Defect::kUnsupported});
}

TEST(GraphSurface, WeakExchangeFailsAsOftenAsItIsAllowedTo) {
  for (const std::uint32_t failures : {0U, 1U, 2U}) {
    ExploreOptions options;
    options.run.spurious_failures = failures;
    const Found found =
        explore_graphs({[](State& s) {
                         int expected = 0;
                         while (!s.x.compare_exchange_weak(expected, 1, relaxed, relaxed)) {
                           ++s.got[0];
                         }
                       }},
                       options);
    EXPECT_EQ(found.complete, failures + 1U);
  }
}

TEST(GraphSurface, AddressesOfNewObjectsAreTheSameInEveryExecution) {
  // A graph holds the address that another run has stored.
  const auto publish = [](State& s) { s.pointer.store(new int(1), release); };
  const Found found = explore_graphs({publish, publish, [](State& s) {
                                        const int* const seen = s.pointer.load(acquire);
                                        if (seen != nullptr) s.got[0] = *seen;
                                      }});
  EXPECT_EQ(found.defects, std::set<Defect>{});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"0000", "1000"}));
  EXPECT_EQ(found.complete, 6U);
}

TEST(GraphSurface, ProgramThatDoesNotDoTheSameAgainIsRefused) {
  int runs = 0;
  const Found found = explore_graphs({[&runs](State& s) {
                                        if (++runs % 2 == 0) s.y.store(1, relaxed);
                                        s.x.store(1, relaxed);
                                      },
                                      [](State& s) { s.got[0] = s.x.load(relaxed); }});
  EXPECT_EQ(found.result.verdict, Verdict::kUnsupported);
  EXPECT_FALSE(found.result.exhaustive);
}

// ---- shares and symmetry ----

/// Locks, and makes objects of its own that the others use.
void work_on_several_objects(State& s) {
  s.a.lock();
  s.got[0] = 10 * s.got[0] + s.x.load(relaxed);
  s.a.unlock();
  s.x.fetch_add(1, acq_rel);
  auto* const made = new Sync::Atomic<int>(0);
  made->store(1, relaxed);
  s.b.lock();
  s.y.store(s.x.load(relaxed), relaxed);
  s.got[1] = 10 * s.got[1] + made->load(relaxed);
  s.b.unlock();
}

void read_both(State& s) {
  s.got[2] = 10 * s.x.load(acquire) + s.y.load(acquire);
}

TEST(GraphShares, AreDisjointAndTogetherAllExecutions) {
  const std::vector<Thread> threads{work_on_several_objects, work_on_several_objects, read_both};
  const Found whole = explore_graphs(threads);
  ASSERT_GT(whole.complete, 100U);
  for (const std::size_t count : {2U, 3U, 7U, 1000U}) {
    std::uint64_t complete = 0;
    std::set<std::string> outcomes;
    for (std::size_t index = 0; index < count; ++index) {
      ExploreOptions options;
      options.share = {.index = index, .count = count};
      const Found share = explore_graphs(threads, options);
      EXPECT_EQ(share.result.verdict, Verdict::kHolds);
      EXPECT_TRUE(share.result.exhaustive);
      complete += share.complete;
      outcomes.insert(share.outcomes.begin(), share.outcomes.end());
    }
    EXPECT_EQ(complete, whole.complete) << count;
    EXPECT_EQ(outcomes, whole.outcomes) << count;
  }
}

/// Explores a program whose first `alike` threads are interchangeable.
Found explore_with_symmetry(const std::vector<Thread>& threads, std::size_t alike) {
  std::vector<std::uint8_t> classes;
  for (std::size_t thread = 0; thread < threads.size(); ++thread) {
    classes.push_back(static_cast<std::uint8_t>(thread < alike ? 0 : thread));
  }
  ExploreOptions options;
  options.symmetry_class = classes;
  return explore_graphs(threads, options);
}

TEST(GraphSymmetry, OfThreadsThatBeginWithALockOneOrderOfTheseIsExplored) {
  const std::vector<Thread> threads{work_on_several_objects, work_on_several_objects, read_both};
  const Found all = explore_graphs(threads);
  const Found reduced = explore_with_symmetry(threads, 2);
  EXPECT_EQ(2 * reduced.complete, all.complete);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
}

TEST(GraphSymmetry, ThreadThatTakesAwayTheFirstLocksOfOthersLosesNothing) {
  // The first thread reads what the others write later: each such write takes away what came since.
  const auto lock_and_write = [](State& s) {
    s.a.lock();
    s.got[0] = 10 * s.got[0] + s.y.load(relaxed);
    s.a.unlock();
    s.x.store(1, relaxed);
    s.y.fetch_add(1, relaxed);
  };
  const auto read_first = [](State& s) {
    s.got[1] = s.x.load(relaxed);
    s.got[1] = 10 * s.got[1] + s.y.load(relaxed);
    s.a.lock();
    s.got[0] = 10 * s.got[0] + 7;
    s.a.unlock();
  };
  const std::vector<Thread> threads{lock_and_write, lock_and_write, lock_and_write, read_first};
  const std::vector<Thread> reader_first{read_first, lock_and_write, lock_and_write,
                                         lock_and_write};
  const Found all = explore_graphs(threads);
  const Found reduced = explore_with_symmetry(threads, 3);
  EXPECT_EQ(6 * reduced.complete, all.complete);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  const std::vector<std::uint8_t> classes{0, 1, 1, 1};
  ExploreOptions options;
  options.symmetry_class = classes;
  EXPECT_EQ(explore_graphs(reader_first, options).complete, reduced.complete);
}

TEST(GraphSymmetry, ThreadsThatBeginOtherwiseAreToldApart) {
  const auto add = [](State& s) { s.x.fetch_add(1, relaxed); };
  const std::vector<Thread> threads{add, add, read_both};
  EXPECT_EQ(explore_with_symmetry(threads, 2).complete, explore_graphs(threads).complete);
}

// ---- what a trace shows ----

TEST(GraphTrace, NamesTheEventsOfAViolation) {
  const Found found = explore_graphs({[](State& s) {
                                        s.a.lock();
                                        s.x.store(1, release);
                                        s.a.unlock();
                                      },
                                      [](State& s) {
                                        s.a.lock();
                                        const int seen = s.x.exchange(2, acquire);
                                        s.a.unlock();
                                        if (seen == 1) model::checker_hooks::report("seen", "");
                                      }});
  const model::TraceGraph& graph = found.result.trace.graph;
  std::vector<std::string> texts;
  for (const model::TraceGraph::Event& event : graph.events) {
    texts.push_back(event.operation + " " + event.object + " " + event.value);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"lock mutex 3 ", "store release int 0 1",
                                             "unlock mutex 3 ", "lock mutex 3 ",
                                             "exchange acquire int 0 1 -> 2", "unlock mutex 3 "}));
  EXPECT_TRUE(graph.events[0].reads_initial);
  EXPECT_EQ(graph.events[3].reads_from, 2U);
  EXPECT_EQ(graph.events[4].reads_from, 1U);
  EXPECT_EQ(graph.coherence, (std::vector<std::vector<std::size_t>>{{1, 4}, {0, 3}}));
}

}  // namespace
}  // namespace slabproof::testing
