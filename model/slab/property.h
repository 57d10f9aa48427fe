#ifndef SLABPROOF_MODEL_SLAB_PROPERTY_H_
#define SLABPROOF_MODEL_SLAB_PROPERTY_H_

#include <string>
#include <string_view>

#include "model/search/failure.h"
#include "model/slab/violation.h"

namespace slabproof::model {

/// The property of the catalogue that a defect breaks, such as "S8". Of what says nothing about the
/// slab, a word: "unsupported", "limit", "history" or "no replay". Empty for `Defect::kReported`.
[[nodiscard]] std::string_view property_of(Defect defect);

/// The same; of what was reported, the label under which it was.
[[nodiscard]] std::string property_of(const Failure& failure);

/// What the search is to know of a violation.
[[nodiscard]] Failure failure_of(const Violation& violation);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_PROPERTY_H_
