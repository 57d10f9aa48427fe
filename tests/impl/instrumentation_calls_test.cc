// What a slab tells its instrumentation, under a policy that keeps the state of each byte: blocks
// that are handed out are their owners', all else is hidden, and the slab touches nothing that is.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <source_location>
#include <span>
#include <utility>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/instrumentation.h"
#include "slabproof/slab.h"
#include "slabproof/thread_cache.h"
#include "tests/support/environment.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

enum class Byte : std::uint8_t { kHidden, kOpen, kOwned };

/// The bytes of each run of slots that has begun and not ended.
class Runs {
 public:
  void begin(std::byte* run, std::size_t size) {
    EXPECT_EQ(find(run, size), nullptr) << "a run begins within another one";
    runs_[run] = std::vector<Byte>(size, Byte::kHidden);
  }
  void end(std::byte* run, std::size_t size) {
    const auto found = runs_.find(run);
    ASSERT_NE(found, runs_.end()) << "no such run ends";
    EXPECT_EQ(found->second.size(), size);
    runs_.erase(found);
  }
  void set(const std::byte* data, std::size_t size, Byte state) {
    Byte* const bytes = find(data, size);
    ASSERT_NE(bytes, nullptr) << "of bytes that are in no run";
    std::fill_n(bytes, size, state);
  }
  [[nodiscard]] bool has(const std::byte* run) const {
    return runs_.contains(const_cast<std::byte*>(run));
  }
  /// Whether all of these have that state; so have those that are in no run.
  [[nodiscard]] bool are(const std::byte* data, std::size_t size, Byte state) {
    const Byte* const bytes = find(data, size);
    return bytes == nullptr ||
           std::count(bytes, bytes + size, state) == static_cast<std::ptrdiff_t>(size);
  }
  [[nodiscard]] bool is_any(const std::byte* data, std::size_t size, Byte state) {
    const Byte* const bytes = find(data, size);
    return bytes != nullptr && std::count(bytes, bytes + size, state) != 0;
  }
  [[nodiscard]] std::size_t count() const { return runs_.size(); }
  [[nodiscard]] std::size_t count(Byte state) const {
    std::size_t sum = 0;
    for (const auto& [run, bytes] : runs_) {
      sum += static_cast<std::size_t>(std::ranges::count(bytes, state));
    }
    return sum;
  }

 private:
  /// The states of bytes of a run, or null.
  Byte* find(const std::byte* data, std::size_t size) {
    auto behind = runs_.upper_bound(const_cast<std::byte*>(data));
    if (behind == runs_.begin()) return nullptr;
    auto& [run, bytes] = *std::prev(behind);
    const auto offset = static_cast<std::size_t>(data - run);
    return offset + size <= bytes.size() ? bytes.data() + offset : nullptr;
  }

  std::map<std::byte*, std::vector<Byte>> runs_;
};

Runs runs;

struct Witness {
  static constexpr bool is_active = true;
  static constexpr std::size_t redzone = 16;
  static constexpr std::size_t alignment = 16;

  static void begin(std::byte* run, std::size_t size) noexcept { runs.begin(run, size); }
  static void end(std::byte* run, std::size_t size) noexcept { runs.end(run, size); }
  static void take(std::byte* run, std::byte* data, std::size_t size) noexcept {
    EXPECT_TRUE(runs.has(run));
    EXPECT_FALSE(runs.is_any(data, size, Byte::kOwned)) << "a block has two owners";
    runs.set(data, size, Byte::kOwned);
  }
  static void put(std::byte* run, std::byte* data, std::size_t size) noexcept {
    EXPECT_TRUE(runs.has(run));
    runs.set(data, size, Byte::kHidden);
  }
  static void open(std::byte* data, std::size_t size) noexcept {
    runs.set(data, size, Byte::kOpen);
  }
  static void show(std::byte* data, std::size_t size) noexcept {
    runs.set(data, size, Byte::kOwned);
  }
  static void hide(std::byte* data, std::size_t size) noexcept {
    runs.set(data, size, Byte::kHidden);
  }
};

