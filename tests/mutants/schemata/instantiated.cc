// Every template of the library that is a slab or a backing, in two configurations: what
// same_code.py compiles.

#include <cstdint>

#include "slabproof/cached_slab.h"
#include "slabproof/config.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/growth.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/recheck.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "slabproof/trim_policy.h"

namespace slabproof {

struct OtherConfig : DefaultConfig {
  using Backing = MmapBacking;
  using Protection = SlotStates<>;
  using Trim = TrimAbove<50>;
  static constexpr Recheck recheck = Recheck::kNewSegments;
  static constexpr Growth growth = Growth::kShared;
};

template class ExtendableSlab<std::uint64_t, DefaultConfig>;
template class ExtendableSlab<std::uint64_t, OtherConfig>;
template class CachedSlab<std::uint64_t, DefaultConfig>;
template class SlabOwner<std::uint64_t, DefaultConfig>;
template class Slab<std::uint64_t, DefaultConfig>;

}  // namespace slabproof
