// GNU C++ has types of size zero. A slab of one would hand out the same address for every block.
#include "slabproof/extendable_slab.h"

struct Slot {
#ifdef POSITIVE_CONTROL
  int values[1];
#else
  int values[0];
#endif
};

template class slabproof::ExtendableSlab<Slot>;
