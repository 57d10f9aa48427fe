// The containers of the standard library and std::allocate_shared on an allocator of the library.

#include "slabproof/allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <forward_list>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <ranges>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/support/small_resource.h"

namespace slabproof::testing {
namespace {

template <class U>
using Allocator = allocator<U, SmallResource>;
using Traits = std::allocator_traits<Allocator<int>>;

static_assert(std::is_same_v<allocator<int>, allocator<int, slab_resource>>);
static_assert(std::is_same_v<Traits::rebind_alloc<long>, Allocator<long>>);
static_assert(Traits::propagate_on_container_move_assignment::value);
static_assert(Traits::propagate_on_container_swap::value);
static_assert(!Traits::propagate_on_container_copy_assignment::value);
static_assert(!Traits::is_always_equal::value);
static_assert(!std::is_default_constructible_v<Allocator<int>>);
static_assert(std::is_nothrow_copy_constructible_v<Allocator<int>>);

using List = std::list<int, Allocator<int>>;
using ForwardList = std::forward_list<int, Allocator<int>>;
using Set = std::set<int, std::less<int>, Allocator<int>>;
using Entry = std::pair<const int, int>;
using Map = std::map<int, int, std::less<int>, Allocator<Entry>>;
using HashMap = std::unordered_map<int, int, std::hash<int>, std::equal_to<int>, Allocator<Entry>>;
using Vector = std::vector<int, Allocator<int>>;

class AllocatorTest : public ResourceTest {};

TEST_F(AllocatorTest, IsEqualForOneResourceWhateverTheType) {
  const Allocator<int> one(&memory_);
  const Allocator<long> rebound(one);
  EXPECT_EQ(one, rebound);
  EXPECT_EQ(rebound.resource(), &memory_);
  EXPECT_NE(one, Allocator<int>(&other_));
  EXPECT_EQ(one, Traits::select_on_container_copy_construction(one));
}

TEST_F(AllocatorTest, ObjectIsInASlabAndAnArrayUpstream) {
  Allocator<long> some(&memory_);
  long* const object = some.allocate(1);
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(upstream_.live(), 0);
  long* const array = some.allocate(2);
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(upstream_.live(), 1);
  some.deallocate(object, 1);
  some.deallocate(array, 2);
}

template <std::size_t kBytes>
struct alignas(kBytes) Aligned {
  char first = 'x';
};

TEST_F(AllocatorTest, ObjectIsAlignedAsItsTypeInAClassAndBeyondAllOfThem) {
  std::list<Aligned<64>, Allocator<Aligned<64>>> in_class(3, &memory_);
  EXPECT_EQ(live(), 3U);
  EXPECT_EQ(upstream_.live(), 0);
  std::list<Aligned<512>, Allocator<Aligned<512>>> beyond(3, &memory_);
  EXPECT_EQ(live(), 3U);
  EXPECT_EQ(upstream_.live(), 3);
  for (const auto& each : in_class) EXPECT_TRUE(is_aligned(&each, 64));
  for (const auto& each : beyond) EXPECT_TRUE(is_aligned(&each, 512));
}

TEST_F(AllocatorTest, RefusalThrowsBadAllocAndLeavesTheContainerAsItWas) {
  limit_segments(1);
  List list(&memory_);
  EXPECT_THROW(while (list.size() < 1000) list.push_back(1), std::bad_alloc);
  EXPECT_EQ(live(), list.size());
  list.pop_back();
  EXPECT_NO_THROW(list.push_back(2));
}

TEST_F(AllocatorTest, ArrayOfMoreThanThereIsAddressSpaceThrowsBadAlloc) {
  Allocator<long> some(&memory_);
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW(static_cast<void>(some.allocate(kMost)), std::bad_alloc);
  // Times the size of a long that is 8 or 16 bytes.
  EXPECT_THROW(static_cast<void>(some.allocate(kMost / sizeof(long) + 2)), std::bad_alloc);
}

struct ThrowsOnConstruction {
  explicit ThrowsOnConstruction(int /*argument*/) { throw std::runtime_error("no"); }
};

TEST_F(AllocatorTest, NodeOfAnObjectThatThrowsGoesBack) {
  std::list<ThrowsOnConstruction, Allocator<ThrowsOnConstruction>> list(&memory_);
  EXPECT_THROW(list.emplace_back(1), std::runtime_error);
  EXPECT_EQ(live(), 0U);
}

struct Tree {
  explicit Tree(SmallResource* memory) : children(memory) {}
  std::list<Tree, Allocator<Tree>> children;
};

TEST_F(AllocatorTest, ContainerMayLieInItsOwnElement) {
  Tree root(&memory_);
  root.children.emplace_back(&memory_).children.emplace_back(&memory_);
  EXPECT_EQ(live(), 2U);
}

// ---- every container with nodes
// ------------------------------------------------------------------

template <class Container>
Container filled(SmallResource* memory, int count) {
  const auto numbers = std::views::iota(0, count);
  if constexpr (requires { typename Container::mapped_type; }) {
    const auto entries =
        numbers | std::views::transform([](int number) { return Entry(number, 2 * number); });
    Container container(memory);
    container.insert(entries.begin(), entries.end());
    return container;
  } else {
    return Container(numbers.begin(), numbers.end(), typename Container::allocator_type(memory));
  }
}

template <class Container>
class NodeContainerTest : public ResourceTest {};
using NodeContainers = ::testing::Types<List, ForwardList, Set, Map, HashMap>;
TYPED_TEST_SUITE(NodeContainerTest, NodeContainers);

TYPED_TEST(NodeContainerTest, EveryNodeIsInASlab) {
  auto container = filled<TypeParam>(&this->memory_, 300);
  EXPECT_EQ(std::ranges::distance(container), 300);
  EXPECT_EQ(this->live(), 300U);
  // The buckets.
  const bool has_array = std::is_same_v<TypeParam, HashMap>;
  EXPECT_EQ(this->upstream_.live(), has_array ? 1 : 0);
  container.clear();
  EXPECT_EQ(this->live(), 0U);
}

TYPED_TEST(NodeContainerTest, CopyHasTheSameResource) {
  const auto container = filled<TypeParam>(&this->memory_, 5);
  const TypeParam copy = container;
  EXPECT_EQ(copy, container);
  EXPECT_EQ(this->live(), 10U);
}

TYPED_TEST(NodeContainerTest, AssignmentOfACopyKeepsTheResource) {
  const auto container = filled<TypeParam>(&this->memory_, 5);
  auto target = filled<TypeParam>(&this->other_, 2);
  target = container;
  EXPECT_EQ(target, container);
  EXPECT_EQ(target.get_allocator().resource(), &this->other_);
  EXPECT_EQ(this->live(), 5U);
  EXPECT_EQ(this->other_live(), 5U);
}

TYPED_TEST(NodeContainerTest, MoveAssignmentTakesTheResourceAndMovesNoElement) {
  auto container = filled<TypeParam>(&this->memory_, 5);
  auto target = filled<TypeParam>(&this->other_, 2);
  const void* const first = &*container.begin();
  target = std::move(container);
  EXPECT_EQ(&*target.begin(), first);
  EXPECT_EQ(target.get_allocator().resource(), &this->memory_);
  EXPECT_EQ(this->other_live(), 0U);
}

TYPED_TEST(NodeContainerTest, SwapExchangesTheResources) {
  auto container = filled<TypeParam>(&this->memory_, 5);
  auto other = filled<TypeParam>(&this->other_, 2);
  const void* const first = &*container.begin();
  swap(container, other);
  EXPECT_EQ(&*other.begin(), first);
  EXPECT_EQ(std::ranges::distance(container), 2);
  EXPECT_EQ(container.get_allocator().resource(), &this->other_);
}

TYPED_TEST(NodeContainerTest, MoveIntoAnotherResourceMovesEachElement) {
  auto container = filled<TypeParam>(&this->memory_, 5);
  const TypeParam target(std::move(container), typename TypeParam::allocator_type(&this->other_));
  EXPECT_EQ(std::ranges::distance(target), 5);
  EXPECT_EQ(this->other_live(), 5U);
}

TYPED_TEST(NodeContainerTest, AlgorithmsOfRangesRunOnIt) {
  const auto container = filled<TypeParam>(&this->memory_, 10);
  const auto number_of = [](const auto& element) {
    if constexpr (std::is_same_v<decltype(element), const Entry&>) {
      return element.second / 2;
    } else {
      return element;
    }
  };
  auto odd = container | std::views::transform(number_of) |
             std::views::filter([](int number) { return number % 2 == 1; });
  Vector sorted(&this->memory_);
  std::ranges::copy(odd, std::back_inserter(sorted));
  std::ranges::sort(sorted);
  EXPECT_TRUE(std::ranges::equal(sorted, std::vector{1, 3, 5, 7, 9}));
  EXPECT_EQ(std::ranges::count_if(container, [](int number) { return number < 4; }, number_of), 4);
}

// ---- nodes on the way
// ----------------------------------------------------------------------------

template <class Container>
class NodeHandleTest : public ResourceTest {};
using ContainersWithHandles = ::testing::Types<Set, Map, HashMap>;
TYPED_TEST_SUITE(NodeHandleTest, ContainersWithHandles);

TYPED_TEST(NodeHandleTest, NodeGoesFromOneContainerToAnotherOfTheResource) {
  auto source = filled<TypeParam>(&this->memory_, 5);
  TypeParam target(&this->memory_);
  const void* const element = &*source.find(3);
  const auto inserted = target.insert(source.extract(3));
  EXPECT_TRUE(inserted.inserted);
  EXPECT_EQ(&*inserted.position, element);
  EXPECT_EQ(this->live(), 5U);
}

TYPED_TEST(NodeHandleTest, NodeThatIsInNoContainerGoesBackToItsResource) {
  typename TypeParam::node_type node;
  {
    auto source = filled<TypeParam>(&this->memory_, 5);
    node = source.extract(3);
  }
  EXPECT_EQ(this->live(), 1U);
  auto other = filled<TypeParam>(&this->other_, 5);
  node = other.extract(4);
  EXPECT_EQ(this->live(), 0U);
  EXPECT_EQ(node.get_allocator().resource(), &this->other_);
  EXPECT_TRUE(other.insert(std::move(node)).inserted);
}

TYPED_TEST(NodeHandleTest, MergeTakesTheNodesThatAreNew) {
  auto target = filled<TypeParam>(&this->memory_, 3);
  auto source = filled<TypeParam>(&this->memory_, 5);
  const void* const element = &*source.find(4);
  target.merge(source);
  EXPECT_EQ(&*target.find(4), element);
  EXPECT_EQ(target.size(), 5U);
  EXPECT_EQ(source.size(), 3U);
  EXPECT_EQ(this->live(), 8U);
}

TEST_F(AllocatorTest, SpliceAndMergeOfListsMoveNodesWithinTheResource) {
  auto target = filled<List>(&memory_, 3);
  auto source = filled<List>(&memory_, 3);
  const int* const first = &source.front();
  target.splice(target.end(), source, source.begin());
  EXPECT_EQ(&target.back(), first);
  target.sort();
  target.merge(source);
  EXPECT_TRUE(source.empty());
  EXPECT_TRUE(std::ranges::is_sorted(target));
  EXPECT_EQ(live(), 6U);
  auto forward = filled<ForwardList>(&memory_, 2);
  forward.splice_after(forward.before_begin(), filled<ForwardList>(&memory_, 2));
  EXPECT_EQ(live(), 10U);
}

// Of unequal allocators splice is undefined. This library aborts rather than mix two resources.
#ifdef __GLIBCXX__
using AllocatorDeathTest = AllocatorTest;
TEST_F(AllocatorDeathTest, SpliceOfAnotherResourceIsSeenByTheContainer) {
  auto target = filled<List>(&memory_, 3);
  auto source = filled<List>(&other_, 3);
  EXPECT_DEATH(target.splice(target.end(), source), "");
}
#endif

// ---- objects
// -------------------------------------------------------------------------------------

struct Shape {
  virtual ~Shape() = default;
  [[nodiscard]] virtual int sides() const = 0;
};
struct Triangle final : Shape {
  explicit Triangle(bool& ended) : ended_(ended) {}
  ~Triangle() override { ended_ = true; }
  [[nodiscard]] int sides() const override { return 3; }
  bool& ended_;
};

TEST_F(AllocatorTest, SharedObjectIsOneBlockUntilTheLastWeakPointerIsGone) {
  bool ended = false;
  std::weak_ptr<const Shape> weak;
  {
    const std::shared_ptr<const Shape> shape =
        std::allocate_shared<Triangle>(Allocator<Triangle>(&memory_), ended);
    weak = shape;
    EXPECT_EQ(shape->sides(), 3);
    EXPECT_EQ(live(), 1U);
  }
  EXPECT_TRUE(ended);
  EXPECT_TRUE(weak.expired());
  EXPECT_EQ(live(), 1U);
  weak.reset();
  EXPECT_EQ(live(), 0U);
  EXPECT_EQ(upstream_.live(), 0);
}

TEST_F(AllocatorTest, SharedArrayGoesBackWhereItCameFrom) {
  const auto array = std::allocate_shared<int[]>(Allocator<int>(&memory_), 100, 7);
  EXPECT_EQ(array[99], 7);
  EXPECT_EQ(live() + static_cast<std::size_t>(upstream_.live()), 1U);
}

}  // namespace
}  // namespace slabproof::testing
