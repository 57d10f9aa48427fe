// The judge is judged: histories whose verdict is known, from the literature and by construction.

#include "tests/properties/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace slabproof::properties {
namespace {

/// A register that is written and read.
struct Register {
  struct Step {
    bool writes;
    int value;
  };
  bool apply(const Step& step) {
    if (step.writes) value = step.value;
    return step.writes || value == step.value;
  }
  void encode(std::string& text) const { text += std::to_string(value); }
  int value = 0;
};

/// A first-in first-out queue; a take of nothing finds it empty.
struct Queue {
  struct Step {
    bool puts;
    std::optional<int> value;
  };
  bool apply(const Step& step) {
    if (step.puts) {
      items.push_back(*step.value);
      return true;
    }
    if (!step.value) return items.empty();
    if (items.empty() || items.front() != *step.value) return false;
    items.pop_front();
    return true;
  }
  void encode(std::string& text) const {
    for (const int item : items) text += std::to_string(item) + ",";
  }
  std::deque<int> items;
};

using RegisterHistory = ConcurrentHistory<Register::Step>;
using QueueHistory = ConcurrentHistory<Queue::Step>;

TimedStep<Register::Step> write(int value, std::uint64_t from, std::uint64_t to) {
  return {{true, value}, from, to};
}
TimedStep<Register::Step> read(int value, std::uint64_t from, std::uint64_t to) {
  return {{false, value}, from, to};
}
TimedStep<Queue::Step> put(int value, std::uint64_t from, std::uint64_t to) {
  return {{true, value}, from, to};
}
TimedStep<Queue::Step> take(std::optional<int> value, std::uint64_t from, std::uint64_t to) {
  return {{false, value}, from, to};
}

template <class Specification>
LinearizabilityVerdict verdict_of(const ConcurrentHistory<typename Specification::Step>& history) {
  return check_linearizable(history, Specification()).verdict;
}

constexpr auto kGood = LinearizabilityVerdict::kLinearizable;
constexpr auto kBad = LinearizabilityVerdict::kNotLinearizable;

TEST(LinearizabilityTest, HistoryOfNothingIsLinearizable) {
  EXPECT_EQ(verdict_of<Register>({}), kGood);
  EXPECT_EQ(verdict_of<Register>({{}, {}}), kGood);
}

TEST(LinearizabilityTest, ReadMayReturnAWriteThatItOverlaps) {
  EXPECT_EQ(verdict_of<Register>({{write(1, 0, 10)}, {read(1, 5, 6)}}), kGood);
  EXPECT_EQ(verdict_of<Register>({{write(1, 0, 10)}, {read(0, 5, 6)}}), kGood);
}

TEST(LinearizabilityTest, ReadMayNotMissAWriteThatWasOver) {
  EXPECT_EQ(verdict_of<Register>({{write(1, 0, 4)}, {read(0, 5, 6)}}), kBad);
}

TEST(LinearizabilityTest, ReadMayNotReturnAWriteThatHasNotBegun) {
  EXPECT_EQ(verdict_of<Register>({{write(1, 5, 6)}, {read(1, 0, 4)}}), kBad);
}

TEST(LinearizabilityTest, TouchingIntervalsOverlap) {
  // A clock of limited resolution may give two events the same stamp, which then says nothing.
  EXPECT_EQ(verdict_of<Register>({{write(1, 0, 5)}, {read(0, 5, 6)}}), kGood);
}

TEST(LinearizabilityTest, TwoReadsMayNotSeeAWriteAppearAndVanish) {
  const RegisterHistory history = {{write(1, 0, 100)}, {read(1, 10, 20), read(0, 30, 40)}};
  EXPECT_EQ(verdict_of<Register>(history), kBad);
}

TEST(LinearizabilityTest, TwoReadersMayNotDisagreeOnTheOrderOfTwoWrites) {
  // Each reader alone is fine; together they are not. Sequential consistency would allow neither.
  const RegisterHistory history = {{write(1, 0, 100)},
                                   {write(2, 0, 100)},
                                   {read(1, 10, 20), read(2, 30, 40)},
                                   {read(2, 10, 20), read(1, 30, 40)}};
  EXPECT_EQ(verdict_of<Register>(history), kBad);
}

TEST(LinearizabilityTest, SequentiallyConsistentHistoryNeedNotBeLinearizable) {
  // Legal in the order read, write, which real time forbids.
  EXPECT_EQ(verdict_of<Register>({{write(1, 0, 1)}, {read(0, 2, 3), read(1, 4, 5)}}), kBad);
}

TEST(LinearizabilityTest, QueueMayServeOverlappingPutsInEitherOrder) {
  EXPECT_EQ(verdict_of<Queue>({{put(1, 0, 10)}, {put(2, 0, 10)}, {take(2, 20, 30)}}), kGood);
  EXPECT_EQ(verdict_of<Queue>({{put(1, 0, 10)}, {put(2, 0, 10)}, {take(1, 20, 30)}}), kGood);
}

TEST(LinearizabilityTest, QueueMayNotOvertake) {
  // After Herlihy and Wing: the second item overtakes the first, whose put was over.
  EXPECT_EQ(verdict_of<Queue>({{put(1, 0, 10)}, {put(2, 11, 20)}, {take(2, 21, 30)}}), kBad);
}

TEST(LinearizabilityTest, ItemMayNotBeTakenTwice) {
  const QueueHistory history = {{put(1, 0, 10)}, {take(1, 0, 20)}, {take(1, 0, 20)}};
  EXPECT_EQ(verdict_of<Queue>(history), kBad);
}

TEST(LinearizabilityTest, QueueMayNotBeFoundEmptyWhileItemsWait) {
  EXPECT_EQ(verdict_of<Queue>({{put(1, 0, 10)}, {take(std::nullopt, 11, 12)}, {take(1, 20, 21)}}),
            kBad);
  EXPECT_EQ(verdict_of<Queue>({{put(1, 0, 10)}, {take(std::nullopt, 9, 12)}, {take(1, 20, 21)}}),
            kGood);
}

TEST(LinearizabilityTest, OrderReportedIsALegalOneOfAllSteps) {
  const RegisterHistory history = {{write(1, 0, 10), read(2, 11, 30)}, {write(2, 5, 20)}};
  const auto result = check_linearizable(history, Register());
  ASSERT_EQ(result.verdict, kGood);
  EXPECT_EQ(result.order, (std::vector<std::size_t>{0, 1, 0}));
}

TEST(LinearizabilityTest, LongestLegalPrefixOfABadHistoryIsReported) {
  const RegisterHistory history = {{write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)}};
  const auto result = check_linearizable(history, Register());
  ASSERT_EQ(result.verdict, kBad);
  EXPECT_EQ(result.order, (std::vector<std::size_t>{0, 0}));
}

