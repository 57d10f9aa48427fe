#include "slabproof/backing.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/mmap_backing.h"
#include "tests/support/child_process.h"
#include "tests/support/process_limits.h"
#include "tests/support/resident_pages.h"
#include "tests/support/system_calls.h"

namespace slabproof::testing {
namespace {

Layout layout(std::size_t size, std::size_t alignment) {
  return Layout::make(size, alignment).value();
}

bool is_aligned(const void* pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

bool is_mapped(const std::byte* data, std::size_t size) {
  return resident_pages(data, size).has_value();
}

bool is_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

TEST(MmapBackingTest, RoundsUpToWholePages) {
  const std::size_t page = page_size();
  EXPECT_EQ(MmapBacking(layout(1, 1)).size(), page);
  EXPECT_EQ(MmapBacking(layout(page, 1)).size(), page);
  EXPECT_EQ(MmapBacking(layout(page + 1, 1)).size(), 2 * page);
  EXPECT_EQ(MmapBacking::granularity(), page);
}

TEST(MmapBackingTest, AlignsToAnyPowerOfTwoUpToAMebibyte) {
  for (std::size_t alignment = 1; alignment <= std::size_t{1} << 20; alignment *= 2) {
    // Several at once, of odd sizes, so that not each falls into place by luck.
    std::vector<MmapBacking> regions;
    regions.reserve(4);
    for (std::size_t i = 0; i < 4; ++i) {
      regions.emplace_back(layout(i * 5000 + 1, alignment));
      ASSERT_TRUE(regions.back());
      EXPECT_TRUE(is_aligned(regions.back().data(), alignment)) << alignment;
      std::memset(regions.back().data(), 0xa5, regions.back().size());
    }
  }
}

TEST(MmapBackingTest, KeepsNothingOfTheSlackThatItAlignsIn) {
  // A gibibyte of alignment takes about a gibibyte of slack; the region is one page of it.
  constexpr std::size_t kAlignment = std::size_t{1} << 30;
  const std::size_t before = mapped_bytes();
  const MmapBacking region(layout(1, kAlignment));
  ASSERT_TRUE(region);
  EXPECT_TRUE(is_aligned(region.data(), kAlignment));
  EXPECT_LT(mapped_bytes(), before + kAlignment / 2);
}

TEST(MmapBackingTest, KeepsNothingOfSlackThatLiesWhollyInFrontOfTheRegion) {
  constexpr std::size_t kAlignment = std::size_t{1} << 21;
  const std::size_t page = page_size();
  const std::size_t size = kAlignment / 2 + page;
  const std::size_t slack = kAlignment - page;

  // The kernel takes the highest hole that is large enough, so those above the reserve are filled.
  const MmapBacking reserve(layout(8 * kAlignment, kAlignment));
  ASSERT_TRUE(reserve);
  std::vector<MmapBacking> above;
  above.reserve(64);
  do {
    above.emplace_back(layout(size, 1));
  } while (above.back().data() > reserve.data() && above.size() < above.capacity());
  above.pop_back();

  // The upper hole has room for the region, but not aligned. The lower one has room for the slack
  // as well and begins one page behind a multiple of the alignment.
  std::byte* const upper = reserve.data() + 3 * kAlignment + page;
  std::byte* const lower = reserve.data() + page;
  ASSERT_EQ(::munmap(upper, size), 0);
  ASSERT_EQ(::munmap(lower, slack + size), 0);
  // Wherever the kernel places it in the end, nothing but the region itself may stay.
  const std::size_t before = mapped_bytes();
  const MmapBacking region(layout(size, kAlignment));
  EXPECT_TRUE(is_mapped(region.data(), region.size()));
  EXPECT_LT(mapped_bytes(), before + size + slack / 2);
}

TEST(MmapBackingTest, IsZeroedAndWritable) {
  const MmapBacking region(layout(3 * page_size(), 1));
  const std::span bytes(region.data(), region.size());
  EXPECT_TRUE(is_zero(bytes));
  std::ranges::fill(bytes, std::byte{7});
  EXPECT_EQ(bytes.back(), std::byte{7});
}

TEST(MmapBackingTest, UnmapsOnDestruction) {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  {
    const MmapBacking region(layout(5 * page_size(), 1));
    data = region.data();
    size = region.size();
    EXPECT_TRUE(is_mapped(data, size));
  }
  EXPECT_FALSE(is_mapped(data, size));
}

TEST(MmapBackingTest, MoveHandsTheMappingOver) {
  auto source = std::make_unique<MmapBacking>(layout(1, 1));
  const std::byte* const data = source->data();
  const MmapBacking target(std::move(*source));
  source.reset();
  EXPECT_EQ(target.data(), data);
  EXPECT_TRUE(is_mapped(target.data(), target.size()));
}

TEST(MmapBackingTest, MovedFromBackingOwnsNothing) {
  MmapBacking source(layout(1, 1));
  const MmapBacking target(std::move(source));
  EXPECT_FALSE(source);
  EXPECT_EQ(source.data(), nullptr);
  EXPECT_EQ(source.size(), 0U);
}

TEST(MmapBackingTest, RefusalOfTheKernelGivesItsErrorNumber) {
  const MmapBacking region(layout(std::size_t{1} << 60, 1));
  EXPECT_FALSE(region);
  EXPECT_EQ(region.data(), nullptr);
  EXPECT_EQ(region.size(), 0U);
  EXPECT_EQ(MmapBacking::last_os_error(), ENOMEM);
}

TEST(MmapBackingTest, RefusesASizeThatCannotBeRoundedToPages) {
  errno = 0;
  const MmapBacking region(layout(kMaxRegionBytes, 1));
  EXPECT_FALSE(region);
  EXPECT_EQ(MmapBacking::last_os_error(), ENOMEM);
}

TEST(MmapBackingTest, RefusesAnAlignmentWithoutRoomForItsSlack) {
  // The 4 GiB can be had; 4 EiB to align them in cannot, and then the 4 GiB must go again.
  const std::size_t before = mapped_bytes();
  const MmapBacking region(layout(std::size_t{1} << 32, std::size_t{1} << 62));
  EXPECT_FALSE(region);
  EXPECT_LT(mapped_bytes(), before + (std::size_t{1} << 31));
  EXPECT_EQ(MmapBacking::last_os_error(), ENOMEM);
}

/// Whether the kernel's flags of the mapping that holds `data` have the two letters `flag`.
bool has_kernel_flag(const std::byte* data, const std::string& flag) {
  std::ifstream maps("/proc/self/smaps");
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  bool is_here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR, &first, &last) == 2) {
      is_here = first <= address && address < last;
    }
    if (is_here && line.starts_with("VmFlags:")) return line.contains(" " + flag);
  }
  return false;
}

