// Calls that no program of the command `check` makes, each beside allocations that grow the slab:
// what touched the slab without its lock would be a data race.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "model/runtime/relacy_explore.h"
#include "model/search/execution.h"
#include "slabproof/alloc_error.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/fork_registry.h"
#include "slabproof/growth.h"
#include "slabproof/trim_policy.h"
#include "tests/support/execution_ends.h"
#include "tests/support/object_program.h"
#include "tests/support/place.h"

/// Whether the system has no room for handlers.
static bool refuses_handlers = false;

/// In the place of the system's: the process of a checker forks nobody.
extern "C" int pthread_atfork(void (* /*before*/)(), void (* /*parent*/)(),
                              void (* /*child*/)()) noexcept {
  return refuses_handlers ? 1 : 0;
}

namespace slabproof::testing {
namespace {

using Slab = ExtendableSlab<CheckedObject, ObjectConfig>;

/// Trims by itself when a segment becomes wholly free.
struct TrimmedConfig : ObjectConfig {
  using Trim = TrimAbove<1>;
};
using TrimmedSlab = ExtendableSlab<CheckedObject, TrimmedConfig>;

/// What a thread does on a slab in which `block` is live; where it gives that back, it says null.
template <class S>
using Call = void (*)(S& slab, std::byte*& block);

/// One thread makes the call. Another takes the last free slot of the first segment, then the first
/// of a second segment, and gives that back.
template <class S>
class CallBesideGrowth final : public model::Execution {
 public:
  explicit CallBesideGrowth(Call<S> call) : call_(call) {}

  [[nodiscard]] std::size_t thread_count() const override { return 2; }
  void before() override {
    slab_.make(std::size_t{2});
    blocks_ = {slab_->allocate()->data};
  }
  void thread(std::size_t index) override {
    if (index == 0) {
      call_(*slab_, blocks_[0]);
    } else {
      for (std::size_t i = 1; i < blocks_.size(); ++i) blocks_[i] = slab_->allocate()->data;
      slab_->deallocate(std::exchange(blocks_.back(), nullptr));
    }
  }
  void after() override {
    for (std::byte* const block : blocks_) slab_->deallocate(block);
    EXPECT_EQ(slab_->corruption_events(), 0U);
    slab_.end();
  }
  std::optional<model::Failure> judge() override { return std::nullopt; }
  [[nodiscard]] static std::string outcome() { return ""; }

