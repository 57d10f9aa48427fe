#include "slabproof/fork_guard.h"
#include "slabproof/slab_owner.h"

void guard(slabproof::SlabOwner<long>& owner) {
  const slabproof::ForkGuard guard(owner);
}
