// Containers of several threads over one resource.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/allocator.h"
#include "slabproof/cached_slab.h"
#include "slabproof/size_classed.h"
#include "slabproof/size_classes.h"
#include "slabproof/slab_resource.h"
#include "tests/support/small_resource.h"

namespace slabproof::testing {
namespace {

constexpr int kThreads = 4;
constexpr int kElements = 2000;

using Entry = std::pair<const int, int>;

/// Runs `body(thread)` in each thread.
template <class Body>
void run_threads(Body body) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&body, thread] { body(thread); });
  }
}

/// Caches of threads that have ended are empty; that of this one is, after a trim.
template <class Resource>
void expect_nothing_left(Resource& memory) {
  memory.slabs().for_each_class([](auto& slab) { slab.trim(); });
  EXPECT_EQ(live_blocks(memory.slabs()), 0U);
  EXPECT_EQ(misuses(memory.slabs()), 0U);
}

using CachedResource = basic_slab_resource<SizeClassed<SizeClasses<64>, CachedSlab>>;

template <class Resource>
class AllocatorThreadsTest : public ::testing::Test {};
using SharedAndCached = ::testing::Types<SmallResource, CachedResource>;
TYPED_TEST_SUITE(AllocatorThreadsTest, SharedAndCached);

TYPED_TEST(AllocatorThreadsTest, EachThreadHasItsOwnContainer) {
  TypeParam memory;
  run_threads([&memory](int thread) {
    std::map<int, int, std::less<int>, allocator<Entry, TypeParam>> map(&memory);
    for (int i = 0; i < kElements; ++i) map.emplace(i, thread);
    for (int i = 0; i < kElements; i += 2) map.erase(i);
    for (const auto& [key, value] : map) EXPECT_EQ(value, thread) << key;
    EXPECT_EQ(map.size(), kElements / 2U);
  });
  expect_nothing_left(memory);
}

TYPED_TEST(AllocatorThreadsTest, ContainerThatOneThreadFilledEndsInAnother) {
  TypeParam memory;
  using List = std::list<int, allocator<int, TypeParam>>;
  std::vector<List> lists(kThreads, List(&memory));
  run_threads([&lists](int thread) {
    for (int i = 0; i < kElements; ++i) lists[static_cast<std::size_t>(thread)].push_back(thread);
  });
  run_threads([&lists](int thread) {
    const int owner = (thread + 1) % kThreads;
    const List list = std::move(lists[static_cast<std::size_t>(owner)]);
    for (const int each : list) EXPECT_EQ(each, owner);
  });
  expect_nothing_left(memory);
}

TYPED_TEST(AllocatorThreadsTest, LastOwnerOfASharedObjectMayBeInAnyThread) {
  TypeParam memory;
  std::vector<std::shared_ptr<std::atomic<int>>> objects;
  for (int i = 0; i < kElements; ++i)
    objects.push_back(memory.template make_shared<std::atomic<int>>(0));
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([mine = objects]() mutable {
        for (auto& each : mine) {
          each->fetch_add(1);
          each.reset();
        }
      });
    }
    objects.clear();
  }
  expect_nothing_left(memory);
}

}  // namespace
}  // namespace slabproof::testing
