// Nor is one with caches, whatever is around it.
#include "slabproof/cached_slab.h"
#include "slabproof/slab.h"
#include "slabproof/statistics.h"
#include "slabproof/with_fallback.h"

#ifdef POSITIVE_CONTROL
using Primary = slabproof::Slab<int>;
#else
using Primary = slabproof::CachedSlab<int>;
#endif

template class slabproof::WithFallback<slabproof::Statistics<Primary>, slabproof::Slab<int>>;
