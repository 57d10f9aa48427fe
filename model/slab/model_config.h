#ifndef SLABPROOF_MODEL_SLAB_MODEL_CONFIG_H_
#define SLABPROOF_MODEL_SLAB_MODEL_CONFIG_H_

#include <cstddef>
#include <cstdint>

#include "model/runtime/model_memory.h"
#include "model/slab/cached_adapter.h"
#include "model/slab/model_backing.h"
#include "model/slab/owner_adapter.h"
#include "model/slab/slab_adapter.h"
#include "model/slab/slab_sync.h"
#include "slabproof/batch_policy.h"
#include "slabproof/config.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/misuse.h"
#include "slabproof/recheck.h"

namespace slabproof::model {

/// The configuration under which the shipped slab is model-checked.
template <Recheck kRecheck, class ProtectionType = NoProtection, class SyncType = SlabSync>
struct ModelConfig : DefaultConfig {
  using Sync = SyncType;
  using Backing = ModelBacking;
  using Protection = ProtectionType;
  using Misuse = CountMisuse;
  static constexpr Recheck recheck = kRecheck;
  // Each segment has a region of its own, so that requests tell of segments.
  static constexpr std::uint32_t reserve_share = 0;
};

/// A growable slab under check. It holds one granule of the model's memory, so that what happens to
/// a block is never mistaken for what happens to its neighbour.
using CheckedCell = Cell<ModelMemory::kGranule, ModelMemory::kGranule>;
template <class Config, class T = CheckedCell>
using CheckedSlab = GrowableSlabAdapter<T, Config>;

/// That of what stands on the slab: caches of magazines, and a depot of one of them, so that it is
/// soon full; remotes with batches. `kBatch` blocks move together.
template <std::uint32_t kBatch>
struct BatchedModelConfig : ModelConfig<Recheck::kAllSegments> {
  using RemoteBatch = FixedBatch<kBatch>;
  static constexpr std::uint32_t magazine_rounds = kBatch;
  static constexpr std::size_t depot_magazines = 1;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_MODEL_CONFIG_H_
