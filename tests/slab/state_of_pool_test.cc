// A pool of regions, of which it does not matter where in them something lies: what does matter of
// it, though, is seen by the search over states. Each program hides its error behind two orders
// that were once taken for the same state, of which the first one is good.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <span>
#include <utility>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/explore.h"
#include "model/states/state_scheduler.h"

namespace slabproof::testing {
namespace {

namespace hooks = model::checker_hooks;
using model::RelacySync;
using model::Search;
using model::StateSink;
using model::Verdict;

enum Tag : std::uint32_t { kPlain, kOfPool };

/// In a region of its own.
struct Node {
  RelacySync::Var<Node*> next{static_cast<Node*>(nullptr)};
  RelacySync::Var<int> value{0};
};
static_assert(sizeof(Node) <= 64);

Node* make_node(Tag tag = kOfPool) {
  void* const place =
      hooks::request_region(sizeof(Node), alignof(Node), tag, std::source_location::current());
  return ::new (place) Node();
}

void release_node(Node* node) {
  std::destroy_at(node);
  hooks::release_region(reinterpret_cast<std::byte*>(node), sizeof(Node), kOfPool);
}

struct Shared {
  RelacySync::Mutex mutex;
  RelacySync::Var<Node*> head{static_cast<Node*>(nullptr)};
  RelacySync::Var<Node*> other{static_cast<Node*>(nullptr)};
  RelacySync::Var<int> turn{0};
};

using Part = std::function<void(Shared&)>;

/// Releases at its end what a list from `head` leads to.
class PoolProgram final : public model::Execution, private model::StateOfProgram {
 public:
  PoolProgram(Part before, std::vector<Part> threads)
      : before_(std::move(before)), threads_(std::move(threads)) {}

  std::size_t thread_count() const override { return threads_.size(); }
  void before() override {
    mapped_ = 0;
    shared_ = ::new (static_cast<void*>(memory_)) Shared();
    before_(*shared_);
  }
  void thread(std::size_t index) override {
    model::Engine::instance().call_apart([&] { threads_[index](*shared_); });
  }
  void after() override {
    for (Node* node = shared_->head.read(); node != nullptr;) {
      release_node(std::exchange(node, node->next.read()));
    }
    std::destroy_at(shared_);
    if (mapped_ != 0) hooks::report("lost", "a region of the pool was not released");
  }
  void region_event(const model::RegionEvent& event) override {
    if (event.tag != kOfPool) return;
    if (event.action == model::RegionAction::kGranted) ++mapped_;
    if (event.action == model::RegionAction::kReleased) --mapped_;
  }
  model::StateOfProgram* state() override { return this; }

 private:
  bool append_shared(StateSink& /*sink*/) override { return true; }
  void append_thread(std::size_t /*thread*/, StateSink& /*sink*/) override {}
  bool is_of_pool(std::uint32_t tag, std::size_t /*size*/) const override { return tag == kOfPool; }
  std::span<const std::byte> owned(std::size_t /*thread*/) const override { return {}; }

