#ifndef SLABPROOF_TESTS_STRUCTURES_CDS_MPMC_QUEUE_H_
#define SLABPROOF_TESTS_STRUCTURES_CDS_MPMC_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct CdsMpmcQueueOrders {
  Order claim = acq_rel;
  Order wait = acquire;  ///< for those before it to be done
  Order done = release;
};

/// The bounded queue `mpmc_boundq_1_alt` of Relacy's forum, as in the benchmarks of CDSChecker:
/// Norris and Demsky, OOPSLA 2013. One word counts the puts and takes that have begun, and one each
/// those that are done.
template <class S>
class CdsMpmcQueue {
 public:
  using Sync = S;
  using Orders = CdsMpmcQueueOrders;
  static constexpr bool kIsFifo = true;

  /// Holds one value, as the benchmark does.
  explicit CdsMpmcQueue(const Orders& orders) : orders_(orders) {}

  bool put(std::size_t /*thread*/, Value value) {
    std::uint32_t begun = 0;
    bool is_full = false;
    S::await([&] {
      begun = begun_.load(acquire);
      is_full = puts(begun) == takes(begun) + kCapacity;
      return is_full || begun_.compare_exchange_weak(begun, takes(begun) << 16U | (puts(begun) + 1),
                                                     orders_.claim, acquire);
    });
    if (is_full) return false;
    S::await([&] { return taken_.load(orders_.wait) == takes(begun); });
    cells_[puts(begun) % kCapacity].write() = value;
    put_.fetch_add(1, orders_.done);
    return true;
  }

  Value take(std::size_t /*thread*/) {
    std::uint32_t begun = 0;
    bool is_empty = false;
    S::await([&] {
      begun = begun_.load(acquire);
      is_empty = puts(begun) == takes(begun);
      return is_empty ||
             begun_.compare_exchange_weak(begun, begun + (1U << 16U), orders_.claim, acquire);
    });
    if (is_empty) return 0;
    S::await([&] { return put_.load(orders_.wait) == puts(begun); });
    const Value value = cells_[takes(begun) % kCapacity].read();
    taken_.fetch_add(1, orders_.done);
    return value;
  }

 private:
  static constexpr std::uint32_t kCapacity = 4;
  using Atomic = S::template Atomic<std::uint32_t>;
  using Cell = S::template Var<Value>;

  static std::uint32_t puts(std::uint32_t begun) { return begun & 0xffffU; }
  static std::uint32_t takes(std::uint32_t begun) { return begun >> 16U; }

  Orders orders_;
  Atomic begun_{0};
  Atomic put_{0};
  Atomic taken_{0};
  std::array<Cell, kCapacity> cells_ = array_of<Cell, kCapacity>(Value{0});
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_CDS_MPMC_QUEUE_H_
