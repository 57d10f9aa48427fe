// Links are sealed under the lock, so sealing may not throw.
#include <cstdint>

#include "slabproof/extendable_slab.h"

struct Protection : slabproof::NoProtection {
  static Protection make() noexcept { return {}; }
#ifdef POSITIVE_CONTROL
  Tag seal(std::uint32_t, std::uint32_t) const noexcept { return {}; }
#else
  Tag seal(std::uint32_t, std::uint32_t) const { return {}; }
#endif
};

struct Config : slabproof::DefaultConfig {
  using Protection = ::Protection;
};

template class slabproof::ExtendableSlab<int, Config>;
