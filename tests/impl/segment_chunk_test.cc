// Chunks of several segments: who gets a place, what is left of one that nobody needs, and what a
// refusal leads to. What "another thread" does while a grower is in phase 2 is done inside a
// request, or where a segment's protection is made, on the same thread.

#include "slabproof/segment_chunk.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "slabproof/layout.h"
#include "slabproof/segment_set.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof {
namespace {

using testing::Environment;
using testing::expect_conserved;
using testing::expect_exact_growth;
using testing::new_environment;
using testing::ObservedConfig;
using testing::take_blocks;

/// A chunk has as many places as there are segments.
struct SharingConfig : ObservedConfig<> {
  static constexpr std::uint32_t reserve_share = 1;
};

using Slab = ExtendableSlab<std::uint64_t, SharingConfig>;
constexpr std::size_t kCapacity = 2;

class SegmentChunkTest : public ::testing::Test {
 protected:
  SegmentChunkTest() {
    script_.recording = true;
    while_laid_out = nullptr;
    laid_out = 0;
  }

  /// So many segments more, all of them full.
  void fill(std::size_t segments) {
    for (std::size_t i = 0; i < segments; ++i) allocate_segment();
  }
  void allocate_segment() {
    for (const Block& block : take_blocks(slab_, kCapacity)) blocks_.push_back(block);
  }
  void free_one() {
    EXPECT_TRUE(slab_.deallocate(blocks_.back().data));
    blocks_.pop_back();
  }
  void during_next_request(std::function<void()> action) {
    script_.during_request = [this, action] {
      script_.during_request = nullptr;
      action();
    };
  }
  static void while_next_is_laid_out(std::function<void()> action) {
    while_laid_out = [action] {
      while_laid_out = nullptr;
      action();
    };
  }
  /// Every block once, and written without a trace in another.
  void expect_sound() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) testing::fill(blocks_[i], i);
    for (std::size_t i = 0; i < blocks_.size(); ++i) EXPECT_TRUE(testing::is_filled(blocks_[i], i));
    expect_conserved(slab_.stats());
    expect_exact_growth(slab_.stats());
    EXPECT_EQ(script_.backing_calls_under_lock, 0U);
  }

  static NoProtection make_protection() noexcept {
    ++laid_out;
    // A copy, since the action may replace itself.
    if (const auto action = while_laid_out) action();
    return NoProtection{};
  }

  Environment& script_ = new_environment();
  inline static std::function<void()> while_laid_out;
  inline static int laid_out = 0;
  Slab slab_{kCapacity, &make_protection};
  std::vector<Block> blocks_;
};

TEST_F(SegmentChunkTest, ChunksGrowWithTheSlabAndServeWithoutARequest) {
  fill(8);
  // 1 + 1 + 2 + 4 places.
  EXPECT_EQ(script_.segment_requests, 4U);
  fill(8);
  EXPECT_EQ(script_.segment_requests, 5U);
  expect_sound();
}

TEST_F(SegmentChunkTest, SegmentsOfOneChunkLieOneBehindTheOther) {
  fill(8);
  const std::size_t size = Segment<std::uint64_t, SharingConfig>::plan(kCapacity)->place.size;
  for (std::size_t segment = 5; segment < 8; ++segment) {
    EXPECT_EQ(blocks_[segment * kCapacity].data, blocks_[(segment - 1) * kCapacity].data + size);
  }
}

TEST_F(SegmentChunkTest, GrowersAtTheSameTimeAskForTheShareTogether) {
  fill(4);
  std::vector<std::size_t> sizes;
  script_.events.clear();
  during_next_request([&] { allocate_segment(); });
  allocate_segment();
  for (const auto& event : script_.events) {
    if (event.is_segment && event.kind == testing::BackingEvent::Kind::kGranted) {
      sizes.push_back(event.size);
    }
  }
  // The inner one is granted first: two places, where the outer one has asked for four.
  ASSERT_EQ(sizes.size(), 2U);
  const std::size_t size = Segment<std::uint64_t, SharingConfig>::plan(kCapacity)->place.size;
  EXPECT_EQ(sizes[1] - sizes[0], 2 * size);
  expect_sound();
}

TEST_F(SegmentChunkTest, UnneededChunkGoesBackAsAWhole) {
  fill(4);
  const std::int64_t held = testing::regions_held();
  during_next_request([this] { free_one(); });
  blocks_.push_back(slab_.allocate().value());
  EXPECT_EQ(script_.releases, 1U);
  EXPECT_EQ(testing::regions_held(), held + 1);  // the wider directory stays
  EXPECT_EQ(slab_.segment_count(), 4U);
  expect_sound();
}