using HugePages = BasicMmapBacking<MmapOptions{.huge_pages = true}>;
using Prefaulted = BasicMmapBacking<MmapOptions{.prefault = true}>;
constexpr std::size_t kHugePage = std::size_t{1} << 21;

TEST(MmapBackingTest, LargeRegionsOfHugePagesAreAlignedToThem) {
  const HugePages region(layout(3 * kHugePage + 1, 64));
  EXPECT_TRUE(is_aligned(region.data(), kHugePage));
  std::ifstream enabled("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!enabled) GTEST_SKIP() << "this kernel has no huge pages";
  EXPECT_TRUE(has_kernel_flag(region.data(), "hg"));
  EXPECT_FALSE(has_kernel_flag(MmapBacking(layout(3 * kHugePage, 64)).data(), "hg"));
  EXPECT_TRUE(has_kernel_flag(HugePages(layout(kHugePage, 64)).data(), "hg"));
}

TEST(MmapBackingTest, RegionsOfHugePagesKeepALargerAlignment) {
  constexpr std::size_t kAlignment = 16 * kHugePage;
  // Several, so that not each falls into place by luck.
  std::vector<HugePages> regions;
  regions.reserve(4);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(is_aligned(regions.emplace_back(layout(kHugePage, kAlignment)).data(), kAlignment));
  }
}

