// What the checked sync policy sees: each way in which a program can misuse memory, locks or
// atomics is found, with its property, and run again with a trace that ends there.

#include "model/runtime/relacy_sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/explore.h"
#include "model/search/trace.h"
#include "model/slab/model_backing.h"
#include "model/slab/property.h"
#include "slabproof/layout.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::Execution;
using model::ExploreOptions;
using model::ExploreResult;
using model::ModelBacking;
using model::Search;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::MatchesRegex;
using ::testing::Not;
using Sync = model::RelacySync;
using Number = Sync::Var<std::uint32_t>;
using enum std::memory_order;

template <class State>
void expect_violation(std::vector<std::function<void(State&)>> threads, Defect defect,
                      const std::string& message, const model::RunSettings& settings = {}) {
  ExploreOptions options;
  options.run = settings;
  const ExploreResult result = explore_parts<State>(std::move(threads), options);
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, defect);
  EXPECT_THAT(result.violation->message, HasSubstr(message));
  EXPECT_TRUE(result.reproduced);
  ASSERT_FALSE(result.trace.events.empty());
  EXPECT_TRUE(result.trace.events.back().failed);
}

// ---- the life of objects ----

/// A number that one thread may destroy while another still reads it.
struct Shared {
  Sync::Atomic<int> gone{0};
  alignas(Number) std::byte place[sizeof(Number)];
  Number* number = ::new (static_cast<void*>(place)) Number(7);
};

TEST(RelacySync, UseAfterDestructionIsFound) {
  expect_violation<Shared>({[](Shared& shared) {
                              std::destroy_at(shared.number);
                              shared.gone.store(1, release);
                            },
                            [](Shared& shared) {
                              while (shared.gone.load(acquire) == 0) Sync::pause();
                              static_cast<void>(shared.number->read());
                            }},
                           Defect::kUseAfterFree, "destroyed or never constructed");
}

TEST(RelacySync, DestructionUnorderedWithAReadIsFoundWhicheverComesFirst) {
  for (const bool reader_is_first : {true, false}) {
    std::vector<std::function<void(Shared&)>> threads = {
        [](Shared& shared) { static_cast<void>(shared.number->read()); },
        [](Shared& shared) { std::destroy_at(shared.number); }};
    if (!reader_is_first) std::swap(threads[0], threads[1]);
    const ExploreResult result = explore_parts<Shared>(threads);
    ASSERT_TRUE(result.violation.has_value());
    EXPECT_EQ(result.violation->defect,
              reader_is_first ? Defect::kDataRace : Defect::kUseAfterFree);
  }
}

TEST(RelacySync, AtomicDestroyedWhileAnotherThreadMayUseItIsFound) {
  struct State {
    alignas(Sync::Atomic<int>) std::byte place[sizeof(Sync::Atomic<int>)];
    Sync::Atomic<int>* atomic = ::new (static_cast<void*>(place)) Sync::Atomic<int>(0);
  };
  const ExploreResult result =
      explore_parts<State>({[](State& state) { state.atomic->store(1, release); },
                            [](State& state) {
                              if (state.atomic->load(relaxed) == 1) std::destroy_at(state.atomic);
                            }});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kDataRace);
  EXPECT_THAT(result.violation->message, HasSubstr("is destroyed"));
}

TEST(RelacySync, AtomicDestroyedAfterAnAcquireIsNotAViolation) {
  struct State {
    alignas(Sync::Atomic<int>) std::byte place[sizeof(Sync::Atomic<int>)];
    Sync::Atomic<int>* atomic = ::new (static_cast<void*>(place)) Sync::Atomic<int>(0);
  };
  const ExploreResult result =
      explore_parts<State>({[](State& state) { state.atomic->store(1, release); },
                            [](State& state) {
                              while (state.atomic->load(acquire) == 0) Sync::pause();
                              std::destroy_at(state.atomic);
                            }});
  EXPECT_FALSE(result.violation.has_value()) << result.violation->message;
}

TEST(RelacySync, MutexDestroyedWhileItIsHeldIsFound) {
  struct State {
    alignas(Sync::Mutex) std::byte place[sizeof(Sync::Mutex)];
    Sync::Mutex* mutex = ::new (static_cast<void*>(place)) Sync::Mutex();
  };
  expect_violation<State>({[](State& state) {
                             state.mutex->lock();
                             std::destroy_at(state.mutex);
                           },
                           [](State&) {}},
                          Defect::kMutexDestroyedWhileHeld, "destroyed while it is held");
}

