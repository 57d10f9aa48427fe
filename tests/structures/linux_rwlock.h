#ifndef SLABPROOF_TESTS_STRUCTURES_LINUX_RWLOCK_H_
#define SLABPROOF_TESTS_STRUCTURES_LINUX_RWLOCK_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/structures/vocabulary.h"

namespace slabproof::structures {

struct LinuxRwlockOrders {
  Order take = acquire;
  Order give = release;
};

/// The readers-writer lock of Linux 2.6 (arch/x86/include/asm/rwlock.h), as in the benchmarks of
/// CDSChecker: Norris and Demsky, OOPSLA 2013.
template <class S>
class LinuxRwlock {
 public:
  using Sync = S;
  using Orders = LinuxRwlockOrders;

  explicit LinuxRwlock(const Orders& orders) : orders_(orders) {}

  void lock_shared() {
    S::await([this] {
      if (free_.fetch_sub(1, orders_.take) > 0) return true;
      free_.fetch_add(1, relaxed);
      S::await([this] { return free_.load(relaxed) > 0; });
      return false;
    });
  }
  void unlock_shared() { free_.fetch_add(1, orders_.give); }

  void lock() {
    S::await([this] {
      if (free_.fetch_sub(kBias, orders_.take) == kBias) return true;
      free_.fetch_add(kBias, relaxed);
      S::await([this] { return free_.load(relaxed) == kBias; });
      return false;
    });
  }
  void unlock() { free_.fetch_add(kBias, orders_.give); }

 private:
  static constexpr std::int32_t kBias = 0x100000;

  Orders orders_;
  S::template Atomic<std::int32_t> free_{kBias};
};

/// Threads that read, write, or do one after the other, each under the lock.
template <class Lock>
class RwlockClient {
 public:
  struct Config {
    std::size_t threads;
    std::string_view script;  ///< a letter a thread: R, W, or B for both
    Lock::Orders orders{};
  };

  explicit RwlockClient(const Config& config) : config_(config), lock_(config.orders) {}

  void run(std::size_t thread) {
    const char what = config_.script[thread];
    if (what != 'W') {
      lock_.lock_shared();
      static_cast<void>(shared_.read());
      lock_.unlock_shared();
    }
    if (what != 'R') {
      lock_.lock();
      shared_.write() = 1;
      lock_.unlock();
    }
  }

  const char* complaint() { return nullptr; }

 private:
  Config config_;
  Lock lock_;
  Lock::Sync::template Var<int> shared_{0};
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_LINUX_RWLOCK_H_
