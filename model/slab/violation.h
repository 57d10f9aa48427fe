#ifndef SLABPROOF_MODEL_SLAB_VIOLATION_H_
#define SLABPROOF_MODEL_SLAB_VIOLATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "model/slab/history.h"

namespace slabproof::model {

/// Why a history is not good.
enum class HistoryStatus : std::uint8_t {
  kViolates,    ///< it breaks a property of the catalogue
  kTooLong,     ///< it outgrew its arrays: nothing was judged, so it is neither good nor bad
  kImpossible,  ///< no slab can have made it: the recorder or the program is wrong
};

/// What is wrong with an execution.
struct Violation {
  HistoryStatus status = HistoryStatus::kViolates;
  std::string property;       ///< id of the catalogue, such as "S1", where the status is kViolates
  std::string message;        ///< a sentence that names operations and addresses
  std::optional<OpId> first;  ///< the operation that broke it
  std::optional<OpId> other;  ///< the one it clashed with, if any
  // The critical sections of these operations at which that was, as indices in
  // `History::acquisitions`, where they are known.
  std::optional<std::size_t> first_section = {};
  std::optional<std::size_t> other_section = {};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_VIOLATION_H_
