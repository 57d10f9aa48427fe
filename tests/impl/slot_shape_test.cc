// Property S2 for types of every shape: stride, alignment, and each byte of each block usable;
// where the parts of a region lie; and which of its pages may go, by a model of bytes.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/page_map.h"
#include "slabproof/siphash_mac.h"
#include "slabproof/slab.h"
#include "slabproof/slot_freelist.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

template <std::size_t kSize, std::size_t kAlignment, std::size_t kStride>
struct Shape {
  struct alignas(kAlignment) Type {
    std::byte bytes[kSize];
  };
  static constexpr std::size_t stride = kStride;
};

using Shapes = ::testing::Types<
    // Small ones grow to a link's eight bytes.
    Shape<1, 1, 8>, Shape<2, 2, 8>, Shape<7, 1, 8>, Shape<8, 8, 8>,
    // A link of four bytes aligns what is not aligned so already.
    Shape<9, 1, 12>, Shape<24, 8, 24>, Shape<64, 8, 64>, Shape<65, 1, 68>, Shape<4096, 8, 4096>,
    Shape<5000, 4, 5000>,
    // Over-aligned, up to beyond a page.
    Shape<16, 16, 16>, Shape<64, 64, 64>, Shape<128, 128, 128>, Shape<4096, 4096, 4096>,
    Shape<65536, 65536, 65536>>;

/// Every block is aligned, of the stride's size, overlaps no other, and keeps all of its bytes
/// while all the others are written.
void expect_usable(std::vector<Block> blocks, std::size_t stride, std::size_t alignment) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(blocks[i].size, stride);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks[i].data) % alignment, 0U);
    fill(blocks[i], i);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) EXPECT_TRUE(is_filled(blocks[i], i)) << i;
  std::ranges::sort(blocks, {}, &Block::data);
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_LE(blocks[i - 1].data + blocks[i - 1].size, blocks[i].data);
  }
}

template <class Shape>
class SlotShapeTest : public ::testing::Test {};

TYPED_TEST_SUITE(SlotShapeTest, Shapes);

TYPED_TEST(SlotShapeTest, GrowableSlabUsesEveryByteOfEveryBlock) {
  using Type = typename TypeParam::Type;
  for (const std::size_t capacity : {1U, 3U, 10U}) {
    ExtendableSlab<Type> slab(capacity);
    EXPECT_EQ(slab.stride, TypeParam::stride);
    const std::vector<Block> blocks = take_blocks(slab, 2 * capacity + 1);
    expect_usable(blocks, TypeParam::stride, alignof(Type));
    EXPECT_EQ(slab.segment_count(), 3U);
    EXPECT_EQ(slab.capacity_bytes(), 3 * capacity * TypeParam::stride);
    for (const Block& block : blocks) EXPECT_EQ(slab.usable_size(block.data), TypeParam::stride);
  }
}

TYPED_TEST(SlotShapeTest, BlocksAreUsableAgainAfterTheyHeldLinks) {
  using Type = typename TypeParam::Type;
  ExtendableSlab<Type> slab(4);
  for (int round = 0; round < 3; ++round) {
    const std::vector<Block> blocks = take_blocks(slab, 9);
    expect_usable(blocks, TypeParam::stride, alignof(Type));
    give_back(slab, blocks);
  }
  EXPECT_EQ(slab.segment_count(), 3U);
  EXPECT_EQ(slab.corruption_events(), 0U);
}

TYPED_TEST(SlotShapeTest, FixedSlabUsesEveryByteOfEveryBlock) {
  using Type = typename TypeParam::Type;
  Slab<Type> slab(5);
  expect_usable(take_blocks(slab, 5), TypeParam::stride, alignof(Type));
}

template <class Protection_>
struct ProtectedConfig : DefaultConfig {
  using Protection = Protection_;
};

TYPED_TEST(SlotShapeTest, GuardsOfTheFreelistTakeNothingFromTheBlocks) {
  using Type = typename TypeParam::Type;
  ExtendableSlab<Type, ProtectedConfig<SipHashMac>> sealed(5);
  ExtendableSlab<Type, ProtectedConfig<SlotStates<SipHashMac>>> tracked(70);
  EXPECT_EQ(sealed.stride, TypeParam::stride);
  EXPECT_EQ(tracked.stride, TypeParam::stride);
  for (int round = 0; round < 2; ++round) {
    const std::vector<Block> sealed_blocks = take_blocks(sealed, 7);
    expect_usable(sealed_blocks, TypeParam::stride, alignof(Type));
    give_back(sealed, sealed_blocks);
    const std::vector<Block> tracked_blocks = take_blocks(tracked, 72);
    expect_usable(tracked_blocks, TypeParam::stride, alignof(Type));
    give_back(tracked, tracked_blocks);
  }
  EXPECT_EQ(sealed.corruption_events() + tracked.corruption_events(), 0U);
}

