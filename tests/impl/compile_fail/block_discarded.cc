// A block that nobody keeps is lost, so an allocation that is ignored is a warning, here an error.
#include "slabproof/extendable_slab.h"

void use(slabproof::ExtendableSlab<int>& slab) {
#ifdef POSITIVE_CONTROL
  const auto kept = slab.allocate();
  static_cast<void>(kept);
#else
  slab.allocate();
#endif
}