 private:
  const Call<S> call_;
  Place<S> slab_;
  std::array<std::byte*, 3> blocks_{};
};

template <class S = Slab>
void expect_no_race(std::type_identity_t<Call<S>> call) {
  expect_holds(explore_all(CallBesideGrowth<S>(call)));
}

TEST(LockedCalls, TryAllocateBesideGrowth) {
  expect_no_race([](Slab& slab, std::byte*& /*block*/) {
    if (const auto taken = slab.try_allocate()) slab.deallocate(taken->data);
  });
}

TEST(LockedCalls, BatchesBesideGrowth) {
  expect_no_race([](Slab& slab, std::byte*& /*block*/) {
    std::array<Block, 2> blocks;
    ASSERT_EQ(slab.allocate_batch(blocks), 2U);
    void* const pointers[] = {blocks[0].data, blocks[1].data};
    EXPECT_EQ(slab.deallocate_batch(pointers), 2U);
  });
}

/// Calls share what one of them brings.
struct SharedGrowthConfig : ObjectConfig {
  static constexpr Growth growth = Growth::kShared;
};

TEST(LockedCalls, ReserveBesideCallsThatWaitForIt) {
  using SharingSlab = ExtendableSlab<CheckedObject, SharedGrowthConfig>;
  expect_no_race<SharingSlab>(
      [](SharingSlab& slab, std::byte*& /*block*/) { EXPECT_TRUE(slab.reserve(4)); });
}

TEST(LockedCalls, LimitOfSegmentsBesideGrowth) {
  expect_no_race([](Slab& slab, std::byte*& /*block*/) { slab.limit_segments(2); });
}

TEST(LockedCalls, QuestionsBesideGrowth) {
  expect_no_race([](Slab& slab, std::byte*& block) { EXPECT_TRUE(slab.contains(block)); });
  expect_no_race([](Slab& slab, std::byte*& /*block*/) { EXPECT_GE(slab.stats().live, 1U); });
  expect_no_race([](Slab& slab, std::byte*& block) {
    EXPECT_EQ(slab.slots_around(block).size(), 2 * Slab::stride);
  });
  expect_no_race(
      [](Slab& slab, std::byte*& block) { EXPECT_EQ(slab.usable_size(block), Slab::block_size); });
}

TEST(LockedCalls, VisitOfLiveBlocksBesideGrowth) {
  expect_no_race([](Slab& slab, std::byte*& block) {
    bool is_seen = false;
    slab.for_each_live([&](Block each) { is_seen = is_seen || each.data == block; });
    EXPECT_TRUE(is_seen);
  });
}

TEST(LockedCalls, TrimThatAFreeBringsAboutBesideGrowth) {
  expect_no_race<TrimmedSlab>([](TrimmedSlab& slab, std::byte*& block) {
    EXPECT_TRUE(slab.deallocate(std::exchange(block, nullptr)));
  });
  expect_no_race<TrimmedSlab>([](TrimmedSlab& slab, std::byte*& block) {
    ASSERT_TRUE(slab.begin_destroy(block));
    slab.end_destroy(std::exchange(block, nullptr));
  });
}

TEST(LockedCalls, TryAllocateBesideATrimThatAFreeBringsAbout) {
  expect_no_race<TrimmedSlab>([](TrimmedSlab& slab, std::byte*& /*block*/) {
    if (const auto taken = slab.try_allocate()) slab.deallocate(taken->data);
  });
}

TEST(LockedCalls, TrimThatABatchBringsAboutBesideGrowth) {
  expect_no_race<TrimmedSlab>([](TrimmedSlab& slab, std::byte*& block) {
    void* const pointers[] = {std::exchange(block, nullptr)};
    EXPECT_EQ(slab.deallocate_batch(pointers), 1U);
  });
}

/// Nobody else may use a slab that is cleared, but who forks does not know of that.
class ForkBesideClear final : public model::Execution {
 public:
  [[nodiscard]] std::size_t thread_count() const override { return 2; }
  void before() override {
    slab_.make(std::size_t{2});
    for (std::size_t i = 0; i < kBlocks; ++i) EXPECT_TRUE(slab_->allocate());
  }
  void thread(std::size_t index) override {
    if (index == 0) {
      EXPECT_EQ(slab_->clear(), kBlocks);
    } else {
      slab_->before_fork();
      slab_->after_fork_in_parent();
    }
  }
  void after() override { slab_.end(); }
  std::optional<model::Failure> judge() override { return std::nullopt; }
  [[nodiscard]] static std::string outcome() { return ""; }

 private:
  static constexpr std::size_t kBlocks = 3;
  Place<Slab> slab_;
};

/// Slabs of several threads that are to survive forks.
class GuardsOfThreads final : public model::Execution {
  using Registry = ForkRegistry<model::RelacySync>;

 public:
  [[nodiscard]] std::size_t thread_count() const override { return members_.size() - 1; }
  void before() override {
    for (auto& member : members_) member.make(&member, &nothing, &nothing, &nothing);
    // The registry is there from the beginning, and has no handlers yet.
    refuses_handlers = true;
    EXPECT_EQ(Registry::join(*members_.back()), AllocError::kOutOfMemory);
    refuses_handlers = false;
  }
  void thread(std::size_t index) override {
    EXPECT_FALSE(Registry::join(*members_[index]));
    Registry::leave(*members_[index]);
  }
  void after() override {
    for (auto& member : members_) member.end();
  }
  std::optional<model::Failure> judge() override { return std::nullopt; }
  [[nodiscard]] static std::string outcome() { return ""; }

 private:
  static void nothing(void* /*slab*/) noexcept {}
  std::array<Place<Registry::Member>, 3> members_;
};

TEST(LockedCalls, ForkGuardsBeginAndEndBesideOthers) {
  expect_holds(explore_all(GuardsOfThreads()));
}

TEST(LockedCalls, ForkBesideClear) {
  expect_holds(explore_all(ForkBesideClear()));
}

}  // namespace
}  // namespace slabproof::testing
