// Property S13: a destructor runs once, for what may be an object of the slab, and before its
// block is free.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "slabproof/config.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/slab_remote.h"
#include "tests/support/slab_families.h"

namespace slabproof {
namespace {

using testing::AllSlabs;
using testing::Counted;
using testing::Family;
using testing::live;
using testing::refused;
using testing::ThroughCache;

template <class Family>
class DestroyTest : public ::testing::Test {};

TYPED_TEST_SUITE(DestroyTest, AllSlabs);

TYPED_TEST(DestroyTest, RunsTheDestructorOnceAndGivesTheBlockBack) {
  typename TypeParam::template Of<Counted> slab(4);
  Counted* const object = slab.create(1, "").value();
  slab.destroy(object);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(refused(slab), 0U);
  EXPECT_EQ(slab.allocate().value().data, reinterpret_cast<std::byte*>(object));
}

TYPED_TEST(DestroyTest, ObjectOfAnotherSlabIsRefusedBeforeItsDestructorRuns) {
  typename TypeParam::template Of<Counted> slab(4);
  typename TypeParam::template Of<Counted> other(4);
  Counted* const mine = slab.create(1, "one").value();
  Counted* const foreign = other.create(2, "two").value();
  slab.destroy(foreign);
  EXPECT_EQ(Counted::alive, 2);
  EXPECT_EQ(foreign->text, "two");
  EXPECT_EQ(refused(slab), 1U);
  slab.destroy(mine);
  other.destroy(foreign);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(refused(slab) + refused(other), 1U);
}

TYPED_TEST(DestroyTest, PointerIntoAnObjectIsRefusedBeforeAnyDestructorRuns) {
  typename TypeParam::template Of<Counted> slab(4);
  Counted* const object = slab.create(1, "one").value();
  // Twice, since a cache may remember what it learns from the first.
  for (std::uint64_t times = 1; times <= 2; ++times) {
    slab.destroy(reinterpret_cast<Counted*>(reinterpret_cast<std::byte*>(object) + 8));
    EXPECT_EQ(refused(slab), times);
  }
  EXPECT_EQ(Counted::alive, 1);
  slab.destroy(object);
}

TYPED_TEST(DestroyTest, ObjectsOfManySegmentsAreEachDestroyedOnce) {
  using SlabType = typename TypeParam::template Of<Counted>;
  constexpr bool kGrows = requires(SlabType& slab) { slab.stats(); };
  SlabType slab(kGrows ? 2 : 200);
  for (int round = 0; round < 2; ++round) {
    std::vector<Counted*> objects;
    for (int i = 0; i < 200; ++i) objects.push_back(slab.create(i, "").value());
    if constexpr (kGrows) {
      EXPECT_EQ(slab.stats().segments, 100U);
    }
    for (std::size_t i = 0; i < objects.size(); ++i) slab.destroy(objects[i * 77 % objects.size()]);
    EXPECT_EQ(Counted::alive, 0);
    EXPECT_EQ(refused(slab), 0U);
    // A cache remembers segments from before.
    if constexpr (requires { slab.trim(); }) slab.trim();
  }
}

TYPED_TEST(DestroyTest, NullIsNeitherFreedNorDestroyed) {
  typename TypeParam::template Of<Counted> slab(4);
  slab.destroy(nullptr);
  EXPECT_FALSE(slab.deallocate(nullptr));
  // A cache would hand it out next.
  EXPECT_NE(slab.allocate().value().data, nullptr);
  EXPECT_FALSE(slab.deallocate(nullptr));
  EXPECT_NE(slab.allocate().value().data, nullptr);
  EXPECT_EQ(refused(slab), 0U);
}

/// Its destructor takes a block of the slab that it lies in.
template <template <class, class> class SlabTemplate>
struct Taking {
  using Home = SlabTemplate<Taking, DefaultConfig>;
  explicit Taking(Home* home_slab) : home(home_slab) {}
  ~Taking() { taken = home->allocate().value().data; }
  std::uint64_t before_home[2]{};  // what a link of the freelist would be written over
  Home* home;
  static inline std::byte* taken = nullptr;
};

template <template <class, class> class SlabTemplate>
bool keeps_block_until_destructor_returns() {
  using Object = Taking<SlabTemplate>;
  typename Object::Home slab(4);
  Object* const object = slab.create(&slab).value();
  slab.destroy(object);
  return Object::taken != reinterpret_cast<std::byte*>(object);
}

TEST(DestroyOrderTest, BlockIsNotFreeWhileItsDestructorRuns) {
  EXPECT_TRUE(keeps_block_until_destructor_returns<Slab>());
  EXPECT_TRUE(keeps_block_until_destructor_returns<ExtendableSlab>());
  EXPECT_TRUE(keeps_block_until_destructor_returns<CachedSlab>());
  EXPECT_TRUE(keeps_block_until_destructor_returns<ThroughCache>());
  EXPECT_TRUE(keeps_block_until_destructor_returns<SlabOwner>());
}

struct States : DefaultConfig {
  using Protection = SlotStates<>;
};

template <class Family>
class DestroyWithStatesTest : public ::testing::Test {};

using SlabsWithStates = ::testing::Types<Family<Slab>, Family<ExtendableSlab>, Family<SlabOwner>>;
TYPED_TEST_SUITE(DestroyWithStatesTest, SlabsWithStates);

TYPED_TEST(DestroyWithStatesTest, SecondDestroyIsRefusedBeforeTheDestructorRuns) {
  typename TypeParam::template Of<Counted, States> slab(4);
  Counted* const object = slab.create(1, "one").value();
  Counted* const later = slab.create(2, "two").value();
  slab.destroy(object);
  slab.destroy(later);
  // `object` is not the newest of the freelist: only its state tells.
  slab.destroy(object);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(refused(slab), 1U);
  EXPECT_EQ(live(slab), 0U);
}

TYPED_TEST(DestroyWithStatesTest, SlotThatWasNeverHandedOutIsRefused) {
  typename TypeParam::template Of<Counted, States> slab(4);
  Counted* const object = slab.create(1, "one").value();
  slab.destroy(object + 1);
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(refused(slab), 1U);
  slab.destroy(object);
}

/// Its destructor destroys it once more.
template <template <class, class> class SlabTemplate>
struct Twice {
  using Home = SlabTemplate<Twice, States>;
  explicit Twice(Home* home_slab) : home(home_slab) {}
  ~Twice() {
    if (++destructors == 1) home->destroy(this);
  }
  Home* home;
  static inline int destructors = 0;
};

template <template <class, class> class SlabTemplate>
int destructors_of_one_object() {
  using Object = Twice<SlabTemplate>;
  typename Object::Home slab(4);
  slab.destroy(slab.create(&slab).value());
  EXPECT_EQ(refused(slab), 1U);
  EXPECT_EQ(live(slab), 0U);
  return Object::destructors;
}

TEST(DestroyOrderTest, DestroyFromTheDestructorIsRefused) {
  EXPECT_EQ(destructors_of_one_object<Slab>(), 1);
  EXPECT_EQ(destructors_of_one_object<ExtendableSlab>(), 1);
  EXPECT_EQ(destructors_of_one_object<SlabOwner>(), 1);
}

TEST(RemoteDestroyTest, MisalignedPointerIsRefusedBeforeItsDestructorRuns) {
  SlabOwner<Counted> owner(4);
  auto remote = owner.remote();
  Counted* const object = owner.create(1, "one").value();
  const auto misaligned = reinterpret_cast<Counted*>(reinterpret_cast<std::byte*>(object) + 1);
  EXPECT_EQ(remote.destroy(misaligned), RemoteFree::kRefused);
  EXPECT_EQ(remote.gathered(), 0U);
  EXPECT_EQ(Counted::alive, 1);
  owner.destroy(object);
}

TEST(RemoteDestroyTest, NullIsNeitherFreedNorDestroyed) {
  SlabOwner<Counted> owner(4);
  auto remote = owner.remote();
  EXPECT_EQ(remote.deallocate(nullptr), RemoteFree::kGathered);
  EXPECT_EQ(remote.destroy(nullptr), RemoteFree::kGathered);
  EXPECT_EQ(remote.gathered(), 0U);
  owner.close();
  EXPECT_EQ(remote.flush(), RemoteFree::kPushed);
}

TEST(CacheDestroyTest, NoSlotBeginsBesideASegmentOrNearNull) {
  using SlabType = CachedSlab<std::uint64_t>;
  SlabType slab(3);
  SlabType::Cache cache(slab);
  for (const std::uintptr_t small : {0U, 8U, 16U}) {
    EXPECT_FALSE(cache.begin_destroy(reinterpret_cast<const void*>(small))) << small;
  }
  std::vector<Block> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(slab.shared().allocate().value());
  for (const Block& block : blocks) EXPECT_TRUE(cache.begin_destroy(block.data));
  EXPECT_FALSE(cache.begin_destroy(blocks[0].data - 8));
  EXPECT_FALSE(cache.begin_destroy(blocks[2].data + 8));
  EXPECT_FALSE(cache.begin_destroy(blocks[2].data + 16));
  for (const Block& block : blocks) EXPECT_TRUE(slab.shared().deallocate(block.data));
}

}  // namespace
}  // namespace slabproof
