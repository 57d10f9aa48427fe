#ifndef SLABPROOF_TESTS_STRUCTURES_TTAS_LOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_TTAS_LOCK_H_

#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct TtasLockOrders {
  Order take = acquire;
  Order give = release;
  bool is_one_step = true;  ///< false: the test and the set are two operations
};

/// Test and test-and-set: Rudolph and Segall, "Dynamic decentralized cache schemes for MIMD
/// parallel processors", ISCA 1984.
template <class S>
class TtasLock {
 public:
  using Sync = S;
  using Orders = TtasLockOrders;

  explicit TtasLock(const Orders& orders) : orders_(orders) {}

  void lock(std::size_t /*thread*/) {
    S::await([this] { return taken_.load(relaxed) == 0 && take(); });
  }
  void unlock(std::size_t /*thread*/) { taken_.store(0, orders_.give); }

 private:
  bool take() {
    if (orders_.is_one_step) return taken_.exchange(1, orders_.take) == 0;
    if (taken_.load(orders_.take) != 0) return false;
    taken_.store(1, relaxed);
    return true;
  }

  Orders orders_;
  S::template Atomic<std::uint32_t> taken_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TTAS_LOCK_H_
