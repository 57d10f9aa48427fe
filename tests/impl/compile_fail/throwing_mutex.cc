// A lock that may throw would leave a slab half changed.
#include <source_location>

#include "slabproof/extendable_slab.h"

struct Sync : slabproof::StdSync {
  struct Mutex {
#ifdef POSITIVE_CONTROL
    void lock(std::source_location) noexcept {}
#else
    void lock(std::source_location) {}
#endif
    void unlock(std::source_location) noexcept {}
  };
};

struct Config : slabproof::DefaultConfig {
  using Sync = ::Sync;
};

template class slabproof::ExtendableSlab<int, Config>;
