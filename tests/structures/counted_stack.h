#ifndef SLABPROOF_TESTS_STRUCTURES_COUNTED_STACK_H_
#define SLABPROOF_TESTS_STRUCTURES_COUNTED_STACK_H_

#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct CountedStackOrders {
  bool counts_until_taken = true;  ///< not only until the link is read
};

/// A Treiber stack of pointers that counts the threads which look at its top: a node that nobody
/// else may know is deleted, any other one is left behind. As in Anthony Williams, "C++ Concurrency
/// in Action", 2nd edition, 2019, listing 7.4.
///
/// If a taker is counted only until it has read the link, no deleted node is ever read. But one
/// that comes back at the same address is taken for the one that was there, whose link was read
/// (ABA).
template <class S>
class CountedStack {
 public:
  using Sync = S;
  using Orders = CountedStackOrders;
  static constexpr bool kIsFifo = false;

  explicit CountedStack(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t /*thread*/, Value value) {
    auto* const node = new Node(value);
    Node* top = top_.load(relaxed);
    do {
      node->next.write() = top;
    } while (!top_.compare_exchange_strong(top, node, release, relaxed));
    return true;
  }

  Value take(std::size_t /*thread*/) {
    for (;;) {
      takers_.fetch_add(1, acq_rel);
      Node* node = top_.load(acquire);
      Node* const next = node == nullptr ? nullptr : node->next.read();
      if (!orders_.counts_until_taken) takers_.fetch_sub(1, acq_rel);
      const bool is_taken =
          node != nullptr && top_.compare_exchange_strong(node, next, acq_rel, relaxed);
      const Value value = is_taken ? node->value.read() : 0;
      const bool nobody_knows = orders_.counts_until_taken ? takers_.fetch_sub(1, acq_rel) == 1
                                                           : takers_.fetch_add(0, acq_rel) == 0;
      if (node == nullptr) return 0;
      if (is_taken && nobody_knows) delete node;
      if (is_taken) return value;
    }
  }

 private:
  struct Node {
    explicit Node(Value initial) : value(initial) {}
    S::template Var<Node*> next{nullptr};
    S::template Var<Value> value;
  };

  Orders orders_;
  S::template Atomic<std::uint32_t> takers_{0};
  S::template Atomic<Node*> top_{nullptr};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_COUNTED_STACK_H_
