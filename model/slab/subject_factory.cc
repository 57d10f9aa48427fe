#include "model/slab/subject_factory.h"

#include "model/slab/model_config.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/recheck.h"

namespace slabproof::model {
namespace {

template <Recheck kRecheck>
std::unique_ptr<AnySlab> make(bool slot_states) {
  if (slot_states) return std::make_unique<CheckedSlab<ModelConfig<kRecheck, SlotStates<>>>>();
  return std::make_unique<CheckedSlab<ModelConfig<kRecheck>>>();
}

}  // namespace

std::unique_ptr<AnySlab> make_subject(const SlabSetup& setup) {
  return setup.recheck_all ? make<Recheck::kAllSegments>(setup.slot_states)
                           : make<Recheck::kNewSegments>(setup.slot_states);
}

}  // namespace slabproof::model
