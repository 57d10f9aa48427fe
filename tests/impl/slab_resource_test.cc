#include "slabproof/slab_resource.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "slabproof/object_factory.h"
#include "slabproof/statistics.h"
#include "tests/support/small_resource.h"

namespace slabproof::testing {
namespace {

static_assert(std::is_same_v<slab_resource, basic_slab_resource<SizeClassed<NodeClasses>>>);
static_assert(std::is_nothrow_default_constructible_v<SmallResource>);

class SlabResourceTest : public ResourceTest {
 protected:
  struct Request {
    std::size_t size, alignment;
  };
  void* allocate(Request request) { return memory_.allocate(request.size, request.alignment); }
  void deallocate(void* block, Request request) {
    memory_.deallocate(block, request.size, request.alignment);
  }
};

TEST_F(SlabResourceTest, RequestThatAClassFitsIsInASlab) {
  for (const Request request :
       std::to_array<Request>({{1, 1}, {32, 32}, {33, 1}, {8, 64}, {256, 256}})) {
    void* const block = allocate(request);
    EXPECT_TRUE(is_aligned(block, request.alignment));
    EXPECT_EQ(live(), 1U) << request.size << "/" << request.alignment;
    EXPECT_EQ(upstream_.live(), 0);
    deallocate(block, request);
    EXPECT_EQ(live(), 0U);
  }
}

TEST_F(SlabResourceTest, RequestThatNoClassFitsIsUpstream) {
  for (const Request request :
       std::to_array<Request>({{257, 1}, {8, 512}, {1 << 20, 16}, {0, 1}, {0, 512}})) {
    void* const block = allocate(request);
    EXPECT_NE(block, nullptr);
    EXPECT_TRUE(is_aligned(block, request.alignment));
    EXPECT_EQ(live(), 0U) << request.size << "/" << request.alignment;
    EXPECT_EQ(upstream_.live(), 1);
    deallocate(block, request);
    EXPECT_EQ(upstream_.live(), 0);
  }
}

TEST_F(SlabResourceTest, LayoutsGoTheSameWayAsBytes) {
  for (const Layout request : {Layout::of<long>(), Layout::make(512, 8).value()}) {
    void* const block = memory_.allocate(request);
    memory_.deallocate(block, request.size(), request.alignment());
    memory_.deallocate(memory_.allocate(request.size(), request.alignment()), request);
  }
}

TEST_F(SlabResourceTest, RequestOfMoreThanThereIsAddressSpaceIsRefusedUpstream) {
  const Request request{std::numeric_limits<std::size_t>::max(), 1};
  EXPECT_THROW(static_cast<void>(allocate(request)), std::bad_alloc);
}

TEST_F(SlabResourceTest, ClassThatIsOutThrowsAndTakesNothingFromUpstream) {
  limit_segments(1);
  std::pmr::vector<void*> blocks;
  EXPECT_THROW(while (blocks.size() < 1000) blocks.push_back(allocate({32, 8})), std::bad_alloc);
  EXPECT_EQ(blocks.size(), 1024U / 32);
  EXPECT_EQ(upstream_.live(), 0);
  for (void* const block : blocks) deallocate(block, {32, 8});
}

TEST_F(SlabResourceTest, NullUpstreamRefusesWhatNoClassFits) {
  SmallResource strict(std::pmr::null_memory_resource());
  EXPECT_EQ(strict.upstream_resource(), std::pmr::null_memory_resource());
  EXPECT_THROW(static_cast<void>(strict.allocate(257)), std::bad_alloc);
  strict.deallocate(strict.allocate(256), 256);
}

TEST_F(SlabResourceTest, UpstreamIsTheDefaultResourceOfItsConstruction) {
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&upstream_);
  const SmallResource one;
  std::pmr::set_default_resource(before);
  EXPECT_EQ(one.upstream_resource(), &upstream_);
}

TEST_F(SlabResourceTest, IsEqualToItselfAlone) {
  EXPECT_TRUE(memory_.is_equal(memory_));
  EXPECT_FALSE(memory_.is_equal(other_));
  EXPECT_FALSE(memory_.is_equal(upstream_));
}

TEST_F(SlabResourceTest, ForeignPointerIsCountedAndStaysOutOfUpstream) {
  SmallResource one(&upstream_);
  alignas(32) std::array<std::byte, 32> foreign{};
  one.deallocate(foreign.data(), foreign.size());
  EXPECT_EQ(misuses(one.slabs()), 1U);
  EXPECT_EQ(upstream_.live(), 0);
}

TEST_F(SlabResourceTest, ContainersOfContainersLieInIt) {
  std::pmr::unordered_map<std::pmr::string, std::pmr::vector<int>> map(&memory_);
  for (int i = 0; i < 100; ++i) {
    map["a key that is too long for the string itself " + std::pmr::string(1, 'a')].push_back(i);
  }
  EXPECT_EQ(map.begin()->second.get_allocator().resource(), &memory_);
  EXPECT_EQ(map.begin()->first.get_allocator().resource(), &memory_);
  EXPECT_EQ(map.begin()->second.size(), 100U);
  EXPECT_GT(live(), 0U);
}

TEST_F(SlabResourceTest, MayBeTheUpstreamOfAnother) {
  SmallResource first(&memory_);
  void* const block = first.allocate(512);
  EXPECT_EQ(upstream_.live(), 1);
  first.deallocate(block, 512);
  std::pmr::monotonic_buffer_resource buffer(64, &memory_);
  std::pmr::vector<int> numbers(1000, 7, &buffer);
  EXPECT_EQ(numbers.back(), 7);
}

TEST_F(SlabResourceTest, WrapperOfSlabsSeesWhatIsInThemOnly) {
  basic_slab_resource<Statistics<SmallSlabs>> counted(&upstream_, std::size_t{1024});
  void* const small = counted.allocate(40);
  void* const large = counted.allocate(400);
  EXPECT_EQ(counted.slabs().counts().bytes, 64);
  counted.deallocate(large, 400);
  EXPECT_EQ(counted.slabs().counts().frees, 0U);
  counted.deallocate(small, 40);
  EXPECT_EQ(counted.slabs().counts().bytes, 0);
}

// ---- objects and their owners
// --------------------------------------------------------------------

struct Shape {
  [[nodiscard]] virtual int sides() const = 0;