void expect_not_hidden(const void* data, std::size_t size) {
  EXPECT_FALSE(runs.is_any(static_cast<const std::byte*>(data), size, Byte::kHidden))
      << "the slab touches bytes that it has hidden";
}

/// Says where the slab uses a variable in a free slot.
struct WatchedSync : ObservedSync {
  template <class T>
  class Var : public StdSync::Var<T> {
   public:
    explicit Var(T initial, std::source_location where = std::source_location::current()) noexcept
        : StdSync::Var<T>(std::move(initial), where) {
      expect_not_hidden(this, sizeof(*this));
    }
    ~Var() { expect_not_hidden(this, sizeof(*this)); }
    [[nodiscard]] const T& read(
        std::source_location where = std::source_location::current()) const noexcept {
      expect_not_hidden(this, sizeof(*this));
      return StdSync::Var<T>::read(where);
    }
    [[nodiscard]] T& write(std::source_location where = std::source_location::current()) noexcept {
      expect_not_hidden(this, sizeof(*this));
      return StdSync::Var<T>::write(where);
    }
  };
};

/// Contents that are looked at and written at each change of hands.
struct WatchedContents {
  static constexpr bool scrubs = true;
  static constexpr bool zeroes = true;
  static constexpr bool checks = true;

  static void freed(std::byte* data, std::size_t size) noexcept { expect_not_hidden(data, size); }
  static void handed_out(std::byte* data, std::size_t size) noexcept {
    EXPECT_TRUE(runs.are(data, size, Byte::kOwned));
  }
  static bool is_intact(const std::byte* data, std::size_t size) noexcept {
    expect_not_hidden(data, size);
    return true;
  }
};

struct WatchedConfig : ObservedConfig<> {
  using Sync = WatchedSync;
  using Instrumentation = Witness;
  static constexpr std::uint32_t magazine_rounds = 3;
};
struct WatchedContentsConfig : WatchedConfig {
  using Contents = WatchedContents;
};
/// What threads of a process share has no destructor.
struct WatchedCaches : WatchedContentsConfig {
  using Sync = ObservedSync;
};
struct WatchedPages : WatchedContentsConfig {
  using Backing = ObservedPages<128>;
};

struct Object {
  std::uint64_t words[5];
};
constexpr std::size_t kBlock = 48;
constexpr std::size_t kCapacity = 8;

/// Nothing but these blocks is anybody's, and nothing is left open.
void expect_owned(const std::vector<Block>& blocks) {
  for (const Block& block : blocks) {
    EXPECT_EQ(block.size, kBlock);
    EXPECT_TRUE(runs.are(block.data, block.size, Byte::kOwned));
  }
  EXPECT_EQ(runs.count(Byte::kOwned), blocks.size() * kBlock);
  EXPECT_EQ(runs.count(Byte::kOpen), 0U);
}

class InstrumentationCallsTest : public ::testing::Test {
 protected:
  InstrumentationCallsTest() { new_environment(); }
  ~InstrumentationCallsTest() override { EXPECT_EQ(runs.count(), 0U) << "a run has not ended"; }
};

/// Takes, gives back and takes again, so that slots come from both ends.
template <class Slab>
void expect_owned_alone(Slab& slab) {
  std::vector<Block> blocks = take_blocks(slab, kCapacity - 2);
  expect_owned(blocks);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(slab.deallocate(blocks.back().data));
    blocks.pop_back();
    expect_owned(blocks);
  }
  for (const Block& more : take_blocks(slab, 5)) blocks.push_back(more);
  expect_owned(blocks);
  give_back(slab, blocks);
  expect_owned({});
}

TEST_F(InstrumentationCallsTest, BlocksOfASlabAreTheirOwnersAndAllElseIsHidden) {
  Slab<Object, WatchedConfig> slab(kCapacity);
  expect_owned_alone(slab);
}

TEST_F(InstrumentationCallsTest, BlocksOfAGrowableSlabAreTheirOwnersAndAllElseIsHidden) {
  ExtendableSlab<Object, WatchedConfig> slab(3);
  expect_owned_alone(slab);
}

