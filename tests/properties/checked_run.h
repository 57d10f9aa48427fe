#ifndef SLABPROOF_TESTS_PROPERTIES_CHECKED_RUN_H_
#define SLABPROOF_TESTS_PROPERTIES_CHECKED_RUN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/program/program.h"
#include "model/program/slab_setup.h"
#include "tests/properties/sequential_run.h"
#include "tests/properties/slab_model.h"

namespace slabproof::properties {

/// How far the model checker searches one program.
struct CheckedEffort {
  std::uint64_t executions = 2000;  ///< at most
};

struct CheckedVerdict {
  Complaint complaint;
  std::uint64_t executions = 0;
  bool exhaustive = false;    ///< no execution was left out
  bool inconclusive = false;  ///< the checker could not judge
};

/// The slab under check of that name: "checked all", "checked new", each alone or followed by
/// " SlotStates"; or "checked cached 1", with any other family and batch. Nothing where there is no
/// such slab.
[[nodiscard]] std::optional<model::SlabSetup> checked_setup(const std::string& name);

/// Explores executions of `program` on the slab that `setup` names, with partial-order reduction,
/// and lets the oracle judge each. Requires `checked_setup(setup.subject)`.
[[nodiscard]] CheckedVerdict check_program(const Setup& setup, const model::Program& program,
                                           CheckedEffort effort);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_CHECKED_RUN_H_
