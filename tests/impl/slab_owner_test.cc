// One owner that allocates without a lock, and remotes that give blocks back: where each block is,
// and when the memory goes.

#include "slabproof/slab_owner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using Where = std::source_location;

/// The production policy, with counts of the operations on atomics and of the variables alive.
struct ObservedSync : StdSync {
  inline static std::size_t atomic_operations = 0;
  inline static std::size_t variables = 0;

  template <class T>
  struct Var : StdSync::Var<T> {
    explicit Var(T initial, Where where = Where::current()) noexcept
        : StdSync::Var<T>(std::move(initial), where) {
      ++variables;
    }
    ~Var() { --variables; }
  };

  template <class T>
  struct Atomic : StdSync::Atomic<T> {
    using Base = StdSync::Atomic<T>;
    using Base::Base;
    T load(std::memory_order order, Where = Where::current()) const noexcept {
      ++atomic_operations;
      return Base::load(order);
    }
    T exchange(T value, std::memory_order order, Where = Where::current()) noexcept {
      ++atomic_operations;
      return Base::exchange(value, order);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Where = Where::current()) noexcept {
      ++atomic_operations;
      return Base::compare_exchange_strong(expected, desired, success, failure);
    }
  };
};

struct ObservedConfig : DefaultConfig {
  using Sync = ObservedSync;
  using Backing = ObservedBacking<WipingHeap>;
  using Protection = SlotStates<>;
  using RemoteBatch = FixedBatch<3>;
};

constexpr std::size_t kCapacity = 4;
constexpr std::size_t kBatch = 3;

class SlabOwnerTest : public ::testing::Test {
 protected:
  using Owner = SlabOwner<std::uint64_t, ObservedConfig>;
  using Remote = Owner::Remote;

  SlabOwnerTest() {
    ObservedSync::variables = 0;
    ObservedSync::atomic_operations = 0;
  }

  Environment& script_ = new_environment();
};

TEST_F(SlabOwnerTest, GrowsBySegmentsAndServesBlocksApart) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, kCapacity + 1);
  for (std::size_t i = 0; i < blocks.size(); ++i) fill(blocks[i], i);
  for (std::size_t i = 0; i < blocks.size(); ++i) EXPECT_TRUE(is_filled(blocks[i], i));
  EXPECT_EQ(owner.stats().segments, 2U);
}

TEST_F(SlabOwnerTest, StartsWithTheSegmentsThatItIsAskedFor) {
  const Owner owner(kCapacity, InitialSegments{2});
  EXPECT_EQ(owner.error(), std::nullopt);
  EXPECT_EQ(owner.stats().segments, 2U);
}

