// A segment is obtained inside functions that never throw.
#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"

class Backing : public slabproof::HeapBacking {
 public:
#ifdef POSITIVE_CONTROL
  explicit Backing(slabproof::Layout layout) noexcept : HeapBacking(layout) {}
#else
  explicit Backing(slabproof::Layout layout) : HeapBacking(layout) {}
#endif
};

struct Config : slabproof::DefaultConfig {
  using Backing = ::Backing;
};

template class slabproof::ExtendableSlab<int, Config>;
