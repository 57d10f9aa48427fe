#ifndef SLABPROOF_TESTS_STRUCTURES_DOUBLE_CHECKED_H_
#define SLABPROOF_TESTS_STRUCTURES_DOUBLE_CHECKED_H_

#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct DoubleCheckedOrders {
  Order publish = release;
  Order look = acquire;  ///< without the lock
};

/// Double-checked initialization: Meyers and Alexandrescu, "C++ and the perils of double-checked
/// locking", Dr. Dobb's Journal, 2004.
template <class S>
class DoubleChecked {
 public:
  using Sync = S;
  using Orders = DoubleCheckedOrders;

  explicit DoubleChecked(const Orders& orders) : orders_(orders) {}

  int get() {
    if (is_made_.load(orders_.look) == 0) {
      lock_.lock();
      if (is_made_.load(relaxed) == 0) {
        value_.write() = kMade;
        is_made_.store(1, orders_.publish);
      }
      lock_.unlock();
    }
    return value_.read();
  }

  static constexpr int kMade = 7;

 private:
  Orders orders_;
  S::template Atomic<std::uint32_t> is_made_{0};
  S::Mutex lock_;
  S::template Var<int> value_{0};
};

/// Threads that each get the value once.
template <class Value>
class DoubleCheckedClient {
 public:
  struct Config {
    std::size_t threads = 2;
    Value::Orders orders{};
  };

  explicit DoubleCheckedClient(const Config& config) : value_(config.orders) {}

  void run(std::size_t /*thread*/) { static_cast<void>(value_.get()); }

  const char* complaint() { return nullptr; }

 private:
  Value value_;
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_DOUBLE_CHECKED_H_
