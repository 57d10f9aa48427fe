// The owner of a chunk's region lies in that region, so it moves in when the chunk is built.
#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"

struct Config : slabproof::DefaultConfig {
#ifdef POSITIVE_CONTROL
  using Backing = slabproof::HeapBacking;
#else
  using Backing = slabproof::InlineBacking<4096>;
#endif
};

template class slabproof::ExtendableSlab<int, Config>;
