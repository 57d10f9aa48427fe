// What tells a tool of a block runs under the slab's lock.
#include "slabproof/extendable_slab.h"

struct Instrumentation : slabproof::NoInstrumentation {
#ifdef POSITIVE_CONTROL
  static void take(std::byte*, std::byte*, std::size_t) noexcept {}
#else
  static void take(std::byte*, std::byte*, std::size_t) {}
#endif
};

struct Config : slabproof::DefaultConfig {
  using Instrumentation = ::Instrumentation;
};

template class slabproof::ExtendableSlab<int, Config>;
