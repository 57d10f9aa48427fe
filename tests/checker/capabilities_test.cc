// What a sync policy may offer beyond what the library asks for, under both engines: what each is
// for works, the errors that it is known for are found, and the engines agree on what can happen.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/checker/script_findings.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::ExploreOptions;
using model::Search;
using Sync = model::RelacySync;
using enum std::memory_order;

struct State {
  Sync::Mutex a;
  Sync::Mutex b;
  Sync::SharedMutex shared;
  Sync::ConditionVariable condition;
  Sync::WaitableAtomic<int> flag{0};
  Sync::Atomic<std::uint8_t> x{0};
  Sync::Atomic<std::uint8_t> y{0};
  Sync::Atomic<int*> pointer{nullptr};
  Sync::Var<int> plain{0};
  std::array<int, 6> got{};
};
using Thread = std::function<void(State&)>;

ScriptFindings find(Search search, const std::vector<Thread>& threads,
                    const model::RunSettings& settings = {}) {
  ExploreOptions options;
  options.trace = false;
  options.run = settings;
  return find_in_script<State>(search, threads, options);
}

class CapabilityTest : public ::testing::TestWithParam<Search> {
 protected:
  static void expect_outcomes(const std::vector<Thread>& threads,
                              const std::set<std::string>& expected) {
    const ScriptFindings found = find(GetParam(), threads);
    EXPECT_EQ(found.outcomes, expected);
    EXPECT_EQ(found.defects, std::set<Defect>{});
    EXPECT_TRUE(found.result.exhaustive);
  }
  static void expect_holds(const std::vector<Thread>& threads) {
    const ScriptFindings found = find(GetParam(), threads);
    EXPECT_EQ(found.defects, std::set<Defect>{})
        << (found.result.violation ? to_text(*found.result.violation) : "");
    EXPECT_TRUE(found.result.exhaustive);
  }
  static void expect_defect(const std::vector<Thread>& threads, Defect defect) {
    EXPECT_TRUE(find(GetParam(), threads).defects.contains(defect));
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, CapabilityTest, ::testing::Values(Search::kGraph, Search::kDpor),
                         [](const auto& each) { return std::string(to_text(each.param)); });

// ---- try_lock ----

TEST_P(CapabilityTest, TryLockFailsOrExcludes) {
  expect_outcomes({[](State& s) {
                     s.a.lock();
                     s.plain.write() = 1;
                     s.a.unlock();
                   },
                   [](State& s) {
                     if (!s.a.try_lock()) return;
                     s.got[0] = 1 + s.plain.read();
                     s.a.unlock();
                   }},
                  {"000000", "100000", "200000"});
}

TEST_P(CapabilityTest, TryLockInTheOtherOrderIsNoDeadlock) {
  expect_outcomes({[](State& s) {
                     s.a.lock();
                     s.b.lock();
                     s.b.unlock();
                     s.a.unlock();
                   },
                   [](State& s) {
                     s.b.lock();
                     if (s.a.try_lock()) {
                       s.got[0] = 1;
                       s.a.unlock();
                     }
                     s.b.unlock();
                   }},
                  {"000000", "100000"});
}

TEST_P(CapabilityTest, TryLockOfAMutexThatIsLockedMeanwhileOnlyFails) {
  expect_outcomes({[](State& s) {
                     s.a.lock();
                     s.x.store(1, release);
                     Sync::await([&] { return s.y.load(acquire) == 1; });
                     s.a.unlock();
                   },
                   [](State& s) {
                     if (s.x.load(acquire) == 1) s.got[0] = s.a.try_lock() ? 2 : 1;
                     s.y.store(1, release);
                   }},
                  {"000000", "100000"});
}

TEST_P(CapabilityTest, TryLockInALoopWaits) {
  const Thread thread = [](State& s) {
    while (!s.a.try_lock()) {
    }
    ++s.plain.write();
    s.a.unlock();
  };
  expect_holds({thread, thread});
}

TEST_P(CapabilityTest, TryLockInALoopThatNeverSucceedsIsALivelock) {
  for (const bool pauses : {false, true}) {
    const ScriptFindings found =
        find(GetParam(), {[](State& s) {
                            s.a.lock();
                            Sync::await([&] { return s.x.load(relaxed) == 1; });
                            s.a.unlock();
                          },
                          [pauses](State& s) {
                            while (!s.a.try_lock()) {
                              if (pauses) Sync::pause();
                            }
                            s.x.store(1, relaxed);
                            s.a.unlock();
                          }});
    EXPECT_EQ(found.defects, std::set{Defect::kLivelock}) << pauses;
    EXPECT_GT(found.complete, 0U);
    EXPECT_TRUE(found.result.exhaustive);
  }
}

// A search that does not explore all executions lets a thread go on that it has stopped.
TEST(Capabilities, TryLockInALoopThatPausesGoesOnAfterTheUnlock) {
  const Thread thread = [](State& s) {
    for (int i = 0; i < 2; ++i) {
      while (!s.a.try_lock()) Sync::pause();
      ++s.plain.write();
      s.a.unlock();
    }
  };
  for (const Search search : {Search::kRandom, Search::kBound}) {
    ExploreOptions options;
    options.iterations = 2'000;
    const ScriptFindings found = find_in_script<State>(search, {thread, thread}, options);
    EXPECT_EQ(found.defects, std::set<Defect>{})
        << (found.result.violation ? to_text(*found.result.violation) : "");
    EXPECT_EQ(found.complete, found.result.executions);
    EXPECT_GT(found.complete, 0U);
  }
}

TEST_P(CapabilityTest, TryLocksInLoopsForEachOthersMutexAreALivelock) {
  const auto in_order = [](Sync::Mutex& first, Sync::Mutex& second) {
    first.lock();
    while (!second.try_lock()) {
    }
    second.unlock();
    first.unlock();
  };
  const ScriptFindings found = find(
      GetParam(), {[&](State& s) { in_order(s.a, s.b); }, [&](State& s) { in_order(s.b, s.a); }});
  EXPECT_EQ(found.defects, std::set{Defect::kLivelock});
  EXPECT_GT(found.complete, 0U);
}

// Whoever waits for either of two mutexes has the other one.
TEST_P(CapabilityTest, TryLockOfTwoMutexesInALoopWaitsForEither) {
  const ScriptFindings found =
      find(GetParam(), {[](State& s) {
                          s.a.lock();
                          Sync::await([&] { return s.x.load(relaxed) == 1; });
                          s.a.unlock();
                        },
                        [](State& s) {
                          const auto has_either = [&s] {
                            if (s.a.try_lock()) {
                              s.a.unlock();
                              return true;
                            }
                            if (!s.b.try_lock()) return false;
                            s.b.unlock();
                            return true;
                          };
                          while (!has_either()) {
                          }
                          s.x.store(1, relaxed);
                        }});
  EXPECT_EQ(found.defects, std::set<Defect>{});
  EXPECT_GT(found.complete, 0U);
}

TEST_P(CapabilityTest, TryLockThatOnlyFailsIsCutHonestly) {
  const ScriptFindings found =
      find(GetParam(), {[](State& s) {
                          s.a.lock();
                          s.x.store(1, relaxed);
                          Sync::await([&] { return s.y.load(relaxed) == 1; });
                          s.a.unlock();
                        },
                        [](State& s) {
                          Sync::await([&] { return s.x.load(relaxed) == 1; });
                          for (int i = 0; i < 3; ++i) static_cast<void>(s.a.try_lock());
                          model::checker_hooks::report("three failed", "");
                          s.y.store(1, relaxed);
                        }});
  EXPECT_FALSE(found.result.exhaustive);
  EXPECT_NE(found.result.verdict, model::Verdict::kHolds);
}

TEST_P(CapabilityTest, TryLockFailsAsOftenAsItIsAllowedTo) {
  const std::vector<Thread> tries{[](State& s) {
    for (int i = 0; i < 3; ++i) {
      if (s.a.try_lock()) {
        s.a.unlock();
      } else {
        ++s.got[0];
      }
    }
  }};
  const auto with_failures = [&](std::uint32_t failures) {
    return find(GetParam(), tries, {.failed_tries = failures});
  };
  const ScriptFindings none = with_failures(0);
  EXPECT_EQ(none.outcomes, std::set<std::string>{"000000"});
  EXPECT_FALSE(none.result.exhaustive);
  const ScriptFindings all = with_failures(3);
  EXPECT_EQ(all.outcomes, (std::set<std::string>{"000000", "100000", "200000", "300000"}));
  EXPECT_EQ(all.complete, 8U);
  EXPECT_TRUE(all.result.exhaustive);
}

TEST_P(CapabilityTest, TryLockOfOnesOwnMutexIsADeadlock) {
  expect_defect({[](State& s) {
                  s.a.lock();
                  static_cast<void>(s.a.try_lock());
                }},
                Defect::kDeadlock);
}

/// Threads that lock and try two mutexes, and say in which order they have had each.
std::vector<Thread> random_tries(std::uint32_t seed) {
  std::mt19937 random(seed);
  const std::size_t threads = 2 + random() % 2;
  std::vector<Thread> program;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    struct Section {
      bool tries_first;
      bool nests;
      bool tries_second;
      bool first_is_a;
    };
    std::vector<Section> sections;
    const std::size_t count = threads == 2 ? 2 : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits = random();
      sections.push_back({(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0, (bits & 8U) != 0});
    }
    program.push_back([sections, thread](State& s) {
      int passed = 0;
      for (const Section& section : sections) {
        Sync::Mutex& first = section.first_is_a ? s.a : s.b;
        Sync::Mutex& second = section.first_is_a ? s.b : s.a;
        if (section.tries_first) {
          if (!first.try_lock()) continue;
        } else {
          first.lock();
        }
        passed = 3 * passed + 1;
        if (section.nests && section.tries_second) {
          if (second.try_lock()) {
            ++passed;
            second.unlock();
          }
        } else if (section.nests) {
          second.lock();
          second.unlock();
        }
        first.unlock();
      }
      s.got[thread] = passed;
    });
  }
  return program;
}

