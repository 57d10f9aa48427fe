#ifndef SLABPROOF_TESTS_STRUCTURES_VYUKOV_MPMC_QUEUE_H_
#define SLABPROOF_TESTS_STRUCTURES_VYUKOV_MPMC_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct VyukovMpmcQueueOrders {
  Order look = acquire;  ///< at the turn of a cell
  Order pass = release;  ///< of the turn of a cell
};

/// The bounded queue of D. Vyukov (1024cores.net, "Bounded MPMC queue"). Each cell counts whose
/// turn it is.
template <class S>
class VyukovMpmcQueue {
 public:
  using Sync = S;
  using Orders = VyukovMpmcQueueOrders;
  static constexpr bool kIsFifo = true;

  explicit VyukovMpmcQueue(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t /*thread*/, Value value) {
    std::uint32_t position = 0;
    if (!claim(put_, 0, position)) return false;
    cell_of(position).value.write() = value;
    cell_of(position).turn.store(position + 1, orders_.pass);
    return true;
  }

  Value take(std::size_t /*thread*/) {
    std::uint32_t position = 0;
    if (!claim(taken_, 1, position)) return 0;
    const Value value = cell_of(position).value.read();
    cell_of(position).turn.store(position + kCapacity, orders_.pass);
    return value;
  }

 private:
  static constexpr std::uint32_t kCapacity = 2;
  using Atomic = S::template Atomic<std::uint32_t>;

  struct Cell {
    explicit Cell(std::uint32_t position) : turn(position) {}
    Atomic turn;
    S::template Var<Value> value{0};
  };

  Cell& cell_of(std::uint32_t position) { return cells_[position % kCapacity]; }

  /// The next position whose turn is `ahead` of it. False if the one to be claimed is behind.
  bool claim(Atomic& next, std::uint32_t ahead, std::uint32_t& position) {
    position = next.load(relaxed);
    for (;;) {
      const auto difference =
          static_cast<std::int32_t>(cell_of(position).turn.load(orders_.look) - (position + ahead));
      if (difference < 0) return false;
      if (difference > 0) {
        position = next.load(relaxed);
      } else if (next.compare_exchange_weak(position, position + 1, relaxed, relaxed)) {
        return true;
      }
    }
  }

  Orders orders_;
  std::array<Cell, kCapacity> cells_{Cell(0), Cell(1)};
  Atomic put_{0};
  Atomic taken_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_VYUKOV_MPMC_QUEUE_H_
