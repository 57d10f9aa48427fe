#include "slabproof/segment_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <source_location>
#include <utility>
#include <vector>

#include "slabproof/heap_backing.h"
#include "slabproof/layout.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/std_sync.h"
#include "tests/support/observed_policies.h"

namespace slabproof::testing {
namespace {

/// The production policy, counting how many shared variables are read, and how many are alive.
struct ReadCountingSync : StdSync {
  inline static std::uint64_t reads = 0;
  inline static std::int64_t alive = 0;

  template <class T>
  class Var : public StdSync::Var<T> {
   public:
    explicit Var(T initial, std::source_location where = std::source_location::current()) noexcept
        : StdSync::Var<T>(std::move(initial), where) {
      ++alive;
    }
    ~Var() { --alive; }
    const T& read(std::source_location where = std::source_location::current()) const noexcept {
      ++reads;
      return StdSync::Var<T>::read(where);
    }
  };
};

/// As much of a segment as the directory needs.
struct FakeSegment {
  struct Record {
    std::uint32_t index = 0;
  };
  ReadCountingSync::Var<Record> record{Record{}};
};

struct TestConfig {
  using Sync = ReadCountingSync;
  using Backing = ObservedBacking<WipingHeap>;
};
using Directory = SegmentDirectory<FakeSegment, TestConfig>;
using Extent = Directory::Extent;

/// Places for segments, one behind the other, which begin anywhere. Untouched places cost address
/// space only.
class Places {
 public:
  explicit Places(std::size_t count, std::size_t segment_bytes = 4096, std::size_t first = 192)
      : region_(Layout::make(first + count * segment_bytes, 64).value()),
        segment_bytes_(segment_bytes),
        first_(first) {}

  [[nodiscard]] std::size_t segment_bytes() const { return segment_bytes_; }
  [[nodiscard]] std::byte* at(std::size_t place) const {
    return region_.data() + first_ + place * segment_bytes_;
  }
  [[nodiscard]] FakeSegment& build(std::size_t place) const {
    return *std::construct_at(reinterpret_cast<FakeSegment*>(at(place)));
  }

 private:
  MmapBacking region_;
  std::size_t segment_bytes_;
  std::size_t first_;
};

/// A directory beside an ordered map from address to segment, which says what is right.
class Compared {
 public:
  explicit Compared(std::size_t segment_bytes = 4096)
      : segment_bytes_(segment_bytes), directory_(segment_bytes) {}
  ~Compared() { directory_.tear_down(); }

  Directory& directory() { return directory_; }

  void widen_to(std::uint32_t last) {
    directory_.adopt(Extent::build(directory_.room(), last).value());
  }
  void install(FakeSegment& segment) {
    if (directory_.size() == directory_.room()) {
      widen_to(std::bit_ceil(directory_.size() + 1));
    }
    directory_.install(segment);
    by_address_.emplace(reinterpret_cast<std::uintptr_t>(&segment), &segment);
    by_index_.push_back(&segment);
  }

  void expect_route_agrees(std::uintptr_t address) const {
    FakeSegment* expected = nullptr;
    if (auto above = by_address_.upper_bound(address); above != by_address_.begin()) {
      const auto [base, segment] = *std::prev(above);
      if (address - base < segment_bytes_) expected = segment;
    }
    EXPECT_EQ(directory_.route(reinterpret_cast<const void*>(address)), expected) << address;
  }
  void expect_edges_agree(const FakeSegment& segment) const {
    const auto base = reinterpret_cast<std::uintptr_t>(&segment);
    for (const std::uintptr_t address :
         {base - segment_bytes_, base - 1, base, base + 1, base + segment_bytes_ / 2,
          base + segment_bytes_ - 1, base + segment_bytes_, base + 2 * segment_bytes_ - 1}) {
      expect_route_agrees(address);
    }
  }
  void expect_all_agree() const {
    ASSERT_EQ(directory_.size(), by_index_.size());
    for (std::uint32_t i = 0; i < by_index_.size(); ++i) {
      EXPECT_EQ(&directory_.at(i), by_index_[i]);
      EXPECT_EQ(by_index_[i]->record.read().index, i);
      expect_edges_agree(*by_index_[i]);
    }
    for (const std::uintptr_t wild :
         {std::uintptr_t{0}, std::uintptr_t{1}, std::uintptr_t{segment_bytes_}, ~std::uintptr_t{0},
          ~std::uintptr_t{0} - segment_bytes_, UINTPTR_MAX / 2 + 1, UINTPTR_MAX / 0x20000 + 1}) {
      expect_route_agrees(wild);
    }
  }

