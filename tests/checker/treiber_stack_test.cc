// A lock-free structure under the searches: two pushes and a pop of a Treiber stack (Treiber,
// "Systems programming: coping with parallelism", IBM RJ 5118, 1986), with plain links.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/search/failure.h"
#include "tests/support/execution_ends.h"
#include "tests/support/place.h"

namespace slabproof::testing {
namespace {

using model::Search;
using Sync = model::RelacySync;
using enum std::memory_order;

constexpr int kTries = 2;
constexpr std::uint8_t kEmpty = 0;

/// How the stack is made.
struct Variant {
  bool is_weak;                   ///< its compare-exchanges may fail without cause
  std::memory_order pop_failure;  ///< with which a pop that failed has read the head
};

/// Nodes 1 and 2, each of which is pushed by a thread of its own.
class TreiberStack {
 public:
  struct Result {
    std::uint8_t node = kEmpty;  ///< pushed or popped; kEmpty where nothing was
    int tries = 0;
  };

  explicit TreiberStack(const Variant& variant) : variant_(variant) {}

  Result push(std::uint8_t node) {
    std::uint8_t head = head_.load(relaxed);
    for (int tries = 1; tries <= kTries; ++tries) {
      next_[node - 1U].write() = head;
      if (exchange(head, node, release, relaxed)) return {node, tries};
    }
    return {kEmpty, kTries};
  }

  Result pop() {
    std::uint8_t head = head_.load(acquire);
    int tries = 0;
    while (head != kEmpty && tries < kTries) {
      const std::uint8_t node = head;
      const std::uint8_t next = next_[node - 1U].read();
      ++tries;
      if (exchange(head, next, acquire, variant_.pop_failure)) return {node, tries};
    }
    return {kEmpty, tries};
  }

  /// The nodes from the top, while no other thread runs. There are two at most: more are a cycle.
  [[nodiscard]] std::string content() const {
    const model::CheckerScope quiet;
    std::string nodes;
    for (std::uint8_t node = head_.load(relaxed); node != kEmpty && nodes.size() <= next_.size();
         node = next_[node - 1U].read()) {
      nodes += std::to_string(node);
    }
    return nodes;
  }

 private:
  bool exchange(std::uint8_t& expected, std::uint8_t desired, std::memory_order success,
                std::memory_order failure) {
    return variant_.is_weak ? head_.compare_exchange_weak(expected, desired, success, failure)
                            : head_.compare_exchange_strong(expected, desired, success, failure);
  }

  Variant variant_;
  Sync::Atomic<std::uint8_t> head_{kEmpty};
  std::array<Sync::Var<std::uint8_t>, 2> next_{Sync::Var<std::uint8_t>{kEmpty},
                                               Sync::Var<std::uint8_t>{kEmpty}};
};

/// Its outcome: what each thread did and in how many tries, and what is left, from the top.
class PushPushPop final : public model::Execution {
 public:
  explicit PushPushPop(const Variant& variant) : variant_(variant) {}

  [[nodiscard]] std::size_t thread_count() const override { return results_.size(); }
  void before() override {
    results_ = {};
    stack_.make(variant_);
  }
  void thread(std::size_t index) override {
    results_[index] =
        index == kPop ? stack_->pop() : stack_->push(static_cast<std::uint8_t>(index + 1));
  }
  void after() override {
    left_ = stack_->content();
    stack_.end();
  }
  /// Each node that was pushed was popped or is left.
  [[nodiscard]] std::optional<model::Failure> judge() override {
    EXPECT_TRUE(is_conserved()) << outcome();
    return std::nullopt;
  }

  [[nodiscard]] std::string outcome() const {
    std::string text;
    for (const auto& result : results_) {
      text += std::to_string(result.node) + "/" + std::to_string(result.tries) + " ";
    }
    return text + left_;
  }

 private:
  static constexpr std::size_t kPop = 2;

  [[nodiscard]] bool is_conserved() const {
    std::multiset<std::uint8_t> pushed;
    std::multiset<std::uint8_t> present;
    for (std::size_t i = 0; i < kPop; ++i) pushed.insert(results_[i].node);
    for (const char digit : left_) present.insert(static_cast<std::uint8_t>(digit - '0'));
    present.insert(results_[kPop].node);
    pushed.erase(kEmpty);
    present.erase(kEmpty);
    return pushed == present;
  }

  Variant variant_;
  std::array<TreiberStack::Result, kPop + 1> results_{};
  std::string left_;
  Place<TreiberStack> stack_;
};

TEST(TreiberStack, ReductionLosesNoOutcomeOfStrongExchanges) {
  const Variant variant{.is_weak = false, .pop_failure = acquire};
  const ExecutionEnds all = explore_all(PushPushPop(variant), Search::kFull);
  const ExecutionEnds reduced = explore_all(PushPushPop(variant), Search::kDpor);
  EXPECT_TRUE(all.failures.empty());
  EXPECT_EQ(all.outcomes.size(), 16U);
  EXPECT_EQ(all.result.executions, 2'248U);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  EXPECT_EQ(reduced.failures, all.failures);
  EXPECT_EQ(reduced.result.executions, 56U);
  EXPECT_EQ(reduced.result.redundant, 2U);
}

TEST(TreiberStack, ReductionLosesNoOutcomeOfWeakExchanges) {
  const Variant variant{.is_weak = true, .pop_failure = acquire};
  const ExecutionEnds all = explore_all(PushPushPop(variant), Search::kFull);
  const ExecutionEnds reduced = explore_all(PushPushPop(variant), Search::kDpor);
  EXPECT_TRUE(all.failures.empty());
  EXPECT_EQ(all.outcomes.size(), 36U);
  EXPECT_EQ(all.result.executions, 12'004U);
  EXPECT_EQ(reduced.outcomes, all.outcomes);
  EXPECT_EQ(reduced.failures, all.failures);
  EXPECT_EQ(reduced.result.executions, 292U);
  EXPECT_EQ(reduced.result.redundant, 4U);
}

TEST(TreiberStack, PopThatFailsRelaxedReadsALinkThatWasNotPublishedToIt) {
  for (const bool is_weak : {false, true}) {
    const Variant variant{.is_weak = is_weak, .pop_failure = relaxed};
    for (const Search search : {Search::kFull, Search::kDpor}) {
      EXPECT_EQ(explore_all(PushPushPop(variant), search).failures,
                std::set<std::string>{"data race"});
    }
  }
}

}  // namespace
}  // namespace slabproof::testing
