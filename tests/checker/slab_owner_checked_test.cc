// The shipped SlabOwner and SlabRemote in every order of their steps: remotes that push while the
// owner allocates, reclaims, closes and goes. The wrong variants are the shipped code over a sync
// policy that weakens or loses one operation of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/slab/model_backing.h"
#include "slabproof/slab_owner.h"

namespace slabproof::testing {
namespace {

using model::ExploreResult;
using model::Failure;
using model::RelacySync;
using Where = std::source_location;
using enum std::memory_order;

// What the checker tells apart has 64 bytes, so each block has them to itself.
struct alignas(64) Item {
  std::array<std::byte, 64> bytes;
};

constexpr std::size_t kRemotes = 2;
constexpr std::uint32_t kCapacity = 4;

template <class CheckedSync, std::size_t kBatch>
struct ModelConfig : DefaultConfig {
  using Sync = CheckedSync;
  using Backing = model::ModelBacking;
  using RemoteBatch = FixedBatch<kBatch>;
};

/// What the threads of a program do. The owner's steps are those of its thread, in order:
/// a allocates, r reclaims, c closes, d closes and goes, p allocates and pushes through a remote of
/// its own. Each remote frees `frees` blocks, flushes and takes back what the owner did not take.
struct Program {
  std::string_view owner;
  std::size_t frees = 1;
  bool remotes_go = false;          ///< in their threads; else after all threads
  bool remotes_are_copied = false;  ///< each thread works with a copy that it makes itself
  bool remotes_take_back = true;    ///< or leave what they gathered to their destructor
  bool starts_with_one_pushed = false;
};

/// Memory for an object that an abandoned execution may have left alive.
template <class Object>
class Place {
 public:
  template <class... Arguments>
  void make(const Arguments&... arguments) {
    object_ = ::new (static_cast<void*>(memory_)) Object(arguments...);
  }
  void end() { std::destroy_at(std::exchange(object_, nullptr)); }
  void forget() { object_ = nullptr; }
  [[nodiscard]] bool holds() const { return object_ != nullptr; }
  Object& operator*() { return *object_; }
  Object* operator->() { return object_; }

 private:
  Object* object_ = nullptr;
  alignas(Object) std::byte memory_[sizeof(Object)];
};

/// A program of one owner (thread 0) and two remotes. Judges that each block that a remote freed
/// was reclaimed once or given back, and that every region went at the end.
template <class CheckedSync, std::size_t kBatch>
class OwnerAndRemotes final : public model::Execution {
  using Config = ModelConfig<CheckedSync, kBatch>;
  using Owner = SlabOwner<Item, Config>;
  using Remote = SlabRemote<Item, Config>;
  using Touch = typename CheckedSync::template Var<std::uint64_t>;

 public:
  explicit OwnerAndRemotes(const Program& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return kRemotes + 1; }

  void before() override {
    state_ = State{};
    if constexpr (requires { CheckedSync::begin_execution(); }) CheckedSync::begin_execution();
    owner_.forget();
    own_remote_.forget();
    for (auto& remote : remotes_) remote.forget();
    owner_.make(std::size_t{kCapacity});
    for (std::size_t i = 0; i < kRemotes; ++i) {
      remotes_[i].make(owner_->remote());
      for (std::size_t k = 0; k < program_.frees; ++k) state_.given[i][k] = allocate();
    }
    if (program_.owner.contains('p')) own_remote_.make(owner_->remote());
    if (program_.starts_with_one_pushed) push_own(allocate());
  }

  void thread(std::size_t index) override {
    if (index > 0) return run_remote(index - 1);
    for (const char step : program_.owner) run_owner(step);
  }

  void after() override {
    if (own_remote_.holds()) own_remote_.end();
    if (owner_.holds()) end_owner();
    for (auto& remote : remotes_) {
      if (remote.holds()) remote.end();
    }
  }

