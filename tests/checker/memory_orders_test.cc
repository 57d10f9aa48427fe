// The memory orders of the checked sync policy: each synchronises as it says, and what the memory
// model does not cover is refused. The values of atomics are those of their types.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "tests/support/scripted_execution.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::ExploreResult;
using Sync = model::RelacySync;
using enum std::memory_order;

void expect_refused(const std::function<void(Sync::Atomic<int>&)>& operation) {
  struct State {
    Sync::Atomic<int> atomic{0};
  };
  const ExploreResult result =
      explore_parts<State>({[&](State& state) { operation(state.atomic); }, [](State&) {}});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kUnsupported);
}

TEST(MemoryOrders, CompareExchangeOrdersThatRelacyDropsAreRefused) {
  const std::array<std::pair<std::memory_order, std::memory_order>, 5> kRefused = {
      {{relaxed, acquire},
       {release, acquire},
       {acquire, seq_cst},
       {acq_rel, seq_cst},
       {release, release}}};
  for (const auto& [success, failure] : kRefused) {
    expect_refused([&](Sync::Atomic<int>& atomic) {
      int expected = 0;
      atomic.compare_exchange_strong(expected, 1, success, failure);
    });
  }
}

constexpr std::array<std::pair<std::memory_order, std::memory_order>, 9> kModelled = {
    {{relaxed, relaxed},
     {acquire, relaxed},
     {acquire, acquire},
     {release, relaxed},
     {acq_rel, relaxed},
     {acq_rel, acquire},
     {seq_cst, relaxed},
     {seq_cst, acquire},
     {seq_cst, seq_cst}}};

TEST(MemoryOrders, CompareExchangeOrdersThatRelacyHasAreNot) {
  struct State {
    Sync::Atomic<int> atomic{0};
  };
  for (const auto& [success, failure] : kModelled) {
    const auto exchange = [&](State& state) {
      int expected = 0;
      state.atomic.compare_exchange_weak(expected, 1, success, failure);
    };
    EXPECT_FALSE(explore_parts<State>({exchange, exchange}).violation.has_value());
  }
}

/// A number and the flag that says that it is there.
struct Message {
  Sync::Atomic<int> flag{0};
  Sync::Var<int> number{0};
};

/// Whether a number that is written before `publish` is read without a race where `is_published`.
bool hands_over(const std::function<void(Message&)>& publish,
                const std::function<bool(Message&)>& is_published) {
  const ExploreResult result = explore_parts<Message>({[&](Message& message) {
                                                         message.number.write() = 1;
                                                         publish(message);
                                                       },
                                                       [&](Message& message) {
                                                         if (is_published(message))
                                                           static_cast<void>(message.number.read());
                                                       }});
  if (!result.violation) return true;
  EXPECT_EQ(result.violation->defect, Defect::kDataRace);
  return false;
}

TEST(MemoryOrders, CompareExchangeSynchronisesAsItsOrdersSay) {
  const auto store_release = [](Message& message) { message.flag.store(1, release); };
  const auto load_acquire = [](Message& message) { return message.flag.load(acquire) == 1; };
  for (const auto& [success, failure] : kModelled) {
    SCOPED_TRACE(::testing::Message()
                 << "orders " << static_cast<int>(success) << " and " << static_cast<int>(failure));
    const auto exchange_0_for_1 = [&](Message& message) {
      int expected = 0;
      message.flag.compare_exchange_strong(expected, 1, success, failure);
    };
    const auto exchange_1_for_2 = [&](Message& message) {
      int expected = 1;
      return message.flag.compare_exchange_strong(expected, 2, success, failure);
    };
    const auto fail_on_1 = [&](Message& message) {
      int expected = 3;
      message.flag.compare_exchange_strong(expected, 4, success, failure);
      return expected == 1;
    };
    EXPECT_EQ(hands_over(exchange_0_for_1, load_acquire),
              success == release || success == acq_rel || success == seq_cst);
    EXPECT_EQ(hands_over(store_release, exchange_1_for_2),
              success == acquire || success == acq_rel || success == seq_cst);
    EXPECT_EQ(hands_over(store_release, fail_on_1), failure != relaxed);
  }
}

TEST(MemoryOrders, RelaxedStoreAfterOwnReleaseIsRefused) {
  expect_refused([](Sync::Atomic<int>& atomic) {
    atomic.store(1, release);
    atomic.store(2, relaxed);
  });
  expect_refused([](Sync::Atomic<int>& atomic) {
    atomic.fetch_add(1, acq_rel);
    atomic.store(2, relaxed);
  });
}

TEST(MemoryOrders, RelaxedStoreAfterOwnRelaxedOneIsNot) {
  struct State {
    Sync::Atomic<int> atomic{0};
  };
  const auto store_twice = [](State& state) {
    state.atomic.store(1, relaxed);
    state.atomic.store(2, relaxed);
  };
  EXPECT_FALSE(explore_parts<State>({store_twice, store_twice}).violation.has_value());
}