 protected:
  ~Shape() = default;
};
struct Named {
  std::string name = "a name that is too long for the string itself";
};
struct Triangle final : Named, Shape {
  [[nodiscard]] int sides() const override { return 3; }
};
struct alignas(512) Square final : Named, Shape {
  [[nodiscard]] int sides() const override { return 4; }
};

TEST_F(SlabResourceTest, OwnersByBaseClassHoldObjectsOfSlabsAndOfUpstream) {
  std::vector<BaseOwner<const Shape>> shapes;
  shapes.emplace_back(memory_.make_unique<Triangle>());
  shapes.emplace_back(memory_.make_unique<Square>());
  EXPECT_EQ(shapes[0]->sides() + shapes[1]->sides(), 7);
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(upstream_.live(), 1);
}

TEST_F(SlabResourceTest, ObjectThatItsOwnerReleasedIsDestroyedByItsType) {
  const auto held = std::make_shared<int>(1);
  using Holder = std::shared_ptr<int>;
  const Holder* const holder = memory_.make_unique<Holder>(held).release();
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(held.use_count(), 2);
  memory_.destroy(holder);
  EXPECT_EQ(live(), 0U);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(SlabResourceTest, NoObjectMayBeDestroyed) {
  memory_.destroy(static_cast<const Triangle*>(nullptr));
  EXPECT_EQ(live(), 0U);
}

struct ThrowsOnConstruction {
  ThrowsOnConstruction() { throw std::runtime_error("no"); }
};

TEST_F(SlabResourceTest, BlockOfAnObjectThatThrowsGoesBack) {
  EXPECT_THROW(static_cast<void>(memory_.make_unique<ThrowsOnConstruction>()), std::runtime_error);
  EXPECT_THROW(static_cast<void>(memory_.make_shared<ThrowsOnConstruction>()), std::runtime_error);
  EXPECT_EQ(live(), 0U);
}

TEST_F(SlabResourceTest, SharedObjectIsOneBlockUntilTheLastWeakPointerIsGone) {
  std::shared_ptr<const Shape> shape = memory_.make_shared<Triangle>();
  const std::weak_ptr<const Shape> weak = shape;
  EXPECT_EQ(live(), 1U);
  shape.reset();
  EXPECT_TRUE(weak.expired());
  EXPECT_EQ(live(), 1U);
}

TEST_F(SlabResourceTest, ObjectThatUsesAResourceGetsThisOne) {
  const auto unique = memory_.make_unique<std::pmr::string>("x");
  const auto shared = memory_.make_shared<std::pmr::string>("x");
  EXPECT_EQ(unique->get_allocator().resource(), &memory_);
  EXPECT_EQ(shared->get_allocator().resource(), &memory_);
}

}  // namespace
}  // namespace slabproof::testing
