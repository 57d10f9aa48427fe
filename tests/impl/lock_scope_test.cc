// Property S5: while the slab's lock is held, nothing is asked of a backing, of a heap, or of a
// policy that may be slow.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"
#include "tests/support/watched_heap.h"

namespace slabproof::testing {
namespace {

/// Notes whether it was made under a lock.
struct WatchfulProtection : NoProtection {
  inline static int made = 0;
  inline static int made_under_lock = 0;
  static WatchfulProtection make() noexcept {
    ++made;
    if (lock_counts.held != 0) ++made_under_lock;
    return {};
  }
};

struct WatchfulMisuse {
  inline static int reported = 0;
  inline static int reported_under_lock = 0;
  static void report(MisuseKind, const void*, const void*) noexcept {
    ++reported;
    if (lock_counts.held != 0) ++reported_under_lock;
  }
};

template <Recheck kScope>
struct WatchedConfig : DefaultConfig {
  using Sync = ObservedSync;
  using Backing = ObservedBacking<WipingHeap>;
  using Protection = WatchfulProtection;
  using Misuse = WatchfulMisuse;
  static constexpr Recheck recheck = kScope;
};

/// Every operation, with growth, refusals, races lost, and misuse.
template <class Config>
void exercise() {
  Environment& script = new_environment();
  ExtendableSlab<std::uint64_t, Config> slab(2, InitialSegments{2});
  std::vector<Block> blocks = take_blocks(slab, 21);
  // A grower that loses the race, so that a segment and a directory are released unused.
  script.during_request = [&] {
    script.during_request = nullptr;
    slab.deallocate(blocks.back().data);
    blocks.back() = slab.allocate().value();
    take_blocks(slab, 3);
  };
  take_blocks(slab, 5);
  script.refuse(0, 2);
  take_blocks(slab, slab.stats().uncarved);
  EXPECT_FALSE(slab.allocate());
  EXPECT_FALSE(slab.allocate());
  std::array<Block, 9> batch;
  EXPECT_EQ(slab.allocate_batch(batch), 9U);
  std::vector<void*> pointers = {nullptr, blocks[0].data + 1};
  for (const Block& block : blocks) pointers.push_back(block.data);
  EXPECT_EQ(slab.deallocate_batch(pointers), blocks.size());
  EXPECT_GT(slab.trim(), 0U);
  EXPECT_FALSE(slab.usable_size(nullptr));
  EXPECT_NE(slab.capacity_bytes(), 0U);
  EXPECT_NE(slab.corruption_events(), 0U);
}

class LockScopeTest : public ::testing::Test {
 protected:
  LockScopeTest() : heap_calls_before_(heap_calls_under_lock()) {
    WatchfulProtection::made = WatchfulProtection::made_under_lock = 0;
    WatchfulMisuse::reported = WatchfulMisuse::reported_under_lock = 0;
    exercise<WatchedConfig<Recheck::kAllSegments>>();
    exercise<WatchedConfig<Recheck::kNewSegments>>();
  }
  [[nodiscard]] std::uint64_t heap_calls() const {
    return heap_calls_under_lock() - heap_calls_before_;
  }

 private:
  std::uint64_t heap_calls_before_;
};

TEST_F(LockScopeTest, NoHeapIsUsedUnderTheLock) {
  EXPECT_EQ(heap_calls(), 0U);
}

TEST_F(LockScopeTest, NoBackingBuildsDiscardsOrReleasesUnderTheLock) {
  const Environment& script = environment();
  EXPECT_GT(script.requests, 0U);
  EXPECT_GT(script.discards, 0U);
  EXPECT_EQ(script.refusals, 2U);
  EXPECT_EQ(script.releases, script.requests - script.refusals);
  EXPECT_EQ(script.backing_calls_under_lock, 0U);
}

TEST_F(LockScopeTest, NoProtectionIsMadeUnderTheLock) {
  EXPECT_GT(WatchfulProtection::made, 0);
  EXPECT_EQ(WatchfulProtection::made_under_lock, 0);
}

TEST_F(LockScopeTest, NoMisuseIsReportedUnderTheLock) {
  EXPECT_EQ(WatchfulMisuse::reported, 4);
  EXPECT_EQ(WatchfulMisuse::reported_under_lock, 0);
}

// The watch itself: a heap call with a lock held is seen.
TEST_F(LockScopeTest, HeapCallUnderALockWouldBeSeen) {
  ObservedSync::Mutex mutex;
  mutex.lock();
  // A call by name, which a compiler may not leave out.
  ::operator delete(::operator new(8));
  mutex.unlock();
  EXPECT_EQ(heap_calls(), 2U);
}

}  // namespace
}  // namespace slabproof::testing
