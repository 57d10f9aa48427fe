#ifndef SLABPROOF_TESTS_STRUCTURES_DEKKER_LOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_DEKKER_LOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct DekkerLockOrders {
  Order announce = seq_cst;    ///< of the fence between a thread's own flag and the other's
  Order enter = acquire;       ///< of the fence before the critical section
  Order leave = release;       ///< of the fence after it
  bool publishes_turn = true;  ///< the turn is given away before that fence
};

/// For two threads: Dijkstra, "Cooperating sequential processes", EWD 123, 1965, which gives it as
/// Dekker's; with relaxed accesses and fences.
template <class S>
class DekkerLock {
 public:
  using Sync = S;
  using Orders = DekkerLockOrders;

  explicit DekkerLock(const Orders& orders) : orders_(orders) {}

  void lock(std::size_t thread) {
    const std::size_t other = 1 - thread;
    wants_[thread].store(1, relaxed);
    fence<S>(orders_.announce);
    for (;;) {
      bool is_free = false;
      S::await([&] {
        is_free = wants_[other].load(relaxed) == 0;
        return is_free || turn_.load(relaxed) != thread;
      });
      if (is_free) break;
      wants_[thread].store(0, relaxed);
      S::await([&] { return turn_.load(relaxed) == thread; });
      wants_[thread].store(1, relaxed);
      fence<S>(orders_.announce);
    }
    fence<S>(orders_.enter);
  }

  void unlock(std::size_t thread) {
    const auto other = static_cast<std::uint32_t>(1 - thread);
    if (orders_.publishes_turn) turn_.store(other, relaxed);
    fence<S>(orders_.leave);
    if (!orders_.publishes_turn) turn_.store(other, relaxed);
    wants_[thread].store(0, relaxed);
  }

 private:
  using Atomic = S::template Atomic<std::uint32_t>;

  Orders orders_;
  std::array<Atomic, 2> wants_ = array_of<Atomic, 2>(0U);
  Atomic turn_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_DEKKER_LOCK_H_
