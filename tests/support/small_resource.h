#ifndef SLABPROOF_TESTS_SUPPORT_SMALL_RESOURCE_H_
#define SLABPROOF_TESTS_SUPPORT_SMALL_RESOURCE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <utility>

#include "slabproof/size_classed.h"
#include "slabproof/size_classes.h"
#include "slabproof/slab_resource.h"

namespace slabproof::testing {

/// A resource with few classes, since each of them is a slab of its own to compile. Over-aligned to
/// 256 bytes at most.
using SmallSlabs = SizeClassed<SizeClasses<32, 64, 256>>;
using SmallResource = basic_slab_resource<SmallSlabs>;

/// Blocks of all slabs that are not given back.
template <class Slabs>
std::uint64_t live_blocks(const Slabs& slabs) {
  std::uint64_t live = 0;
  slabs.for_each_class([&live](const auto& slab) { live += slab.stats().live; });
  return live;
}

/// Bad pointers that all slabs have counted.
template <class Slabs>
std::uint64_t misuses(const Slabs& slabs) {
  std::uint64_t found = 0;
  slabs.for_each_class([&found](const auto& slab) { found += slab.corruption_events(); });
  return found;
}

/// The heap, with a count of the blocks that are not given back. Each goes back as it was asked
/// for.
class CountedUpstream final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] std::int64_t live() const noexcept { return live_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    ++live_;
    requests_[block] = {bytes, alignment};
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    --live_;
    EXPECT_EQ(requests_[block], std::pair(bytes, alignment));
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::int64_t live_ = 0;
  std::map<void*, std::pair<std::size_t, std::size_t>> requests_;
};

/// Two resources with an upstream each. At the end of a test, nothing is left in any of them.
class ResourceTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const SmallResource* each : {&memory_, &other_}) {
      EXPECT_EQ(live_blocks(each->slabs()), 0U);
      EXPECT_EQ(misuses(each->slabs()), 0U);
    }
    EXPECT_EQ(upstream_.live(), 0);
    EXPECT_EQ(other_upstream_.live(), 0);
  }

  [[nodiscard]] std::uint64_t live() const { return live_blocks(memory_.slabs()); }
  [[nodiscard]] std::uint64_t other_live() const { return live_blocks(other_.slabs()); }
  /// Makes each slab full for ever after so many segments.
  void limit_segments(std::uint32_t most) {
    memory_.slabs().for_each_class([most](auto& slab) { slab.limit_segments(most); });
  }

  CountedUpstream upstream_;
  CountedUpstream other_upstream_;
  SmallResource memory_{&upstream_, std::size_t{1024}};
  SmallResource other_{&other_upstream_, std::size_t{1024}};
};

inline bool is_aligned(const void* pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SMALL_RESOURCE_H_
