// The search of execution graphs on programs that fail, are too long or misuse it, and the
// addresses of what they allocate. Waits are in graph_waits_test.cc; what it finds of programs that
// do nothing wrong is in graph_random_test.cc and litmus_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/graph/graph_explore.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/model_memory.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/search/limits.h"
#include "tests/checker/script_findings.h"
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

/// Goes on after failures.
ScriptFindings explore_graphs(const std::vector<Thread>& threads,
                              const ExploreOptions& options = {}) {
  return find_in_script<State>(model::Search::kGraph, threads, options);
}

// ---- failures ----

TEST(GraphFailures, OtherExecutionsAreExploredAfterOne) {
  const ScriptFindings found = explore_graphs({[](State& s) { s.x.store(1, relaxed); },
                                               [](State& s) {
                                                 s.got[0] = s.x.load(relaxed);
                                                 if (s.got[0] == 0)
                                                   model::checker_hooks::report("zero", "");
                                                 s.got[1] = s.x.load(relaxed);
                                               }});
  EXPECT_EQ(found.defects, std::set{Defect::kReported});
  EXPECT_EQ(found.result.violations, 1U);
  EXPECT_EQ(found.outcomes, std::set<std::string>{"1100"});
  EXPECT_TRUE(found.result.exhaustive);
}

