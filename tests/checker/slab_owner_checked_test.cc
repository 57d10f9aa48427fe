// The shipped SlabOwner and SlabRemote in every order of their steps: remotes that push while the
// owner allocates, reclaims, closes and goes. The wrong variants are the shipped code over a sync
// policy that weakens or loses one operation of it.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/explore.h"
#include "model/slab/property.h"
#include "tests/checker/owner_program.h"
#include "tests/support/execution_ends.h"

namespace slabproof::testing {
namespace {

using model::Failure;
using model::RelacySync;
using Where = std::source_location;
using enum std::memory_order;

template <class CheckedSync = RelacySync, std::size_t kBatch = 1>
ExecutionEnds find_all(const Program& program) {
  return explore_all(OwnerAndRemotes<CheckedSync, kBatch>(program));
}

template <class CheckedSync>
void expect_violated(const Program& program, std::string_view property) {
  const ExecutionEnds findings = find_all<CheckedSync>(program);
  ASSERT_TRUE(findings.result.violation.has_value());
  EXPECT_EQ(model::property_of(*findings.result.violation), property)
      << findings.result.violation->message;
}

// ---- The shipped code ----

constexpr Program kAllocate{.owner = "a", .frees = 2};
constexpr Program kAllocateAndReclaim{.owner = "ar", .frees = 2};
constexpr Program kClose{.owner = "c", .frees = 2};
constexpr Program kAllGo{.owner = "d", .remotes_go = true};

TEST(SlabOwnerChecked, CloseTakesOrGivesBackEachBlock) {
  const ExecutionEnds findings = find_all<RelacySync, 1>(kClose);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 1 1", "0 2 1", "1 0 1", "1 1 1",
                                                      "1 2 1", "2 0 1", "2 1 1", "2 2 1"}));
}

TEST(SlabOwnerChecked, CloseTakesOrGivesBackAWholeBatch) {
  const ExecutionEnds findings = find_all<RelacySync, 2>(kClose);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 2 1", "2 0 1", "2 2 1"}));
}

TEST(SlabOwnerChecked, MemoryGoesWithTheLastHandleInEachOrder) {
  const ExecutionEnds findings = find_all<RelacySync, 1>(kAllGo);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 1 1", "1 0 1", "1 1 1"}));
}

TEST(SlabOwnerChecked, RemotesMayBeCopiedWhileOthersGo) {
  Program program = kAllGo;
  program.frees = 0;
  program.remotes_are_copied = true;
  const ExecutionEnds findings = find_all<RelacySync, 1>(program);
  expect_holds(findings);
}

TEST(SlabOwnerChecked, RemotesMayGoWithWhatTheyGathered) {
  Program program = kAllGo;
  program.remotes_take_back = false;
  const ExecutionEnds findings = find_all<RelacySync, 2>(program);
  expect_holds(findings);
}

// ---- What a push may do, seen by a policy that counts ----

/// Counts what each thread does to the word of the list.
struct CountingSync : RelacySync {
  using Counts = std::array<unsigned, kRemotes + 2>;
  static inline Counts changes{};
  static inline Counts failures{};
  static inline Counts changes_at_look{};  ///< by any thread, when this one last read the word
  static inline bool has_come_back = false;

  static void begin_execution() { changes = failures = changes_at_look = Counts{}; }
  static unsigned all_changes() { return std::accumulate(changes.begin(), changes.end(), 0U); }

  /// A push may fail once for each change by another, and once without cause in an execution.
  static std::optional<Failure> judge() {
    for (std::size_t i = 0; i < failures.size(); ++i) {
      if (failures[i] > all_changes() - changes[i] + 1) {
        return Failure{.label = "R3",
                       .message = "a push tried again although nothing had come in between"};
      }
    }
    return std::nullopt;
  }

  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using Base = RelacySync::Atomic<T>;
    using Base::Base;

    T load(std::memory_order order, Where where = Where::current()) const noexcept {
      const T value = Base::load(order, where);
      changes_at_look[me()] = all_changes();
      return value;
    }
    T exchange(T value, std::memory_order order, Where where = Where::current()) noexcept {
      const T before = Base::exchange(value, order, where);
      ++changes[me()];
      return before;
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Where where = Where::current()) noexcept {
      const bool exchanged =
          Base::compare_exchange_weak(expected, desired, success, failure, where);
      if (exchanged) {
        has_come_back |= all_changes() != changes_at_look[me()];
        ++changes[me()];
      } else {
        ++failures[me()];
        changes_at_look[me()] = all_changes();
      }
      return exchanged;
    }

