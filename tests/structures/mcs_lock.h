#ifndef SLABPROOF_TESTS_STRUCTURES_MCS_LOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_MCS_LOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct McsLockOrders {
  Order join = acq_rel;  ///< release: or the link to the successor may be lost
  // Linux has relaxed for both, which in C++20 lets a thread miss that it may go: what it writes to
  // its own node first may come last in modification order.
  Order link = release;
  Order look_at_link = acquire;
  Order wait = acquire;
  Order hand_over = release;
  Order leave = release;
};

/// Mellor-Crummey and Scott, "Algorithms for scalable synchronization on shared-memory
/// multiprocessors", ACM TOCS 9(1), 1991, with the orders of Linux but for the link.
template <class S>
class McsLock {
 public:
  using Sync = S;
  using Orders = McsLockOrders;

  explicit McsLock(const Orders& orders) : orders_(orders) {}

  void lock(std::size_t thread) {
    Node& node = nodes_[thread];
    node.may_go.store(0, relaxed);
    node.successor.store(kNobody, relaxed);
    const std::uint32_t before = last_.exchange(id_of(thread), orders_.join);
    if (before == kNobody) return;
    nodes_[before - 1].successor.store(id_of(thread), orders_.link);
    S::await([&] { return node.may_go.load(orders_.wait) != 0; });
  }

  void unlock(std::size_t thread) {
    Node& node = nodes_[thread];
    std::uint32_t successor = node.successor.load(orders_.look_at_link);
    if (successor == kNobody) {
      std::uint32_t expected = id_of(thread);
      if (last_.compare_exchange_strong(expected, kNobody, orders_.leave, relaxed)) return;
      S::await([&] {
        successor = node.successor.load(orders_.look_at_link);
        return successor != kNobody;
      });
    }
    nodes_[successor - 1].may_go.store(1, orders_.hand_over);
  }

 private:
  static constexpr std::size_t kMaxThreads = 3;
  static constexpr std::uint32_t kNobody = 0;

  struct Node {
    S::template Atomic<std::uint32_t> successor{kNobody};
    S::template Atomic<std::uint32_t> may_go{0};
  };

  static std::uint32_t id_of(std::size_t thread) { return static_cast<std::uint32_t>(thread + 1); }

  Orders orders_;
  S::template Atomic<std::uint32_t> last_{kNobody};
  std::array<Node, kMaxThreads> nodes_;
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_MCS_LOCK_H_
