// The search over states finds what other searches find, on programs that are made for that: each
// hides its error behind states that are equal but for what leads to it.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/explore.h"
#include "model/search/limits.h"
#include "model/states/shared_states.h"
#include "model/states/state_scheduler.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::RelacySync;
using model::Search;
using model::StateSink;
using model::Verdict;

using Mutex = RelacySync::Mutex;
using Number = RelacySync::Var<int>;

/// A value that a thread puts into a variable.
struct OwnerOfBlock {
  using NamesItsThread = void;
  std::uint32_t number;
  std::uint32_t thread;
};
using Owner = RelacySync::Var<OwnerOfBlock>;

/// Room for a variable that a thread makes.
class Room {
 public:
  void make() { ::new (static_cast<void*>(bytes_.data())) Number(1); }
  Number& made() { return *std::launder(reinterpret_cast<Number*>(bytes_.data())); }

 private:
  alignas(Number) std::array<std::byte, sizeof(Number)> bytes_;
};

/// What the threads of a program share.
struct Shared {
  Mutex first;
  Mutex second;
  Number x{0};
  Number y{0};
  Number turn{0};
  Owner owner{OwnerOfBlock{.number = 0, .thread = model::kMaxThreads}};  // nobody
  std::array<Room, 2> rooms{};
};

using Thread = std::function<void(Shared&)>;

/// Threads that keep all that they know in local variables.
class SmallProgram final : public model::Execution, private model::StateOfProgram {
 public:
  explicit SmallProgram(std::vector<Thread> threads, bool knows_that_it_is_good = true)
      : threads_(std::move(threads)), knows_that_it_is_good_(knows_that_it_is_good) {}

  std::size_t thread_count() const override { return threads_.size(); }
  void before() override { shared_ = ::new (static_cast<void*>(memory_)) Shared(); }
  void thread(std::size_t index) override {
    model::Engine::instance().call_apart([&] { threads_[index](*shared_); });
  }
  void after() override { std::destroy_at(shared_); }
  model::StateOfProgram* state() override { return this; }

 private:
  bool append_shared(StateSink& /*sink*/) override { return knows_that_it_is_good_; }
  void append_thread(std::size_t /*thread*/, StateSink& /*sink*/) override {}
  std::span<const std::byte> owned(std::size_t thread) const override {
    return std::as_bytes(std::span(threads_).subspan(thread, 1));
  }
  std::uint32_t progress() const override { return model::Engine::instance().progress().steps; }

  std::vector<Thread> threads_;
  const bool knows_that_it_is_good_;
  Shared* shared_ = nullptr;
  alignas(Shared) std::byte memory_[sizeof(Shared)];
};

model::ExploreResult explore(std::vector<Thread> threads, Search search,
                             model::StateOptions states = {}) {
  SmallProgram program(std::move(threads));
  model::StateScheduler scheduler(states);
  if (states.shared != nullptr && !scheduler.begin_share()) return {};
  model::ExploreOptions options;
  options.search = search;
  options.states = &scheduler;
  return model::explore(program, options);
}

void expect_defect(const std::vector<Thread>& threads, Defect defect) {
  for (const Search search : {Search::kDpor, Search::kStates}) {
    SCOPED_TRACE(to_text(search));
    const auto result = explore(threads, search);
    ASSERT_TRUE(result.violation);
    EXPECT_EQ(result.violation->defect, defect);
    EXPECT_TRUE(result.reproduced) << to_text(*result.violation);
    EXPECT_FALSE(result.trace.events.empty());
  }
}

void under(Mutex& mutex, const std::function<void()>& action) {
  mutex.lock();
  action();
  mutex.unlock();
}

TEST(StateSearch, OrdersThatLeadToOneStateAreExploredOnce) {
  const Thread adds = [](Shared& shared) {
    for (int i = 0; i < 3; ++i) {
      shared.first.lock();
      shared.x.write() += 1;
      shared.first.unlock();
    }
  };
  const auto reduced = explore({adds, adds}, Search::kDpor);
  const auto states = explore({adds, adds}, Search::kStates);
  EXPECT_EQ(reduced.executions, 20U);  // 6 choose 3
  EXPECT_EQ(states.verdict, Verdict::kHolds);
  EXPECT_TRUE(states.exhaustive);
  EXPECT_EQ(states.states.states, 15U);  // 4 x 4 positions, but for the end
  EXPECT_EQ(states.states.transitions, 24U);
}