TEST(Capabilities, EnginesAgreeOnProgramsOfLocksAndTries) {
  std::size_t stuck = 0;
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    const std::vector<Thread> program = random_tries(seed);
    const ScriptFindings graphs = find(Search::kGraph, program);
    const ScriptFindings relacy = find(Search::kDpor, program);
    ASSERT_EQ(graphs.outcomes, relacy.outcomes) << seed;
    ASSERT_EQ(graphs.defects, relacy.defects) << seed;
    stuck += graphs.defects.empty() ? 0 : 1;
  }
  EXPECT_GT(stuck, 5U);
}

// ---- shared mutexes ----

TEST_P(CapabilityTest, SharedMutexExcludesWriters) {
  const Thread reader = [](State& s) {
    s.shared.lock_shared();
    static_cast<void>(s.plain.read());
    s.shared.unlock_shared();
  };
  const Thread writer = [](State& s) {
    s.shared.lock();
    ++s.plain.write();
    s.shared.unlock();
  };
  expect_holds({reader, writer, reader});
  expect_holds({writer, writer});
}

// Each reader comes before or after each writer; that readers come in some order adds nothing.
TEST_P(CapabilityTest, SharedMutexIsExploredInEachOrderOfWritersAndReaders) {
  const auto reader = [](std::size_t index) {
    return [index](State& s) {
      s.shared.lock_shared();
      s.got[index] = s.plain.read();
      s.shared.unlock_shared();
    };
  };
  const Thread writer = [](State& s) {
    s.shared.lock();
    ++s.plain.write();
    s.shared.unlock();
  };
  const ScriptFindings readers = find(GetParam(), {reader(0), writer, reader(1)});
  EXPECT_EQ(readers.outcomes, (std::set<std::string>{"000000", "010000", "100000", "110000"}));
  EXPECT_EQ(readers.complete, 4U);
  EXPECT_TRUE(readers.result.exhaustive);
  const ScriptFindings writers = find(GetParam(), {writer, reader(0), writer});
  EXPECT_EQ(writers.outcomes, (std::set<std::string>{"000000", "100000", "200000"}));
  EXPECT_EQ(writers.complete, 2U * 3U);
  EXPECT_TRUE(writers.result.exhaustive);
}

