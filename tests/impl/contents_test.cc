// Property S15: the bytes of blocks that change hands.

#include "slabproof/contents.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "slabproof/block.h"
#include "slabproof/slab_remote.h"
#include "tests/support/slab_families.h"

namespace slabproof {
namespace {

using testing::AllSlabs;

struct Secretive : DefaultConfig {
  using Contents = ScrubOnFree;
};
struct Zeroing : DefaultConfig {
  using Contents = ZeroOnAllocate;
};
struct SecretiveAndZeroing : DefaultConfig {
  using Contents = ScrubAndZero;
};

struct Key {
  std::byte bytes[72];
};

bool is_filled(const std::byte* first, const std::byte* last, std::byte with) {
  return std::all_of(first, last, [with](std::byte each) { return each == with; });
}

/// Whether all bytes are zero, but for those of a freelist's link.
bool is_scrubbed(const void* block, std::size_t size) {
  const auto* const data = static_cast<const std::byte*>(block);
  return is_filled(data + sizeof(std::byte*), data + size, std::byte{0});
}

template <class Family>
class ContentsTest : public ::testing::Test {};

TYPED_TEST_SUITE(ContentsTest, AllSlabs);

TYPED_TEST(ContentsTest, ScrubOnFreeOverwritesTheWholeUsableSize) {
  typename TypeParam::template Of<Key, Secretive> slab(4);
  const Block block = slab.allocate().value();
  std::memset(block.data, 0x5a, block.size);
  EXPECT_TRUE(slab.deallocate(block.data));
  EXPECT_TRUE(is_scrubbed(block.data, block.size));
}

TYPED_TEST(ContentsTest, ScrubOnFreeLeavesNeighboursAndForeignMemoryAlone) {
  typename TypeParam::template Of<Key, Secretive> slab(4);
  const Block block = slab.allocate().value();
  const Block neighbour = slab.allocate().value();
  std::memset(block.data, 0x5a, block.size);
  Key elsewhere;
  std::memset(&elsewhere, 0x5a, sizeof(elsewhere));
  EXPECT_FALSE(slab.deallocate(&elsewhere));
  EXPECT_FALSE(slab.deallocate(block.data + 8));
  EXPECT_TRUE(slab.deallocate(neighbour.data));
  EXPECT_TRUE(is_filled(elsewhere.bytes, elsewhere.bytes + 72, std::byte{0x5a}));
  EXPECT_TRUE(is_filled(block.data, block.data + block.size, std::byte{0x5a}));
}

TYPED_TEST(ContentsTest, ScrubOnFreeHoldsForDestroyedObjects) {
  typename TypeParam::template Of<Key, Secretive> slab(4);
  Key* const key = slab.create().value();
  std::memset(key, 0x5a, sizeof(Key));
  slab.destroy(key);
  EXPECT_TRUE(is_scrubbed(key, sizeof(Key)));
}

TYPED_TEST(ContentsTest, ZeroOnAllocateHandsOutZeros) {
  typename TypeParam::template Of<Key, Zeroing> slab(4);
  // Fresh slots as well as used ones.
  for (int round = 0; round < 3; ++round) {
    std::vector<Block> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(slab.allocate().value());
    for (const Block& each : blocks) {
      EXPECT_TRUE(is_filled(each.data, each.data + each.size, std::byte{0}));
      std::memset(each.data, 0x5a, each.size);
      EXPECT_TRUE(slab.deallocate(each.data));
    }
  }
}

TYPED_TEST(ContentsTest, BothGoTogether) {
  typename TypeParam::template Of<Key, SecretiveAndZeroing> slab(4);
  const Block block = slab.allocate().value();
  std::memset(block.data, 0x5a, block.size);
  EXPECT_TRUE(slab.deallocate(block.data));
  EXPECT_TRUE(is_scrubbed(block.data, block.size));
  const Block again = slab.allocate().value();
  EXPECT_EQ(again, block);
  EXPECT_TRUE(is_filled(again.data, again.data + again.size, std::byte{0}));
}

TEST(KeepContentsTest, BytesOfAFreeBlockAreIntactWhateverTheyAre) {
  const std::byte bytes[2] = {std::byte{0x5a}, std::byte{0}};
  EXPECT_TRUE(KeepContents::is_intact(bytes, sizeof(bytes)));
}

TEST(BatchContentsTest, BatchesAreScrubbedAndZeroed) {
  ExtendableSlab<Key, SecretiveAndZeroing> slab(4);
  std::vector<Block> blocks(6);
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(slab.allocate_batch(blocks), 6U);
    std::vector<void*> pointers;
    for (const Block& each : blocks) {
      EXPECT_TRUE(is_filled(each.data, each.data + each.size, std::byte{0}));
      std::memset(each.data, 0x5a, each.size);
      pointers.push_back(each.data);
    }
    EXPECT_EQ(slab.deallocate_batch(pointers), 6U);
    for (const Block& each : blocks) EXPECT_TRUE(is_scrubbed(each.data, each.size));
  }
}

TEST(RemoteContentsTest, RemoteScrubsWhatItGathers) {
  SlabOwner<Key, Secretive> owner(4);
  auto remote = owner.remote();
  const Block block = owner.allocate().value();
  std::memset(block.data, 0x5a, block.size);
  EXPECT_EQ(remote.deallocate(block.data), RemoteFree::kGathered);
  EXPECT_TRUE(is_scrubbed(block.data, block.size));
}

struct Checking : DefaultConfig {
  using Contents = CheckFreed;
};

template <class SlabFamily>
class CheckFreedTest : public ::testing::Test {
 protected:
  using Tested = typename SlabFamily::template Of<Key, Checking>;
  static std::uint64_t noticed(const Tested& slab) {
    if constexpr (requires { slab.stats(); }) {
      return slab.stats().writes_after_free;
    } else {
      return slab.corruption_events();
    }
  }
};
using SlabsThatCheck = ::testing::Types<testing::Family<Slab>, testing::Family<ExtendableSlab>,
                                        testing::Family<SlabOwner>>;
TYPED_TEST_SUITE(CheckFreedTest, SlabsThatCheck);

TYPED_TEST(CheckFreedTest, WriteAfterFreeIsCountedAtTheNextHandOut) {
  typename TestFixture::Tested slab(4);
  const Block block = slab.allocate().value();
  slab.deallocate(block.data);
  block.data[block.size - 1] = std::byte{1};
  EXPECT_EQ(this->noticed(slab), 0U);
  EXPECT_EQ(slab.allocate().value(), block);
  EXPECT_EQ(this->noticed(slab), 1U);
}

TYPED_TEST(CheckFreedTest, EachByteBehindTheLinkIsLookedAt) {
  typename TestFixture::Tested slab(4);
  std::uint64_t wanted = 0;
  for (std::size_t at = sizeof(std::uint32_t); at < sizeof(Key); ++at) {
    const Block block = slab.allocate().value();
    slab.deallocate(block.data);
    block.data[at] = std::byte{0};
    ASSERT_EQ(slab.allocate().value(), block);
    EXPECT_EQ(this->noticed(slab), ++wanted);
    slab.deallocate(block.data);
  }
}

TYPED_TEST(CheckFreedTest, BlocksThatNobodyTouchesAreIntact) {
  typename TestFixture::Tested slab(4);
  for (int round = 0; round < 3; ++round) {
    std::vector<Block> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(slab.allocate().value());
    for (const Block& each : blocks) std::memset(each.data, 0x5a, each.size);
    for (const Block& each : blocks) slab.deallocate(each.data);
    if constexpr (requires { slab.trim(); }) slab.trim();
  }
  EXPECT_EQ(this->noticed(slab), 0U);
}

TEST(CheckFreedOfCachesTest, WriteWhileTheSlabHasTheBlockIsCounted) {
  CachedSlab<Key, Checking> slab(4);
  ThreadCache<CachedSlab<Key, Checking>> cache(slab);
  const Block block = cache.allocate().value();
  cache.deallocate(block.data);
  cache.flush();
  block.data[block.size - 1] = std::byte{1};
  EXPECT_TRUE(cache.allocate());
  EXPECT_EQ(slab.stats().writes_after_free, 1U);
}

// The slab, which has the block, looks at a pointer before it touches what is there.
TEST(CheckFreedOfCachesTest, SecondFreeThroughACacheSpoilsNoFreelist) {
  CachedSlab<Key, Checking> slab(8);
  ThreadCache<CachedSlab<Key, Checking>> cache(slab);
  const Block block = cache.allocate().value();
  for (int i = 0; i < 2; ++i) {
    cache.deallocate(block.data);
    cache.flush();
  }
  EXPECT_EQ(slab.stats().repeated_frees, 1U);
  EXPECT_TRUE(cache.allocate());
  EXPECT_EQ(slab.stats().abandoned, 0U);
}

struct ZeroingInSmallMagazines : Zeroing {
  static constexpr std::uint32_t magazine_rounds = 2;
};

TEST(ContentsOfCachesTest, BlockThatComesFromTheDepotIsZero) {
  CachedSlab<Key, ZeroingInSmallMagazines> slab(8);
  ThreadCache<CachedSlab<Key, ZeroingInSmallMagazines>> cache(slab);
  std::vector<Block> blocks;
  for (int i = 0; i < 8; ++i) blocks.push_back(cache.allocate().value());
  for (const Block& block : blocks) {
    std::memset(block.data, 0x5a, block.size);
    EXPECT_TRUE(cache.deallocate(block.data));
  }
  EXPECT_NE(slab.depot().cached(), 0U);
  for (int i = 0; i < 8; ++i) {
    const Block block = cache.allocate().value();
    EXPECT_TRUE(is_filled(block.data, block.data + block.size, std::byte{0})) << i;
  }
}

}  // namespace
}  // namespace slabproof
