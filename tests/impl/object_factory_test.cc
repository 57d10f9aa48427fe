#include "slabproof/object_factory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "slabproof/thread_cache.h"

namespace slabproof {
namespace {

/// Counts the objects that exist.
struct Counted {
  inline static int alive = 0;

  Counted(int first, std::string second) : number(first), text(std::move(second)) { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int number;
  std::string text;
};

struct Throwing {
  explicit Throwing(bool throws) {
    if (throws) throw std::runtime_error("constructor");
  }
};

struct alignas(256) OverAligned {
  int value = 0;
};

template <class SlabType>
std::uint64_t live(const SlabType& slab) {
  if constexpr (requires { slab.live(); }) {
    return slab.live();
  } else {
    return slab.stats().live;
  }
}

/// Bad pointers that the slab has counted.
template <class SlabType>
std::uint64_t refused(const SlabType& slab) {
  if constexpr (requires { slab.corruption_events(); }) {
    return slab.corruption_events();
  } else {
    const SlabStats stats = slab.stats();
    return stats.foreign_pointers + stats.misaligned_pointers + stats.repeated_frees;
  }
}

template <template <class, class> class SlabTemplate>
struct Family {
  template <class T, class Config = DefaultConfig>
  using Of = SlabTemplate<T, Config>;
};

template <class SlabType>
struct Under {
  SlabType under;
};

/// A slab seen through a cache that is not the thread's own.
template <class T, class Config>
class ThroughCache : Under<CachedSlab<T, Config>>, public ThreadCache<CachedSlab<T, Config>> {
 public:
  explicit ThroughCache(std::size_t capacity)
      : Under<CachedSlab<T, Config>>{CachedSlab<T, Config>(capacity)},
        ThreadCache<CachedSlab<T, Config>>(this->under) {}
  [[nodiscard]] SlabStats stats() const { return this->under.stats(); }
};

template <class Family>
class ObjectFactoryTest : public ::testing::Test {};

using BothSlabs = ::testing::Types<Family<Slab>, Family<ExtendableSlab>>;
TYPED_TEST_SUITE(ObjectFactoryTest, BothSlabs);

/// Whether a block that was written to is handed out again, and all of it is zero.
template <class SlabType>
bool zeroes_a_used_slot(SlabType& slab) {
  const Block used = slab.allocate().value();
  std::memset(used.data, 0xff, used.size);
  slab.deallocate(used.data);
  const Block zeroed = slab.allocate_zeroed().value();
  return zeroed == used && std::all_of(zeroed.data, zeroed.data + zeroed.size,
                                       [](std::byte byte) { return byte == std::byte{0}; });
}

TYPED_TEST(ObjectFactoryTest, AllocateZeroedZeroesEveryByteOfAUsedSlot) {
  // Of 32 bytes; no larger than its link; with bytes behind the object.
  typename TypeParam::template Of<Counted> slab(4);
  typename TypeParam::template Of<char> small(4);
  typename TypeParam::template Of<OverAligned> large(4);
  EXPECT_TRUE(zeroes_a_used_slot(slab));
  EXPECT_TRUE(zeroes_a_used_slot(small));
  EXPECT_TRUE(zeroes_a_used_slot(large));
}

TYPED_TEST(ObjectFactoryTest, AllocateZeroedLeavesNeighboursAlone) {
  typename TypeParam::template Of<Counted> slab(3);
  const Block first = slab.allocate().value();
  const Block second = slab.allocate().value();
  const Block third = slab.allocate().value();
  std::memset(first.data, 0xff, first.size);
  std::memset(third.data, 0xff, third.size);
  slab.deallocate(second.data);
  ASSERT_EQ(slab.allocate_zeroed().value(), second);
  EXPECT_EQ(first.data[first.size - 1], std::byte{0xff});
  EXPECT_EQ(third.data[0], std::byte{0xff});
}

TYPED_TEST(ObjectFactoryTest, AllocateZeroedCountsAsOneLiveBlock) {
  typename TypeParam::template Of<Counted> slab(4);
  ASSERT_TRUE(slab.allocate_zeroed());
  EXPECT_EQ(live(slab), 1U);
}

TYPED_TEST(ObjectFactoryTest, CreateConstructsWithTheArguments) {
  typename TypeParam::template Of<Counted> slab(4);
  Counted* const object = slab.create(7, "seven").value();
  EXPECT_EQ(object->number, 7);
  EXPECT_EQ(object->text, "seven");
  EXPECT_EQ(Counted::alive, 1);
  slab.destroy(object);
}

TYPED_TEST(ObjectFactoryTest, DestroyEndsTheObjectAndGivesItsBlockBack) {
  typename TypeParam::template Of<Counted> slab(4);
  Counted* const object = slab.create(1, "").value();
  slab.destroy(object);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(live(slab), 0U);
  EXPECT_EQ(slab.corruption_events(), 0U);
}

TYPED_TEST(ObjectFactoryTest, ConstructorThatThrowsGivesTheBlockBack) {
  typename TypeParam::template Of<Throwing> slab(1);
  EXPECT_THROW(static_cast<void>(slab.create(true)), std::runtime_error);
  EXPECT_EQ(live(slab), 0U);
  // The one slot can be had again.
  EXPECT_TRUE(slab.create(false));
}

TYPED_TEST(ObjectFactoryTest, MakeUniqueDestroysTheObjectAtTheEndOfItsOwner) {
  typename TypeParam::template Of<Counted> slab(4);
  {
    const auto owner = slab.make_unique(2, "two");
    ASSERT_TRUE(owner);
    EXPECT_EQ((*owner)->text, "two");
    EXPECT_EQ(live(slab), 1U);
  }
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(live(slab), 0U);
}

TYPED_TEST(ObjectFactoryTest, RefusalOfTheSlabIsPassedOn) {
  typename TypeParam::template Of<Counted> slab(0);
  EXPECT_EQ(slab.create(1, "").error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(slab.make_unique(1, "").error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(slab.allocate_zeroed().error(), AllocError::kInvalidCapacity);
  EXPECT_EQ(Counted::alive, 0);
}

TYPED_TEST(ObjectFactoryTest, OverAlignedObjectsAreAligned) {
  typename TypeParam::template Of<OverAligned> slab(8);
  for (int i = 0; i < 8; ++i) {
    const auto object = slab.create();
    ASSERT_TRUE(object);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(*object) % 256, 0U);
  }
}

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

/// Of each class of slab a node whose owner lies in another node.
struct Node {
  explicit Node(OwnerOf<ExtendableSlab<Node>> following) : next(std::move(following)) { ++alive; }
  ~Node() { --alive; }
  ExtendableSlab<Node>::Owner next;
  static inline int alive = 0;
};
struct CachedNode {
  OwnerOf<CachedSlab<CachedNode>> next;
};
struct FixedNode {
  Slab<FixedNode>::Owner next;
};
struct OwnedNode {
  SlabOwner<OwnedNode>::Owner next;
};

TEST(OwnerTest, MayLieInItsOwnType) {
  ExtendableSlab<Node> slab(4);
  {
    auto last = slab.make_unique(nullptr).value();
    const auto first = slab.make_unique(std::move(last)).value();
    EXPECT_EQ(last, nullptr);
    EXPECT_EQ(Node::alive, 2);
  }
  EXPECT_EQ(Node::alive, 0);
  EXPECT_EQ(slab.stats().live, 0U);
  CachedSlab<CachedNode> cached(4);
  EXPECT_TRUE(cached.make_unique());
  Slab<FixedNode> fixed(4);
  EXPECT_TRUE(fixed.make_unique());
  SlabOwner<OwnedNode> owner(4);
  EXPECT_TRUE(owner.make_unique());
}

template <class Family>
class OwnerTypesTest : public ::testing::Test {};
TYPED_TEST_SUITE(OwnerTypesTest, BothSlabs);

TYPED_TEST(OwnerTypesTest, MayBeNullAndMoved) {
  using SlabType = typename TypeParam::template Of<Counted>;
  SlabType slab(4);
  typename SlabType::Owner owner;
  EXPECT_EQ(owner, nullptr);
  owner = slab.make_unique(1, "one").value();
  EXPECT_EQ(owner->number, 1);
  typename SlabType::Owner other = std::move(owner);
  EXPECT_EQ(owner, nullptr);
  other = nullptr;
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(live(slab), 0U);
}

TYPED_TEST(OwnerTypesTest, ObjectsMayBeConst) {
  typename TypeParam::template Of<const int> slab(4);
  const int* const object = slab.create(5).value();
  EXPECT_EQ(*object, 5);
  slab.destroy(object);
  EXPECT_TRUE(slab.make_unique(6));
  EXPECT_EQ(live(slab), 0U);
}

TYPED_TEST(OwnerTypesTest, ObjectMayBeGivenBackByAPointerToConst) {
  typename TypeParam::template Of<int> slab(4);
  const int* const trivial = slab.create(5).value();
  EXPECT_TRUE(slab.deallocate(trivial));
  const int* const destroyed = slab.create(5).value();
  slab.destroy(destroyed);
  EXPECT_EQ(live(slab), 0U);
}

TYPED_TEST(OwnerTypesTest, ObjectsMayBeArrays) {
  typename TypeParam::template Of<int[4]> slab(4);
  int(*const zeros)[4] = slab.create().value();
  EXPECT_EQ((*zeros)[3], 0);
  slab.destroy(zeros);
  const auto owner = slab.make_unique(1, 2, 3).value();
  EXPECT_EQ((*owner)[0], 1);
  EXPECT_EQ((*owner)[3], 0);
  EXPECT_EQ(live(slab), 1U);
}

struct Shape {
  virtual int sides() const = 0;

 protected:
  ~Shape() = default;
};
struct Named {
  std::string name = "a name that is too long for the string itself";
};
struct Triangle final : Named, Shape {
  int sides() const override { return 3; }
};
struct Square final : Named, Shape {
  int sides() const override { return 4; }
};

TEST(BaseOwnerTest, HoldsObjectsOfSeveralSlabs) {
  ExtendableSlab<Triangle> triangles(4);
  CachedSlab<Square> squares(4);
  {
    std::vector<BaseOwner<const Shape>> shapes;
    shapes.emplace_back(triangles.make_unique().value());
    shapes.emplace_back(squares.make_unique().value());
    shapes.emplace_back();
    EXPECT_EQ(shapes[0]->sides() + shapes[1]->sides(), 7);
    EXPECT_EQ(triangles.stats().live, 1U);
  }
  EXPECT_EQ(triangles.stats().live, 0U);
  EXPECT_EQ(triangles.corruption_events() + squares.corruption_events(), 0U);
}

template <class Family>
class ContentsTest : public ::testing::Test {};

using SlabsWithContents = ::testing::Types<Family<Slab>, Family<ExtendableSlab>, Family<CachedSlab>,
                                           Family<ThroughCache>, Family<SlabOwner>>;
TYPED_TEST_SUITE(ContentsTest, SlabsWithContents);

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

template <class Family>
class DestroyTest : public ::testing::Test {};

using AllSlabs = ::testing::Types<Family<Slab>, Family<ExtendableSlab>, Family<CachedSlab>,
                                  Family<ThroughCache>, Family<SlabOwner>>;
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
  typename TypeParam::template Of<Counted> slab(200);
  std::vector<Counted*> objects;
  for (int i = 0; i < 200; ++i) objects.push_back(slab.create(i, "").value());
  for (std::size_t i = 0; i < objects.size(); ++i) slab.destroy(objects[i * 77 % objects.size()]);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(refused(slab), 0U);
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

}  // namespace
}  // namespace slabproof