TEST_F(SlabOwnerTest, ImpossibleCapacityIsAnErrorOfEachAllocation) {
  Owner owner(0);
  EXPECT_EQ(owner.error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(owner.allocate().error(), AllocError::kInvalidCapacity);
}

TEST_F(SlabOwnerTest, RefusedRegionIsOutOfMemoryAndItsRemotesTakeNothing) {
  script_.refuse(0);
  Owner owner(kCapacity);
  EXPECT_EQ(owner.error(), AllocError::kOutOfMemory);
  EXPECT_EQ(owner.allocate().error(), AllocError::kOutOfMemory);
  EXPECT_FALSE(owner.deallocate(&owner));
  EXPECT_FALSE(owner.begin_destroy(&owner));
  EXPECT_EQ(owner.reclaim(), 0U);
  EXPECT_EQ(owner.close(), 0U);
  EXPECT_EQ(owner.stats(), SlabStats{});
  EXPECT_EQ(owner.capacity_bytes(), 0U);
  EXPECT_EQ(owner.remote().flush(), RemoteFree::kOwnerGone);
  EXPECT_EQ(owner.remote().deallocate(nullptr), RemoteFree::kOwnerGone);
}

TEST_F(SlabOwnerTest, RequestThatNoSlotHoldsIsUnsupported) {
  Owner owner(kCapacity);
  EXPECT_EQ(owner.allocate(Layout::make(Owner::stride + 1, 1).value()).error(),
            AllocError::kUnsupportedLayout);
  EXPECT_EQ(owner.allocate(Layout::make(1, Owner::slot_alignment * 2).value()).error(),
            AllocError::kUnsupportedLayout);
  EXPECT_TRUE(owner.allocate(Layout::make(Owner::stride, Owner::slot_alignment).value()));
}

TEST_F(SlabOwnerTest, RequestIsOfASizeAndThenOfAnAlignment) {
  SlabOwner<std::array<std::uint64_t, 8>, ObservedConfig> owner(kCapacity);
  EXPECT_TRUE(owner.allocate(Layout::make(64, 8).value()));
  EXPECT_EQ(owner.allocate(Layout::make(8, 64).value()).error(), AllocError::kUnsupportedLayout);
}

TEST_F(SlabOwnerTest, OwnerDestroysItsOwnObjectsOnly) {
  Owner owner(kCapacity);
  const std::uint64_t foreign = 0;
  EXPECT_FALSE(owner.begin_destroy(&foreign));
  owner.destroy(owner.create(std::uint64_t{1}).value());
  EXPECT_EQ(owner.stats().live, 0U);
}

TEST_F(SlabOwnerTest, RefusedAllocationAsksOnceWhereNothingWasReclaimed) {
  Owner owner(1, InitialSegments{1});
  take_blocks(owner, 1);
  script_.refuse_all();
  const std::uint64_t requests = script_.requests;
  EXPECT_EQ(owner.allocate().error(), AllocError::kOutOfMemory);
  EXPECT_EQ(script_.requests, requests + 1);
}

TEST_F(SlabOwnerTest, SlotsOfSmallTypesHaveRoomForALink) {
  struct Odd {
    char bytes[13];
  };
  using OddOwner = SlabOwner<Odd>;
  EXPECT_EQ(OddOwner::slot_alignment, alignof(std::byte*));
  EXPECT_EQ(OddOwner::stride, 16U);
}

TEST_F(SlabOwnerTest, HitAndFreeOfTheOwnerMakeNoAtomicOperation) {
  Owner owner(kCapacity, InitialSegments{1});
  const std::size_t before = ObservedSync::atomic_operations;
  const Block block = owner.allocate().value();
  EXPECT_TRUE(owner.deallocate(block.data));
  EXPECT_EQ(ObservedSync::atomic_operations, before);
}

TEST_F(SlabOwnerTest, RemoteGathersABatchAndPushesItWithOneExchange) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, kBatch);
  Remote remote = owner.remote();
  const std::size_t before = ObservedSync::atomic_operations;
  EXPECT_EQ(remote.deallocate(blocks[0].data), RemoteFree::kGathered);
  EXPECT_EQ(remote.deallocate(blocks[1].data), RemoteFree::kGathered);
  EXPECT_EQ(ObservedSync::atomic_operations, before);
  EXPECT_EQ(remote.gathered(), 2U);
  EXPECT_EQ(remote.deallocate(blocks[2].data), RemoteFree::kPushed);
  EXPECT_EQ(ObservedSync::atomic_operations, before + 2);  // it reads the word first
  EXPECT_EQ(remote.gathered(), 0U);
  EXPECT_EQ(owner.stats().live, kBatch);
  EXPECT_EQ(owner.reclaim(), kBatch);
  EXPECT_EQ(owner.stats().live, 0U);
}

TEST_F(SlabOwnerTest, FlushPushesWhatWasGathered) {
  Owner owner(kCapacity);
  Remote remote = owner.remote();
  ASSERT_EQ(remote.deallocate(owner.allocate()->data), RemoteFree::kGathered);
  EXPECT_EQ(owner.reclaim(), 0U);
  EXPECT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), 1U);
}

TEST_F(SlabOwnerTest, GatheredBlocksCanBeTakenBack) {
  Owner owner(kCapacity);
  Remote remote = owner.remote();
  std::byte* const block = owner.allocate()->data;
  ASSERT_EQ(remote.deallocate(block), RemoteFree::kGathered);
  EXPECT_EQ(remote.take_back(), block);
  EXPECT_EQ(remote.take_back(), nullptr);
  EXPECT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), 0U);
}

TEST_F(SlabOwnerTest, RemoteThatGoesPushesWhatItGathered) {
  Owner owner(kCapacity);
  static_cast<void>(owner.remote().deallocate(owner.allocate()->data));
  EXPECT_EQ(owner.reclaim(), 1U);
}

TEST_F(SlabOwnerTest, ReclaimsBeforeItGrows) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, kCapacity);
  Remote remote = owner.remote();
  for (const Block& block : blocks) static_cast<void>(remote.deallocate(block.data));
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);
  take_blocks(owner, kCapacity);
  EXPECT_EQ(owner.stats().segments, 1U);
  expect_exact_growth(owner.stats());
}

