#ifndef SLABPROOF_TESTS_SUPPORT_PERSISTENT_USER_H_
#define SLABPROOF_TESTS_SUPPORT_PERSISTENT_USER_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab_owner.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {

/// How blocks go back to a slab, and how it comes to rest: then what is live is what callers hold.
template <class Slab>
class Returns {
 public:
  explicit Returns(Slab& slab) : slab_(slab) {}
  bool give_back(void* block) { return slab_.deallocate(block); }
  void settle() {}

 private:
  Slab& slab_;
};

template <class T, class Config>
class Returns<CachedSlab<T, Config>> {
 public:
  explicit Returns(CachedSlab<T, Config>& slab) : slab_(slab) {}
  bool give_back(void* block) { return slab_.deallocate(block); }
  void settle() { slab_.trim(); }

 private:
  CachedSlab<T, Config>& slab_;
};

/// Every second block goes by a remote.
template <class T, class Config>
class Returns<SlabOwner<T, Config>> {
 public:
  explicit Returns(SlabOwner<T, Config>& owner) : owner_(owner), remote_(owner.remote()) {}
  bool give_back(void* block) {
    if (number_++ % 2 == 0) return owner_.deallocate(block);
    const RemoteFree result = remote_.deallocate(block);
    return result == RemoteFree::kGathered || result == RemoteFree::kPushed;
  }
  void settle() {
    EXPECT_EQ(remote_.flush(), RemoteFree::kPushed);
    owner_.reclaim();
  }

 private:
  SlabOwner<T, Config>& owner_;
  typename SlabOwner<T, Config>::Remote remote_;
  std::uint64_t number_ = 0;
};

/// A user of a slab whose backing refuses now and then: asks again after a failure, knows what must
/// be his, and expects of each failure that it had a reason and changed nothing (property S11). Of
/// one thread, which has the slab for itself.
template <class Slab>
class PersistentUser {
 public:
  explicit PersistentUser(Slab& slab) : slab_(slab), returns_(slab) {}

  void allocate(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) allocate_batch(1);
  }

  void allocate_batch(std::size_t count) {
    std::vector<Block> blocks(count);
    std::size_t served = 0;
    while (served < count) {
      const std::uint64_t refusals = environment().refusals;
      const SlabStats before = slab_.stats();
      const auto result = take(std::span(blocks).subspan(served));
      const bool refused = environment().refusals != refusals;
      if (result) {
        if (served + *result < count) {
          EXPECT_TRUE(refused) << "a part only, without a reason";
          EXPECT_GT(*result, 0U);
        }
        served += *result;
      } else {
        ++failures_;
        EXPECT_TRUE(refused) << "a failure without a reason";
        EXPECT_EQ(result.error(), AllocError::kOutOfMemory);
        EXPECT_EQ(before.live, before.segments * before.capacity) << "a slot was free";
        expect_unchanged(before);
      }
    }
    for (const Block& block : blocks) {
      fill(block, next_owner_);
      EXPECT_TRUE(mine_.emplace(block.data, next_owner_++).second) << "mine already";
    }
    expect_counted();
  }

  void free_every_second() {
    for (auto mine = mine_.begin(); mine != mine_.end();) {
      give_back(mine->first, mine->second);
      mine = mine_.erase(mine);
      if (mine != mine_.end()) ++mine;
    }
    expect_counted();
  }

  /// At rest all that is live is his, and what he wrote is still there.
  void expect_nothing_lost() {
    returns_.settle();
    expect_counted();
    EXPECT_EQ(slab_.stats().live, mine_.size());
    for (const auto& [data, owner] : mine_) {
      EXPECT_TRUE(is_filled(Block{data, Slab::stride}, owner)) << "overwritten";
    }
  }

  void free_everything() {
    for (const auto& [data, owner] : mine_) give_back(data, owner);
    mine_.clear();
    expect_nothing_lost();
  }

  [[nodiscard]] std::size_t failures() const { return failures_; }

 private:
  std::expected<std::size_t, AllocError> take(std::span<Block> blocks) {
    if constexpr (requires { slab_.allocate_batch(blocks); }) {
      return slab_.allocate_batch(blocks);
    } else {
      const auto block = slab_.allocate();
      if (!block) return std::unexpected(block.error());
      blocks.front() = *block;
      return blocks.size() == 1 ? 1 : 1 + take(blocks.subspan(1)).value_or(0);
    }
  }

  void give_back(std::byte* data, std::uint64_t owner) {
    EXPECT_TRUE(is_filled(Block{data, Slab::stride}, owner)) << "overwritten";
    EXPECT_TRUE(returns_.give_back(data));
  }

  /// Blocks that caches hold, and those on their way to an owner, are live as well.
  void expect_counted() const {
    const SlabStats stats = slab_.stats();
    expect_conserved(stats);
    expect_exact_growth(stats);
    EXPECT_GE(stats.live, mine_.size());
    EXPECT_EQ(stats.growers, 0U);
    EXPECT_EQ(stats.foreign_pointers + stats.misaligned_pointers + stats.repeated_frees +
                  stats.corrupt_links,
              0U);
  }

  /// A wider directory may stay: it changes nothing that a caller can see.
  void expect_unchanged(SlabStats before) const {
    const SlabStats now = slab_.stats();
    EXPECT_GE(now.directory_room, before.directory_room);
    before.directory_room = now.directory_room;
    EXPECT_EQ(now, before);
  }

  Slab& slab_;
  Returns<Slab> returns_;
  std::map<std::byte*, std::uint64_t> mine_;  ///< with what each was filled
  std::uint64_t next_owner_ = 1;
  std::size_t failures_ = 0;
};

/// Twelve segments of two or so: hits, growth, batches that span segments, frees in between. The
/// result is how many calls failed.
template <class Slab>
std::size_t run_persistent_script(Slab& slab) {
  PersistentUser user(slab);
  user.allocate(5);
  user.free_every_second();
  user.allocate_batch(7);
  user.allocate(4);
  user.free_every_second();
  user.free_every_second();
  user.allocate_batch(20);
  user.allocate(3);
  user.expect_nothing_lost();
  user.free_everything();
  return user.failures();
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_PERSISTENT_USER_H_
