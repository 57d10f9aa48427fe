// The factory runs in an allocation, which never throws.
#include "slabproof/extendable_slab.h"

#ifdef POSITIVE_CONTROL
slabproof::NoProtection make() noexcept {
  return {};
}
#else
slabproof::NoProtection make() {
  return {};
}
#endif

slabproof::ExtendableSlab<int> slab(4, &make);
