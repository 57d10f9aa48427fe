#include "slabproof/misuse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

using ::testing::HasSubstr;

/// What `AbortMisuse` must write.
std::string message(const std::string& kind, const void* pointer, const void* slab) {
  char text[128];
  std::snprintf(text, sizeof(text), "slabproof: %s %p was given back to the slab at %p\n",
                kind.c_str(), pointer, slab);
  return text;
}

struct AbortConfig : DefaultConfig {
  using Misuse = AbortMisuse;
};

template <class Slab>
class AbortMisuseDeathTest : public ::testing::Test {
 protected:
  Slab slab_{4};
};

using BothSlabs =
    ::testing::Types<Slab<std::uint64_t, AbortConfig>, ExtendableSlab<std::uint64_t, AbortConfig>>;
TYPED_TEST_SUITE(AbortMisuseDeathTest, BothSlabs);

TYPED_TEST(AbortMisuseDeathTest, NamesTheForeignPointerAndTheSlab) {
  TypeParam& slab = this->slab_;
  std::uint64_t elsewhere = 0;
  EXPECT_DEATH(slab.deallocate(&elsewhere),
               HasSubstr(message("the foreign pointer", &elsewhere, &slab)));
}

TYPED_TEST(AbortMisuseDeathTest, NamesTheMisalignedPointerAndTheSlab) {
  TypeParam& slab = this->slab_;
  std::byte* const block = slab.allocate().value().data;
  std::byte* const inside = block + 1;
  EXPECT_DEATH(slab.deallocate(inside),
               HasSubstr(message("the misaligned pointer", inside, &slab)));
  EXPECT_TRUE(slab.deallocate(block));
}

TYPED_TEST(AbortMisuseDeathTest, NamesTheSlotThatIsNotLiveAndTheSlab) {
  TypeParam& slab = this->slab_;
  std::byte* const block = slab.allocate().value().data;
  EXPECT_TRUE(slab.deallocate(block));
  EXPECT_DEATH(slab.deallocate(block),
               HasSubstr(message("the pointer to a slot that is not live", block, &slab)));
}

TEST(AbortMisuseDirectDeathTest, AnUnknownKindStillNamesThePointer) {
  int anything = 0;
  for (const auto kind : {MisuseKind::kLiveAtDestruction, static_cast<MisuseKind>(99)}) {
    EXPECT_DEATH(AbortMisuse::report(kind, &anything, nullptr),
                 HasSubstr(message("the pointer", &anything, nullptr)));
  }
}

/// Keeps what is reported to it.
struct KeepMisuse {
  struct Report {
    MisuseKind kind;
    const void* pointer;
    const void* slab;
    std::uint64_t locks_held;
    friend bool operator==(const Report&, const Report&) = default;
  };
  inline static std::vector<Report> reports;

  static void report(MisuseKind kind, const void* pointer, const void* slab) noexcept {
    reports.push_back({kind, pointer, slab, lock_counts.held});
  }
};

struct KeepConfig : DefaultConfig {
  using Sync = ObservedSync;
  using Misuse = KeepMisuse;
};

class MisuseReportTest : public ::testing::Test {
 protected:
  void SetUp() override { KeepMisuse::reports.clear(); }
  ExtendableSlab<std::uint64_t, KeepConfig> slab_{4};
};

TEST_F(MisuseReportTest, ComesOnceForEachBadPointerAndWithoutTheLock) {
  const std::vector<Block> blocks = take_blocks(slab_, 2);
  std::uint64_t elsewhere = 0;
  void* const misaligned = blocks[0].data + 4;
  void* const never_used = blocks[1].data + 8;
  EXPECT_FALSE(slab_.deallocate(&elsewhere));
  EXPECT_FALSE(slab_.deallocate(misaligned));
  EXPECT_FALSE(slab_.deallocate(never_used));
  const std::vector<KeepMisuse::Report> expected = {
      {MisuseKind::kForeignPointer, &elsewhere, &slab_, 0},
      {MisuseKind::kMisalignedPointer, misaligned, &slab_, 0},
      {MisuseKind::kNotLive, never_used, &slab_, 0},
  };
  EXPECT_EQ(KeepMisuse::reports, expected);
}

