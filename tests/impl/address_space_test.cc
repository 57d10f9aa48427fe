// What a slab takes of a process besides memory: mappings and address space.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/mmap_backing.h"
#include "tests/support/child_process.h"
#include "tests/support/observed_policies.h"
#include "tests/support/process_limits.h"
#include "tests/support/resident_pages.h"
#include "tests/support/slab_expectations.h"

namespace slabproof {
namespace {

using testing::end_child;
using testing::mapped_bytes;
using testing::page_size;
using testing::resident_pages;

struct Object {
  std::byte bytes[64];
};

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
}

class AddressSpaceTest : public ::testing::TestWithParam<std::size_t> {};

// A header of 64 bytes comes with each segment, and 24 bytes of the directory for up to four times
// as many segments as there are: from a capacity of 64 on, that is less than 4 percent.
TEST_P(AddressSpaceTest, SeventyThousandSegmentsTakeFewMappingsAndLittleMoreThanTheirSlots) {
  constexpr std::uint32_t kSegments = 70'000;
  constexpr std::size_t kHeader = 64;
  constexpr std::size_t kDirectory = 4 * 24;
  const std::size_t mappings_before = mappings();
  const std::size_t bytes_before = mapped_bytes();
  {
    const ExtendableSlab<Object> slab(GetParam(), InitialSegments{kSegments});
    ASSERT_EQ(slab.segment_count(), kSegments);
    const std::size_t bytes = mapped_bytes() - bytes_before;
    RecordProperty("mappings", static_cast<int>(mappings() - mappings_before));
    RecordProperty("percent_of_slots", static_cast<int>(bytes * 100 / slab.capacity_bytes()));
    EXPECT_LT(mappings(), mappings_before + 500);
    const std::size_t slots = slab.capacity_bytes();
    const std::size_t places = slots + kSegments * kHeader;
    const bool is_small = GetParam() < 64;
    EXPECT_LE(bytes, is_small ? places + places / 10 + kSegments * kDirectory : slots + slots / 10);
  }
  EXPECT_LE(mappings(), mappings_before + 1);  // of the heap's own
  EXPECT_LE(mapped_bytes(), bytes_before + (std::size_t{1} << 20));
}

INSTANTIATE_TEST_SUITE_P(Capacities, AddressSpaceTest, ::testing::Values(1, 16, 64, 1022, 1024),
                         [](const auto& tested) { return std::to_string(tested.param); });

TEST(ChunkPagesTest, GrowthTouchesNoPageBeforeItIsUsed) {
  struct Large {
    std::byte bytes[64 * 1024];
  };
  struct WatchedConfig : DefaultConfig {
    using Backing = testing::ObservedBacking<MmapBacking>;
  };
  constexpr std::size_t kCapacity = 16;
  testing::Environment& script = testing::new_environment();
  ExtendableSlab<Large, WatchedConfig> slab(kCapacity, InitialSegments{100});
  script.recording = true;
  while (script.events.empty() || !script.events.back().is_segment) ASSERT_TRUE(slab.allocate());
  const testing::BackingEvent chunk = script.events.back();
  EXPECT_GT(chunk.size, 4 * kCapacity * sizeof(Large));
  // Its header, with that of its first segment.
  EXPECT_EQ(resident_pages(reinterpret_cast<const std::byte*>(chunk.base), chunk.size), 1U);
}

TEST(ChunkPagesTest, SmallSegmentsShareAPage) {
  ExtendableSlab<Object> slab(4);
  const std::vector<Block> blocks = testing::take_blocks(slab, 8);
  const auto page_of = [](const Block& block) {
    return reinterpret_cast<std::uintptr_t>(block.data) / page_size();
  };
  EXPECT_EQ(page_of(blocks[0]), page_of(blocks[7]));
  EXPECT_EQ(slab.segment_count(), 2U);
}

void serve_half_of_the_limit() {
  constexpr std::size_t kMebibyte = std::size_t{1} << 20;
  const rlimit limit{1024 * kMebibyte, 1024 * kMebibyte};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) end_child(false);
  ExtendableSlab<Object> slab(511 * kMebibyte / sizeof(Object));
  const auto block = slab.allocate();
  end_child(block.has_value() && slab.deallocate(block->data));
}

TEST(AddressLimitTest, SegmentOfHalfTheLimitIsServed) {
  EXPECT_EXIT(serve_half_of_the_limit(), ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

/// The middle one of three regions that lie side by side, which the kernel keeps as one mapping: to
/// unmap it is to split that. Smaller gaps, which the kernel fills first, are used up on the way.
std::optional<MmapBacking>* region_between_neighbours(
    std::vector<std::optional<MmapBacking>>& regions, Layout layout) {
  constexpr std::size_t kAttempts = 4096;
  const auto size = static_cast<std::ptrdiff_t>(layout.size());
  for (std::size_t tried = 0; tried < kAttempts; ++tried) {
    if (!regions.emplace_back(std::in_place, layout).value()) return nullptr;
    if (tried < 2) continue;
    std::optional<MmapBacking>& middle = regions[tried - 1];
    const std::ptrdiff_t step = regions[tried]->data() - middle->data();
    const bool is_side_by_side = step == middle->data() - regions[tried - 2]->data();
    if (is_side_by_side && (step == size || step == -size)) return &middle;
  }
  return nullptr;
}

void unmap_at_the_mapping_limit() {
  const Layout layout = Layout::make(16 * page_size(), page_size()).value();
  std::vector<std::optional<MmapBacking>> regions;
  std::optional<MmapBacking>* const middle = region_between_neighbours(regions, layout);
  if (middle == nullptr) {
    std::fputs("the kernel placed no three regions side by side\n", stderr);
    end_child(false);
  }
  std::byte* const start = (*middle)->data();
  std::fill_n(start, layout.size(), std::byte{1});
  testing::use_up_mappings();
  middle->reset();
  const auto resident = resident_pages(start, layout.size());
  if (!resident) std::fputs("the region was unmapped, with no mapping to spare\n", stderr);
  end_child(resident == std::size_t{0});
}

TEST(MappingLimitTest, PagesGoBackWhereUnmappingFails) {
  const std::size_t limit = testing::mapping_limit();
  if (limit == 0 || limit > 200'000) GTEST_SKIP() << "the limit of mappings is " << limit;
  EXPECT_EXIT(unmap_at_the_mapping_limit(), ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

}  // namespace
}  // namespace slabproof
