#ifndef SLABPROOF_TESTS_STRUCTURES_DELETING_STACK_H_
#define SLABPROOF_TESTS_STRUCTURES_DELETING_STACK_H_

#include <cstddef>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct DeletingStackOrders {
  Order publish = release;
};

/// A Treiber stack of pointers whose take deletes the node. That is right where one thread takes;
/// where two do, one may look at a node that the other has deleted.
template <class S>
class DeletingStack {
 public:
  using Sync = S;
  using Orders = DeletingStackOrders;
  static constexpr bool kIsFifo = false;

  explicit DeletingStack(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t /*thread*/, Value value) {
    auto* const node = new Node(value);
    Node* top = top_.load(relaxed);
    do {
      node->next.write() = top;
    } while (!top_.compare_exchange_strong(top, node, orders_.publish, relaxed));
    return true;
  }

  Value take(std::size_t /*thread*/) {
    Node* node = top_.load(acquire);
    while (node != nullptr) {
      Node* const next = node->next.read();
      if (!top_.compare_exchange_strong(node, next, acquire, acquire)) continue;
      const Value value = node->value.read();
      delete node;
      return value;
    }
    return 0;
  }

 private:
  struct Node {
    explicit Node(Value initial) : value(initial) {}
    S::template Var<Node*> next{nullptr};
    S::template Var<Value> value;
  };

  Orders orders_;
  S::template Atomic<Node*> top_{nullptr};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_DELETING_STACK_H_