TEST_F(MisuseReportTest, NamesTheRightPointersOfABatch) {
  const std::vector<Block> blocks = take_blocks(slab_, 2);
  std::uint64_t elsewhere = 0;
  const std::vector<void*> batch = {blocks[0].data, &elsewhere, blocks[1].data, blocks[1].data + 1};
  EXPECT_EQ(slab_.deallocate_batch(batch), 2U);
  const std::vector<KeepMisuse::Report> expected = {
      {MisuseKind::kForeignPointer, batch[1], &slab_, 0},
      {MisuseKind::kMisalignedPointer, batch[3], &slab_, 0},
  };
  EXPECT_EQ(KeepMisuse::reports, expected);
}

TEST_F(MisuseReportTest, OfACacheThatEndsWithItsSlabComesWithoutAnyLock) {
  std::uint64_t elsewhere = 0;
  {
    CachedSlab<std::uint64_t, KeepConfig> slab(4);
    EXPECT_TRUE(slab.deallocate(&elsewhere));
  }
  ASSERT_EQ(KeepMisuse::reports.size(), 1U);
  EXPECT_EQ(KeepMisuse::reports[0].pointer, &elsewhere);
  EXPECT_EQ(KeepMisuse::reports[0].locks_held, 0U);
}

TEST_F(MisuseReportTest, OwnerAndRemoteNameTheSameSlab) {
  SlabOwner<std::uint64_t, KeepConfig> owner(4);
  auto remote = owner.remote();
  std::byte* const inside = take_blocks(owner, 1)[0].data + 1;
  EXPECT_FALSE(owner.deallocate(inside));
  EXPECT_EQ(remote.destroy(reinterpret_cast<std::uint64_t*>(inside)), RemoteFree::kRefused);
  ASSERT_EQ(KeepMisuse::reports.size(), 2U);
  EXPECT_EQ(KeepMisuse::reports[1], KeepMisuse::reports[0]);
}

TEST_F(MisuseReportTest, RemoteOfAnOwnerThatCouldNotBeBuiltNamesNoSlab) {
  SlabOwner<std::uint64_t, KeepConfig> built(4);
  std::byte* const inside = take_blocks(built, 1)[0].data + 1;
  struct Refusing : KeepConfig {
    using Backing = ObservedBacking<HeapBacking>;
  };
  new_environment().refuse_all();
  SlabOwner<std::uint64_t, Refusing> owner(4);
  auto remote = owner.remote();
  new_environment();
  EXPECT_EQ(remote.destroy(reinterpret_cast<std::uint64_t*>(inside)), RemoteFree::kRefused);
  ASSERT_EQ(KeepMisuse::reports.size(), 1U);
  EXPECT_EQ(KeepMisuse::reports[0].slab, nullptr);
  EXPECT_EQ(remote.deallocate(inside - 1), RemoteFree::kOwnerGone);
  EXPECT_EQ(remote.take_back(), inside - 1);
}

TEST_F(MisuseReportTest, OwnerReportsAForeignPointer) {
  SlabOwner<std::uint64_t, KeepConfig> owner(4);
  std::uint64_t elsewhere = 0;
  EXPECT_FALSE(owner.deallocate(&elsewhere));
  ASSERT_EQ(KeepMisuse::reports.size(), 1U);
  EXPECT_EQ(KeepMisuse::reports[0].kind, MisuseKind::kForeignPointer);
  EXPECT_EQ(KeepMisuse::reports[0].pointer, &elsewhere);
}

TEST_F(MisuseReportTest, GoodPointersAreNotReported) {
  const std::vector<Block> blocks = take_blocks(slab_, 6);
  give_back(slab_, blocks);
  EXPECT_TRUE(KeepMisuse::reports.empty());
}

/// Keeps what is reported at the end of slabs.
struct KeepLive {
  inline static std::vector<std::uint64_t> counts;
  inline static const void* pointer = nullptr;
  inline static const void* slab = nullptr;

  static void report(MisuseKind /*kind*/, const void* /*pointer*/, const void* /*slab*/) noexcept {}
  static void report_live(std::uint64_t count, const void* some, const void* of_slab) noexcept {
    counts.push_back(count);
    pointer = some;
    slab = of_slab;
  }
};

struct KeepLiveConfig : DefaultConfig {
  using Misuse = KeepLive;
};
struct SmallMagazines : KeepLiveConfig {
  static constexpr std::uint32_t magazine_rounds = 2;
};
struct KeepLiveStatesConfig : KeepLiveConfig {
  using Protection = SlotStates<>;
};

class LiveAtDestructionTest : public ::testing::Test {
 protected:
  LiveAtDestructionTest() {
    KeepLive::counts.clear();
    KeepLive::pointer = nullptr;
  }
  const std::vector<std::uint64_t>& counts_ = KeepLive::counts;
};