TEST_F(SegmentChunkTest, UnneededPlaceServesTheNextGrowerAsItIs) {
  fill(5);  // and three places are left
  while_next_is_laid_out([this] { free_one(); });
  blocks_.push_back(slab_.allocate().value());
  EXPECT_EQ(slab_.segment_count(), 5U);
  const std::uint64_t requests = script_.requests;
  const int laid_out_before = laid_out;
  allocate_segment();
  EXPECT_EQ(laid_out, laid_out_before);
  allocate_segment();
  allocate_segment();
  EXPECT_EQ(laid_out, laid_out_before + 2);
  EXPECT_EQ(script_.requests, requests);
  expect_sound();
}

TEST_F(SegmentChunkTest, SegmentThatAReserveDoesNotNeedServesTheNextGrowerAsItIs) {
  fill(5);  // and three places are left
  while_next_is_laid_out([this] { EXPECT_TRUE(slab_.reserve(6 * kCapacity)); });
  EXPECT_TRUE(slab_.reserve(6 * kCapacity));
  EXPECT_EQ(slab_.segment_count(), 6U);
  const int laid_out_before = laid_out;
  EXPECT_TRUE(slab_.reserve(7 * kCapacity));
  EXPECT_EQ(laid_out, laid_out_before);
}

TEST_F(SegmentChunkTest, PlaceOfAGrowerWhoseDirectoryIsRefusedIsKept) {
  fill(16);
  ASSERT_EQ(slab_.stats().directory_room, 16U);
  // A chunk of sixteen comes with the wider directory, and one of its places is taken.
  allocate_segment();
  fill(15);
  ASSERT_EQ(slab_.segment_count(), 32U);
  ASSERT_EQ(slab_.stats().directory_room, 32U);
  script_.refuse_all();
  EXPECT_EQ(slab_.allocate().error(), AllocError::kOutOfMemory);
  script_.refuse_none();
  allocate_segment();
  EXPECT_EQ(slab_.segment_count(), 33U);
}

TEST_F(SegmentChunkTest, RefusedShareIsAskedForAgainAsOnePlace) {
  fill(4);
  script_.refused_segments = {.pass = 0, .count = 1};
  const std::uint64_t requests = script_.segment_requests;
  allocate_segment();
  EXPECT_EQ(script_.segment_requests, requests + 2);
  EXPECT_EQ(script_.events.back().size, script_.events[1].size);
  allocate_segment();
  EXPECT_EQ(script_.segment_requests, requests + 3);
  expect_sound();
}

TEST_F(SegmentChunkTest, RefusedGrowerTakesThePlaceThatAnotherOneHasBrought) {
  fill(8);
  script_.refuse(0, 1);
  during_next_request([this] {
    script_.refuse_none();
    allocate_segment();
    script_.refuse_all();
  });
  blocks_.push_back(slab_.allocate().value());
  EXPECT_EQ(slab_.segment_count(), 10U);
  expect_sound();
}

TEST_F(SegmentChunkTest, RefusedGrowerFailsWhereThePlacesOfOthersAreGone) {
  fill(8);
  script_.refuse(0, 1);
  during_next_request([this] {
    script_.refuse_none();
    for (int i = 0; i < 4; ++i) allocate_segment();
    script_.refuse_all();
  });
  EXPECT_EQ(slab_.allocate().error(), AllocError::kOutOfMemory);
  EXPECT_EQ(slab_.segment_count(), 12U);
  expect_sound();
}

TEST_F(SegmentChunkTest, ChunkHasNoMorePlacesThanTheLimitLeaves) {
  fill(8);
  slab_.limit_segments(10);
  allocate_segment();
  const std::size_t size = Segment<std::uint64_t, SharingConfig>::plan(kCapacity)->place.size;
  // A header and two places, where eight would be the share.
  EXPECT_LT(script_.events.back().size, 3 * size);
  const std::uint64_t requests = script_.segment_requests;
  allocate_segment();
  EXPECT_EQ(slab_.allocate().error(), AllocError::kSegmentLimit);
  EXPECT_EQ(script_.segment_requests, requests);
  expect_sound();
}