TEST(StateSearch, RaceThatDependsOnTheOrderOfLocksIsFound) {
  expect_defect({[](Shared& shared) {
                   shared.x.write() = 1;
                   under(shared.first, [] {});
                 },
                 [](Shared& shared) {
                   under(shared.first, [] {});
                   under(shared.second, [] {});
                   static_cast<void>(shared.x.read());
                 }},
                Defect::kDataRace);
}

TEST(StateSearch, RaceOfAWriteWithAnEarlierReadIsFound) {
  expect_defect({[](Shared& shared) {
                   static_cast<void>(shared.x.read());
                   under(shared.first, [] {});
                 },
                 [](Shared& shared) {
                   under(shared.first, [] {});
                   under(shared.second, [] {});
                   shared.x.write() = 1;
                 }},
                Defect::kDataRace);
}

TEST(StateSearch, DeadlockIsFound) {
  expect_defect({[](Shared& shared) { under(shared.first, [&] { under(shared.second, [] {}); }); },
                 [](Shared& shared) { under(shared.second, [&] { under(shared.first, [] {}); }); }},
                Defect::kDeadlock);
}

/// Waits until `is_over`, and leaves nothing behind in a round that comes to nothing.
template <class IsOver>
void wait_until(Shared& shared, IsOver is_over) {
  for (;;) {
    shared.first.lock();
    const bool ends = is_over();
    shared.first.unlock();
    if (ends) return;
    RelacySync::pause();
  }
}

TEST(StateSearch, WaitForWhatComesIsNoLivelock) {
  const auto result =
      explore({[](Shared& shared) { wait_until(shared, [&] { return shared.x.read() == 2; }); },
               [](Shared& shared) {
                 for (int i = 1; i <= 2; ++i) {
                   shared.first.lock();
                   shared.x.write() = i;
                   shared.first.unlock();
                 }
               }},
              Search::kStates);
  EXPECT_EQ(result.verdict, Verdict::kHolds)
      << to_text(result.violation.value_or(model::Failure{}));
  EXPECT_TRUE(result.exhaustive);
}

TEST(StateSearch, WaitForWhatNeverComesIsALivelock) {
  expect_defect({[](Shared& shared) { wait_until(shared, [&] { return shared.x.read() == 3; }); },
                 [](Shared& shared) { under(shared.first, [&] { shared.x.write() = 2; }); }},
                Defect::kLivelock);
}

/// Each waits for its turn, and lets the other go first for ever if both begin at once.
TEST(StateSearch, LivelockOfTwoThatWaitForEachOtherIsFound) {
  const auto waits = [](int mine) {
    return [mine](Shared& shared) {
      wait_until(shared, [&] { return shared.turn.read() == mine; });
      under(shared.first, [&] { shared.turn.write() = 3 - mine; });
    };
  };
  expect_defect({waits(1), waits(2)}, Defect::kLivelock);
}

/// Of several processes none need see all of it.
TEST(StateSearch, StatesThatLeadBackToThemselvesAreLeftToOneProcess) {
  model::SharedStates shared(1 << 20);
  const auto result =
      explore({[](Shared& each) { wait_until(each, [&] { return each.x.read() == 3; }); },
               [](Shared& each) { under(each.first, [&] { each.x.write() = 2; }); }},
              Search::kStates, {.shared = &shared});
  EXPECT_TRUE(shared.is_left_to_one());
  EXPECT_FALSE(result.exhaustive);
}

TEST(StateSearch, StatesThatLeadOnAreSharedByProcesses) {
  const Thread adds = [](Shared& each) {
    for (int i = 0; i < 3; ++i) {
      under(each.first, [&] { each.x.write() += 1; });
    }
  };
  model::SharedStates shared(1 << 20);
  const auto result = explore({adds, adds}, Search::kStates, {.shared = &shared});
  EXPECT_FALSE(shared.is_left_to_one());
  EXPECT_TRUE(result.exhaustive);
  EXPECT_EQ(result.states.states, 15U);
}