// Where the parts of a region lie.

using Tracked = SlotFreelist<std::uint64_t, ProtectedConfig<SlotStates<>>>;
using Untracked = SlotFreelist<std::uint64_t, ProtectedConfig<NoProtection>>;

TEST(SlotPlanTest, StatesTakeOneBitASlotBehindTheHeader) {
  for (const std::size_t capacity : {1U, 63U, 64U}) {
    EXPECT_EQ(Tracked::plan(capacity, 56)->slots_offset, 64U) << capacity;
  }
  EXPECT_EQ(Tracked::plan(65, 56)->slots_offset, 128U);
  EXPECT_EQ(Tracked::plan(512, 64)->slots_offset, 128U);
  EXPECT_EQ(Tracked::plan(513, 64)->slots_offset, 192U);
  EXPECT_EQ(Untracked::plan(513, 64)->slots_offset, 64U);
}

TEST(SlotPlanTest, StatesOverlapNoHeaderOfAnOddSize) {
  EXPECT_GE(Tracked::plan(1, 9)->states_offset, 9U);
}

TEST(SlotPlanTest, RunIsAsLargeAsARegionMayBeAndNoLarger) {
  constexpr std::size_t kSize = kMaxRegionBytes / 32 + 1;
  struct Large {
    std::byte bytes[kSize];
  };
  using Freelist = SlotFreelist<Large, DefaultConfig>;
  EXPECT_EQ(Freelist::plan(31, 64)->slots_offset, 64U);
  EXPECT_EQ(Freelist::plan(32, 64).error(), AllocError::kLayoutOverflow);
  EXPECT_TRUE(Freelist::plan(30, kSize));
  EXPECT_EQ(Freelist::plan(31, kSize).error(), AllocError::kLayoutOverflow);
}

/// Pages of so many bytes, where those of the system are `kUnit` times as large.
template <std::size_t kPage, std::size_t kUnit>
struct PagesOf {
  static constexpr std::size_t page_size = kPage;
  static std::size_t granularity() noexcept { return kPage * kUnit; }
};

struct WideVariables : DefaultConfig {
  struct Sync {
    template <class T>
    struct alignas(sizeof(T) > 8 ? 256 : alignof(T)) Var {
      T value;
    };
  };
  using Protection = SlotStates<>;
  using Backing = PagesOf<128, 1>;
};

TEST(SlotPlanTest, PageMapIsAlignedAndTakesNoRoomWhereThereIsNone) {
  using Freelist = SlotFreelist<std::uint64_t, WideVariables>;
  const SlotGeometry with_map = Freelist::plan(64, 0, true).value();
  EXPECT_NE(with_map.pages, 0U);
  EXPECT_EQ(with_map.pages_offset % Freelist::Pages::alignment, 0U);
  EXPECT_GE(with_map.slots_offset, with_map.pages_offset + Freelist::Pages::bytes(with_map.pages));
  EXPECT_EQ(Freelist::plan(64, 0, false)->slots_offset, 64U);
}

struct SmallPages : DefaultConfig {
  using Backing = PagesOf<128, 1>;
};

TEST(SlotFreelistTest, NothingComesBackWhereThereIsNoPageMap) {
  using Freelist = SlotFreelist<std::uint64_t, SmallPages>;
  const SlotGeometry geometry = Freelist::plan(4, 0, true).value();
  ASSERT_EQ(geometry.pages, 0U);
  alignas(64) std::byte region[128] = {};
  const NoProtection protection;
  const Freelist run(region, geometry, protection);
  run.lay_out();
  FreelistState taken_out;
  EXPECT_FALSE(run.has_room(taken_out));
  EXPECT_FALSE(run.has_more_room(taken_out));
  EXPECT_EQ(taken_out.next, 0U);
}

TEST(SlotFreelistTest, EmptyListIsNotCorrupt) {
  const SlotGeometry geometry = Untracked::plan(4, 0).value();
  alignas(64) std::byte region[128] = {};
  const NoProtection protection;
  const Untracked run(region, geometry, protection);
  run.lay_out();
  const auto walked = run.visit_free(Untracked::fresh(4), [](std::uint32_t) { ADD_FAILURE(); });
  EXPECT_EQ(walked.visited, 0U);
  EXPECT_FALSE(walked.corrupt);
}