// ---- memory ----

struct Regions {
  std::array<ModelBacking*, 2> region{};
  Sync::Atomic<int> ready{0};
};

/// Room for one backing that the program ends itself.
ModelBacking* make_region() {
  static std::array<std::byte, 64 * sizeof(ModelBacking)> places;
  static std::size_t used = 0;
  used = (used + 1) % 64;
  return ::new (static_cast<void*>(places.data() + used * sizeof(ModelBacking)))
      ModelBacking(*Layout::make(256, 64));
}

TEST(RelacySync, TwoObjectsOfTwoThreadsInOneGranuleAreARace) {
  struct State {
    ModelBacking region{*Layout::make(256, 64)};
  };
  const auto make_one_here = [](State& state) {
    auto* const number = ::new (static_cast<void*>(state.region.data())) Number(1);
    std::destroy_at(number);
  };
  expect_violation<State>({make_one_here, make_one_here}, Defect::kDataRace,
                          "begins its life in memory");
}

TEST(RelacySync, TwoObjectsInDifferentGranulesDoNotRace) {
  struct State {
    ModelBacking region{*Layout::make(256, 64)};
  };
  const auto make_one_at = [](std::size_t offset) {
    return [offset](State& state) {
      auto* const number = ::new (static_cast<void*>(state.region.data() + offset)) Number(1);
      std::destroy_at(number);
    };
  };
  EXPECT_FALSE(explore_parts<State>({make_one_at(0), make_one_at(64)}).violation.has_value());
}

TEST(RelacySync, TraceTellsOfMemoryThatIsObtainedAndReleased) {
  const ExploreResult result = explore_parts<Regions>({[](Regions&) {
    std::destroy_at(make_region());
    model::checker_hooks::report("client", "the end");
  }});
  std::vector<std::string> operations;
  for (const model::TraceEvent& event : result.trace.events) operations.push_back(event.operation);
  EXPECT_THAT(operations, IsSupersetOf({"obtain memory", "release memory"}));
}

// What the execution before has called the variable means nothing in this one.
TEST(RelacySync, MessageHasTheNameThatAThreadHasGivenInItsExecution) {
  struct State {
    Sync::Mutex mutex;
    Number turn{0};
    Number named{0};
  };
  ExploreOptions options;
  options.is_wanted = [](const model::Failure& failure) {
    return failure.defect == Defect::kDataRace;
  };
  const ExploreResult result =
      explore_parts<State>({[](State& state) {
                              state.mutex.lock();
                              const bool is_second = state.turn.read() == 1;
                              model::checker_hooks::name_object(&state.named, sizeof(state.named),
                                                                is_second ? "late" : "early", true);
                              state.mutex.unlock();
                              if (is_second) state.named.write() = 1;
                            },
                            [](State& state) {
                              state.mutex.lock();
                              state.turn.write() = 1;
                              state.mutex.unlock();
                              state.named.write() = 2;
                            }},
                           options);
  ASSERT_TRUE(result.violation);
  EXPECT_THAT(result.violation->message, HasSubstr("late"));
}

TEST(RelacySync, UseOfReleasedMemoryIsFound) {
  expect_violation<Regions>({[](Regions& regions) {
                               regions.region[0] = make_region();
                               auto* const number =
                                   ::new (static_cast<void*>(regions.region[0]->data())) Number(1);
                               std::destroy_at(regions.region[0]);
                               static_cast<void>(number->read());
                             },
                             [](Regions&) {}},
                            Defect::kUseAfterFree, "destroyed or never constructed");
}

TEST(RelacySync, MemoryReleasedUnorderedWithAUseIsFound) {
  expect_violation<Regions>(
      {[](Regions& regions) {
         regions.region[0] = make_region();
         ::new (static_cast<void*>(regions.region[0]->data())) Number(1);
         regions.ready.store(1, release);
         while (regions.ready.load(relaxed) != 2) Sync::pause();
         std::destroy_at(regions.region[0]);
       },
       [](Regions& regions) {
         while (regions.ready.load(acquire) != 1) Sync::pause();
         auto* const number = std::launder(reinterpret_cast<Number*>(regions.region[0]->data()));
         number->write() = 2;
         regions.ready.store(2, relaxed);
       }},
      Defect::kDataRace, "lies in memory that is given back");
}

