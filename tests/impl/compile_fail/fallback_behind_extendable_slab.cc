// A slab that grows is never out, so nothing would ever come from the fallback.
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/with_fallback.h"

#ifdef POSITIVE_CONTROL
using Primary = slabproof::Slab<int>;
#else
using Primary = slabproof::ExtendableSlab<int>;
#endif

template class slabproof::WithFallback<Primary, slabproof::ExtendableSlab<int>>;