TEST_P(CapabilityTest, SharedMutexLetsReadersInTogether) {
  // Each waits for the other one while it reads.
  expect_holds({[](State& s) {
                  s.shared.lock_shared();
                  s.x.store(1, relaxed);
                  Sync::await([&] { return s.y.load(relaxed) == 1; });
                  s.shared.unlock_shared();
                },
                [](State& s) {
                  s.shared.lock_shared();
                  s.y.store(1, relaxed);
                  Sync::await([&] { return s.x.load(relaxed) == 1; });
                  s.shared.unlock_shared();
                }});
}

TEST_P(CapabilityTest, WriteUnderASharedLockIsARace) {
  const Thread thread = [](State& s) {
    s.shared.lock_shared();
    ++s.plain.write();
    s.shared.unlock_shared();
  };
  expect_defect({thread, thread}, Defect::kDataRace);
}

TEST_P(CapabilityTest, ReadersAreNotOrdered) {
  expect_defect({[](State& s) {
                   s.shared.lock_shared();
                   s.plain.write() = 1;
                   s.shared.unlock_shared();
                   s.x.store(1, relaxed);
                 },
                 [](State& s) {
                   if (s.x.load(relaxed) == 0) return;
                   s.shared.lock_shared();
                   static_cast<void>(s.plain.read());
                   s.shared.unlock_shared();
                 }},
                Defect::kDataRace);
}

