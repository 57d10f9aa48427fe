#ifndef SLABPROOF_TESTS_STRUCTURES_CHASE_LEV_DEQUE_H_
#define SLABPROOF_TESTS_STRUCTURES_CHASE_LEV_DEQUE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct ChaseLevDequeOrders {
  Order put_fence = release;
  Order take_fence = seq_cst;
  Order steal_fence = seq_cst;
  Order steal = seq_cst;  ///< of the exchange
  Order grow = release;   ///< of the store of the new array
  Order look_at_array = acquire;
};

/// Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005, with the orders of Lê, Pop,
/// Cohen and Zappa Nardelli, PPoPP 2013. Norris and Demsky (OOPSLA 2013) found that the thief did
/// not acquire the array that the owner has grown.
template <class S, std::uint32_t kFirstSize = 2>
class ChaseLevDeque {
 public:
  using Sync = S;
  using Orders = ChaseLevDequeOrders;
  static constexpr bool kIsFifo = false;

  explicit ChaseLevDeque(const Orders& orders) : orders_(orders) {}

  /// Of the owner only, as is `take`.
  bool put(std::size_t /*thread*/, Value value) {
    const std::uint32_t bottom = bottom_.load(relaxed);
    const std::uint32_t top = top_.load(acquire);
    if (bottom - top == size_of(array_.load(relaxed))) {
      if (array_.load(relaxed) != 0) return false;
      grow(top, bottom);
    }
    cell(array_.load(relaxed), bottom).store(value, relaxed);
    fence<S>(orders_.put_fence);
    bottom_.store(bottom + 1, relaxed);
    return true;
  }

  Value take(std::size_t /*thread*/) {
    const std::uint32_t bottom = bottom_.load(relaxed) - 1;
    const std::uint32_t array = array_.load(relaxed);
    bottom_.store(bottom, relaxed);
    fence<S>(orders_.take_fence);
    std::uint32_t top = top_.load(relaxed);
    Value value = 0;
    if (top <= bottom) {
      value = cell(array, bottom).load(relaxed);
      if (top < bottom) return value;
      if (!top_.compare_exchange_strong(top, top + 1, seq_cst, relaxed)) value = 0;
    }
    bottom_.store(bottom + 1, relaxed);
    return value;
  }

  Value steal() {
    std::uint32_t top = top_.load(acquire);
    fence<S>(orders_.steal_fence);
    const std::uint32_t bottom = bottom_.load(acquire);
    if (top >= bottom) return 0;
    const Value value = cell(array_.load(orders_.look_at_array), top).load(relaxed);
    return top_.compare_exchange_strong(top, top + 1, orders_.steal, relaxed) ? value : 0;
  }

 private:
  static constexpr std::uint32_t kSecondSize = 2 * kFirstSize;
  static constexpr Value kNotInitialized = 1;  // which no client puts
  using Atomic = S::template Atomic<std::uint32_t>;

  static std::uint32_t size_of(std::uint32_t array) {
    return array == 0 ? kFirstSize : kSecondSize;
  }
  Atomic& cell(std::uint32_t array, std::uint32_t index) {
    return array == 0 ? first_[index % kFirstSize] : second_[index % kSecondSize];
  }
  void grow(std::uint32_t top, std::uint32_t bottom) {
    for (std::uint32_t i = top; i != bottom; ++i) {
      cell(1, i).store(cell(0, i).load(relaxed), relaxed);
    }
    array_.store(1, orders_.grow);
  }

  Orders orders_;
  Atomic top_{1};
  Atomic bottom_{1};
  Atomic array_{0};
  std::array<Atomic, kFirstSize> first_ = array_of<Atomic, kFirstSize>(kNotInitialized);
  std::array<Atomic, kSecondSize> second_ = array_of<Atomic, kSecondSize>(kNotInitialized);
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_CHASE_LEV_DEQUE_H_