template <class Region>
bool each_page_is_aligned_to_a_huge_one() {
  std::vector<Region> regions;
  regions.reserve(4);
  for (int i = 0; i < 4; ++i) regions.emplace_back(layout(1, 1));
  return std::ranges::all_of(regions,
                             [](const Region& each) { return is_aligned(each.data(), kHugePage); });
}

TEST(MmapBackingTest, SmallRegionsTakeNoAddressSpaceForHugePages) {
  EXPECT_FALSE(each_page_is_aligned_to_a_huge_one<MmapBacking>());
  EXPECT_FALSE(each_page_is_aligned_to_a_huge_one<HugePages>());
}

TEST(MmapBackingTest, AsksForNothingBeyondPagesUnlessTold) {
  MmapOptions options;
  EXPECT_FALSE(options.huge_pages);
  EXPECT_FALSE(options.prefault);
}

TEST(MmapBackingTest, SmallRegionsAreNotMadeOfHugePages) {
  const HugePages region(layout(kHugePage / 2, 64));
  EXPECT_EQ(region.size(), kHugePage / 2);
  EXPECT_FALSE(has_kernel_flag(region.data(), "hg"));
}

TEST(MmapBackingTest, PrefaultedPagesAreInMemory) {
  constexpr int kPopulateWrite = 23;  // an older system's headers do not name it
  if (::madvise(nullptr, 0, kPopulateWrite) != 0) GTEST_SKIP() << "this kernel cannot pre-fault";
  const Prefaulted region(layout(9 * page_size(), 1));
  EXPECT_EQ(resident_pages(region.data(), region.size()), 9U);
}

TEST(MmapBackingTest, DiscardGivesPagesBackAndTheNextReadFindsZeros) {
  const std::size_t page = page_size();
  MmapBacking region(layout(4 * page, 1));
  std::memset(region.data(), 0xff, region.size());
  EXPECT_EQ(resident_pages(region.data(), region.size()), 4U);
  EXPECT_EQ(region.discard(0, 4 * page), 4 * page);
  EXPECT_EQ(resident_pages(region.data(), region.size()), 0U);
  EXPECT_TRUE(is_zero({region.data(), region.size()}));
}

TEST(MmapBackingTest, DiscardKeepsThePagesThatAreOnlyPartlyInTheRange) {
  const std::size_t page = page_size();
  MmapBacking region(layout(4 * page, 1));
  std::memset(region.data(), 0xff, region.size());
  EXPECT_EQ(region.discard(1, 3 * page), 2 * page);
  EXPECT_EQ(region.data()[page - 1], std::byte{0xff});
  EXPECT_EQ(region.data()[3 * page], std::byte{0xff});
  EXPECT_TRUE(is_zero({region.data() + page, 2 * page}));
}

TEST(MmapBackingTest, DiscardOfLessThanAPageGivesNothingBack) {
  MmapBacking region(layout(page_size(), 1));
  region.data()[5] = std::byte{1};
  EXPECT_EQ(region.discard(1, page_size() - 1), 0U);
  EXPECT_EQ(region.data()[5], std::byte{1});
}

TEST(MmapBackingTest, DiscardThatTheKernelRefusesGivesNothingBackAndSaysWhy) {
  MmapBacking region(layout(page_size(), 1));
  region.data()[0] = std::byte{1};
  // The kernel does not take pages from under a memory lock. Asked directly, because the sanitizers
  // replace mlock() by nothing.
  ASSERT_EQ(::syscall(SYS_mlock, region.data(), region.size()), 0) << std::strerror(errno);
  EXPECT_EQ(region.discard(0, page_size()), 0U);
  EXPECT_EQ(MmapBacking::last_os_error(), EINVAL);
  EXPECT_EQ(region.data()[0], std::byte{1});
}

