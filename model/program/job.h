#ifndef SLABPROOF_MODEL_PROGRAM_JOB_H_
#define SLABPROOF_MODEL_PROGRAM_JOB_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/program/program.h"
#include "model/program/scenario.h"
#include "model/program/slab_setup.h"

namespace slabproof::model {

/// One program and the slab that it is to run on.
struct CheckJob {
  std::string scenario;  ///< its name, or empty for a program of the user's
  Program program;
  SlabSetup slab = {};

  bool has_many_threads = false;  ///< see `Scenario`

  /// What an exhaustive search must find, where that is known; see `Scenario`.
  std::optional<std::uint32_t> over_growth = {};
  std::optional<std::uint64_t> executions = {};
  std::optional<std::uint64_t> executions_with_symmetry = {};
};

[[nodiscard]] CheckJob job_of(const Scenario& scenario);

/// Whether the program frees a block a second time, which only `SlotStates` always notices.
[[nodiscard]] bool frees_again(const Program& program);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_JOB_H_
