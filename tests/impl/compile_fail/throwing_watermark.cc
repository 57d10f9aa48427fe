// The action of a watermark is called from functions that never throw.
#include "slabproof/slab.h"
#include "slabproof/watermark.h"

struct Action {
#ifdef POSITIVE_CONTROL
  void operator()(const slabproof::Crossing& /*crossing*/) const noexcept {}
#else
  void operator()(const slabproof::Crossing& /*crossing*/) const {}
#endif
};

template class slabproof::Watermark<slabproof::Slab<int>, Action>;
