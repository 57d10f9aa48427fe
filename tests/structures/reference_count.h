#ifndef SLABPROOF_TESTS_STRUCTURES_REFERENCE_COUNT_H_
#define SLABPROOF_TESTS_STRUCTURES_REFERENCE_COUNT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct ReferenceCountOrders {
  Order drop = release;
  Order last = acquire;  ///< of the fence of who drops the last reference
};

/// An object that is destroyed with its last reference (Boost.Atomic, "Reference counting").
template <class S>
class ReferenceCount {
 public:
  using Sync = S;
  using Orders = ReferenceCountOrders;

  ReferenceCount(std::uint32_t references, const Orders& orders)
      : orders_(orders), references_(references) {
    ::new (static_cast<void*>(&object_.value)) Var(0);
  }

  void use() { static_cast<void>(object_.value.read()); }

  void drop() {
    if (references_.fetch_sub(1, orders_.drop) != 1) return;
    fence<S>(orders_.last);
    std::destroy_at(&object_.value);
  }

 private:
  using Var = S::template Var<int>;

  union Object {
    Object() {}
    ~Object() {}
    Var value;
  };

  Orders orders_;
  S::template Atomic<std::uint32_t> references_;
  Object object_;
};

/// Threads that have a reference each, use the object and drop it.
template <class Count>
class ReferenceCountClient {
 public:
  struct Config {
    std::size_t threads = 2;
    Count::Orders orders{};
  };

  explicit ReferenceCountClient(const Config& config)
      : count_(static_cast<std::uint32_t>(config.threads), config.orders) {}

  void run(std::size_t /*thread*/) {
    count_.use();
    count_.drop();
  }

  const char* complaint() { return nullptr; }

 private:
  Count count_;
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_REFERENCE_COUNT_H_