/// Not cut, and so not compared with others.
TEST(StateSearch, ExecutionsThatAreNotKnownToBeGoodAreNotAllOfThem) {
  model::SharedStates shared(1 << 20);
  for (model::SharedStates* const each : {static_cast<model::SharedStates*>(nullptr), &shared}) {
    SCOPED_TRACE(each != nullptr ? "one of several processes" : "one process");
    SmallProgram program({[](Shared& all) { under(all.first, [] {}); }}, false);
    model::StateScheduler scheduler({.shared = each});
    ASSERT_TRUE(each == nullptr || scheduler.begin_share());
    model::ExploreOptions options;
    options.search = Search::kStates;
    options.states = &scheduler;
    EXPECT_FALSE(model::explore(program, options).exhaustive);
  }
}

// ---- what is part of a state ----

void count(Shared& shared) {
  under(shared.first, [&] { shared.x.write() += 1; });
}

/// Runs a thread against one that takes the turn and then counts; each of them is the first one.
void expect_defect_against_turn(const Thread& thread, Defect defect) {
  const Thread takes_turn = [](Shared& shared) {
    under(shared.first, [&] { shared.turn.write() = 1; });
    count(shared);
  };
  expect_defect({thread, takes_turn}, defect);
  expect_defect({takes_turn, thread}, defect);
}

/// What a thread does first depends on whose turn it is. It leads to a defect when both threads
/// have counted: all that either knows is known to both by then, and both have done the same.
void expect_order_matters(const Thread& first, const Thread& late, Defect defect) {
  expect_defect_against_turn(
      [=](Shared& shared) {
        first(shared);
        count(shared);
        under(shared.first, [&] {
          if (shared.x.read() == 2) late(shared);
        });
      },
      defect);
}

TEST(StateSearch, WhereAVariableLivesMatters) {
  expect_order_matters(
      [](Shared& shared) {
        under(shared.first,
              [&] { shared.rooms[static_cast<std::size_t>(shared.turn.read())].make(); });
      },
      [](Shared& shared) { static_cast<void>(shared.rooms[0].made().read()); },
      Defect::kUseAfterFree);
}

TEST(StateSearch, RequestThatIsToFailMatters) {
  expect_order_matters(
      [](Shared& shared) {
        under(shared.first, [&] {
          if (shared.turn.read() == 1) model::checker_hooks::fail_next_request();
        });
      },
      [](Shared&) {
        constexpr std::size_t kBytes = 64;
        if (model::checker_hooks::request_region(kBytes, kBytes, 0, {}) == nullptr) {
          model::checker_hooks::report("refused", "memory");
        }
      },
      Defect::kReported);
}

TEST(StateSearch, ThreadThatAVariableNamesMatters) {
  expect_order_matters(
      [](Shared& shared) {
        under(shared.first, [&] {
          const auto thread = static_cast<std::uint32_t>(shared.turn.read());
          shared.owner.write() = {.number = 0, .thread = thread};
        });
      },
      [](Shared& shared) {
        if (shared.owner.read().thread == 1) model::checker_hooks::report("owner", "the other one");
      },
      Defect::kReported);
}

/// What lies in memory that one thread alone knows of.
TEST(StateSearch, MemoryOfOneThreadMatters) {
  constexpr std::size_t kBytes = 64;
  expect_defect_against_turn(
      [](Shared& shared) {
        std::byte* const memory = model::checker_hooks::request_region(kBytes, kBytes, 0, {});
        auto& mine = *::new (static_cast<void*>(memory)) Number(0);
        under(shared.first, [&] { mine.write() = shared.turn.read(); });
        count(shared);
        under(shared.first, [&] {
          if (shared.x.read() == 2 && mine.read() == 1) {
            model::checker_hooks::report("late", "the other one was first");
          }
        });
        std::destroy_at(&mine);
        model::checker_hooks::release_region(memory, kBytes, 0);
      },
      Defect::kReported);
}

/// Gives memory back with an object alive in it, if the other thread has taken the turn.
[[gnu::noinline]] void release_around_an_object(Shared& shared) {
  constexpr std::size_t kBytes = 64;
  bool is_late = false;
  under(shared.first, [&] { is_late = shared.turn.read() == 1; });
  if (!is_late) return;
  std::byte* const memory = model::checker_hooks::request_region(kBytes, kBytes, 0, {});
  ::new (static_cast<void*>(memory)) Number(0);
  model::checker_hooks::release_region(memory, kBytes, 0);
}