 private:
  std::size_t segment_bytes_;
  Directory directory_;
  std::map<std::uintptr_t, FakeSegment*> by_address_;
  std::vector<FakeSegment*> by_index_;
};

class SegmentDirectoryTest : public ::testing::Test {
 protected:
  SegmentDirectoryTest() { new_environment(); }
};

TEST_F(SegmentDirectoryTest, RoutesNothingWhileEmpty) {
  Compared compared;
  compared.expect_all_agree();
  EXPECT_EQ(compared.directory().room(), 0U);
}

TEST_F(SegmentDirectoryTest, EverySplitKeepsEverySegmentInReach) {
  const Places places(200);
  Compared compared;
  for (std::size_t i = 0; i < 150; ++i) {
    compared.install(places.build((i * 37) % 200));
    compared.expect_all_agree();
  }
}

// A frame is a power of two: sizes just below one, just above, and in between, from any start.
TEST_F(SegmentDirectoryTest, RoutesAmongThousandsOfNeighbouringSegments) {
  for (const std::size_t segment_bytes : {64U, 128U, 4096U, 4160U, 6016U, 8128U}) {
    for (const std::size_t first : {0U, 64U, 4032U}) {
      const Places places(2000, segment_bytes, first);
      Compared compared(segment_bytes);
      for (std::size_t i = 0; i < 2000; ++i) compared.install(places.build(i));
      compared.expect_all_agree();
    }
  }
}

TEST_F(SegmentDirectoryTest, RoutesAmongThousandsOfScatteredSegments) {
  constexpr std::size_t kPlaces = 65'536;
  const Places places(kPlaces);
  std::vector<std::size_t> order(kPlaces);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 random(7);
  std::ranges::shuffle(order, random);
  Compared compared;
  for (std::size_t i = 0; i < 6000; ++i) compared.install(places.build(order[i]));
  compared.expect_all_agree();
  for (int probe = 0; probe < 20'000; ++probe) {
    const auto offset = random() % (kPlaces * places.segment_bytes());
    compared.expect_route_agrees(reinterpret_cast<std::uintptr_t>(places.at(0)) + offset);
  }
}

// The cost in reads of shared variables, which no clock blurs: the buckets of one frame or two, and
// the links of their chains. Buckets hold one segment on average. That makes four reads for the
// sizes that cost most, and where the kernel places the region moves it by one percent.
TEST_F(SegmentDirectoryTest, RouteReadsAFewVariablesHoweverManySegmentsThereAre) {
  constexpr std::size_t kSegments = 4096;
  constexpr std::size_t kProbes = 8;
  for (const std::size_t segment_bytes : {4096U, 4160U, 6016U, 8128U}) {
    for (const std::size_t distance : {1U, 2U, 3U, 16U}) {
      const Places places(kSegments * distance, segment_bytes);
      Compared compared(segment_bytes);
      for (std::size_t i = 0; i < kSegments; ++i) compared.install(places.build(i * distance));
      ReadCountingSync::reads = 0;
      for (std::size_t i = 0; i < kSegments * kProbes; ++i) {
        const std::size_t place = i % kSegments * distance;
        const auto offset = i / kSegments * segment_bytes / kProbes;
        ASSERT_NE(compared.directory().route(places.at(place) + offset), nullptr);
      }
      EXPECT_LE(ReadCountingSync::reads, kSegments * kProbes * 17 / 4)
          << segment_bytes << " bytes, distance " << distance;
    }
  }
}

TEST_F(SegmentDirectoryTest, AdoptsAnExtentThatIsWiderThanNeeded) {
  const Places places(64);
  Compared compared;
  compared.widen_to(64);
  EXPECT_EQ(compared.directory().room(), 64U);
  for (std::size_t i = 0; i < 64; ++i) compared.install(places.build(i));
  EXPECT_EQ(environment().requests, 1U);
  compared.expect_all_agree();
}

// Growers build extents for the room that they saw, and may install them in any order.
TEST_F(SegmentDirectoryTest, AdoptsAnExtentThatWasBuiltForAnEarlierRoom) {
  const Places places(1024);
  Compared compared;
  auto for_room_0 = Extent::build(0, 256).value();
  auto for_room_2 = Extent::build(2, 1024).value();
  compared.widen_to(2);
  compared.install(places.build(0));
  compared.directory().adopt(std::move(for_room_0));
  EXPECT_EQ(compared.directory().room(), 256U);
  for (std::size_t i = 1; i < 200; ++i) compared.install(places.build(i));
  compared.directory().adopt(std::move(for_room_2));
  EXPECT_EQ(compared.directory().room(), 1024U);
  for (std::size_t i = 200; i < 1024; ++i) compared.install(places.build(i));
  compared.expect_all_agree();
}

TEST_F(SegmentDirectoryTest, OpenSetSpansTheExtents) {
  Compared compared;
  compared.widen_to(64);
  compared.directory().adopt(Extent::build(4, 256).value());
  compared.directory().adopt(Extent::build(256, 8192).value());
  auto& open = compared.directory().open();
  for (const std::uint32_t member : {8191U, 4096U, 256U, 255U, 64U, 63U, 0U}) {
    open.insert(member);
    EXPECT_EQ(open.lowest(0), member);
  }
  for (const std::uint32_t member : {0U, 63U, 64U, 255U, 256U, 4096U, 8191U}) {
    EXPECT_EQ(open.lowest(0), member);
    open.erase(member);
  }
  EXPECT_FALSE(open.lowest(0));
}

// An entry is two pointers and two indices; the open set of up to 64 segments needs no leaves.
constexpr std::size_t bytes_of_extent(std::uint32_t first, std::uint32_t last) {
  constexpr std::size_t kEntry = 2 * sizeof(void*) + 2 * sizeof(std::uint32_t);
  constexpr std::uint32_t kWord = 64;
  const std::size_t leaves = last <= kWord ? 0 : (last - std::max(first, kWord)) / kWord;
  return sizeof(Extent) + leaves * sizeof(std::uint64_t) + (last - first) * kEntry;
}

TEST_F(SegmentDirectoryTest, ExtentAsksForItsHeaderItsLeavesAndItsEntries) {
  environment().recording = true;
  for (const auto& [first, last] : {std::pair{0U, 1U}, {2U, 4U}, {0U, 64U}, {64U, 256U}}) {
    const auto extent = Extent::build(first, last).value();
    EXPECT_EQ(environment().events.back().size, bytes_of_extent(first, last));
  }
}

/// Grants what the test says, however little was asked for.
struct GenerousBacking : HeapBacking {
  inline static std::size_t granted = 0;
  explicit GenerousBacking(Layout layout) noexcept
      : HeapBacking(Layout::make(std::max(layout.size(), granted), layout.alignment()).value()) {}
};

struct GenerousConfig {
  using Sync = ReadCountingSync;
  using Backing = GenerousBacking;
};
using GenerousExtent = SegmentDirectory<FakeSegment, GenerousConfig>::Extent;

TEST_F(SegmentDirectoryTest, ExtentIsAsWideAsWhatItWasGrantedHasRoomFor) {
  constexpr std::size_t kMore = sizeof(GenerousExtent) - sizeof(Extent);
  GenerousBacking::granted = bytes_of_extent(0, 8) + kMore;
  EXPECT_EQ(GenerousExtent::build(0, 2).value()->last(), 8U);
  --GenerousBacking::granted;
  EXPECT_EQ(GenerousExtent::build(0, 2).value()->last(), 4U);
}

TEST_F(SegmentDirectoryTest, ExtentIsNoWiderThanADirectoryCanBeThoughThereIsRoom) {
  constexpr std::uint32_t kMost = Directory::kMaxSegments;
  GenerousBacking::granted = bytes_of_extent(kMost / 2, 4 * kMost);
  EXPECT_EQ(GenerousExtent::build(kMost / 2, kMost).value()->last(), kMost);
}

TEST_F(SegmentDirectoryTest, NoVariableOfAnExtentOutlivesIt) {
  const std::int64_t before = ReadCountingSync::alive;
  {
    Compared compared;
    compared.widen_to(1);
    compared.widen_to(512);
  }
  EXPECT_EQ(ReadCountingSync::alive, before);
}

TEST_F(SegmentDirectoryTest, RefusedExtentIsOutOfMemory) {
  environment().refuse_all();
  EXPECT_EQ(Extent::build(0, 1).error(), AllocError::kOutOfMemory);
}

TEST_F(SegmentDirectoryTest, TearDownGivesEveryExtentBack) {
  {
    Compared compared;
    compared.widen_to(1);
    compared.widen_to(2);
    compared.widen_to(512);
    EXPECT_EQ(regions_held(), 3);
  }
  EXPECT_EQ(regions_held(), 0);
}

TEST_F(SegmentDirectoryTest, UnusedExtentIsGivenBack) {
  {
    const auto unused = Extent::build(0, 16).value();
  }
  EXPECT_EQ(environment().releases, 1U);
}

TEST(SegmentDirectoryMmapTest, ExtentUsesAllThatTheBackingGrants) {
  struct MmapConfig {
    using Sync = ReadCountingSync;
    using Backing = MmapBacking;
  };
  using MmapExtent = SegmentDirectory<FakeSegment, MmapConfig>::Extent;
  // A whole page comes for room for one, and an entry is two pointers and two indices.
  constexpr std::size_t kEntry = 2 * sizeof(void*) + 2 * sizeof(std::uint32_t);
  const auto extent = MmapExtent::build(0, 1).value();
  EXPECT_TRUE(std::has_single_bit(extent->last()));
  EXPECT_GE(extent->last(), MmapBacking::granularity() / kEntry / 2);
}

TEST(SegmentDirectoryMmapTest, ExtentIsNoWiderThanADirectoryCanEverBe) {
  struct MmapConfig {
    using Sync = ReadCountingSync;
    using Backing = MmapBacking;
  };
  using MmapDirectory = SegmentDirectory<FakeSegment, MmapConfig>;
  const std::uint32_t most = MmapDirectory::kMaxSegments;
  EXPECT_EQ(MmapDirectory::Extent::build(most / 2, most).value()->last(), most);
}

// The leaf words of what is below the room at its adoption stay unused.
TEST_F(SegmentDirectoryTest, LeavesOfAnExtentForAnEarlierRoomServeTheirOwnMembers) {
  Compared compared;
  auto for_room_128 = Extent::build(128, 1024).value();
  compared.widen_to(128);
  compared.widen_to(256);
  compared.directory().adopt(std::move(for_room_128));
  auto& open = compared.directory().open();
  for (std::uint32_t member = 1024; member-- > 0;) {
    open.insert(member);
    ASSERT_EQ(open.lowest(0), member);
  }
  for (std::uint32_t member = 0; member < 1024; ++member) {
    ASSERT_EQ(open.lowest(0), member);
    open.erase(member);
  }
  EXPECT_FALSE(open.lowest(0));
}

// The frame is so large that it is the first one in the address space.
TEST_F(SegmentDirectoryTest, SegmentThatBeginsInTheFirstFrameReachesIntoTheNext) {
  constexpr std::size_t kHuge = std::bit_floor(kMaxRegionBytes);
  const Places places(2, sizeof(FakeSegment), 0);
  Compared compared(kHuge);
  compared.install(places.build(0));
  FakeSegment& last = places.build(1);
  compared.install(last);
  const auto end = reinterpret_cast<std::uintptr_t>(&last) + kHuge;
  EXPECT_EQ(compared.directory().route(reinterpret_cast<const void*>(end - 1)), &last);
  EXPECT_EQ(compared.directory().route(reinterpret_cast<const void*>(end)), nullptr);
}

}  // namespace
}  // namespace slabproof::testing
