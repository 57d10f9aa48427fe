#ifndef SLABPROOF_UNLOCKED_SYNC_H_
#define SLABPROOF_UNLOCKED_SYNC_H_

#include <source_location>

#include "slabproof/sync_policy.h"

namespace slabproof {

/// A sync policy for a slab that one thread at a time uses: that of `Sync` with a mutex that does
/// nothing. Shared plain variables stay those of `Sync`, so a policy that checks them still sees a
/// second thread that uses the slab without synchronisation.
template <SyncPolicy Sync>
struct UnlockedSync : Sync {
  /// A mutex that excludes nobody. O(1), nothing is done.
  class Mutex {
   public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Returns at once.
    void lock(std::source_location = std::source_location::current()) noexcept {}
    /// Returns at once.
    void unlock(std::source_location = std::source_location::current()) noexcept {}
  };
};

}  // namespace slabproof

#endif  // SLABPROOF_UNLOCKED_SYNC_H_