TEST(StateSearch, ObjectThatWasNeverDestroyedIsNotForgotten) {
  expect_defect_against_turn(
      [](Shared& shared) {
        release_around_an_object(shared);
        count(shared);
        count(shared);
      },
      Defect::kNeverDestroyed);
}

// Each thread keeps the address of something on its own stack.
TEST(StateSearch, StatesThatDifferInNamesOfThreadsAreOne) {
  const Thread adds = [](Shared& shared) {
    int local = 0;
    int* volatile kept = &local;
    for (int i = 0; i < 3; ++i) under(shared.first, [&] { shared.x.write() += 1; });
    *kept = 1;
  };
  constexpr std::array<std::uint8_t, 2> kAlike = {0, 0};
  const auto result = explore({adds, adds}, Search::kStates, {.symmetry_class = kAlike});
  EXPECT_TRUE(result.exhaustive);
  EXPECT_EQ(result.states.states, 9U);  // unordered pairs of 4 positions, but for the end
}

/// While the round goes on nobody else can do anything, but where it begins.
TEST(StateSearch, RoundThatIsLeftOnlyWhereItBeginsIsNoLivelock) {
  const auto result =
      explore({[](Shared& shared) {
                 for (bool ends = false; !ends;) {
                   shared.first.lock();
                   RelacySync::pause();
                   ends = shared.x.read() == 1;
                   shared.first.unlock();
                 }
               },
               [](Shared& shared) { under(shared.first, [&] { shared.x.write() = 1; }); }},
              Search::kStates);
  EXPECT_EQ(result.verdict, Verdict::kHolds)
      << to_text(result.violation.value_or(model::Failure{}));
}

// ---- what is refused ----

TEST(StateSearch, StackThatIsTooDeepToCompareIsRefused) {
  const auto result = explore({[](Shared& shared) {
                                constexpr std::size_t kBytes = std::size_t{200} << 10;
                                std::array<char, kBytes> bytes;
                                volatile char* const seen = bytes.data();
                                seen[0] = 1;
                                under(shared.first, [] {});
                                seen[0] = 2;
                              }},
                              Search::kStates);
  EXPECT_EQ(result.verdict, Verdict::kUnsupported);
}

TEST(StateSearch, FencesAreRefused) {
  const auto result =
      explore({[](Shared&) { RelacySync::fence(std::memory_order::seq_cst); }}, Search::kStates);
  EXPECT_EQ(result.verdict, Verdict::kUnsupported);
  ASSERT_TRUE(result.violation);
  EXPECT_NE(result.violation->message.find("fence"), std::string::npos);
}

TEST(StateSearch, HeapOfAThreadIsRefused) {
  // By a call of the function, since a compiler may leave out a `new` whose object nobody uses.
  const auto result =
      explore({[](Shared&) { ::operator delete(::operator new(100)); }}, Search::kStates);
  EXPECT_EQ(result.verdict, Verdict::kUnsupported);
}

TEST(StateSearch, TryLockIsRefused) {
  const auto result = explore({[](Shared& shared) {
                                if (shared.first.try_lock()) shared.first.unlock();
                              }},
                              Search::kStates);
  EXPECT_EQ(result.verdict, Verdict::kUnsupported);
}

TEST(StateSearch, ProgramThatDoesNotTellItsStateIsRefused) {
  class Untold final : public model::Execution {
    std::size_t thread_count() const override { return 1; }
    void thread(std::size_t /*index*/) override {
      under(mutex(), [] {});
    }
    void before() override { ::new (static_cast<void*>(memory_)) Mutex(); }
    void after() override { std::destroy_at(&mutex()); }
    Mutex& mutex() { return *std::launder(reinterpret_cast<Mutex*>(memory_)); }
    alignas(Mutex) std::byte memory_[sizeof(Mutex)];
  };
  Untold program;
  model::StateScheduler scheduler({});
  model::ExploreOptions options;
  options.search = Search::kStates;
  options.states = &scheduler;
  const auto result = model::explore(program, options);
  EXPECT_EQ(result.verdict, Verdict::kUnsupported);
  EXPECT_EQ(result.states.states, 0U);
}

}  // namespace
}  // namespace slabproof::testing
