#ifndef SLABPROOF_TESTS_STRUCTURES_SEQLOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_SEQLOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct SeqlockOrders {
  Order write_fence = release;  ///< after the number has become odd
  Order end_write = release;
  Order begin_read = acquire;
  Order read_fence = acquire;  ///< before the number is read again
};

/// Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012. One writer.
template <class S>
class Seqlock {
 public:
  using Sync = S;
  using Orders = SeqlockOrders;
  using Pair = std::array<std::uint32_t, 2>;

  explicit Seqlock(const Orders& orders) : orders_(orders) {}

  void write(std::uint32_t value) {
    const std::uint32_t number = number_.load(relaxed);
    number_.store(number + 1, relaxed);
    fence<S>(orders_.write_fence);
    for (auto& each : data_) each.store(value, relaxed);
    number_.store(number + 2, orders_.end_write);
  }

  Pair read() {
    Pair pair{};
    S::await([&] {
      const std::uint32_t before = number_.load(orders_.begin_read);
      if (before % 2 != 0) return false;
      pair = {data_[0].load(relaxed), data_[1].load(relaxed)};
      fence<S>(orders_.read_fence);
      return number_.load(relaxed) == before;
    });
    return pair;
  }

 private:
  using Atomic = S::template Atomic<std::uint32_t>;

  Orders orders_;
  Atomic number_{0};
  std::array<Atomic, 2> data_ = array_of<Atomic, 2>(0U);
};

/// The first thread writes pairs of equal numbers, the others read one each.
template <class Lock>
class SeqlockClient {
 public:
  struct Config {
    std::size_t threads = 2;
    std::uint32_t writes = 1;
    Lock::Orders orders{};
  };

  explicit SeqlockClient(const Config& config) : config_(config), lock_(config.orders) {}

  void run(std::size_t thread) {
    if (thread != 0) {
      seen_[thread] = lock_.read();
      return;
    }
    for (std::uint32_t i = 1; i <= config_.writes; ++i) lock_.write(i);
  }

  const char* complaint() {
    for (const auto& [first, second] : seen_) {
      if (first != second) return "half of a write is read";
    }
    return nullptr;
  }

 private:
  Config config_;
  Lock lock_;
  std::array<typename Lock::Pair, 3> seen_{};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_SEQLOCK_H_
