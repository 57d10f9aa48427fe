#ifndef SLABPROOF_MODEL_SEARCH_STATE_SEARCH_H_
#define SLABPROOF_MODEL_SEARCH_STATE_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "model/search/failure.h"
#include "model/search/scheduler.h"

namespace slabproof::model {

/// What a search over states came to, besides what every search does.
struct StateCounts {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;  ///< steps that were tried
  std::size_t bytes = 0;          ///< for what was kept of states
};

/// A scheduler that explores each state once. `explore` gets it from its caller, as what it needs
/// to see of a program is not known here.
class StateSearch : public Scheduler {
 public:
  [[nodiscard]] virtual StateCounts counts() const = 0;
  /// Whether something was not explored: what was kept has no room, or an execution that had failed
  /// by what the program told of its state came out good.
  [[nodiscard]] virtual bool has_left_out() const = 0;
  [[nodiscard]] virtual bool is_out_of_memory() const = 0;
  /// What the execution that has just ended well must have failed in, if it was run for that.
  [[nodiscard]] virtual std::optional<Failure> missing_failure() = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_STATE_SEARCH_H_