/// Makes an object in a region that it gives back.
template <class Object>
void release_around(Regions& regions, int value) {
  regions.region[0] = make_region();
  ::new (static_cast<void*>(regions.region[0]->data() + 64)) Object(value);
  std::destroy_at(regions.region[0]);
}

void expect_never_destroyed(std::function<void(Regions&)> thread, const std::string& kind) {
  const ExploreResult result =
      explore_parts<Regions>({std::move(thread), [](Regions&) {}}, ExploreOptions{});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kNeverDestroyed);
  EXPECT_EQ(model::property_of(*result.violation), "S11");
  EXPECT_THAT(result.violation->message, MatchesRegex("memory is given back, and " + kind +
                                                      " [0-9]+ in it was never destroyed"));
  EXPECT_TRUE(result.reproduced);
}

TEST(RelacySync, VariableThatIsAliveInMemoryThatIsGivenBackIsFound) {
  expect_never_destroyed([](Regions& regions) { release_around<Number>(regions, 1); }, "variable");
}

TEST(RelacySync, AtomicThatIsAliveInMemoryThatIsGivenBackIsFound) {
  expect_never_destroyed([](Regions& regions) { release_around<Sync::Atomic<int>>(regions, 1); },
                         "atomic");
}

TEST(RelacySync, MutexThatIsAliveInMemoryThatIsGivenBackIsFound) {
  expect_never_destroyed(
      [](Regions& regions) {
        regions.region[0] = make_region();
        ::new (static_cast<void*>(regions.region[0]->data())) Sync::Mutex();
        std::destroy_at(regions.region[0]);
      },
      "mutex");
}

TEST(RelacySync, WhatElseIsWrongCountsMoreThanAnObjectThatWasNeverDestroyed) {
  expect_violation<Regions>({[](Regions& regions) {
                               release_around<Number>(regions, 1);
                               model::checker_hooks::report("S1", "of the program",
                                                            std::source_location::current());
                             },
                             [](Regions&) {}},
                            Defect::kReported, "of the program");
}

/// One thread ends an object, and another one then gives back the memory that it was in.
std::vector<std::function<void(Regions&)>> end_and_release(std::memory_order told,
                                                           std::memory_order seen) {
  return {[seen](Regions& regions) {
            regions.region[0] = make_region();
            ::new (static_cast<void*>(regions.region[0]->data())) Number(1);
            regions.ready.store(1, release);
            while (regions.ready.load(seen) != 2) Sync::pause();
            std::destroy_at(regions.region[0]);
          },
          [told](Regions& regions) {
            while (regions.ready.load(acquire) != 1) Sync::pause();
            std::destroy_at(std::launder(reinterpret_cast<Number*>(regions.region[0]->data())));
            regions.ready.store(2, told);
          }};
}

TEST(RelacySync, MemoryReleasedUnorderedWithTheEndOfAnObjectIsFound) {
  expect_violation<Regions>(end_and_release(relaxed, acquire), Defect::kDataRace,
                            "unordered with the end of an object in it");
  expect_violation<Regions>(end_and_release(release, relaxed), Defect::kDataRace,
                            "unordered with the end of an object in it");
}

TEST(RelacySync, MemoryReleasedAfterTheEndOfItsObjectIsNotAViolation) {
  EXPECT_FALSE(explore_parts<Regions>(end_and_release(release, acquire)).violation.has_value());
}

struct Locked {
  Sync::Mutex mutex;
};

constexpr model::RunSettings kNoAllocationUnderLock = {.forbid_allocation_under_lock = true};

TEST(RelacySync, MemoryRequestedUnderALockIsFound) {
  expect_violation<Locked>({[](Locked& locked) {
                              locked.mutex.lock();
                              const ModelBacking region(*Layout::make(64, 64));
                              locked.mutex.unlock();
                            },
                            [](Locked&) {}},
                           Defect::kAllocationUnderLock, "memory is requested while a lock is held",
                           kNoAllocationUnderLock);
}

TEST(RelacySync, MemoryReleasedUnderALockIsFound) {
  expect_violation<Locked>({[](Locked& locked) {
                              std::optional<ModelBacking> region(*Layout::make(64, 64));
                              locked.mutex.lock();
                              region.reset();
                              locked.mutex.unlock();
                            },
                            [](Locked&) {}},
                           Defect::kAllocationUnderLock, "memory is released while a lock is held",
                           kNoAllocationUnderLock);
}

