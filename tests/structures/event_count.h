#ifndef SLABPROOF_TESTS_STRUCTURES_EVENT_COUNT_H_
#define SLABPROOF_TESTS_STRUCTURES_EVENT_COUNT_H_

#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct EventCountOrders {
  Order notify_fence = seq_cst;   ///< between the change and looking for waiters
  Order prepare_fence = seq_cst;  ///< between becoming a waiter and looking for the change
  bool looks_again = true;        ///< for the change, after becoming a waiter
};

/// A count of events that a thread can wait for until it changes (Vyukov, 1024cores.net,
/// "Eventcounts"; Reed and Kanodia, CACM 22(2), 1979).
template <class S>
class EventCount {
 public:
  using Sync = S;
  using Orders = EventCountOrders;

  explicit EventCount(const Orders& orders) : orders_(orders) {}

  /// From now on a notification changes the count, which is returned.
  std::uint32_t prepare_to_wait() {
    waiters_.fetch_add(1, relaxed);
    fence<S>(orders_.prepare_fence);
    return events_.load(acquire);
  }
  void cancel_wait() { waiters_.fetch_sub(1, relaxed); }
  void wait(std::uint32_t seen) {
    S::await([&] { return events_.load(acquire) != seen; });
    waiters_.fetch_sub(1, relaxed);
  }
  void notify() {
    fence<S>(orders_.notify_fence);
    if (waiters_.load(relaxed) != 0) events_.fetch_add(1, release);
  }

 private:
  Orders orders_;
  S::template Atomic<std::uint32_t> events_{0};
  S::template Atomic<std::uint32_t> waiters_{0};
};

/// The first thread sets a flag and notifies; the others wait for the flag.
template <class Count>
class EventCountClient {
 public:
  struct Config {
    std::size_t threads = 2;
    Count::Orders orders{};
  };

  explicit EventCountClient(const Config& config) : config_(config), count_(config.orders) {}

  void run(std::size_t thread) {
    if (thread == 0) {
      data_.write() = 1;
      flag_.store(1, release);
      count_.notify();
      return;
    }
    while (flag_.load(acquire) == 0) {
      const std::uint32_t seen = count_.prepare_to_wait();
      if (config_.orders.looks_again && flag_.load(acquire) != 0) {
        count_.cancel_wait();
        break;
      }
      count_.wait(seen);
    }
    static_cast<void>(data_.read());
  }

  const char* complaint() { return nullptr; }

 private:
  using Sync = Count::Sync;

  Config config_;
  Count count_;
  Sync::template Atomic<std::uint32_t> flag_{0};
  Sync::template Var<int> data_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_EVENT_COUNT_H_