TEST(MemoryOrders, StoresThatAreUnorderedAreWarnedOfOnceForEachPlace) {
  struct State {
    Sync::Atomic<int> atomic{0};
  };
  const auto store = [](State& state) { state.atomic.store(1, relaxed); };
  const ExploreResult result = explore_parts<State>({store, store, store});
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("two stores to atomic 0, unordered by happens-before"),
            std::string::npos);
}

TEST(MemoryOrders, StoresThatALockOrdersAreNotWarnedOf) {
  struct State {
    Sync::Mutex mutex;
    Sync::Atomic<int> atomic{0};
  };
  const auto store = [](State& state) {
    state.mutex.lock();
    state.atomic.store(1, relaxed);
    state.mutex.unlock();
  };
  EXPECT_TRUE(explore_parts<State>({store, store}).warnings.empty());
}

/// One thread uses a fence where the other uses the order of its accesses: store buffering, which
/// C++20 forbids.
ExploreResult explore_store_buffering(std::memory_order accesses) {
  struct State {
    Sync::Atomic<int> x{0};
    Sync::Atomic<int> y{0};
    std::array<int, 2> got{};
  };
  ScriptedExecution<State> execution({[](State& state) {
                                        state.x.store(1, relaxed);
                                        Sync::fence(seq_cst);
                                        state.got[0] = state.y.load(relaxed);
                                      },
                                      [accesses](State& state) {
                                        state.y.store(1, accesses);
                                        state.got[1] = state.x.load(accesses);
                                      }});
  execution.on_after = [](State& state) {
    if (state.got == std::array{0, 0}) model::checker_hooks::report("both read nothing", "");
  };
  return model::explore(execution, {});
}

TEST(MemoryOrders, FailureThatRestsOnAFenceAgainstSeqCstAccessesIsSaidToBePerhapsFalse) {
  const ExploreResult result = explore_store_buffering(seq_cst);
  ASSERT_EQ(result.verdict, model::Verdict::kViolated);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("may be false"), std::string::npos);
}

TEST(MemoryOrders, FailureWithoutSeqCstAccessesIsNotSaidToBeFalse) {
  const ExploreResult result = explore_store_buffering(relaxed);
  ASSERT_EQ(result.verdict, model::Verdict::kViolated);
  EXPECT_TRUE(result.warnings.empty());
}

TEST(MemoryOrders, ConsumeIsRefusedByEveryOperation) {
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.load(consume); });
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.store(1, consume); });
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.exchange(1, consume); });
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.fetch_add(1, consume); });
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.fetch_sub(1, consume); });
  expect_refused([](Sync::Atomic<int>&) { Sync::fence(consume); });
  for (const auto& [success, failure] :
       {std::pair(consume, relaxed), std::pair(consume, consume), std::pair(seq_cst, consume)}) {
    expect_refused([&](Sync::Atomic<int>& atomic) {
      int expected = 0;
      atomic.compare_exchange_weak(expected, 1, success, failure);
    });
    expect_refused([&](Sync::Atomic<int>& atomic) {
      int expected = 0;
      atomic.compare_exchange_strong(expected, 1, success, failure);
    });
  }
}

TEST(MemoryOrders, ImpossibleOrdersAreRefused) {
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.load(release); });
  expect_refused([](Sync::Atomic<int>& atomic) { atomic.store(1, acquire); });
  expect_refused([](Sync::Atomic<int>&) { Sync::fence(relaxed); });
}

template <class T>
class AtomicValueTest : public ::testing::Test {};
using Integers = ::testing::Types<std::uint8_t, std::int8_t, std::uint16_t, std::int32_t,
                                  std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(AtomicValueTest, Integers);

TYPED_TEST(AtomicValueTest, ArithmeticWrapsAroundAsThatOfItsType) {
  struct State {
    Sync::Atomic<TypeParam> atomic{std::numeric_limits<TypeParam>::max()};
  };
  TypeParam before{};
  TypeParam after{};
  TypeParam back{};
  bool exchanged = false;
  static_cast<void>(explore_parts<State>({[&](State& state) {
    before = state.atomic.fetch_add(1, relaxed);
    after = state.atomic.load(relaxed);
    TypeParam expected = std::numeric_limits<TypeParam>::min();
    exchanged = state.atomic.compare_exchange_strong(expected, expected, relaxed, relaxed);
    state.atomic.fetch_sub(1, relaxed);
    back = state.atomic.load(relaxed);
  }}));
  EXPECT_EQ(before, std::numeric_limits<TypeParam>::max());
  EXPECT_EQ(after, std::numeric_limits<TypeParam>::min());
  EXPECT_TRUE(exchanged);
  EXPECT_EQ(back, std::numeric_limits<TypeParam>::max());
}

}  // namespace
}  // namespace slabproof::testing