TEST_F(InstrumentationCallsTest, ContentsAreLookedAtAndWrittenWhereTheyAreOpen) {
  Slab<Object, WatchedContentsConfig> slab(kCapacity);
  expect_owned_alone(slab);
  ExtendableSlab<Object, WatchedContentsConfig> growable(3);
  expect_owned_alone(growable);
}

TEST_F(InstrumentationCallsTest, BlocksOfABatchAreTheirOwners) {
  ExtendableSlab<Object, WatchedContentsConfig> slab(3);
  std::vector<Block> blocks(kCapacity);
  ASSERT_EQ(slab.allocate_batch(blocks), kCapacity);
  expect_owned(blocks);
  give_back(slab, blocks);
  expect_owned({});
}

TEST_F(InstrumentationCallsTest, ClearedSlabIsHiddenAndServesAgain) {
  Slab<Object, WatchedContentsConfig> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, 5);
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  slab.clear();
  expect_owned({});
  expect_owned(take_blocks(slab, kCapacity));
  slab.clear();
}

TEST_F(InstrumentationCallsTest, BlocksInACacheAreHidden) {
  CachedSlab<Object, WatchedCaches> slab(kCapacity);
  {
    ThreadCache cache(slab);
    expect_owned_alone(cache);
    EXPECT_NE(cache.size(), 0U);
  }
  expect_owned({});
}

TEST_F(InstrumentationCallsTest, BlocksOfACacheThatHasEndedAreTheirOwners) {
  CachedSlab<Object, WatchedCaches> slab(kCapacity);
  ThreadCache cache(slab);
  cache.end();
  expect_owned_alone(cache);
}

TEST_F(InstrumentationCallsTest, PointerThatIsNoBlockOfACacheHidesNothing) {
  CachedSlab<Object, WatchedCaches> slab(kCapacity);
  ThreadCache cache(slab);
  const std::vector<Block> blocks = take_blocks(cache, 2);
  EXPECT_FALSE(cache.deallocate(nullptr));
  EXPECT_FALSE(cache.deallocate(blocks[0].data + 1));
  expect_owned(blocks);
  give_back(cache, blocks);
}

TEST_F(InstrumentationCallsTest, PagesThatGoAndComeAgainAreHidden) {
  ExtendableSlab<Object, WatchedPages> slab(32);
  std::vector<Block> blocks = take_blocks(slab, 32);
  const std::vector<Block> kept = {blocks[3], blocks[20]};
  std::erase_if(blocks, [&kept](const Block& block) {
    return block.data == kept[0].data || block.data == kept[1].data;
  });
  give_back(slab, blocks);
  EXPECT_GT(slab.trim(), 0U);
  expect_owned(kept);
  std::vector<Block> all = take_blocks(slab, 30);
  all.insert(all.end(), kept.begin(), kept.end());
  expect_owned(all);
  give_back(slab, all);
}

TEST_F(InstrumentationCallsTest, SlotThatWasNeverUsedAndSharesAPageWithALiveOneIsHidden) {
  // Two slots fill a page, so one of the two numbers leaves half a page.
  for (const std::size_t count : {19U, 20U}) {
    ExtendableSlab<Object, WatchedPages> slab(32);
    const std::vector<Block> blocks = take_blocks(slab, count);
    give_back(slab, std::span(blocks).first(count - 1));
    EXPECT_GT(slab.trim(), 0U);
    expect_owned({blocks.back()});
    EXPECT_TRUE(slab.deallocate(blocks.back().data));
    const std::vector<Block> all = take_blocks(slab, 32);
    expect_owned(all);
    give_back(slab, all);
  }
}

TEST(InstrumentationCallsOfASlabTest, SlabThatCouldNotBeBuiltTellsNothing) {
  environment().refuse(0);
  {
    const Slab<std::uint64_t, WatchedConfig> slab(4);
  }
  EXPECT_EQ(runs.count(), 0U);
}

}  // namespace
}  // namespace slabproof::testing