TEST_F(SegmentChunkTest, GrowerThatTheLimitRefusesDoesNotLookForPlacesOfOthers) {
  fill(8);
  std::uint64_t of_others = 0;
  during_next_request([&] {
    of_others = testing::acquisitions_of([this] {
      allocate_segment();
      slab_.limit_segments(9);
    });
  });
  const std::uint64_t all = testing::acquisitions_of(
      [this] { EXPECT_EQ(slab_.allocate().error(), AllocError::kSegmentLimit); });
  EXPECT_EQ(all - of_others, 2U);
  EXPECT_EQ(slab_.segment_count(), 9U);
  expect_sound();
}

TEST_F(SegmentChunkTest, GrowerThatWasRefusedBelowTheLimitSaysSo) {
  fill(8);
  script_.refuse_all();
  during_next_request([this] { slab_.limit_segments(8); });
  EXPECT_EQ(slab_.allocate().error(), AllocError::kOutOfMemory);
}

TEST_F(SegmentChunkTest, TrimKeepsWhatLiesBesideASegmentInItsChunk) {
  fill(8);
  for (std::size_t i = 0; i < blocks_.size(); ++i) testing::fill(blocks_[i], i);
  const std::vector<Block> idle(blocks_.begin() + 10, blocks_.begin() + 12);
  testing::give_back(slab_, idle);
  EXPECT_NE(slab_.trim(), 0U);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const bool is_idle = i == 10 || i == 11;
    EXPECT_TRUE(is_idle || testing::is_filled(blocks_[i], i)) << i;
  }
  EXPECT_EQ(slab_.allocate(), idle[0]);
}

TEST_F(SegmentChunkTest, AddressBetweenSegmentsBelongsToNone) {
  fill(8);
  std::byte* const block = blocks_[5 * kCapacity].data;
  EXPECT_FALSE(slab_.deallocate(block - 1));
  EXPECT_FALSE(slab_.deallocate(block + kCapacity * Slab::stride));
  const Block beyond = blocks_.back();
  EXPECT_FALSE(slab_.deallocate(beyond.data + Slab::stride));
  // The first lies in the header of a segment, the others between segments.
  EXPECT_EQ(slab_.stats().misaligned_pointers, 1U);
  EXPECT_EQ(slab_.stats().foreign_pointers, 2U);
  expect_sound();
}

using Chunk = SegmentChunk<SharingConfig>;

// What the largest region has room for behind the header of a chunk, in steps of the alignment.
TEST(SegmentChunkPlanTest, SegmentsUpToTheLargestRegionHaveAPlace) {
  constexpr std::size_t kAlignment = 128;  // that of a region, at least
  const std::size_t first = Chunk::plan(1, kAlignment)->first;
  const std::size_t most = (kMaxRegionBytes - first) / kAlignment * kAlignment;
  EXPECT_EQ(Chunk::plan(most, kAlignment)->size, most);
  EXPECT_EQ(Chunk::plan(most + 1, kAlignment).error(), AllocError::kLayoutOverflow);
  EXPECT_EQ(Chunk::plan(kMaxRegionBytes + 1, kAlignment).error(), AllocError::kLayoutOverflow);
}

TEST(SegmentChunkPlanTest, MorePlacesThanBytesCanBeCountedAreRefused) {
  constexpr std::size_t kHuge = std::size_t{1} << 40;
  const auto shape = Chunk::plan(kHuge, 64).value();
  EXPECT_EQ(Chunk::build(shape, std::uint32_t{1} << 24).error(), AllocError::kLayoutOverflow);
}

TEST(SegmentChunkEndTest, NothingIsHeldAfterTheSlab) {
  new_environment();
  {
    Slab slab(kCapacity, InitialSegments{9});
    EXPECT_GT(testing::regions_held(), 3);
  }
  EXPECT_EQ(testing::regions_held(), 0);
}

TEST_F(SegmentChunkTest, RefusedShareOfTwoIsAskedForAgainAsOnePlaceToo) {
  fill(2);
  script_.refused_segments = {.pass = 0, .count = 1};
  const std::uint64_t requests = script_.segment_requests;
  allocate_segment();
  EXPECT_EQ(script_.segment_requests, requests + 2);
  EXPECT_EQ(slab_.segment_count(), 3U);
  expect_sound();
}

// Two growers bring a directory of the same width; the second one has no use for its own.
TEST_F(SegmentChunkTest, DirectoryThatIsNoWiderThanThePresentOneGoesBack) {
  fill(4);
  ASSERT_EQ(slab_.stats().directory_room, 4U);
  const std::int64_t held = testing::regions_held();
  during_next_request([this] { allocate_segment(); });
  allocate_segment();
  EXPECT_EQ(slab_.stats().directory_room, 8U);
  // Of each grower a chunk, and the wider directory of the first.
  EXPECT_EQ(testing::regions_held(), held + 3);
  expect_sound();
}