TEST_F(LiveAtDestructionTest, BlocksOfASlabAreReportedOnce) {
  {
    ExtendableSlab<std::uint64_t, KeepLiveConfig> slab(4);
    EXPECT_TRUE(slab.deallocate(take_blocks(slab, 6)[2].data));
  }
  {
    Slab<std::uint64_t, KeepLiveConfig> fixed(4);
    take_blocks(fixed, 3);
  }
  EXPECT_EQ(counts_, (std::vector<std::uint64_t>{5, 3}));
}

TEST_F(LiveAtDestructionTest, SlotStatesTellWhichBlockIsLive) {
  std::vector<Block> blocks;
  {
    ExtendableSlab<std::uint64_t, KeepLiveStatesConfig> slab(2);
    blocks = take_blocks(slab, 5);
    for (const std::size_t i : {0U, 1U, 2U, 4U}) EXPECT_TRUE(slab.deallocate(blocks[i].data));
  }
  EXPECT_EQ(counts_, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(KeepLive::pointer, blocks[3].data);
  {
    Slab<std::uint64_t, KeepLiveStatesConfig> fixed(4);
    blocks = take_blocks(fixed, 2);
    EXPECT_TRUE(fixed.deallocate(blocks[0].data));
  }
  EXPECT_EQ(KeepLive::pointer, blocks[1].data);
}

TEST_F(LiveAtDestructionTest, NothingIsReportedWhereNothingIsLive) {
  {
    ExtendableSlab<std::uint64_t, KeepLiveConfig> slab(4);
    give_back(slab, take_blocks(slab, 6));
    const Slab<std::uint64_t, KeepLiveConfig> impossible(0);
    const ExtendableSlab<std::uint64_t, KeepLiveConfig> as_impossible(0);
  }
  EXPECT_TRUE(counts_.empty());
}

TEST_F(LiveAtDestructionTest, BlocksInCachesAndInTheDepotAreNotLive) {
  {
    CachedSlab<std::uint64_t, SmallMagazines> slab(4);
    const std::vector<Block> blocks = take_blocks(slab, 12);
    for (std::size_t i = 1; i < 12; ++i) EXPECT_TRUE(slab.deallocate(blocks[i].data));
    EXPECT_GT(slab.depot().cached(), 0U);
  }
  EXPECT_EQ(counts_, (std::vector<std::uint64_t>{1}));
}

TEST_F(LiveAtDestructionTest, BlocksThatAnOwnerWouldNotTakeAreNotLive) {
  {
    auto owner = std::make_unique<SlabOwner<std::uint64_t, KeepLiveConfig>>(4);
    auto remote = owner->remote();
    const std::vector<Block> blocks = take_blocks(*owner, 4);
    EXPECT_EQ(remote.deallocate(blocks[0].data), RemoteFree::kGathered);
    EXPECT_EQ(remote.deallocate(blocks[1].data), RemoteFree::kGathered);
    owner.reset();
    EXPECT_EQ(remote.flush(), RemoteFree::kOwnerGone);
    EXPECT_NE(remote.take_back(), nullptr);
    // The other one goes with the remote.
  }
  EXPECT_EQ(counts_, (std::vector<std::uint64_t>{2}));
}

TEST_F(LiveAtDestructionTest, BlockThatARemoteGivesBackWhileTheOwnerIsThereIsLive) {
  {
    SlabOwner<std::uint64_t, KeepLiveConfig> owner(4);
    auto remote = owner.remote();
    const Block block = take_blocks(owner, 1)[0];
    EXPECT_EQ(remote.deallocate(block.data), RemoteFree::kGathered);
    EXPECT_EQ(remote.take_back(), block.data);
  }
  EXPECT_EQ(counts_, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(KeepLive::pointer, nullptr);
  EXPECT_NE(KeepLive::slab, nullptr);
}

TEST_F(LiveAtDestructionTest, BlockThatTheOwnerTakesAfterARemoteGaveItBackIsNotLive) {
  {
    SlabOwner<std::uint64_t, KeepLiveConfig> owner(4);
    auto remote = owner.remote();
    const Block block = take_blocks(owner, 1)[0];
    owner.close();
    EXPECT_EQ(remote.deallocate(block.data), RemoteFree::kGathered);
    EXPECT_EQ(remote.flush(), RemoteFree::kOwnerGone);
    EXPECT_EQ(remote.take_back(), block.data);
    EXPECT_TRUE(owner.deallocate(block.data));
  }
  EXPECT_TRUE(counts_.empty());
}

TEST_F(LiveAtDestructionTest, BlockThatRemotesGiveBackTwiceIsNotLive) {
  {
    SlabOwner<std::uint64_t, KeepLiveConfig> owner(4);
    auto remote = owner.remote();
    const Block block = take_blocks(owner, 1)[0];
    owner.close();
    EXPECT_EQ(remote.flush(), RemoteFree::kPushed);
    EXPECT_EQ(remote.deallocate(block.data), RemoteFree::kGathered);
    EXPECT_EQ(remote.flush(), RemoteFree::kOwnerGone);
    EXPECT_EQ(remote.take_back(), block.data);
    EXPECT_EQ(remote.deallocate(block.data), RemoteFree::kOwnerGone);
    EXPECT_EQ(remote.take_back(), block.data);
  }
  EXPECT_TRUE(counts_.empty());
}

TEST_F(LiveAtDestructionTest, PolicyWithoutAReportForLiveBlocksGetsAKind) {
  KeepMisuse::reports.clear();
  const void* ended = nullptr;
  {
    ExtendableSlab<std::uint64_t, KeepConfig> slab(4);
    take_blocks(slab, 3);
    ended = &slab;
  }
  ASSERT_EQ(KeepMisuse::reports.size(), 1U);
  EXPECT_EQ(KeepMisuse::reports[0].kind, MisuseKind::kLiveAtDestruction);
  EXPECT_EQ(KeepMisuse::reports[0].pointer, nullptr);
  EXPECT_EQ(KeepMisuse::reports[0].slab, ended);
  EXPECT_EQ(KeepMisuse::reports[0].locks_held, 0U);
}

TYPED_TEST(AbortMisuseDeathTest, NamesTheBlocksThatAreLiveAtTheEndOfTheSlab) {
  EXPECT_DEATH(
      {
        TypeParam slab(4);
        take_blocks(slab, 3);
      },
      HasSubstr("slabproof: 3 blocks are still live at the end of the slab at"));
}

TEST(AbortMisuseDirectDeathTest, NamesALiveBlockWhereOneIsKnown) {
  int anything = 0;
  char text[64];
  std::snprintf(text, sizeof(text), "slabproof: 3 blocks (one at %p) are",
                static_cast<void*>(&anything));
  EXPECT_DEATH(AbortMisuse::report_live(3, &anything, nullptr), HasSubstr(text));
}

template <class SlabType>
std::vector<std::byte*> live_blocks(SlabType& slab) {
  std::vector<std::byte*> found;
  slab.for_each_live([&found](Block block) { found.push_back(block.data); });
  std::ranges::sort(found);
  return found;
}

template <class SlabType>
void expect_each_live_block_is_found(SlabType& slab) {
  EXPECT_TRUE(live_blocks(slab).empty());
  const std::vector<Block> blocks = take_blocks(slab, 500);
  std::vector<std::byte*> expected;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 7 == 3) {
      expected.push_back(blocks[i].data);
    } else {
      EXPECT_TRUE(slab.deallocate(blocks[i].data));
    }
  }
  std::ranges::sort(expected);
  EXPECT_EQ(live_blocks(slab), expected);
  slab.for_each_live([&slab](Block block) { EXPECT_TRUE(slab.deallocate(block.data)); });
  EXPECT_TRUE(live_blocks(slab).empty());
}

TEST(ForEachLiveTest, FindsEachLiveBlockOnceAndMayGiveItBack) {
  // Of several segments, and of many words of states in one.
  ExtendableSlab<std::uint64_t, KeepLiveStatesConfig> small(70);
  expect_each_live_block_is_found(small);
  ExtendableSlab<std::uint64_t, KeepLiveStatesConfig> large(100'000);
  expect_each_live_block_is_found(large);
  Slab<std::uint64_t, KeepLiveStatesConfig> fixed(600);
  expect_each_live_block_is_found(fixed);
}

TEST_F(MisuseReportTest, ComesAlsoWhereAnObjectIsToEnd) {
  std::uint64_t elsewhere = 0;
  slab_.destroy(&elsewhere);
  const std::vector<KeepMisuse::Report> expected = {
      {MisuseKind::kForeignPointer, &elsewhere, &slab_, 0}};
  EXPECT_EQ(KeepMisuse::reports, expected);
}

}  // namespace
}  // namespace slabproof::testing