// Which pages may go.

/// Notices a variable that lies elsewhere than in the table.
struct TableSync {
  inline static const void* begin = nullptr;
  inline static const void* end = nullptr;
  inline static bool strayed = false;

  template <class T>
  class Var {
   public:
    explicit Var(T initial) noexcept : value_(initial) {}
    const T& read() const noexcept {
      look();
      return value_;
    }
    T& write() noexcept {
      look();
      return value_;
    }

   private:
    void look() const noexcept {
      if (static_cast<const void*>(this) < begin || this + 1 > end) strayed = true;
    }
    T value_;
  };
};

/// A run of slots whose first one lies `kMargin` bytes behind the beginning of a page.
template <std::size_t kPage, std::size_t kStride, std::size_t kMargin, std::size_t kUnit>
struct Pages {
  struct Config {
    using Sync = TableSync;
    using Backing = PagesOf<kPage, kUnit>;
  };
  using Map = PageMap<Config, kStride>;
  static constexpr std::size_t page = kPage;
  static constexpr std::size_t stride = kStride;
  static constexpr std::size_t margin = kMargin;
  static constexpr std::uint32_t unit = kUnit;
};

using Range = std::pair<std::uint32_t, std::uint32_t>;
using Ranges = std::vector<Range>;

template <class Case>
class PageMapTest : public ::testing::Test {
 protected:
  using Map = typename Case::Map;
  static constexpr std::uint32_t kCapacity = 40;
  static constexpr std::size_t kEnd = Case::margin + kCapacity * Case::stride;
  static constexpr std::size_t kSlack = 16384;  // for what strays

  PageMapTest() {
    std::byte* const start = up(memory_.data() + kSlack, 64);
    std::byte* const slots = up(start + Map::bytes(geometry_.pages), Case::page) + Case::margin;
    geometry_.slots_offset = static_cast<std::size_t>(slots - start);
    first_page_ = slots - Case::margin;
    TableSync::begin = start;
    TableSync::end = start + Map::bytes(geometry_.pages);
    TableSync::strayed = false;
    map_ = std::make_unique<Map>(start, geometry_);
    map_->lay_out();
  }
  ~PageMapTest() override { EXPECT_FALSE(TableSync::strayed); }

  static std::byte* up(std::byte* place, std::size_t alignment) {
    return place + (alignment - reinterpret_cast<std::uintptr_t>(place) % alignment) % alignment;
  }
  static bool overlap(std::uint32_t slot, std::uint32_t page) {
    const std::size_t begin = Case::margin + slot * Case::stride;
    return begin < (page + 1) * Case::page && page * Case::page < begin + Case::stride;
  }
  static bool is_whole(std::uint32_t page) {
    return page * Case::page >= Case::margin && (page + 1) * Case::page <= kEnd;
  }
  /// The slots on pages of a run.
  static Range slots_of(Range run) {
    std::uint32_t begin = 0;
    while (!overlap(begin, run.first)) ++begin;
    std::uint32_t end = kCapacity;
    while (!overlap(end - 1, run.second - 1)) --end;
    return {begin, end};
  }
  static bool lies_on(std::uint32_t slot, const Ranges& runs) {
    return std::ranges::any_of(runs, [slot](Range run) {
      const Range slots = slots_of(run);
      return slots.first <= slot && slot < slots.second;
    });
  }
  /// Pages side by side of which `is_so` is true.
  template <class Predicate>
  Ranges runs_of(Predicate is_so) const {
    Ranges runs;
    for (std::uint32_t page = 0; page < geometry_.pages; ++page) {
      if (!is_so(page)) continue;
      if (runs.empty() || runs.back().second != page) runs.emplace_back(page, page);
      ++runs.back().second;
    }
    return runs;
  }
  /// Whether a page has something to give back: it is neither gone nor were all its slots never
  /// carved.
  [[nodiscard]] bool is_fresh(std::uint32_t page) const {
    for (const Range& run : runs_) {
      if (run.first <= page && page < run.second) return false;
    }
    for (std::uint32_t slot = 0; slot < kCapacity; ++slot) {
      if (overlap(slot, page) && (slot < range_.first || slot >= range_.second)) return true;
    }
    return false;
  }
  /// What is to be given back of these runs: fresh pages, and of each run as many beside them as
  /// make whole pages of the system, however these lie.
  [[nodiscard]] Ranges to_discard(const Ranges& runs) const {
    Ranges discarded;
    for (const Range& run : runs) {
      const auto fresh = [&](auto page) {
        return run.first <= page && page < run.second && is_fresh(page);
      };
      for (const Range& each : runs_of(fresh)) {
        const std::uint32_t before = std::min(each.first - run.first, Case::unit - 1);
        const std::uint32_t behind = std::min(run.second - each.second, Case::unit - 1);
        discarded.emplace_back(each.first - before, each.second + behind);
      }
    }
    return discarded;
  }
  /// Puts down what the map discards, as pages.
  auto noting(Ranges& discarded) const {
    return [this, &discarded](const std::byte* data, std::size_t size) {
      const auto begin = static_cast<std::size_t>(data - first_page_);
      EXPECT_EQ(begin % Case::page, 0U);
      discarded.emplace_back(begin / Case::page, (begin + size) / Case::page);
      return size;
    };
  }
  static std::size_t bytes_of(const Ranges& runs) {
    std::size_t pages = 0;
    for (const Range& run : runs) pages += run.second - run.first;
    return pages * Case::page;
  }
  static Range pair(SlotRange range) { return {range.begin, range.end}; }

