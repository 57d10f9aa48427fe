// Owners of objects: what std::unique_ptr can do, they can.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "slabproof/object_factory.h"
#include "tests/support/slab_families.h"

namespace slabproof {
namespace {

using testing::BothSlabs;
using testing::Counted;
using testing::Family;
using testing::live;

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

}  // namespace
}  // namespace slabproof