  Part before_;
  std::vector<Part> threads_;
  int mapped_ = 0;
  Shared* shared_ = nullptr;
  alignas(Shared) std::byte memory_[sizeof(Shared)];
};

/// `first`: the thread whose steps are tried first, which is the one that was started last.
void expect_violation(const Part& before, const Part& first, const Part& second) {
  const std::vector<Part> threads = {second, first};
  for (const Search search : {Search::kDpor, Search::kStates}) {
    SCOPED_TRACE(to_text(search));
    PoolProgram program(before, threads);
    model::StateScheduler scheduler({});
    model::ExploreOptions options;
    options.search = search;
    options.states = &scheduler;
    const auto result = model::explore(program, options);
    EXPECT_EQ(result.verdict, Verdict::kViolated)
        << to_text(result.violation.value_or(model::Failure{}));
  }
}

/// In a frame of its own, so that nothing of it stays in that of a thread.
template <class Action>
[[gnu::noinline]] void locked(Shared& shared, Action action) {
  shared.mutex.lock();
  action();
  shared.mutex.unlock();
}
void nothing(Shared& /*shared*/) {}

/// A node before all others.
void add(Shared& shared, Node* node) {
  node->next.write() = shared.head.read();
  shared.head.write() = node;
}

/// Gives a thread a turn of which the other may have been too early.
void take_turn(Shared& shared) {
  locked(shared, [&] { shared.turn.write() = 1; });
}

TEST(StateOfPool, RegionThatNoListLeadsToIsMissed) {
  expect_violation(
      nothing,
      [](Shared& shared) {
        locked(shared, [&] {
          Node* const node = make_node();
          if (shared.head.read() == nullptr) return add(shared, node);
          shared.head.write() = node;
        });
        locked(shared, [] {});
      },
      [](Shared& shared) {
        locked(shared, [&] {
          Node* const node = make_node();
          shared.other.write() = node;
          add(shared, node);
        });
        locked(shared, [] {});
      });
}

TEST(StateOfPool, ReleasedRegionIsNone) {
  const auto makes_two = [](Shared& shared) {
    add(shared, make_node());
    add(shared, make_node());
  };
  expect_violation(
      makes_two,
      [](Shared& shared) {
        locked(shared, [&] {
          if (shared.turn.read() == 0) return;
          release_node(shared.head.read()->next.read());
        });
        locked(shared, [] {});
      },
      take_turn);
}

TEST(StateOfPool, ItMattersWhereAThreadPointsTo) {
  const auto makes_two = [](Shared& shared) {
    shared.head.write() = make_node();
    shared.other.write() = make_node();
  };
  expect_violation(makes_two, take_turn, [](Shared& shared) {
    Node* mine = nullptr;
    locked(shared,
           [&] { mine = shared.turn.read() == 1 ? shared.other.read() : shared.head.read(); });
    locked(shared, [&] {
      const bool is_late = shared.turn.read() == 1;
      if (is_late && mine == shared.head.read()) hooks::report("head", "is mine");
      add(shared, shared.other.read());
    });
  });
}

TEST(StateOfPool, ItMattersWhichOfTwoThatAreNotSharedIsReachedByTwoThreads) {
  expect_violation(
      nothing,
      [](Shared& shared) {
        Node* const one = make_node();
        Node* const other = make_node();
        locked(shared, [&] {
          shared.head.write() = one;
          shared.other.write() = other;
        });
        take_turn(shared);
        locked(shared, [&] {
          shared.head.write() = shared.other.write() = nullptr;
          shared.turn.write() = 0;
        });
        locked(shared, [&] {
          if (one->value.read() == 1) hooks::report("one", "is of two threads");
          add(shared, one);
          add(shared, other);
        });
      },
      [](Shared& shared) {
        Node* mine = nullptr;
        locked(shared,
               [&] { mine = shared.turn.read() == 1 ? shared.other.read() : shared.head.read(); });
        locked(shared, [&] {
          if (mine != nullptr && shared.head.read() == nullptr) mine->value.write() = 1;
        });
      });
}

TEST(StateOfPool, WhatLiesBehindAnotherRegionIsPartOfThePool) {
  const auto makes_two = [](Shared& shared) {
    Node* const between = make_node(kPlain);
    add(shared, make_node());
    shared.head.read()->next.write() = between;
    between->next.write() = make_node();
  };
  expect_violation(
      makes_two,
      [](Shared& shared) {
        locked(shared, [&] {
          Node* const between = shared.head.read()->next.read();
          if (shared.turn.read() == 1) between->next.read()->next.write() = between;
        });
        locked(shared, [&] {
          Node* const between = shared.head.read()->next.read();
          Node* const last = between->next.read();
          if (last->next.read() != nullptr) hooks::report("last", "leads back");
          release_node(last);
          shared.head.read()->next.write() = nullptr;
        });
      },
      take_turn);
}

}  // namespace
}  // namespace slabproof::testing