TEST(MmapBackingTest, RegionThatFallsIntoPlaceNeedsNoAddressSpaceForSlack) {
  // Once there are some, each lies right below the one before it.
  constexpr std::size_t kBytes = std::size_t{1} << 26;
  std::vector<MmapBacking> regions;
  regions.reserve(9);
  for (int i = 0; i < 8; ++i) regions.emplace_back(layout(kBytes, kBytes));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  ASSERT_TRUE(limit_address_space(kBytes + kBytes / 2));
  regions.emplace_back(layout(kBytes, kBytes));
  EXPECT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_TRUE(regions.back());
}

// ---- kernels that refuse a call, each in a child process. A system without filters shows nothing.

constexpr SystemCall advice(int value) {
  return {.number = SYS_madvise, .argument = 2, .value = static_cast<std::uint32_t>(value)};
}
constexpr SystemCall kPopulate = advice(23);

TEST(MmapBackingTest, OlderKernelLeavesThePagesToFirstUse) {
  const std::string failure = failure_of_child([] {
    if (!refuse_system_call(kPopulate, EINVAL)) return;
    const Prefaulted region(layout(1, 1));
    end_child(region && region.size() == page_size());
  });
  EXPECT_EQ(failure, "");
}

TEST(MmapBackingTest, PageThatCannotBeHadRefusesTheRegionAndSaysWhy) {
  const std::string failure = failure_of_child([] {
    if (!refuse_system_call(kPopulate, EFAULT)) return;
    const std::size_t before = mapped_bytes();
    const Prefaulted region(layout(std::size_t{1} << 26, 1));
    require_in_child(Prefaulted::last_os_error() == EFAULT, "it says why");
    require_in_child(!region && region.data() == nullptr && region.size() == 0, "it is empty");
    require_in_child(mapped_bytes() < before + (std::size_t{1} << 25), "all is back");
    // Whatever else the kernel refuses, the error is that of the page.
    require_in_child(refuse_system_call({SYS_munmap}, ENOMEM), "the system has filters");
    require_in_child(!Prefaulted(layout(1, 1)), "it is refused again");
    require_in_child(Prefaulted::last_os_error() == EFAULT, "it says why again");
  });
  EXPECT_EQ(failure, "");
}

TEST(MmapBackingTest, KernelWithoutTheAdviceDoesNotHideWhyARegionIsRefused) {
  using All = BasicMmapBacking<MmapOptions{.huge_pages = true, .prefault = true}>;
  const std::string failure = failure_of_child([] {
    if (!refuse_system_call({SYS_madvise}, EINVAL)) return;
    const All region(layout(kMaxRegionBytes / 8, 1));
    end_child(!region && All::last_os_error() == ENOMEM);
  });
  EXPECT_EQ(failure, "");
}

TEST(MmapBackingTest, PagesThatCannotBeUnmappedAreGivenBackAllTheSame) {
  const std::string failure = failure_of_child([] {
    if (!refuse_system_call({SYS_munmap}, ENOMEM)) return;
    std::optional<MmapBacking> region(layout(1, 1));
    const std::byte* const data = region->data();
    region->data()[0] = std::byte{1};
    region.reset();
    end_child(resident_pages(data, 1) == 0U && data[0] == std::byte{0});
  });
  EXPECT_EQ(failure, "");
}

// By then they may be another thread's.
TEST(MmapBackingTest, PagesThatAreUnmappedAndThoseOutsideADiscardAreNotTouched) {
  const std::string failure = failure_of_child([] {
    const std::size_t page = page_size();
    const MmapBacking region(layout(2 * page, 1));
    for (const std::byte* const first : {region.data(), region.data() + page}) {
      const auto address = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(first));
      if (!answer_system_call({SYS_madvise, 0, address}, SECCOMP_RET_KILL_PROCESS)) return;
    }
    region.discard(1, page - 1);
    region.discard(1, page - 2);
  });
  EXPECT_EQ(failure, "");
}