TEST_P(CapabilityTest, WriterComesAfterReadersThatHaveLeft) {
  expect_holds({[](State& s) {
                  s.shared.lock_shared();
                  static_cast<void>(s.plain.read());
                  s.shared.unlock_shared();
                  s.x.store(1, relaxed);
                },
                [](State& s) {
                  if (s.x.load(relaxed) == 0) return;
                  s.shared.lock();
                  s.plain.write() = 1;
                  s.shared.unlock();
                }});
}

TEST_P(CapabilityTest, SharedUnlockByAWriterIsFound) {
  expect_defect({[](State& s) {
                  s.shared.lock();
                  s.shared.unlock_shared();
                }},
                Defect::kReported);
}

// ---- condition variables ----

void wait_for_plain(State& s) {
  s.a.lock();
  while (s.plain.read() == 0) s.condition.wait(s.a);
  s.a.unlock();
}

TEST_P(CapabilityTest, ConditionIsWaitedForInALoop) {
  expect_holds({wait_for_plain, [](State& s) {
                  s.a.lock();
                  s.plain.write() = 1;
                  s.a.unlock();
                  s.condition.notify_one();
                }});
}

TEST_P(CapabilityTest, WaitThatIsTakenToEndForACauseIsFound) {
  expect_defect({[](State& s) {
                   s.a.lock();
                   if (s.plain.read() == 0) s.condition.wait(s.a);
                   if (s.plain.read() == 0) model::checker_hooks::report("too early", "");
                   s.a.unlock();
                 },
                 [](State& s) {
                   s.a.lock();
                   s.plain.write() = 1;
                   s.condition.notify_one();
                   s.a.unlock();
                 }},
                Defect::kReported);
}

TEST_P(CapabilityTest, NotificationBetweenALookAndTheWaitIsLost) {
  expect_defect({[](State& s) {
                   s.a.lock();
                   while (s.x.load(acquire) == 0) s.condition.wait(s.a);
                   s.a.unlock();
                 },
                 [](State& s) {
                   s.x.store(1, release);  // without the mutex
                   s.condition.notify_one();
                 }},
                Defect::kLivelock);
}