TEST(GraphFailures, OtherThreadsGoOnWhereOneFails) {
  // The second thread reads what the first one writes before its failure.
  const ScriptFindings found = explore_graphs({[](State& s) {
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
  const ScriptFindings found = explore_graphs({[](State& s) {
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
  const ScriptFindings found = explore_graphs({[](State& s) {
                                                 s.plain.write() = 1;
                                                 s.x.store(1, relaxed);
                                               },
                                               [](State& s) {
                                                 if (s.x.load(acquire) == 1)
                                                   s.got[0] = s.plain.read();
                                               }});
  EXPECT_EQ(found.defects, std::set{Defect::kDataRace});
}

TEST(GraphFailures, ReleaseFenceOrdersPlainAccesses) {
  const ScriptFindings found = explore_graphs({[](State& s) {
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
  const ScriptFindings found = explore_graphs({[&shared](State& s) {
                                                 shared = new Node();
                                                 s.x.store(1, release);
                                                 if (s.y.load(acquire) == 0) delete shared;
                                               },
                                               [&shared](State& s) {
                                                 if (s.x.load(acquire) == 1)
                                                   shared->value.write() = 1;
                                                 s.y.store(1, release);
                                               }});
  EXPECT_TRUE(found.defects.contains(Defect::kUseAfterFree));
}

TEST(GraphFailures, DeadlockNamesWhoWaitsForWhom) {
  const auto in_order = [](Sync::Mutex& first, Sync::Mutex& second) {
    first.lock();
    second.lock();
    second.unlock();
    first.unlock();
  };
  const ScriptFindings found = explore_graphs(
      {[&](State& s) { in_order(s.a, s.b); }, [&](State& s) { in_order(s.b, s.a); }});
  EXPECT_EQ(found.defects, std::set{Defect::kDeadlock});
  EXPECT_EQ(found.result.violations, 1U);
  EXPECT_EQ(found.complete, 2U);
  EXPECT_TRUE(found.result.violation->message.contains("that thread 1 has or waits for"))
      << found.result.violation->message;
}

TEST(GraphFailures, DeadlockNamesNoPlaceInTheStandardLibrary) {
  const auto in_order = [](Sync::Mutex& first, Sync::Mutex& second) {
    const std::lock_guard outer(first);
    const std::lock_guard inner(second);
  };
  const ScriptFindings found = explore_graphs(
      {[&](State& s) { in_order(s.a, s.b); }, [&](State& s) { in_order(s.b, s.a); }});
  ASSERT_TRUE(found.result.violation);
  EXPECT_TRUE(found.result.violation->message.starts_with(
      "deadlock: thread 0 waits for a mutex that thread 1 has or waits for, "))
      << found.result.violation->message;
}

TEST(GraphFailures, MutexOfTheThreadItselfIsADeadlock) {
  const ScriptFindings found = explore_graphs({[](State& s) {
    s.a.lock();
    s.a.lock();
  }});
  EXPECT_EQ(found.defects, std::set{Defect::kDeadlock});
}

TEST(GraphFailures, FailureIsRunAgainForItsTrace) {
  ExploreOptions options;
  options.trace = true;
  const ScriptFindings found = explore_graphs({[](State& s) { s.x.store(1, relaxed); },
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
  EXPECT_TRUE(to_text(found.result.trace).contains("load relaxed atomic 0 = 1"))
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

/// Which thread has had that memory first.
int whose(const void* memory) {
  constexpr std::uintptr_t kOfEach = model::ModelMemory::kBytesPerActor;
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(memory) / kOfEach % 8);
}

/// Memory that may come back, a try_lock of a mutex that is held for a while, and waits.
std::vector<Thread> program_that_allocates_and_tries() {
  return {[](State& s) {
            ::operator delete(::operator new(8));
            s.a.lock();
            s.x.store(1, relaxed);
            Sync::await([&] { return s.y.load(relaxed) == 1; });
            s.a.unlock();
          },
          [](State& s) {
            void* const memory = ::operator new(8);
            s.got[0] = whose(memory);
            ::operator delete(memory);
            s.got[1] = s.x.load(relaxed);
            if (s.a.try_lock()) {
              s.got[2] = 1 + s.y.load(relaxed);
              s.a.unlock();
            }
          },
          [](State& s) {
            while (s.x.load(relaxed) == 0) {
            }
            ::operator delete(::operator new(8));
            s.y.store(1, relaxed);
          }};
}

/// A write may come ahead of another one that an addition follows at once.
std::vector<Thread> program_that_adds_to_a_write() {
  return {[](State& s) {
            s.x.store(1, relaxed);
            s.got[0] = s.x.fetch_add(1, relaxed);
          },
          [](State& s) {
            s.x.store(5, relaxed);
            s.got[1] = s.x.load(relaxed);
          },
          [](State& s) {
            s.got[2] = s.x.load(relaxed);
            s.got[3] = s.x.load(relaxed);
          }};
}

class GraphSchedulesTest : public ::testing::TestWithParam<std::vector<Thread> (*)()> {};

INSTANTIATE_TEST_SUITE_P(Programs, GraphSchedulesTest,
                         ::testing::Values(&program_of_many_choices,
                                           &program_that_allocates_and_tries,
                                           &program_that_adds_to_a_write));

TEST_P(GraphSchedulesTest, EachExecutionIsRunAgainFromItsSchedule) {
  ScriptedExecution<State> execution(GetParam()(), numbers_of<State>);
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
  ScriptedExecution<State> execution(program_of_many_choices(), numbers_of<State>);
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
    const ScriptFindings found = explore_graphs(program);
    ASSERT_TRUE(found.result.violation);
    EXPECT_TRUE(found.result.reproduced)
        << to_text(found.result.schedule) << ": " << found.result.violation->message;
  }
}

// ---- limits ----

TEST(GraphLimits, EventsOfAThreadAreLimitedWithAMessage) {
  ExploreOptions options;
  options.run.step_limit = 100;
  options.iterations = 1;
  const ScriptFindings found = explore_graphs({[](State& s) {
                                                for (int i = 0; i < 1000; ++i)
                                                  s.x.fetch_add(1, relaxed);
                                              }},
                                              options);
  EXPECT_EQ(found.defects, std::set{Defect::kNotJudged});
  EXPECT_EQ(found.result.verdict, Verdict::kUnsupported);
  EXPECT_FALSE(found.result.exhaustive);
  EXPECT_TRUE(found.result.violation->message.contains("more than 100 events"));
}

TEST(GraphLimits, LongThreadsAreExplored) {
  constexpr int kRounds = 300;
  const ScriptFindings found = explore_graphs({[](State& s) {
    for (int i = 0; i < kRounds; ++i) s.got[0] = s.x.fetch_add(1, relaxed);
  }});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{std::to_string(kRounds - 1) + "000"}));
}

// One of them reads y and is given its memory again or not, five read x, and two write.
TEST(GraphLimits, AsManyThreadsAsThereMayBeAreExplored) {
  std::vector<Thread> threads(model::kMaxThreads - 2, [](State& s) { s.x.load(relaxed); });
  threads.front() = [](State& s) {
    s.y.load(relaxed);
    ::operator delete(::operator new(8));
    ::operator delete(::operator new(8));
  };
  threads.emplace_back([](State& s) { s.y.store(1, relaxed); });
  threads.emplace_back([](State& s) { s.x.store(1, relaxed); });
  const ScriptFindings found = explore_graphs(threads);
  EXPECT_TRUE(found.result.exhaustive);
  EXPECT_EQ(found.complete, 2U * 2U * 32U);
}

// ---- the surface ----

TEST(GraphSurface, EveryPairOfOrdersOfACompareExchangeIsModelled) {
  for (const auto success : {relaxed, acquire, release, acq_rel, seq_cst}) {
    for (const auto failure : {relaxed, acquire, seq_cst}) {
      const ScriptFindings found = explore_graphs({[&](State& s) {
        int expected = 0;
        s.got[0] = s.x.compare_exchange_strong(expected, 1, success, failure) ? 1 : 0;
      }});
      EXPECT_EQ(found.outcomes, std::set<std::string>{"1000"});
    }
  }
}

TEST(GraphSurface, FailureOrderAcquiresWhereTheSuccessOrderDoesNot) {
  const ScriptFindings found =
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
  const ScriptFindings found = explore_graphs({[](State& s) { s.x.load(consume); }});
  EXPECT_EQ(found.defects, std::set{Defect::kUnsupported});
}

TEST(GraphSurface, WeakExchangeFailsAsOftenAsItIsAllowedTo) {
  for (const std::uint32_t failures : {0U, 1U, 2U}) {
    ExploreOptions options;
    options.run.spurious_failures = failures;
    const ScriptFindings found =
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
  const ScriptFindings found = explore_graphs({publish, publish, [](State& s) {
                                                 const int* const seen = s.pointer.load(acquire);
                                                 if (seen != nullptr) s.got[0] = *seen;
                                               }});
  EXPECT_EQ(found.defects, std::set<Defect>{});
  EXPECT_EQ(found.outcomes, (std::set<std::string>{"0000", "1000"}));
  EXPECT_EQ(found.complete, 6U);
}

TEST(GraphSurface, ProgramThatDoesNotDoTheSameAgainIsRefused) {
  int runs = 0;
  const ScriptFindings found = explore_graphs({[&runs](State& s) {
                                                 if (++runs % 2 == 0) s.y.store(1, relaxed);
                                                 s.x.store(1, relaxed);
                                               },
                                               [](State& s) { s.got[0] = s.x.load(relaxed); }});
  EXPECT_EQ(found.result.verdict, Verdict::kUnsupported);
  EXPECT_FALSE(found.result.exhaustive);
}

// ---- what a trace shows ----

std::vector<std::string> texts_of(const model::TraceGraph& graph) {
  std::vector<std::string> texts;
  for (const model::TraceGraph::Event& event : graph.events) {
    texts.push_back(event.operation + " " + event.object + " " + event.value);
  }
  return texts;
}

TEST(GraphTrace, NamesTheEventsOfAViolation) {
  const ScriptFindings found = explore_graphs({[](State& s) {
                                                 s.a.lock();
                                                 s.x.store(1, release);
                                                 s.a.unlock();
                                               },
                                               [](State& s) {
                                                 s.a.lock();
                                                 const int seen = s.x.exchange(2, acquire);
                                                 s.a.unlock();
                                                 if (seen == 1)
                                                   model::checker_hooks::report("seen", "");
                                               }});
  const model::TraceGraph& graph = found.result.trace.graph;
  EXPECT_EQ(texts_of(graph),
            (std::vector<std::string>{"lock mutex 3 ", "store release atomic 0 1",
                                      "unlock mutex 3 ", "lock mutex 3 ",
                                      "exchange acquire atomic 0 1 -> 2", "unlock mutex 3 "}));
  EXPECT_TRUE(graph.events[0].reads_initial);
  EXPECT_EQ(graph.events[3].reads_from, 2U);
  EXPECT_EQ(graph.events[4].reads_from, 1U);
  EXPECT_EQ(graph.coherence, (std::vector<std::vector<std::size_t>>{{1, 4}, {0, 3}}));
}

TEST(GraphTrace, NamesAllocationsAndTries) {
  const void* freed = nullptr;
  const ScriptFindings found = explore_graphs({[&freed](State& /*state*/) {
                                                 void* const memory = ::operator new(8);
                                                 freed = memory;
                                                 ::operator delete(memory);
                                               },
                                               [&freed](State& s) {
                                                 void* const memory = ::operator new(8);
                                                 const bool is_freed = memory == freed;
                                                 ::operator delete(memory);
                                                 if (!is_freed || !s.a.try_lock()) return;
                                                 if (!s.b.try_lock()) {
                                                   model::checker_hooks::report("tried", "");
                                                 }
                                                 s.b.unlock();
                                                 s.a.unlock();
                                               }});
  const model::TraceGraph& graph = found.result.trace.graph;
  EXPECT_EQ(texts_of(graph),
            (std::vector<std::string>{"allocate  ", "free  ", "allocate  ", "free  ",
                                      "try_lock mutex 3 ", "failed try_lock mutex 4 "}));
  EXPECT_EQ(graph.events[2].reads_from, 1U);
  EXPECT_EQ(graph.events[0].reads_from, std::nullopt);
  EXPECT_FALSE(graph.events[0].reads_initial);
  EXPECT_TRUE(to_text(found.result.trace).contains("failed try_lock mutex 4"));
}

}  // namespace
}  // namespace slabproof::testing