/// Grants two bytes for each that was asked for.
struct DoublingHeap : HeapBacking {
  explicit DoublingHeap(Layout layout) noexcept
      : HeapBacking(Layout::make(2 * layout.size(), layout.alignment()).value()) {}
};

TEST(SegmentChunkPlanTest, PlacesBeyondTheRequestAreUsed) {
  struct DoublingConfig : SharingConfig {
    using Backing = DoublingHeap;
  };
  using GrantedChunk = SegmentChunk<DoublingConfig>;
  const auto shape = GrantedChunk::plan(1024, 64).value();
  const auto chunk = GrantedChunk::build(shape, 1).value();
  // Twice the header and one place have room for two.
  static_cast<void>(chunk->take_place(shape));
  ASSERT_TRUE(chunk->has_room());
  static_cast<void>(chunk->take_place(shape));
  EXPECT_FALSE(chunk->has_room());
}

/// The segments of a slab without its lock: so of several growers each does what the test says.
class GrowersOfASetTest : public ::testing::Test {
 protected:
  using Set = SegmentSet<std::uint64_t, SharingConfig>;
  using Grower = Set::Grower;

  ~GrowersOfASetTest() override { set_.tear_down(plan_); }

  void begin(Grower& growth) { set_.begin_growth(plan_, growth, growth.make_one()); }
  void end(Grower& growth) {
    auto supplies = Set::Supply::obtain(growth, plan_, &SharingConfig::Protection::make);
    set_.end_growth(growth, supplies);
    ASSERT_FALSE(supplies.refusal);
    set_.install(supplies);
  }
  void end_refused(Grower& growth) {
    script_.refuse_all();
    auto supplies = Set::Supply::obtain(growth, plan_, &SharingConfig::Protection::make);
    script_.refuse_none();
    set_.end_growth(growth, supplies);
    ASSERT_TRUE(supplies.refusal);
    set_.leave_out(supplies);
  }
  void grow_to(std::uint32_t segments) {
    while (set_.size() < segments) {
      Grower growth;
      begin(growth);
      end(growth);
    }
  }
  /// Eight segments, for which the directory has just room, and four places more.
  void grow_to_a_full_directory() {
    grow_to(4);
    set_.limit_segments(6);  // which makes the next chunk smaller
    grow_to(6);
    set_.limit_segments(100);
    grow_to(8);
  }

  Environment& script_ = new_environment();
  const Set::Plan plan_ = Set::SegmentType::plan(kCapacity).value();
  Set set_{plan_.geometry.size};
};

TEST_F(GrowersOfASetTest, GrowerWithoutADirectoryBeginsAgainOnceAnotherBroughtIt) {
  grow_to_a_full_directory();
  Grower first;
  begin(first);
  Grower refused;
  begin(refused);
  end_refused(refused);  // and its segment stays as a spare one
  EXPECT_FALSE(set_.may_begin_again(refused));
  end(first);
  EXPECT_TRUE(set_.may_begin_again(refused));
}

TEST_F(GrowersOfASetTest, GrowerWithoutADirectoryDoesNotBeginAgainByItself) {
  grow_to_a_full_directory();
  Grower refused;
  begin(refused);
  end_refused(refused);
  EXPECT_FALSE(set_.may_begin_again(refused));
}

TEST_F(GrowersOfASetTest, SpareSegmentAloneLetsAGrowerBeginAgain) {
  grow_to_a_full_directory();
  Grower growers[4];
  for (Grower& each : growers) begin(each);  // all places are taken
  end_refused(growers[0]);
  end(growers[1]);
  EXPECT_TRUE(set_.may_begin_again(growers[0]));
  end(growers[2]);
  end(growers[3]);
}

TEST_F(GrowersOfASetTest, GrowerThatHadNoPlaceBeginsAgainWithOneThoughItMustAskForTheDirectory) {
  grow_to(4);
  Grower refused;
  begin(refused);
  grow_to(7);
  Grower holder;
  begin(holder);  // brings the wider directory, and leaves a place
  end_refused(refused);
  ASSERT_EQ(set_.stats(kCapacity).directory_room, 8U);
  EXPECT_TRUE(set_.may_begin_again(refused));
  end(holder);
}

}  // namespace
}  // namespace slabproof