  std::optional<Failure> judge() override {
    if (state_.regions != 0) return Failure{"S11", "a region outlives the last handle"};
    if (state_.has_grown_in_drain) return Failure{"R2", "a free slot was lost"};
    std::vector<std::byte*> all = state_.drained;
    all.insert(all.end(), state_.held.begin(), state_.held.end());
    for (const auto& blocks : state_.returned) {
      all.insert(all.end(), blocks.begin(), blocks.begin() + count(blocks));
    }
    std::sort(all.begin(), all.end());
    if (std::adjacent_find(all.begin(), all.end()) != all.end()) {
      return Failure{"R1", "a block is in two places at the end"};
    }
    if (all.size() != state_.slots && program_.remotes_take_back) {
      return Failure{"R2", "a block is neither free, nor held, nor given back"};
    }
    if constexpr (requires { CheckedSync::judge(); }) return CheckedSync::judge();
    return std::nullopt;
  }

  void backing_event(model::BackingAction action, bool, const std::byte*, std::size_t) override {
    if (action == model::BackingAction::kGranted) ++state_.regions;
    if (action == model::BackingAction::kReleased) --state_.regions;
  }

  /// How many blocks each remote got back, and the segments at the end.
  [[nodiscard]] std::string outcome() const {
    std::string text;
    for (const auto& blocks : state_.returned) text += std::to_string(count(blocks)) + " ";
    return text + std::to_string(state_.slots / kCapacity);
  }

 private:
  static constexpr std::size_t kMaxFrees = 2;
  using Blocks = std::array<std::byte*, kMaxFrees>;

  struct State {
    std::array<Blocks, kRemotes> given{};     ///< blocks that the remotes free
    std::array<Blocks, kRemotes> returned{};  ///< what they got back
    std::vector<std::byte*> held;             ///< by the owner
    std::vector<std::byte*> drained;          ///< all that was free when the owner ended
    std::size_t slots = 0;
    int regions = 0;
    bool has_grown_in_drain = false;
  };

  static std::ptrdiff_t count(const Blocks& blocks) {
    return blocks.size() - std::count(blocks.begin(), blocks.end(), nullptr);
  }

  /// A block that is written to, as its owner would.
  std::byte* allocate() {
    std::byte* const block = owner_->allocate()->data;
    auto* const touch = reinterpret_cast<Touch*>(block);
    std::construct_at(touch, std::uint64_t{1});
    std::destroy_at(touch);
    return block;
  }
  static void note(std::vector<std::byte*>& blocks, std::byte* block) {
    const model::CheckerScope quiet;
    blocks.push_back(block);
  }

  void push_own(std::byte* block) {
    static_cast<void>(own_remote_->deallocate(block));
    static_cast<void>(own_remote_->flush());
  }

  void run_owner(char step) {
    switch (step) {
      case 'a':
        return note(state_.held, allocate());
      case 'r':
        owner_->reclaim();
        return;
      case 'c':
        owner_->close();
        return;
      case 'd':
        return end_owner();
      default:
        push_own(allocate());
    }
  }

  /// Closes, takes every slot that is free, and goes.
  void end_owner() {
    owner_->close();
    const SlabStats stats = owner_->stats();
    state_.slots = stats.segments * stats.capacity;
    for (std::size_t i = stats.live; i < state_.slots; ++i) note(state_.drained, allocate());
    state_.has_grown_in_drain = owner_->stats().segments != stats.segments;
    owner_.end();
  }

  void run_remote(std::size_t index) {
    Place<Remote>& remote = remotes_[index];
    if (program_.remotes_are_copied) {
      Place<Remote> copy;
      copy.make(*remote);
      remote.end();
      remote.make(*copy);
      copy.end();
    }
    for (std::size_t k = 0; k < program_.frees; ++k) {
      static_cast<void>(remote->deallocate(state_.given[index][k]));
    }
    if (program_.remotes_take_back) take_back(index);
    if (program_.remotes_go) remote.end();
  }