/// The pointer is volatile, or a compiler may find that nothing reads the memory and allocate none.
void allocate_and_release() {
  std::vector<int>* const volatile numbers = new std::vector<int>(100);
  delete numbers;
}

TEST(RelacySync, HeapAllocationUnderALockIsFound) {
  expect_violation<Locked>({[](Locked& locked) {
                              locked.mutex.lock();
                              allocate_and_release();
                              locked.mutex.unlock();
                            },
                            [](Locked&) {}},
                           Defect::kAllocationUnderLock, "heap allocation while a lock is held",
                           kNoAllocationUnderLock);
}

TEST(RelacySync, CheckerAllocatesUnseenWhereAMutexLivesUnderALock) {
  const auto use_another = [](Locked& locked) {
    locked.mutex.lock();
    {
      Sync::Mutex another;
      another.lock();
      another.unlock();
    }
    locked.mutex.unlock();
  };
  ScriptedExecution<Locked> program({use_another, use_another});
  for (const Search search : {Search::kDpor, Search::kFull}) {
    ExploreOptions options;
    options.search = search;
    options.run = kNoAllocationUnderLock;
    EXPECT_FALSE(model::explore(program, options).violation.has_value());
  }
  const model::Schedule first = {.unlock_is_step = false, .choices = {}};
  ExploreOptions traced;
  traced.search = Search::kReplay;
  traced.schedule = &first;
  traced.run = kNoAllocationUnderLock;
  const ExploreResult result = model::explore(program, traced);
  EXPECT_FALSE(result.violation.has_value());
  EXPECT_THAT(to_text(result.trace), HasSubstr("destroy mutex"));
}

TEST(RelacySync, HeapAllocationWithoutALockIsNotAViolation) {
  ExploreOptions options;
  options.run = kNoAllocationUnderLock;
  EXPECT_FALSE(explore_parts<Locked>({[](Locked& locked) {
                                        allocate_and_release();
                                        locked.mutex.lock();
                                        locked.mutex.unlock();
                                      },
                                      [](Locked&) {}},
                                     options)
                   .violation.has_value());
}

TEST(RelacySync, AllocationUnderALockIsNotAViolationWhereTheRunAllowsIt) {
  EXPECT_FALSE(explore_parts<Locked>({[](Locked& locked) {
                                        locked.mutex.lock();
                                        allocate_and_release();
                                        const ModelBacking region(*Layout::make(64, 64));
                                        locked.mutex.unlock();
                                      },
                                      [](Locked&) {}})
                   .violation.has_value());
}

TEST(RelacySync, AddressesDependOnTheThreadsOwnPastOnly) {
  struct State {
    std::array<std::byte*, 2> data{};
  };
  std::vector<std::array<std::byte*, 2>> seen;
  const auto request = [](std::size_t thread) {
    return [thread](State& state) {
      const ModelBacking region(*Layout::make(100, 64));
      state.data[thread] = region.data();
    };
  };
  ScriptedExecution<State> recorder({request(0), request(1)});
  recorder.on_after = [&](const State& state) { seen.push_back(state.data); };
  ExploreOptions options;
  options.search = Search::kFull;
  static_cast<void>(model::explore(recorder, options));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_NE(seen[0][0], seen[0][1]);
}

// ---- locks ----

TEST(RelacySync, LockHeldAlreadyByTheSameThreadIsFound) {
  expect_violation<Locked>({[](Locked& locked) {
                              locked.mutex.lock();
                              locked.mutex.lock();
                            },
                            [](Locked&) {}},
                           Defect::kDeadlock, "holds already");
}

TEST(RelacySync, UnlockWithoutALockIsFound) {
  expect_violation<Locked>({[](Locked& locked) { locked.mutex.unlock(); }, [](Locked&) {}},
                           Defect::kUnlockWithoutLock, "does not hold");
}

struct Guarded {
  Sync::Mutex mutex;
  Number number{0};
};

void add_under_the_lock(Guarded& guarded) {
  guarded.mutex.lock();
  ++guarded.number.write();
  guarded.mutex.unlock();
}

void add_after_the_unlock(Guarded& guarded) {
  guarded.mutex.lock();
  std::uint32_t& number = guarded.number.write();
  guarded.mutex.unlock();
  ++number;
}

