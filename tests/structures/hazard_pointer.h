#ifndef SLABPROOF_TESTS_STRUCTURES_HAZARD_POINTER_H_
#define SLABPROOF_TESTS_STRUCTURES_HAZARD_POINTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct HazardPointerOrders {
  Order name = release;          ///< an object; relaxed ends the release sequence of the last clear
  Order reader_fence = seq_cst;  ///< between naming an object and looking whether it is still there
  Order replace = seq_cst;       ///< of the exchange that takes an object away
  Order scan = seq_cst;
  Order clear = release;
  bool looks_again = true;
};

/// Michael, "Hazard pointers: safe memory reclamation for lock-free objects", IEEE TPDS 15(6),
/// 2004: a place for an object that one thread replaces and others read.
template <class S>
class HazardPointer {
 public:
  using Sync = S;
  using Orders = HazardPointerOrders;
  static constexpr std::size_t kReaders = 2;

  explicit HazardPointer(const Orders& orders) : orders_(orders) {
    for (Object& each : objects_) ::new (static_cast<void*>(&each.value)) Var(0);
  }

  void read(std::size_t reader) {
    std::uint32_t object = current_.load(relaxed);
    for (;;) {
      hazards_[reader].store(object, orders_.name);
      fence<S>(orders_.reader_fence);
      const std::uint32_t again = current_.load(acquire);
      if (again == object || !orders_.looks_again) break;
      object = again;
    }
    static_cast<void>(objects_[object].value.read());
    hazards_[reader].store(kNone, orders_.clear);
  }

  /// Puts the other object in place and destroys the one that was there, if nobody names it.
  void replace() {
    const std::uint32_t old = current_.exchange(1, orders_.replace);
    for (auto& hazard : hazards_) {
      if (hazard.load(orders_.scan) == old) return;
    }
    std::destroy_at(&objects_[old].value);
  }

 private:
  static constexpr std::uint32_t kNone = 9;
  using Atomic = S::template Atomic<std::uint32_t>;
  using Var = S::template Var<int>;

  union Object {
    Object() {}
    ~Object() {}
    Var value;
  };

  Orders orders_;
  Atomic current_{0};
  std::array<Atomic, kReaders> hazards_ = array_of<Atomic, kReaders>(kNone);
  std::array<Object, 2> objects_;
};

/// The first thread replaces the object, the others read it.
template <class Pointer>
class HazardPointerClient {
 public:
  struct Config {
    std::size_t threads = 2;
    unsigned reads = 1;  ///< of each reader
    Pointer::Orders orders{};
  };

  explicit HazardPointerClient(const Config& config) : config_(config), pointer_(config.orders) {}

  void run(std::size_t thread) {
    if (thread == 0) return pointer_.replace();
    for (unsigned i = 0; i < config_.reads; ++i) pointer_.read(thread - 1);
  }

  const char* complaint() { return nullptr; }

 private:
  Config config_;
  Pointer pointer_;
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_HAZARD_POINTER_H_
