// Calls that no program of the command `check` makes, each beside allocations that grow the slab:
// what touched the slab without its lock would be a data race.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "model/runtime/relacy_explore.h"
#include "model/search/execution.h"
#include "slabproof/extendable_slab.h"
#include "tests/support/execution_ends.h"
#include "tests/support/object_program.h"
#include "tests/support/place.h"

namespace slabproof::testing {
namespace {

using Slab = ExtendableSlab<CheckedObject, ObjectConfig>;

/// What a thread does on a slab in which `block` is live.
using Call = void (*)(Slab& slab, const std::byte* block);

/// One thread makes the call, another takes the last free slot of the first segment, and then the
/// first of a second segment.
class CallBesideGrowth final : public model::Execution {
 public:
  explicit CallBesideGrowth(Call call) : call_(call) {}

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
    }
  }
  void after() override {
    for (std::byte* const block : blocks_) slab_->deallocate(block);
    slab_.end();
  }
  std::optional<model::Failure> judge() override { return std::nullopt; }
  [[nodiscard]] static std::string outcome() { return ""; }

 private:
  const Call call_;
  Place<Slab> slab_;
  std::array<std::byte*, 3> blocks_{};
};

void expect_no_race(Call call) {
  expect_holds(explore_all(CallBesideGrowth(call)));
}

TEST(LockedCalls, TryAllocateBesideGrowth) {
  expect_no_race([](Slab& slab, const std::byte* /*block*/) {
    if (const auto taken = slab.try_allocate()) slab.deallocate(taken->data);
  });
}

TEST(LockedCalls, LimitOfSegmentsBesideGrowth) {
  expect_no_race([](Slab& slab, const std::byte* /*block*/) { slab.limit_segments(2); });
}

TEST(LockedCalls, QuestionsAboutABlockBesideGrowth) {
  expect_no_race([](Slab& slab, const std::byte* block) { EXPECT_TRUE(slab.contains(block)); });
  expect_no_race([](Slab& slab, const std::byte* block) {
    EXPECT_EQ(slab.slots_around(block).size(), 2 * Slab::stride);
  });
  expect_no_race([](Slab& slab, const std::byte* block) {
    EXPECT_EQ(slab.usable_size(block), Slab::block_size);
  });
}

TEST(LockedCalls, VisitOfLiveBlocksBesideGrowth) {
  expect_no_race([](Slab& slab, const std::byte* block) {
    bool is_seen = false;
    slab.for_each_live([&](Block each) { is_seen = is_seen || each.data == block; });
    EXPECT_TRUE(is_seen);
  });
}

}  // namespace
}  // namespace slabproof::testing
