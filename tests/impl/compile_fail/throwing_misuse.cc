// A bad pointer is reported from functions that never throw.
#include "slabproof/extendable_slab.h"

struct Misuse {
#ifdef POSITIVE_CONTROL
  static void report(slabproof::MisuseKind, const void*, const void*) noexcept {}
#else
  static void report(slabproof::MisuseKind, const void*, const void*) {}
#endif
};

struct Config : slabproof::DefaultConfig {
  using Misuse = ::Misuse;
};

template class slabproof::ExtendableSlab<int, Config>;
