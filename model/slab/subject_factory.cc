#include "model/slab/subject_factory.h"

#include <cstdint>

#include "model/slab/model_config.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/recheck.h"

namespace slabproof::model {
namespace {

template <Recheck kRecheck>
std::unique_ptr<AnySlab> make_shared_slab(bool slot_states) {
  if (slot_states) return std::make_unique<CheckedSlab<ModelConfig<kRecheck, SlotStates<>>>>();
  return std::make_unique<CheckedSlab<ModelConfig<kRecheck>>>();
}

template <std::uint32_t kBatch>
std::unique_ptr<AnySlab> make_batched(SlabFamily family) {
  using Config = BatchedModelConfig<kBatch>;
  if (family == SlabFamily::kOwner) return std::make_unique<OwnerAdapter<CheckedCell, Config>>();
  return std::make_unique<CachedSlabAdapter<CheckedCell, Config>>(
      family == SlabFamily::kCached ? Caches::kHeld : Caches::kAutomatic);
}

}  // namespace

std::unique_ptr<AnySlab> make_subject(const SlabSetup& setup) {
  if (setup.family != SlabFamily::kShared) {
    return setup.batch == 1 ? make_batched<1>(setup.family) : make_batched<2>(setup.family);
  }
  return setup.recheck_all ? make_shared_slab<Recheck::kAllSegments>(setup.slot_states)
                           : make_shared_slab<Recheck::kNewSegments>(setup.slot_states);
}

}  // namespace slabproof::model
