#ifndef SLABPROOF_MODEL_SLAB_SUBJECT_FACTORY_H_
#define SLABPROOF_MODEL_SLAB_SUBJECT_FACTORY_H_

#include <memory>

#include "model/program/slab_setup.h"
#include "model/slab/any_slab.h"

namespace slabproof::model {

/// The slab that this program is linked with: the shipped one, or a mutant of it, which is compiled
/// from the same source against changed headers. Capacity and initial segments are not looked at:
/// `AnySlab::construct` gets them.
[[nodiscard]] std::unique_ptr<AnySlab> make_subject(const SlabSetup& setup);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SUBJECT_FACTORY_H_