void add_after_a_later_operation(Guarded& guarded) {
  guarded.mutex.lock();
  std::uint32_t& number = guarded.number.write();
  guarded.mutex.unlock();
  const Number other(0);
  ++number;
}

TEST(RelacySync, WriteThroughAReferenceThatOutlivedItsLockIsARace) {
  expect_violation<Guarded>({&add_after_the_unlock, &add_under_the_lock}, Defect::kDataRace,
                            "unordered with an access by another thread");
  expect_violation<Guarded>({&add_after_a_later_operation, &add_under_the_lock}, Defect::kDataRace,
                            "unordered with an access by another thread");
  expect_violation<Guarded>({&add_under_the_lock, &add_after_the_unlock}, Defect::kDataRace,
                            "unordered with an access by another thread");
}

TEST(RelacySync, WriteThroughAReferenceThatOutlivedALockIsNoRaceWhereNobodyElseMayComeIn) {
  const auto result = explore_parts<Guarded>({&add_after_the_unlock,
                                              [](Guarded& guarded) {
                                                guarded.mutex.lock();
                                                guarded.mutex.unlock();
                                              }},
                                             {});
  EXPECT_FALSE(result.violation.has_value());
}

TEST(RelacySync, LockThatIsNeverReleasedIsADeadlockOfTheOthers) {
  expect_violation<Locked>(
      {[](Locked& locked) { locked.mutex.lock(); }, [](Locked& locked) { locked.mutex.lock(); }},
      Defect::kDeadlock, "waits for mutex 0 held by thread");
}

TEST(RelacySync, LoopWithoutAStepIsALivelock) {
  ExploreOptions options;
  options.run.access_limit = 1'000;
  const ExploreResult result = explore_parts<Shared>({[](Shared& shared) {
                                                        while (shared.number->read() != 0) {
                                                        }
                                                      },
                                                      [](Shared&) {}},
                                                     options);
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kLivelock);
}

// ---- what depends on more than the schedule ----

/// Fails with the messages in turn, one in each execution, and holds after the last one.
ExploreResult fail_in_turn(const std::vector<std::string>& messages) {
  struct State {};
  std::size_t execution = 0;
  return explore_parts<State>({[&](State&) {
    const std::size_t number = execution++;
    if (number < messages.size()) model::checker_hooks::report("S1", messages[number]);
  }});
}

TEST(RelacySync, ViolationThatDoesNotFailAgainIsSaidToBeNotReproduced) {
  const ExploreResult result = fail_in_turn({"two owners"});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_FALSE(result.reproduced);
  EXPECT_EQ(result.violation->label, "S1");
  EXPECT_THAT(result.violation->message,
              HasSubstr("[not reproduced: run again, the same schedule did not fail"));
}

TEST(RelacySync, ViolationThatFailsOtherwiseIsSaidToBeNotReproduced) {
  const ExploreResult result = fail_in_turn({"two owners", "no owner"});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_FALSE(result.reproduced);
  EXPECT_THAT(result.violation->message, HasSubstr("failed otherwise: no owner"));
}

TEST(RelacySync, ViolationThatFailsAgainKeepsItsMessage) {
  const ExploreResult result = fail_in_turn({"two owners", "two owners"});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_TRUE(result.reproduced);
  EXPECT_THAT(result.violation->message, Not(HasSubstr("not reproduced")));
}

// ---- traces ----

TEST(RelacySync, TraceNamesThreadsPlacesAndValues) {
  struct State {
    Sync::Mutex mutex;
    Number number{5};
  };
  const auto change = [](State& state) {
    state.mutex.lock();
    state.number.write() = 6;
    state.mutex.unlock();
  };
  ScriptedExecution<State> program({change, change});
  const model::Schedule first = {.unlock_is_step = false, .choices = {}};
  ExploreOptions options;
  options.search = Search::kReplay;
  options.schedule = &first;
  const ExploreResult result = model::explore(program, options);
  const std::string text = to_text(result.trace);
  EXPECT_THAT(text, HasSubstr("relacy_sync_test.cc:"));
  EXPECT_THAT(text, HasSubstr("lock mutex 0"));
  EXPECT_THAT(text, HasSubstr("write variable 0 = 6"));
  EXPECT_THAT(text, HasSubstr("T0 "));
  EXPECT_THAT(text, HasSubstr("T1 "));
}

}  // namespace
}  // namespace slabproof::testing
