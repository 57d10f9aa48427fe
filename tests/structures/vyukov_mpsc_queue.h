#ifndef SLABPROOF_TESTS_STRUCTURES_VYUKOV_MPSC_QUEUE_H_
#define SLABPROOF_TESTS_STRUCTURES_VYUKOV_MPSC_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct VyukovMpscQueueOrders {
  Order join = acq_rel;  ///< release: or the link to the next may be lost
  Order link = release;
  Order look = acquire;
};

/// The list of D. Vyukov (1024cores.net, "Non-intrusive MPSC node-based queue"): producers exchange
/// the newest node and then link the one before to it.
template <class S>
class VyukovMpscQueue {
 public:
  using Sync = S;
  using Orders = VyukovMpscQueueOrders;
  static constexpr bool kIsFifo = true;

  explicit VyukovMpscQueue(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t thread, Value value) {
    const auto node = static_cast<std::uint32_t>(1 + kPutsOfOne * thread + used_.at(thread)++);
    nodes_[node].value.write() = value;
    nodes_[node].next.store(0, relaxed);
    nodes_[newest_.exchange(node, orders_.join)].next.store(node, orders_.link);
    return true;
  }

  /// Of the consumer only.
  Value take(std::size_t /*thread*/) { return advance_to(nodes_[oldest_].next.load(orders_.look)); }
  Value wait_and_take() {
    std::uint32_t next = 0;
    S::await([&] {
      next = nodes_[oldest_].next.load(orders_.look);
      return next != 0;
    });
    return advance_to(next);
  }

 private:
  static constexpr std::size_t kThreads = 3;
  static constexpr std::size_t kPutsOfOne = 2;
  using Atomic = S::template Atomic<std::uint32_t>;

  struct Node {
    Atomic next{0};
    S::template Var<Value> value{0};
  };

  Value advance_to(std::uint32_t next) {
    if (next == 0) return 0;
    oldest_ = next;
    return nodes_[next].value.read();
  }

  Orders orders_;
  std::array<std::size_t, kThreads> used_{};
  std::array<Node, 1 + kThreads * kPutsOfOne> nodes_;  // the first is the dummy
  Atomic newest_{0};
  std::uint32_t oldest_ = 0;
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_VYUKOV_MPSC_QUEUE_H_