  /// A trim, in which each result is as the model says.
  void trim() {
    map_->hold(range_.second);
    EXPECT_FALSE(map_->take_run());
    map_->begin_count();
    for (std::uint32_t slot = 0; slot < kCapacity; ++slot) {
      EXPECT_EQ(map_->is_uncarved(slot), slot < range_.second || lies_on(slot, runs_)) << slot;
      if (!live_[slot] && !is_uncarved(slot)) map_->count({slot, slot + 1});
    }
    map_->count({range_.first, range_.second});
    map_->count_runs();
    const auto found = map_->find_runs({range_.first, range_.second});

    const Ranges next = runs_of([this](std::uint32_t page) {
      for (std::uint32_t slot = 0; slot < kCapacity; ++slot) {
        if (overlap(slot, page) && live_[slot]) return false;
      }
      return is_whole(page);
    });
    std::uint32_t released = 0;
    std::uint32_t fresh = 0;
    for (std::uint32_t slot = 0; slot < kCapacity; ++slot) {
      EXPECT_EQ(map_->will_be_released(slot), lies_on(slot, next)) << slot;
      released += lies_on(slot, next) ? 1 : 0;
    }
    for (const Range& run : next) {
      for (std::uint32_t page = run.first; page < run.second; ++page) fresh += is_fresh(page);
    }
    EXPECT_EQ(found.released, released);
    EXPECT_EQ(found.fresh_pages, fresh);
    EXPECT_EQ(found.first_run, next.empty() ? 0 : next[0].first + 1);
    Ranges discarded;
    EXPECT_EQ(map_->discard_fresh(found, {range_.first, range_.second}, noting(discarded)),
              bytes_of(to_discard(next)));
    EXPECT_EQ(discarded, to_discard(next));

    const auto first = map_->first_of(found);
    const Range none = {kCapacity, kCapacity};
    EXPECT_EQ(pair(first.range), next.empty() ? none : slots_of(next[0]));
    EXPECT_EQ(first.next, next.size() < 2 ? 0 : next[1].first + 1);
    if (fresh == 0) return map_->let_go();
    map_->adopt(first.next);
    range_ = pair(first.range);
    runs_ = next;
    if (!runs_.empty()) runs_.erase(runs_.begin());
  }
  /// Whether a slot is neither live nor free.
  [[nodiscard]] bool is_uncarved(std::uint32_t slot) const {
    return (range_.first <= slot && slot < range_.second) || lies_on(slot, runs_);
  }
  /// The range to carve has come to its end.
  void take_run() {
    const Range none = {kCapacity, kCapacity};
    range_ = runs_.empty() ? none : slots_of(runs_[0]);
    if (!runs_.empty()) runs_.erase(runs_.begin());
    const auto taken = map_->take_run();
    ASSERT_TRUE(taken);
    EXPECT_EQ(pair(*taken), range_);
  }

  std::vector<std::byte> memory_ = std::vector<std::byte>(65536);
  SlotGeometry geometry_{.capacity = kCapacity, .pages = Map::pages_of(kCapacity * Case::stride)};
  std::byte* first_page_ = nullptr;
  std::unique_ptr<Map> map_;