  void take_back(std::size_t index) {
    Place<Remote>& remote = remotes_[index];
    static_cast<void>(remote->flush());
    for (std::byte*& slot : state_.returned[index]) {
      slot = static_cast<std::byte*>(remote->take_back());
    }
  }

  Program program_;
  State state_;
  Place<Owner> owner_;
  Place<Remote> own_remote_;
  std::array<Place<Remote>, kRemotes> remotes_;
};

struct Findings {
  std::set<std::string> outcomes;
  ExploreResult result;
};

template <class CheckedSync = RelacySync, std::size_t kBatch = 1>
Findings find_all(const Program& program) {
  OwnerAndRemotes<CheckedSync, kBatch> execution(program);
  Findings findings;
  model::ExploreOptions options;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure == nullptr) findings.outcomes.insert(execution.outcome());
  };
  findings.result = model::explore(execution, options);
  return findings;
}

void expect_holds(const Findings& findings) {
  EXPECT_EQ(findings.result.violations, 0U) << findings.result.violation->message;
  EXPECT_TRUE(findings.result.exhaustive);
}

template <class CheckedSync>
void expect_violated(const Program& program, std::string_view property) {
  const Findings findings = find_all<CheckedSync>(program);
  ASSERT_TRUE(findings.result.violation.has_value());
  EXPECT_EQ(findings.result.violation->property, property) << findings.result.violation->message;
}

// ---- The shipped code ----

constexpr Program kAllocate{.owner = "a", .frees = 2};
constexpr Program kAllocateAndReclaim{.owner = "ar", .frees = 2};
constexpr Program kClose{.owner = "c", .frees = 2};
constexpr Program kAllGo{.owner = "d", .remotes_go = true};

TEST(SlabOwnerChecked, OwnerAllocatesWhileRemotesPushEachBlock) {
  const Findings findings = find_all<RelacySync, 1>(kAllocate);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 0 2"}));
}

TEST(SlabOwnerChecked, OwnerAllocatesAndReclaimsWhileRemotesPushBatches) {
  const Findings findings = find_all<RelacySync, 2>(kAllocateAndReclaim);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 0 2"}));
}

TEST(SlabOwnerChecked, CloseTakesOrGivesBackEachBlock) {
  const Findings findings = find_all<RelacySync, 1>(kClose);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 1 1", "0 2 1", "1 0 1", "1 1 1",
                                                      "1 2 1", "2 0 1", "2 1 1", "2 2 1"}));
}

TEST(SlabOwnerChecked, CloseTakesOrGivesBackAWholeBatch) {
  const Findings findings = find_all<RelacySync, 2>(kClose);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 2 1", "2 0 1", "2 2 1"}));
}

TEST(SlabOwnerChecked, MemoryGoesWithTheLastHandleInEachOrder) {
  const Findings findings = find_all<RelacySync, 1>(kAllGo);
  expect_holds(findings);
  EXPECT_EQ(findings.outcomes, (std::set<std::string>{"0 0 1", "0 1 1", "1 0 1", "1 1 1"}));
}

TEST(SlabOwnerChecked, RemotesMayBeCopiedWhileOthersGo) {
  Program program = kAllGo;
  program.frees = 0;
  program.remotes_are_copied = true;
  const Findings findings = find_all<RelacySync, 1>(program);
  expect_holds(findings);
}

TEST(SlabOwnerChecked, RemotesMayGoWithWhatTheyGathered) {
  Program program = kAllGo;
  program.remotes_take_back = false;
  const Findings findings = find_all<RelacySync, 2>(program);
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
        return Failure{"R3", "a push tried again although nothing had come in between"};
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
  const Findings findings = find_all<CountingSync, 1>(kClose);
  expect_holds(findings);
}

TEST(SlabOwnerChecked, PushIsRightWhereTheHeadHasLeftAndComeBack) {
  CountingSync::has_come_back = false;
  const Findings findings =
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
      T empty{};
      if (RelacySync::Atomic<T>::compare_exchange_weak(empty, desired, success, failure, where)) {
        expected = T{};
        return true;
      }
      return false;
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