TEST_F(SlabOwnerTest, ReclaimsWhatIsPushedWhileTheBackingRefuses) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, kCapacity);
  Remote remote = owner.remote();
  ASSERT_EQ(remote.deallocate(blocks[0].data), RemoteFree::kGathered);
  script_.refuse_all();
  EXPECT_EQ(owner.allocate().error(), AllocError::kOutOfMemory);
  script_.during_request = [&remote] { static_cast<void>(remote.flush()); };
  EXPECT_EQ(owner.allocate(), blocks[0]);
  expect_conserved(owner.stats());
}

TEST_F(SlabOwnerTest, RemoteNeverNeedsTheOwner) {
  constexpr std::size_t kMany = 10'000;
  Owner owner(kMany);
  const std::vector<Block> blocks = take_blocks(owner, kMany);
  Remote remote = owner.remote();
  for (const Block& block : blocks) static_cast<void>(remote.deallocate(block.data));
  EXPECT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), kMany);
}

TEST_F(SlabOwnerTest, CloseReclaimsWhatWasPushedAndGivesTheRestBack) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, kCapacity);
  Remote remote = owner.remote();
  for (const Block& block : std::span(blocks).first(kBatch)) {
    static_cast<void>(remote.deallocate(block.data));
  }
  EXPECT_EQ(owner.close(), kBatch);
  ASSERT_EQ(remote.deallocate(blocks[kBatch].data), RemoteFree::kGathered);
  EXPECT_EQ(remote.flush(), RemoteFree::kOwnerGone);
  EXPECT_EQ(remote.take_back(), blocks[kBatch].data);
  EXPECT_EQ(remote.take_back(), nullptr);
  EXPECT_EQ(owner.stats().live, 1U);
}

TEST_F(SlabOwnerTest, RemoteThatKnowsOfTheCloseGathersNoMore) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, 2);
  owner.close();
  Remote remote = owner.remote();
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);  // of nothing
  static_cast<void>(remote.deallocate(blocks[0].data));
  ASSERT_EQ(remote.flush(), RemoteFree::kOwnerGone);
  EXPECT_EQ(remote.deallocate(blocks[1].data), RemoteFree::kOwnerGone);
  EXPECT_EQ(Remote(remote).flush(), RemoteFree::kOwnerGone);
}

TEST_F(SlabOwnerTest, OwnerGoesOnAfterItsClose) {
  Owner owner(kCapacity);
  Remote remote = owner.remote();
  owner.close();
  EXPECT_EQ(owner.close(), 0U);
  const std::vector<Block> blocks = take_blocks(owner, kCapacity + 1);
  EXPECT_EQ(owner.reclaim(), 0U);
  for (const Block& block : blocks) EXPECT_TRUE(owner.deallocate(block.data));
  EXPECT_EQ(owner.stats().live, 0U);
}

TEST_F(SlabOwnerTest, ClosedOwnerStaysClosedWhateverItDoes) {
  Owner owner(kCapacity);
  Remote remote = owner.remote();
  owner.close();
  const std::vector<Block> blocks = take_blocks(owner, kCapacity + 1);
  owner.reclaim();
  static_cast<void>(remote.deallocate(blocks[0].data));
  EXPECT_EQ(remote.flush(), RemoteFree::kOwnerGone);
}

TEST_F(SlabOwnerTest, MemoryStaysUntilTheLastHandleGoes) {
  std::optional<Owner> owner(std::in_place, kCapacity);
  const Block block = owner->allocate().value();
  std::optional<Remote> first(owner->remote());
  std::optional<Remote> second(*first);
  owner.reset();
  first.reset();
  fill(block, 1);
  EXPECT_TRUE(is_filled(block, 1));
  EXPECT_NE(regions_held(), 0);
  second.reset();
  EXPECT_EQ(regions_held(), 0);
}

TEST_F(SlabOwnerTest, MemoryGoesWithTheOwnerWhereItIsTheLast) {
  std::optional<Owner> owner(std::in_place, kCapacity);
  take_blocks(*owner, 1);
  std::optional<Remote> remote(owner->remote());
  std::optional<Remote> moved(std::move(*remote));
  remote.reset();
  moved.reset();
  EXPECT_NE(regions_held(), 0);
  owner.reset();
  EXPECT_EQ(regions_held(), 0);
}