TEST_P(CapabilityTest, OneNotificationWakesOneOfTwo) {
  const auto notify = [](bool all) {
    return [all](State& s) {
      s.a.lock();
      s.plain.write() = 1;
      s.a.unlock();
      if (all) {
        s.condition.notify_all();
      } else {
        s.condition.notify_one();
      }
    };
  };
  expect_defect({wait_for_plain, wait_for_plain, notify(false)}, Defect::kLivelock);
  expect_holds({wait_for_plain, wait_for_plain, notify(true)});
}

TEST_P(CapabilityTest, NotificationOrdersNothing) {
  expect_defect({[](State& s) {
                   s.a.lock();
                   s.condition.wait(s.a);
                   s.a.unlock();
                   s.got[0] = s.plain.read();
                 },
                 [](State& s) {
                   s.plain.write() = 1;
                   s.condition.notify_one();
                 }},
                Defect::kDataRace);
}

// ---- waits for the value of an atomic ----

TEST_P(CapabilityTest, WaitForAValueEndsWithItsNotification) {
  expect_outcomes({[](State& s) {
                     s.flag.wait(0, acquire);
                     s.got[0] = s.plain.read();
                   },
                   [](State& s) {
                     s.plain.write() = 5;
                     s.flag.store(1, release);
                     s.flag.notify_one();
                   }},
                  {"500000"});
}

TEST_P(CapabilityTest, ValueThatIsChangedWithoutANotificationIsFound) {
  expect_defect(
      {[](State& s) { s.flag.wait(0, acquire); }, [](State& s) { s.flag.store(1, release); }},
      Defect::kLivelock);
}

TEST_P(CapabilityTest, ValueIsNotifiedToOneOrToAll) {
  const Thread waits = [](State& s) { s.flag.wait(0, acquire); };
  expect_defect({waits, waits,
                 [](State& s) {
                   s.flag.store(1, release);
                   s.flag.notify_one();
                 }},
                Defect::kLivelock);
  expect_holds({waits, waits, [](State& s) {
                  s.flag.store(1, release);
                  s.flag.notify_all();
                }});
}

TEST_P(CapabilityTest, RelaxedWaitForAValueOrdersNothing) {
  expect_defect({[](State& s) {
                   s.flag.wait(0, relaxed);
                   s.got[0] = s.plain.read();
                 },
                 [](State& s) {
                   s.plain.write() = 5;
                   s.flag.store(1, release);
                   s.flag.notify_one();
                 }},
                Defect::kDataRace);
}

// ---- atomics ----

TEST_P(CapabilityTest, BitsAreChangedInOneStep) {
  expect_outcomes({[](State& s) { s.got[0] = s.x.fetch_or(0b0011, relaxed); },
                   [](State& s) { s.got[1] = s.x.fetch_xor(0b0101, relaxed); },
                   [](State& s) { s.got[2] = s.x.fetch_and(0b0110, relaxed); }},
                  // Before each of the three, in each of their orders.
                  {"036000", "023000", "507000", "405000", "030000", "500000"});
}

TEST_P(CapabilityTest, PointerMovesByWholeObjects) {
  static std::array<int, 4> objects{};
  expect_outcomes({[](State& s) {
                    s.pointer.store(objects.data(), relaxed);
                    int* const before = s.pointer.fetch_add(3, relaxed);
                    int* const after = s.pointer.fetch_sub(1, relaxed);
                    s.got[0] = before == objects.data() ? 1 : 0;
                    s.got[1] = static_cast<int>(after - objects.data());
                    s.got[2] = static_cast<int>(s.pointer.load(relaxed) - objects.data());
                  }},
                  {"132000"});
}

TEST_P(CapabilityTest, ExchangeOfOneOrderFailsWithoutItsRelease) {
  for (const auto order : {relaxed, acquire, release, acq_rel, seq_cst}) {
    expect_outcomes({[order](State& s) {
                      std::uint8_t expected = 1;
                      s.got[0] = s.x.compare_exchange_strong(expected, 2, order) ? 1 : 0;
                      s.got[1] = s.x.compare_exchange_strong(expected, 2, order) ? 1 : 0;
                      s.got[2] = expected;
                    }},
                    {"010000"});
  }
}

}  // namespace
}  // namespace slabproof::testing
