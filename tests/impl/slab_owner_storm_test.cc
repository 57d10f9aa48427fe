// An owner and its remotes on real threads. ThreadSanitizer and AddressSanitizer builds run this as
// well: a block in two hands is then a data race on its contents.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "slabproof/slab_owner.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_expectations.h"

namespace slabproof::testing {
namespace {

struct StormConfig : DefaultConfig {
  using Backing = ObservedBacking<WipingHeap>;
  using Protection = SlotStates<>;
  using RemoteBatch = FixedBatch<5>;
};

struct Payload {
  std::byte bytes[40];
};

/// Blocks on their way from the owner to the remotes, each filled with its own number.
class Mailbox {
 public:
  using Item = std::pair<Block, std::uint64_t>;

  void put(Item item) {
    const std::lock_guard guard(mutex_);
    items_.push_back(item);
  }
  std::optional<Item> take() {
    const std::lock_guard guard(mutex_);
    if (items_.empty()) return std::nullopt;
    const Item item = items_.front();
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
};

class SlabOwnerStorm : public ::testing::Test {
 protected:
  using Owner = SlabOwner<Payload, StormConfig>;
  static constexpr std::size_t kRemotes = 3;
  static constexpr std::uint64_t kBlocks = 20'000;

  /// Frees what comes until the owner has said that there is no more. What it got back is counted.
  void run_remote(Owner::Remote remote, std::uint64_t seed) {
    environment().random_state = seed;  // perturbs the timing of this thread
    for (;;) {
      const bool is_last = all_sent_.load();
      const auto item = mailbox_.take();
      if (!item) {
        if (is_last) break;
        std::this_thread::yield();
        continue;
      }
      EXPECT_TRUE(is_filled(item->first, item->second)) << "another thread wrote to this block";
      environment().perturb();
      static_cast<void>(remote.deallocate(item->first.data));
    }
    static_cast<void>(remote.flush());
    while (remote.take_back() != nullptr) ++given_back_;
  }

  std::vector<std::jthread> start_remotes(Owner& owner) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kRemotes; ++i) {
      threads.emplace_back([this, remote = owner.remote(), i] { run_remote(remote, i + 1); });
    }
    return threads;
  }

  void send(Owner& owner, std::uint64_t number) {
    const Block block = owner.allocate().value();
    fill(block, number);
    mailbox_.put({block, number});
  }

  Mailbox mailbox_;
  std::atomic<bool> all_sent_ = false;
  std::atomic<std::uint64_t> given_back_ = 0;
};

TEST_F(SlabOwnerStorm, EveryBlockComesBackToTheOwner) {
  Owner owner(64);
  {
    const std::vector<std::jthread> remotes = start_remotes(owner);
    for (std::uint64_t i = 0; i < kBlocks; ++i) send(owner, i);
    all_sent_ = true;
  }
  owner.reclaim();
  EXPECT_EQ(given_back_, 0U);
  EXPECT_EQ(owner.stats().live, 0U);
  expect_conserved(owner.stats());
  expect_exact_growth(owner.stats());
}

TEST_F(SlabOwnerStorm, CloseInTheMiddleLosesNoBlock) {
  std::uint64_t live_at_close = 0;
  {
    std::vector<std::jthread> remotes;
    {
      Owner owner(64);
      remotes = start_remotes(owner);
      for (std::uint64_t i = 0; i < kBlocks; ++i) send(owner, i);
      owner.close();
      live_at_close = owner.stats().live;
    }
    all_sent_ = true;
  }
  EXPECT_EQ(given_back_, live_at_close);
  EXPECT_EQ(regions_held(), 0);
}

}  // namespace
}  // namespace slabproof::testing
