#ifndef SLABPROOF_TESTS_STRUCTURES_SPSC_RING_H_
#define SLABPROOF_TESTS_STRUCTURES_SPSC_RING_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct SpscRingOrders {
  Order publish = release;  ///< of what is put
  Order look = acquire;     ///< for what was put
  Order free = release;     ///< of the place of what was taken
  Order reuse = acquire;    ///< of such a place
};

/// A ring for one producer and one consumer: Lamport, "Specifying concurrent program modules",
/// ACM TOPLAS 5(2), 1983.
template <class S>
class SpscRing {
 public:
  using Sync = S;
  using Orders = SpscRingOrders;
  static constexpr bool kIsFifo = true;

  explicit SpscRing(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t /*thread*/, Value value) {
    const std::uint32_t put = put_.load(relaxed);
    if (put - taken_.load(orders_.reuse) == kCapacity) return false;
    cells_[put % kCapacity].write() = value;
    put_.store(put + 1, orders_.publish);
    return true;
  }

  Value take(std::size_t /*thread*/) {
    const std::uint32_t taken = taken_.load(relaxed);
    if (put_.load(orders_.look) == taken) return 0;
    const Value value = cells_[taken % kCapacity].read();
    taken_.store(taken + 1, orders_.free);
    return value;
  }

 private:
  static constexpr std::uint32_t kCapacity = 2;
  using Cell = S::template Var<Value>;

  Orders orders_;
  std::array<Cell, kCapacity> cells_ = array_of<Cell, kCapacity>(Value{0});
  S::template Atomic<std::uint32_t> put_{0};
  S::template Atomic<std::uint32_t> taken_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_SPSC_RING_H_
