#ifndef SLABPROOF_TESTS_CHECKER_OWNER_PROGRAM_H_
#define SLABPROOF_TESTS_CHECKER_OWNER_PROGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/failure.h"
#include "model/slab/model_backing.h"
#include "slabproof/misuse.h"
#include "slabproof/slab_owner.h"
#include "tests/support/place.h"

namespace slabproof::testing {

// What the checker distinguishes has 64 bytes, so each block has them to itself.
struct alignas(64) Item {
  std::array<std::byte, 64> bytes;
};

inline constexpr std::size_t kRemotes = 2;
inline constexpr std::uint32_t kCapacity = 4;

template <class CheckedSync, std::size_t kBatch, class MisuseType>
struct ModelConfig : DefaultConfig {
  using Misuse = MisuseType;
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

/// A program of one owner (thread 0) and two remotes. Judges that each block that a remote freed
/// was reclaimed once or given back, and that every region went at the end.
template <class CheckedSync, std::size_t kBatch, class Misuse = CountMisuse>
class OwnerAndRemotes final : public model::Execution {
  using Config = ModelConfig<CheckedSync, kBatch, Misuse>;
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

  std::optional<model::Failure> judge() override {
    if (state_.regions != 0)
      return model::Failure{.label = "S11", .message = "a region outlives the last handle"};
    if (state_.has_grown_in_drain)
      return model::Failure{.label = "R2", .message = "a free slot was lost"};
    std::vector<std::byte*> all = state_.drained;
    all.insert(all.end(), state_.held.begin(), state_.held.end());
    for (const auto& blocks : state_.returned) {
      all.insert(all.end(), blocks.begin(), blocks.begin() + count(blocks));
    }
    std::sort(all.begin(), all.end());
    if (std::adjacent_find(all.begin(), all.end()) != all.end()) {
      return model::Failure{.label = "R1", .message = "a block is in two places at the end"};
    }
    if (all.size() != state_.slots && program_.remotes_take_back) {
      return model::Failure{.label = "R2",
                            .message = "a block is neither free, nor held, nor given back"};
    }
    if constexpr (requires { CheckedSync::judge(); }) return CheckedSync::judge();
    return std::nullopt;
  }

  void region_event(const model::RegionEvent& event) override {
    if (event.action == model::RegionAction::kGranted) ++state_.regions;
    if (event.action == model::RegionAction::kReleased) --state_.regions;
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
    return std::ranges::count_if(blocks, [](const std::byte* block) { return block != nullptr; });
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

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_OWNER_PROGRAM_H_