TEST(HeapBackingTest, GivesWritableMemoryOfTheSizeAndAlignmentAskedFor) {
  for (std::size_t alignment = 1; alignment <= std::size_t{1} << 16; alignment *= 2) {
    const HeapBacking region(layout(100, alignment));
    ASSERT_TRUE(region);
    EXPECT_TRUE(is_aligned(region.data(), alignment));
    EXPECT_GE(region.size(), 100U);
    std::memset(region.data(), 1, region.size());
  }
}

TEST(HeapBackingTest, RefusalOfTheHeapIsOutOfMemory) {
  const HeapBacking region(layout(kMaxRegionBytes / 2, 16));
  EXPECT_FALSE(region);
  EXPECT_EQ(region.data(), nullptr);
  EXPECT_EQ(region.size(), 0U);
  EXPECT_EQ(HeapBacking::last_os_error(), ENOMEM);
}

TEST(HeapBackingTest, RefusesASizeThatCannotBePadded) {
  errno = 0;
  const HeapBacking region(layout(kMaxRegionBytes, 1));
  EXPECT_FALSE(region);
  EXPECT_EQ(HeapBacking::last_os_error(), ENOMEM);
}

TEST(HeapBackingTest, MoveHandsTheRegionOver) {
  HeapBacking source(layout(32, 8));
  const std::byte* const data = source.data();
  const HeapBacking target(std::move(source));
  EXPECT_EQ(target.data(), data);
  EXPECT_FALSE(source);
  EXPECT_EQ(source.size(), 0U);
}

TEST(HeapBackingTest, GivesItsMemoryBackAtItsEnd) {
  // Each is a mapping of its own. A sanitizer keeps some of them for a while.
  constexpr std::size_t kBytes = std::size_t{1} << 26;
  const std::size_t before = mapped_bytes();
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(HeapBacking(layout(kBytes, 64)));
  EXPECT_LT(mapped_bytes(), before + 8 * kBytes);
}

TEST(HeapBackingTest, DiscardGivesNothingBackAndKeepsTheContents) {
  HeapBacking region(layout(64, 64));
  region.data()[0] = std::byte{9};
  EXPECT_EQ(region.discard(0, 64), 0U);
  EXPECT_EQ(region.data()[0], std::byte{9});
}

TEST(InlineBackingTest, ServesFromInsideItself) {
  const InlineBacking<256> region(layout(200, 64));
  ASSERT_TRUE(region);
  const auto* const self = reinterpret_cast<const std::byte*>(&region);
  EXPECT_GE(region.data(), self);
  EXPECT_LE(region.data() + region.size(), self + sizeof(region));
  EXPECT_EQ(region.size(), 256U);
  EXPECT_TRUE(is_aligned(region.data(), 64));
}

TEST(InlineBackingTest, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(InlineBacking<256>(layout(256, 64)));
  const InlineBacking<256> too_large(layout(257, 1));
  EXPECT_FALSE(too_large);
  EXPECT_EQ(too_large.data(), nullptr);
  EXPECT_EQ(too_large.size(), 0U);
  EXPECT_FALSE(InlineBacking<256>(layout(8, 128)));
}

TEST(InlineBackingTest, RefusalIsNotAnErrorOfTheSystem) {
  const InlineBacking<8> region(layout(9, 1));
  EXPECT_FALSE(region);
  EXPECT_EQ(InlineBacking<8>::last_os_error(), 0);
}

TEST(InlineBackingTest, HasNoGranularityAndNothingToDiscard) {
  EXPECT_EQ(InlineBacking<64>::granularity(), 1U);
  InlineBacking<64> region(layout(64, 1));
  EXPECT_EQ(region.discard(0, 64), 0U);
}

}  // namespace
}  // namespace slabproof::testing
