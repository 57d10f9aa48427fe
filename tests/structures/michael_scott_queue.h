#ifndef SLABPROOF_TESTS_STRUCTURES_MICHAEL_SCOTT_QUEUE_H_
#define SLABPROOF_TESTS_STRUCTURES_MICHAEL_SCOTT_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct MichaelScottQueueOrders {
  Order look_at_tail = acquire;  ///< of a take. CDSChecker's benchmark had relaxed
  Order look_at_link = acquire;
  Order link = release;
};

/// Michael and Scott, "Simple, fast, and practical non-blocking and blocking concurrent queue
/// algorithms", PODC 1996, as in the benchmarks of CDSChecker: Norris and Demsky, OOPSLA 2013.
/// Nodes have indices, and each link a tag.
template <class S>
class MichaelScottQueue {
 public:
  using Sync = S;
  using Orders = MichaelScottQueueOrders;
  static constexpr bool kIsFifo = true;

  explicit MichaelScottQueue(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t thread, Value value) {
    const std::uint16_t node = new_node(thread);
    nodes_[node].value.write() = value;
    nodes_[node].next.store(Tagged::from(nodes_[node].next.load(relaxed)).next(0).word(), relaxed);
    std::uint32_t tail = 0;
    S::await([&] {
      tail = tail_.load(acquire);
      Node& last = nodes_[Tagged::from(tail).index];
      std::uint32_t next = last.next.load(acquire);
      if (tail != tail_.load(relaxed)) return false;
      if (Tagged::from(next).index == 0 &&
          last.next.compare_exchange_strong(next, Tagged::from(next).next(node).word(),
                                            orders_.link, relaxed)) {
        return true;
      }
      advance_tail(tail, Tagged::from(last.next.load(acquire)).index);
      return false;
    });
    advance_tail(tail, node);
    return true;
  }

  Value take(std::size_t /*thread*/) {
    Value value = 0;
    S::await([&] {
      value = 0;
      std::uint32_t head = head_.load(acquire);
      const std::uint32_t tail = tail_.load(orders_.look_at_tail);
      const std::uint16_t next =
          Tagged::from(nodes_[Tagged::from(head).index].next.load(orders_.look_at_link)).index;
      if (head != head_.load(relaxed)) return false;
      if (Tagged::from(head).index == Tagged::from(tail).index) {
        if (next == 0) return true;
        advance_tail(tail, next);
        return false;
      }
      value = nodes_[next].value.read();
      return head_.compare_exchange_strong(head, Tagged::from(head).next(next).word(), release,
                                           relaxed);
    });
    return value;
  }

 private:
  static constexpr std::size_t kThreads = 3;
  static constexpr std::size_t kPutsOfOne = 2;
  using Atomic = S::template Atomic<std::uint32_t>;

  struct Node {
    Atomic next{0};
    S::template Var<Value> value{0};
  };

  void advance_tail(std::uint32_t tail, std::uint16_t next) {
    tail_.compare_exchange_strong(tail, Tagged::from(tail).next(next).word(), release, relaxed);
  }

  /// Taken nodes are not used again. The first is the dummy.
  std::uint16_t new_node(std::size_t thread) {
    return static_cast<std::uint16_t>(2 + kPutsOfOne * thread + used_.at(thread)++);
  }

  Orders orders_;
  std::array<std::size_t, kThreads> used_{};
  std::array<Node, 2 + kThreads * kPutsOfOne> nodes_;
  Atomic head_{1};
  Atomic tail_{1};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_MICHAEL_SCOTT_QUEUE_H_
