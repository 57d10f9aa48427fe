#ifndef SLABPROOF_LOCK_GUARD_H_
#define SLABPROOF_LOCK_GUARD_H_

#include <source_location>

#include "slabproof/sync_policy.h"

namespace slabproof {

/// Holds a mutex for a scope. It carries the location of the function that asked for the lock, so
/// that a trace shows that function and not the guard.
template <SyncMutex Mutex>
class LockGuard {
 public:
  explicit LockGuard(Mutex& mutex,
                     std::source_location where = std::source_location::current()) noexcept
      : mutex_(mutex), where_(where) {
    mutex_.lock(where_);
  }
  ~LockGuard() { mutex_.unlock(where_); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Mutex& mutex_;
  [[no_unique_address]] std::source_location where_;
};

template <SyncMutex Mutex>
LockGuard(Mutex&) -> LockGuard<Mutex>;

}  // namespace slabproof

#endif  // SLABPROOF_LOCK_GUARD_H_
