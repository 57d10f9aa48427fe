#include "model/slab/subject_factory.h"

#include <cstdint>

#include "model/slab/model_config.h"
#include "model/slab/shared_subject.h"

namespace slabproof::model {
namespace {

template <std::uint32_t kBatch>
std::unique_ptr<AnySlab> make_batched(SlabFamily family) {
  using Config = BatchedModelConfig<kBatch>;
  if (family == SlabFamily::kOwner) return std::make_unique<OwnerAdapter<CheckedCell, Config>>();
  return std::make_unique<CachedSlabAdapter<CheckedCell, Config>>(
      family == SlabFamily::kCached ? Caches::kHeld : Caches::kAutomatic);
}

}  // namespace

std::unique_ptr<AnySlab> make_subject(const SlabSetup& setup) {
  if (setup.family == SlabFamily::kShared) return make_shared_subject(setup);
  return setup.batch == 1 ? make_batched<1>(setup.family) : make_batched<2>(setup.family);
}

}  // namespace slabproof::model