  std::vector<bool> live_ = std::vector<bool>(kCapacity);
  Range range_ = {0, kCapacity};
  Ranges runs_;  // that were not carved again
};

using PageCases =
    ::testing::Types<Pages<128, 64, 0, 1>, Pages<128, 64, 64, 4>, Pages<128, 40, 8, 2>,
                     Pages<64, 200, 0, 2>, Pages<64, 600, 32, 1>, Pages<16, 12, 4, 8>,
                     Pages<16, 16, 0, 4>, Pages<1, 8, 0, 1>>;
TYPED_TEST_SUITE(PageMapTest, PageCases);

TYPED_TEST(PageMapTest, PagesGoAsAModelOfBytesSays) {
  std::mt19937 random(1);
  const auto below = [&random](std::size_t end) {
    return static_cast<std::uint32_t>(random() % end);
  };
  for (int round = 0; round < 30; ++round) {
    // Some of what went is carved again.
    for (auto runs = below(this->runs_.size() + 2); runs > 0; --runs) this->take_run();
    this->range_.first += below(this->range_.second - this->range_.first + 1);
    const std::uint32_t live_of_16 = below(16);
    for (std::uint32_t slot = 0; slot < this->kCapacity; ++slot) {
      // Mostly as the one before.
      const bool again = slot != 0 && below(8) != 0;
      this->live_[slot] = again ? this->live_[slot - 1] : below(16) < live_of_16;
    }
    for (std::uint32_t slot = 0; slot < this->kCapacity; ++slot) {
      if (this->is_uncarved(slot)) this->live_[slot] = false;
    }
    this->trim();
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(PageMapTest, AllPagesOfARunWithoutLiveSlotsGo) {
  this->range_ = {this->kCapacity, this->kCapacity};
  Ranges discarded;
  const SlotRange none{this->kCapacity, this->kCapacity};
  const std::size_t bytes = this->map_->discard_all(none, this->noting(discarded));
  const auto whole = this->runs_of([](std::uint32_t page) { return TestFixture::is_whole(page); });
  EXPECT_EQ(discarded, whole);
  EXPECT_EQ(bytes, this->bytes_of(whole));
}

TYPED_TEST(PageMapTest, NothingIsReleasedAtFirstNorAfterAReset) {
  for (int time = 0; time < 2; ++time) {
    EXPECT_FALSE(this->map_->is_uncarved(0));
    EXPECT_FALSE(this->map_->is_uncarved(this->kCapacity - 1));
    EXPECT_EQ(this->pair(this->map_->take_run().value()), Range(this->kCapacity, this->kCapacity));
    this->trim();
    this->map_->hold(this->kCapacity);
    this->map_->reset();
  }
}

TYPED_TEST(PageMapTest, NothingIsHeldAfterATrimThatFoundNothing) {
  this->map_->hold(3);
  EXPECT_TRUE(this->map_->is_uncarved(0));
  this->map_->let_go();
  EXPECT_FALSE(this->map_->is_uncarved(0));
  EXPECT_TRUE(this->map_->take_run());
}

TYPED_TEST(PageMapTest, EmptyRangeCountsNothing) {
  this->map_->begin_count();
  this->map_->count({0, 0});
  this->map_->count({this->kCapacity, this->kCapacity});
  EXPECT_EQ(this->map_->find_runs({0, 0}).released, 0U);
}

TEST(PageMapSizeTest, PagesAreThoseThatTheSlotsCanTouch) {
  using Map = Pages<128, 64, 0, 1>::Map;
  EXPECT_EQ(Map::pages_of(127), 0U);
  EXPECT_EQ(Map::pages_of(128), 3U);
  EXPECT_EQ(Map::pages_of(5 * 128 - 1), 6U);
  EXPECT_EQ(Map::bytes(7) - Map::bytes(6), 2 * sizeof(std::uint32_t));
  EXPECT_EQ(Map::bytes(0), 0U);
  // The upper bit of an entry is no part of a number of pages.
  constexpr std::uint64_t kMost = (std::uint64_t{1} << 31) - 1;
  if constexpr (sizeof(std::size_t) > 4) {
    EXPECT_EQ(Map::pages_of((kMost - 1) * 128 - 1), kMost - 2 + 2);
    EXPECT_EQ(Map::pages_of((kMost - 1) * 128), 0U);
    EXPECT_EQ(Map::pages_of(2 * kMost * 128), 0U);
  }
}

}  // namespace
}  // namespace slabproof::testing
