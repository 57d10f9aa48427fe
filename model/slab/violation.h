#ifndef SLABPROOF_MODEL_SLAB_VIOLATION_H_
#define SLABPROOF_MODEL_SLAB_VIOLATION_H_

#include <optional>
#include <string>

#include "model/search/failure.h"
#include "model/slab/history.h"

namespace slabproof::model {

/// A property that an execution broke.
struct Violation {
  std::string property;       ///< id of the catalogue, such as "S1"
  std::string message;        ///< a sentence that names operations and addresses
  std::optional<OpId> first;  ///< the operation that broke it
  std::optional<OpId> other;  ///< the one it clashed with, if any
};

/// The "property" of a history that outgrew its arrays: nothing was judged, so the execution is
/// neither good nor bad.
inline constexpr const char* kHistoryLimit = Failure::kLimit.data();

/// The "property" of a history that no slab can have made: the recorder or the program is wrong.
inline constexpr const char* kHistoryDefect = "history";

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_VIOLATION_H_
