#ifndef SLABPROOF_TESTS_STRUCTURES_PETERSON_LOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_PETERSON_LOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct PetersonLockOrders {
  Order before_turn = seq_cst;  ///< of the fence between raising the flag and giving the turn away
  Order after_turn = seq_cst;   ///< of the fence before looking at the other's flag
  Order look = acquire;         ///< at the other's flag and at the turn
  Order leave = release;
  /// Relaxed: the turn is given away with a store. Else with an exchange: who comes second reads
  /// the first one's turn, and with acq_rel its flag, and no fence is needed.
  Order exchange = relaxed;
};

/// For two threads: Peterson, "Myths about the mutual exclusion problem", IPL 12(3), 1981.
template <class S>
class PetersonLock {
 public:
  using Sync = S;
  using Orders = PetersonLockOrders;

  explicit PetersonLock(const Orders& orders) : orders_(orders) {}

  void lock(std::size_t thread) {
    const auto other = static_cast<std::uint32_t>(1 - thread);
    wants_[thread].store(1, relaxed);
    fence<S>(orders_.before_turn);
    if (orders_.exchange == relaxed) {
      turn_.store(other, relaxed);
    } else {
      turn_.exchange(other, orders_.exchange);
    }
    fence<S>(orders_.after_turn);
    S::await(
        [&] { return wants_[other].load(orders_.look) == 0 || turn_.load(orders_.look) != other; });
  }

  void unlock(std::size_t thread) { wants_[thread].store(0, orders_.leave); }

 private:
  using Atomic = S::template Atomic<std::uint32_t>;

  Orders orders_;
  std::array<Atomic, 2> wants_ = array_of<Atomic, 2>(0U);
  Atomic turn_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_PETERSON_LOCK_H_
