#ifndef SLABPROOF_TESTS_STRUCTURES_TWO_LOCK_QUEUE_H_
#define SLABPROOF_TESTS_STRUCTURES_TWO_LOCK_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct TwoLockQueueOrders {
  Order link = release;
  Order look = acquire;
  bool locks_both = true;  ///< ends; false: takes do without
};

/// Michael and Scott, "Simple, fast, and practical non-blocking and blocking concurrent queue
/// algorithms", PODC 1996, figure 2. Producers and consumers meet at the link of the dummy.
template <class S>
class TwoLockQueue {
 public:
  using Sync = S;
  using Orders = TwoLockQueueOrders;
  static constexpr bool kIsFifo = true;

  explicit TwoLockQueue(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t thread, Value value) {
    const auto node = static_cast<std::uint32_t>(1 + kPutsOfOne * thread + used_.at(thread)++);
    nodes_[node].value.write() = value;
    tail_lock_.lock();
    nodes_[tail_.read()].next.store(node, orders_.link);
    tail_.write() = node;
    tail_lock_.unlock();
    return true;
  }

  Value take(std::size_t /*thread*/) {
    if (orders_.locks_both) head_lock_.lock();
    const std::uint32_t next = nodes_[head_.read()].next.load(orders_.look);
    Value value = 0;
    if (next != 0) {
      value = nodes_[next].value.read();
      head_.write() = next;
    }
    if (orders_.locks_both) head_lock_.unlock();
    return value;
  }

 private:
  static constexpr std::size_t kThreads = 3;
  static constexpr std::size_t kPutsOfOne = 2;

  struct Node {
    S::template Atomic<std::uint32_t> next{0};
    S::template Var<Value> value{0};
  };

  Orders orders_;
  std::array<std::size_t, kThreads> used_{};
  std::array<Node, 1 + kThreads * kPutsOfOne> nodes_;  // the first is the dummy
  S::Mutex head_lock_;
  S::Mutex tail_lock_;
  S::template Var<std::uint32_t> head_{0};
  S::template Var<std::uint32_t> tail_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TWO_LOCK_QUEUE_H_
