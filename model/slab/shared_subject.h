#ifndef SLABPROOF_MODEL_SLAB_SHARED_SUBJECT_H_
#define SLABPROOF_MODEL_SLAB_SHARED_SUBJECT_H_

#include <memory>

#include "model/program/slab_setup.h"
#include "model/slab/any_slab.h"
#include "model/slab/model_config.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/recheck.h"

namespace slabproof::model {

template <Recheck kRecheck>
std::unique_ptr<AnySlab> make_shared_subject(bool slot_states) {
  if (slot_states) return std::make_unique<CheckedSlab<ModelConfig<kRecheck, SlotStates<>>>>();
  return std::make_unique<CheckedSlab<ModelConfig<kRecheck>>>();
}

/// A slab without caches or an owner, for a source of `make_subject`.
inline std::unique_ptr<AnySlab> make_shared_subject(const SlabSetup& setup) {
  return setup.recheck_all ? make_shared_subject<Recheck::kAllSegments>(setup.slot_states)
                           : make_shared_subject<Recheck::kNewSegments>(setup.slot_states);
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SHARED_SUBJECT_H_
