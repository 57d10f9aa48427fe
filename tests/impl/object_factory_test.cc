// Zeroed blocks, and objects from their constructor to their owner's end. What becomes of bad
// pointers is in destroy_test.cc.

#include "slabproof/object_factory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "tests/support/slab_families.h"

namespace slabproof {
namespace {

using testing::BothSlabs;
using testing::Counted;
using testing::live;

struct Throwing {
  explicit Throwing(bool throws) {
    if (throws) throw std::runtime_error("constructor");
  }
};

struct alignas(256) OverAligned {
  int value = 0;
};

template <class Family>
class ObjectFactoryTest : public ::testing::Test {};

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

}  // namespace
}  // namespace slabproof
