// An owner has no lock that could be held during a fork.
#include "slabproof/extendable_slab.h"
#include "slabproof/fork_guard.h"
#include "slabproof/slab_owner.h"

#ifdef POSITIVE_CONTROL
using Guarded = slabproof::ExtendableSlab<long>;
#else
using Guarded = slabproof::SlabOwner<long>;
#endif

void guard(Guarded& slab) {
  const slabproof::ForkGuard guard(slab);
}
