// Shared variables are objects, those in free slots and in headers too: under a policy whose
// variables notice how their lifetime ends, a slab ends each of them, and follows no corrupt link
// to do so.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <utility>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/magazine_depot.h"
#include "slabproof/slab.h"
#include "slabproof/std_sync.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

/// The production policy, with a count of the variables that are alive, and of uses of what is
/// none.
struct CountedSync : StdSync {
  inline static std::size_t alive = 0;
  inline static std::size_t strays = 0;

  template <class T>
  class Var : public StdSync::Var<T> {
   public:
    explicit Var(T initial, std::source_location where = std::source_location::current()) noexcept
        : StdSync::Var<T>(std::move(initial), where), self_(this) {
      ++alive;
    }
    ~Var() {
      look();
      self_ = nullptr;
      --alive;
    }
    const T& read(std::source_location where = std::source_location::current()) const noexcept {
      look();
      return StdSync::Var<T>::read(where);
    }
    T& write(std::source_location where = std::source_location::current()) noexcept {
      look();
      return StdSync::Var<T>::write(where);
    }

   private:
    void look() const noexcept {
      if (self_ != this) ++strays;
    }
    const void* self_;
  };
};

struct CountedConfig : DefaultConfig {
  using Sync = CountedSync;
};

constexpr std::size_t kCapacity = 8;

class LinkLifetimeTest : public ::testing::Test {
 protected:
  LinkLifetimeTest() { CountedSync::alive = CountedSync::strays = 0; }
  ~LinkLifetimeTest() override { EXPECT_EQ(CountedSync::strays, 0U); }
};

TEST_F(LinkLifetimeTest, LinkLivesWhileItsSlotIsFree) {
  Slab<std::uint64_t, CountedConfig> slab(kCapacity);
  const std::vector<Block> blocks = take_blocks(slab, kCapacity);
  EXPECT_EQ(CountedSync::alive, 0U);
  for (std::size_t i = 0; i < 5; ++i) slab.deallocate(blocks[i].data);
  EXPECT_EQ(CountedSync::alive, 5U);
  EXPECT_TRUE(slab.allocate());
  EXPECT_EQ(CountedSync::alive, 4U);
}

TEST_F(LinkLifetimeTest, EveryLinkEndsWithTheSlab) {
  {
    Slab<std::uint64_t, CountedConfig> slab(kCapacity);
    for (const Block& block : take_blocks(slab, kCapacity)) slab.deallocate(block.data);
    EXPECT_EQ(CountedSync::alive, kCapacity);
  }
  EXPECT_EQ(CountedSync::alive, 0U);
}

TEST_F(LinkLifetimeTest, EveryLinkEndsWhenTheSlabIsCleared) {
  Slab<std::uint64_t, CountedConfig> slab(kCapacity);
  for (const Block& block : take_blocks(slab, kCapacity)) slab.deallocate(block.data);
  slab.clear();
  EXPECT_EQ(CountedSync::alive, 0U);
}

TEST_F(LinkLifetimeTest, EndOfTheSlabFollowsNoCorruptLink) {
  {
    Slab<std::uint64_t, CountedConfig> slab(kCapacity);
    const std::vector<Block> blocks = take_blocks(slab, kCapacity);
    for (const Block& block : blocks) slab.deallocate(block.data);
    // The list runs from the slot freed last, 7, down to 0; 3 now names a slot beyond the region.
    const std::uint32_t forged = UINT32_MAX;
    std::memcpy(blocks[3].data, &forged, sizeof(forged));
  }
  // The links of 7 to 3 were ended; nothing leads to the others.
  EXPECT_EQ(CountedSync::alive, 3U);
}

/// How many variables more are alive after the second use than before. The first one also makes
/// what a thread keeps for good.
template <class Use>
std::size_t left_by(Use use) {
  use();
  const std::size_t before = CountedSync::alive;
  use();
  return CountedSync::alive - before;
}

TEST(VariableLifetimeTest, NoVariableOfAGrowableSlabOutlivesIt) {
  EXPECT_EQ(left_by([] {
              ExtendableSlab<std::uint64_t, CountedConfig> slab(2, InitialSegments{3});
              const std::vector<Block> blocks = take_blocks(slab, 9);
              for (std::size_t i = 0; i < 5; ++i) slab.deallocate(blocks[i].data);
            }),
            0U);
}

TEST(VariableLifetimeTest, NoVariableOfADepotOfMagazinesOutlivesIt) {
  EXPECT_EQ(left_by([] {
              MagazineDepot<CountedConfig, 64> depot;
              auto* const magazine = depot.take_empty();
              ASSERT_NE(magazine, nullptr);
              depot.put_empty(magazine);
            }),
            0U);
}

struct CountedStates : CountedConfig {
  using Protection = SlotStates<>;
};

TEST_F(LinkLifetimeTest, EachWordOfStatesEndsWithTheSlab) {
  {
    Slab<std::uint64_t, CountedStates> slab(130);
    EXPECT_EQ(CountedSync::alive, 3U);
  }
  EXPECT_EQ(CountedSync::alive, 0U);
}

TEST_F(LinkLifetimeTest, TrimOfASegmentOfLessThanAPageUsesNoPageMap) {
  ExtendableSlab<std::uint64_t, CountedConfig> slab(4);
  for (const Block& block : take_blocks(slab, 4)) slab.deallocate(block.data);
  slab.trim();
  EXPECT_EQ(slab.stats().uncarved, 4U);
}

}  // namespace
}  // namespace slabproof::testing
