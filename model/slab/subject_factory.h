#ifndef SLABPROOF_MODEL_SLAB_SUBJECT_FACTORY_H_
#define SLABPROOF_MODEL_SLAB_SUBJECT_FACTORY_H_

#include <memory>

#include "model/slab/any_slab.h"

namespace slabproof::model {

/// The slab that a checker is linked with: the shipped one, or a mutant of it, which is compiled
/// from the same source against changed headers. No type of the library appears here, since a
/// mutant's types are its own.
struct SubjectChoice {
  bool recheck_all = true;
  bool slot_states = false;  ///< protection SlotStates, else none
};

[[nodiscard]] std::unique_ptr<AnySlab> make_subject(SubjectChoice choice);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SUBJECT_FACTORY_H_