TEST_F(SlabOwnerTest, LinksEndWithTheirBlocks) {
  {
    std::optional<Owner> owner(std::in_place, kCapacity);
    const std::vector<Block> blocks = take_blocks(*owner, kCapacity + 1);
    Remote remote = owner->remote();
    for (const Block& block : blocks) static_cast<void>(remote.deallocate(block.data));
    EXPECT_EQ(remote.gathered(), (kCapacity + 1) % kBatch);
    owner.reset();
  }
  EXPECT_EQ(ObservedSync::variables, 0U);
}

TEST_F(SlabOwnerTest, ForeignPointerIsCountedWhenItIsReclaimed) {
  Owner owner(kCapacity);
  Owner other(kCapacity);
  Remote remote = owner.remote();
  const Block block = owner.allocate().value();
  const Block foreign = other.allocate().value();
  static_cast<void>(remote.deallocate(foreign.data));
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), 0U);
  EXPECT_EQ(owner.stats().foreign_pointers, 1U);
  static_cast<void>(remote.deallocate(block.data));
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), 1U);
}

TEST_F(SlabOwnerTest, LinkThatADanglingPointerOverwroteIsNotFollowedOutOfTheSlab) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, 2);
  Remote remote = owner.remote();
  for (const Block& block : blocks) static_cast<void>(remote.deallocate(block.data));
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);
  std::fill_n(blocks[1].data, sizeof(void*), std::byte{0x5a});
  EXPECT_EQ(owner.reclaim(), 1U);
  EXPECT_EQ(owner.stats().foreign_pointers, 1U);
  EXPECT_EQ(owner.stats().live, 1U);
}

TEST_F(SlabOwnerTest, SecondFreeIsCountedAndEndsItsChain) {
  Owner owner(kCapacity);
  const std::vector<Block> blocks = take_blocks(owner, 2);
  Remote remote = owner.remote();
  static_cast<void>(remote.deallocate(blocks[0].data));
  static_cast<void>(remote.deallocate(blocks[1].data));
  EXPECT_TRUE(owner.deallocate(blocks[1].data));
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), 0U);
  EXPECT_EQ(owner.stats().repeated_frees, 1U);
  EXPECT_EQ(owner.stats().live, 1U);
}

TEST_F(SlabOwnerTest, RemoteDestroysObjectsThatTheOwnerCreated) {
  struct Counted {
    explicit Counted(int& destroyed) : destroyed_(destroyed) {}
    ~Counted() { ++destroyed_; }
    int& destroyed_;
  };
  int destroyed = 0;
  SlabOwner<Counted, ObservedConfig> owner(kCapacity);
  auto remote = owner.remote();
  EXPECT_EQ(remote.destroy(owner.create(destroyed).value()), RemoteFree::kGathered);
  EXPECT_EQ(destroyed, 1);
  owner.make_unique(destroyed).value().reset();
  EXPECT_EQ(destroyed, 2);
  ASSERT_EQ(remote.flush(), RemoteFree::kPushed);
  EXPECT_EQ(owner.reclaim(), 1U);
}

TEST_F(SlabOwnerTest, RemoteTellsItsBatchPolicyWhetherTheOwnerIsLate) {
  SlabOwner<std::uint64_t> adaptive(1'000);
  auto remote = adaptive.remote();
  const auto push_batch = [&] {
    for (std::size_t i = remote.batch_size(); i > 0; --i) {
      static_cast<void>(remote.deallocate(adaptive.allocate()->data));
    }
  };
  for (std::uint32_t i = 0; i < AdaptiveBatch::kWindow; ++i) push_batch();
  EXPECT_EQ(remote.batch_size(), 16U);
  for (std::uint32_t i = 0; i < AdaptiveBatch::kWindow + AdaptiveBatch::kCooldown; ++i) {
    adaptive.reclaim();
    push_batch();
  }
  EXPECT_EQ(remote.batch_size(), 8U);
}

TEST_F(SlabOwnerTest, FlushTellsTheBatchPolicyNothing) {
  SlabOwner<std::uint64_t> adaptive(1'000);
  auto remote = adaptive.remote();
  for (std::uint32_t i = 0; i < 2 * AdaptiveBatch::kWindow; ++i) {
    static_cast<void>(remote.deallocate(adaptive.allocate()->data));
    EXPECT_EQ(remote.flush(), RemoteFree::kPushed);
  }
  EXPECT_EQ(remote.batch_size(), AdaptiveBatch::kSteps.front());
}

}  // namespace
}  // namespace slabproof::testing