TEST(LinearizabilityTest, GivingUpIsNotAVerdict) {
  RegisterHistory history;
  for (int thread = 0; thread < 6; ++thread) {
    history.push_back({write(thread, 0, 100), read(-1, 0, 100)});
  }
  EXPECT_EQ(check_linearizable(history, Register(), 10).verdict,
            LinearizabilityVerdict::kLimitReached);
  EXPECT_EQ(check_linearizable(history, Register()).verdict, kBad);
}

TEST(LinearizabilityTest, MemoisationVisitsEachConfigurationOnce) {
  // Eight equal writes in eight threads: 8! orders, but a state and a set of 2^8 - 1 with steps
  // missing; the impossible read makes the search visit all of them.
  RegisterHistory history;
  for (int thread = 0; thread < 8; ++thread) history.push_back({write(1, 0, 100)});
  history.push_back({read(2, 0, 100)});
  const auto result = check_linearizable(history, Register());
  EXPECT_EQ(result.verdict, kBad);
  EXPECT_EQ(result.configurations, 256U);
}

/// A random run of a real queue whose steps take effect at known moments, each seen from outside as
/// a random interval around its moment.
QueueHistory random_good_history(std::mt19937_64& random) {
  constexpr std::uint64_t kMomentsApart = 10;
  QueueHistory history(4);
  Queue queue;
  for (int i = 0; i < 24; ++i) {
    const std::uint64_t moment = static_cast<std::uint64_t>(i + 10) * kMomentsApart;
    Queue::Step step{random() % 2 == 0, i};
    if (!step.puts) step.value = queue.items.empty() ? std::nullopt : std::optional(queue.items[0]);
    EXPECT_TRUE(queue.apply(step));
    auto& thread = history[random() % history.size()];
    std::uint64_t from = moment - random() % 50;
    if (!thread.empty()) {
      // The step before ends somewhere between the two moments, and this one begins after that.
      TimedStep<Queue::Step>& last = thread.back();
      last.responded = last.responded + random() % (moment - last.responded);
      from = std::clamp(from, last.responded + 1, moment);
    }
    thread.push_back({step, from, moment});
  }
  for (auto& thread : history) {
    if (!thread.empty()) thread.back().responded += random() % 50;
  }
  return history;
}

TEST(LinearizabilityTest, EveryRunOfARealQueueIsAccepted) {
  std::mt19937_64 random(20250101);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(verdict_of<Queue>(random_good_history(random)), kGood) << "history " << i;
  }
}

/// Every order of all steps that respects real time, tried one after another: slow and simple.
bool brute_force(const QueueHistory& history, std::vector<std::size_t>& done, const Queue& state) {
  bool missing = false;
  for (std::size_t thread = 0; thread < history.size(); ++thread) {
    if (done[thread] == history[thread].size()) continue;
    missing = true;
    const auto& next = history[thread][done[thread]];
    bool is_first = true;
    for (std::size_t other = 0; other < history.size(); ++other) {
      for (std::size_t i = done[other]; i < history[other].size(); ++i) {
        is_first = is_first && history[other][i].responded >= next.invoked;
      }
    }
    Queue after = state;
    if (!is_first || !after.apply(next.step)) continue;
    ++done[thread];
    const bool found = brute_force(history, done, after);
    --done[thread];
    if (found) return true;
  }
  return !missing;
}

TEST(LinearizabilityTest, VerdictIsThatOfBruteForceOnRandomHistories) {
  std::mt19937_64 random(7);
  int good = 0;
  int bad = 0;
  for (int i = 0; i < 2000; ++i) {
    QueueHistory history(3);
    for (auto& thread : history) {
      std::uint64_t moment = random() % 10;
      for (int step = 0; step < 2; ++step) {
        const std::uint64_t from = moment + random() % 10;
        const std::uint64_t to = from + random() % 20;
        moment = to + 1;
        const int value = static_cast<int>(random() % 2);
        thread.push_back(random() % 2 == 0 ? put(value, from, to) : take(value, from, to));
      }
    }
    std::vector<std::size_t> done(history.size(), 0);
    const bool expected = brute_force(history, done, Queue());
    ++(expected ? good : bad);
    EXPECT_EQ(verdict_of<Queue>(history), expected ? kGood : kBad) << "history " << i;
  }
  EXPECT_GT(good, 100);
  EXPECT_GT(bad, 100);
}

}  // namespace
}  // namespace slabproof::properties
