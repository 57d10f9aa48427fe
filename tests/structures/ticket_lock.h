#ifndef SLABPROOF_TESTS_STRUCTURES_TICKET_LOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_TICKET_LOCK_H_

#include <cstddef>
#include <cstdint>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct TicketLockOrders {
  Order wait = acquire;
  Order serve = release;
  bool pauses = true;  ///< while it waits
};

/// Reed and Kanodia, "Synchronization with eventcounts and sequencers", CACM 22(2), 1979.
template <class S>
class TicketLock {
 public:
  using Sync = S;
  using Orders = TicketLockOrders;

  explicit TicketLock(const Orders& orders) : orders_(orders) {}

  void lock(std::size_t /*thread*/) {
    const std::uint32_t ticket = next_.fetch_add(1, relaxed);
    const auto is_served = [&] { return served_.load(orders_.wait) == ticket; };
    if (orders_.pauses) return S::await(is_served);
    while (!is_served()) {
    }
  }
  void unlock(std::size_t /*thread*/) { served_.store(served_.load(relaxed) + 1, orders_.serve); }

 private:
  Orders orders_;
  S::template Atomic<std::uint32_t> next_{0};
  S::template Atomic<std::uint32_t> served_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TICKET_LOCK_H_