   private:
    static std::size_t me() { return model::Engine::instance().actor(); }
  };
};

TEST(SlabOwnerChecked, PushTriesAgainOnlyAfterAChangeByAnother) {
  const ExecutionEnds findings = find_all<CountingSync, 1>(kClose);
  expect_holds(findings);
}

TEST(SlabOwnerChecked, PushIsRightWhereTheHeadHasLeftAndComeBack) {
  CountingSync::has_come_back = false;
  const ExecutionEnds findings =
      find_all<CountingSync, 1>({.owner = "rp", .starts_with_one_pushed = true});
  expect_holds(findings);
  EXPECT_TRUE(CountingSync::has_come_back);
}

// ---- Wrong variants ----

struct PushRelaxed : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    bool compare_exchange_weak(T& expected, T desired, std::memory_order /*success*/,
                               std::memory_order failure, Where where = Where::current()) noexcept {
      return RelacySync::Atomic<T>::compare_exchange_weak(expected, desired, relaxed, failure,
                                                          where);
    }
  };
};

/// As a bounded queue behaves that is full: a push waits until the owner has taken what is there.
struct PushWaits : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Where where = Where::current()) noexcept {
      RelacySync::await(
          [&] {
            T empty{};
            return RelacySync::Atomic<T>::compare_exchange_weak(empty, desired, success, failure,
                                                                where);
          },
          where);
      expected = T{};
      return true;
    }
  };
};

/// A take leaves null behind, and the close the mark.
enum class Exchange : std::uint8_t { kOfTake, kOfClose };

template <Exchange kWrong>
struct TakeRelaxed : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    T exchange(T value, std::memory_order order, Where where = Where::current()) noexcept {
      const bool is_wrong = (value == T{}) == (kWrong == Exchange::kOfTake);
      return RelacySync::Atomic<T>::exchange(value, is_wrong ? relaxed : order, where);
    }
  };
};

/// The close does not look at what was in the list.
struct CloseDropsTheList : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    T exchange(T value, std::memory_order order, Where where = Where::current()) noexcept {
      const T before = RelacySync::Atomic<T>::exchange(value, order, where);
      return value == T{} ? before : value;
    }
  };
};

/// The take leaves the list as it was, so what it took is taken again.
struct TakeLeavesTheList : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    T exchange(T value, std::memory_order order, Where where = Where::current()) noexcept {
      if (value == T{}) return RelacySync::Atomic<T>::load(acquire, where);
      return RelacySync::Atomic<T>::exchange(value, order, where);
    }
  };
};

template <std::memory_order kOrder>
struct HandleGoesWith : RelacySync {
  template <class T>
  struct Atomic : RelacySync::Atomic<T> {
    using RelacySync::Atomic<T>::Atomic;
    T fetch_sub(T value, std::memory_order /*order*/, Where where = Where::current()) noexcept {
      return RelacySync::Atomic<T>::fetch_sub(value, kOrder, where);
    }
  };
};

TEST(SlabOwnerChecked, PushThatDoesNotReleaseIsARace) {
  expect_violated<PushRelaxed>(kAllocate, "S8");
}

TEST(SlabOwnerChecked, TakeThatDoesNotAcquireIsARace) {
  expect_violated<TakeRelaxed<Exchange::kOfTake>>(kAllocate, "S8");
}

TEST(SlabOwnerChecked, CloseThatDoesNotAcquireIsARace) {
  expect_violated<TakeRelaxed<Exchange::kOfClose>>(kClose, "S8");
}

TEST(SlabOwnerChecked, HandleThatGoesRelaxedIsARace) {
  expect_violated<HandleGoesWith<relaxed>>(kAllGo, "S8");
}

TEST(SlabOwnerChecked, HandleThatGoesWithoutReleaseIsARace) {
  expect_violated<HandleGoesWith<acquire>>(kAllGo, "S8");
}

TEST(SlabOwnerChecked, LastHandleWithoutAcquireIsARace) {
  expect_violated<HandleGoesWith<release>>(kAllGo, "S8");
}

TEST(SlabOwnerChecked, CloseThatDropsTheListLosesBlocks) {
  expect_violated<CloseDropsTheList>(kClose, "R2");
}

TEST(SlabOwnerChecked, TakeThatLeavesTheListReadsALinkThatIsGone) {
  expect_violated<TakeLeavesTheList>(kAllocateAndReclaim, "S8");
}

TEST(SlabOwnerChecked, PushThatWaitsForTheOwnerHangs) {
  expect_violated<PushWaits>({.owner = "", .frees = 2}, "L1");
}

}  // namespace
}  // namespace slabproof::testing
