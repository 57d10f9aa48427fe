#ifndef SLABPROOF_TESTS_STRUCTURES_TREIBER_STACK_H_
#define SLABPROOF_TESTS_STRUCTURES_TREIBER_STACK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct TreiberStackOrders {
  Order publish = release;  ///< of the exchange that puts
  Order look = acquire;     ///< at the top, to take it
};

/// Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986. Nodes have indices,
/// and the top has a tag, as in the benchmarks of CDSChecker (Norris and Demsky, OOPSLA 2013).
template <class S>
class TreiberStack {
 public:
  using Sync = S;
  using Orders = TreiberStackOrders;
  static constexpr bool kIsFifo = false;

  explicit TreiberStack(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t thread, Value value) {
    const auto node = static_cast<std::uint16_t>(1 + kPutsOfOne * thread + used_.at(thread)++);
    nodes_[node].value.write() = value;
    for (;;) {
      std::uint32_t top = top_.load(acquire);
      nodes_[node].next.store(Tagged::from(top).index, relaxed);
      if (top_.compare_exchange_strong(top, Tagged::from(top).next(node).word(), orders_.publish,
                                       relaxed)) {
        return true;
      }
    }
  }

  Value take(std::size_t /*thread*/) {
    std::uint16_t node = 0;
    S::await([&] {
      std::uint32_t top = top_.load(orders_.look);
      node = Tagged::from(top).index;
      if (node == 0) return true;
      const auto next = static_cast<std::uint16_t>(nodes_[node].next.load(relaxed));
      return top_.compare_exchange_strong(top, Tagged::from(top).next(next).word(), release,
                                          relaxed);
    });
    return node == 0 ? 0 : nodes_[node].value.read();
  }

 private:
  static constexpr std::size_t kThreads = 4;
  static constexpr std::size_t kPutsOfOne = 2;
  using Atomic = S::template Atomic<std::uint32_t>;

  struct Node {
    Atomic next{0};
    S::template Var<Value> value{0};
  };

  Orders orders_;
  std::array<std::size_t, kThreads> used_{};
  std::array<Node, 1 + kThreads * kPutsOfOne> nodes_;
  Atomic top_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TREIBER_STACK_H_
