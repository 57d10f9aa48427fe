#ifndef SLABPROOF_MODEL_PROGRAM_SCENARIO_H_
#define SLABPROOF_MODEL_PROGRAM_SCENARIO_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/program/slab_setup.h"

namespace slabproof::model {

/// A race that the slab must survive: a program, the slab it runs on, and what exploring it is
/// known to give. The name says the race.
struct Scenario {
  std::string_view name;
  std::string_view race;     ///< one sentence: which threads meet where
  std::string_view program;  ///< in the token language of program.h
  SlabSetup slab = {};

  /// There are too many orders of its critical sections to explore one by one, but not of states.
  bool has_many_threads = false;
  /// The greatest segments - max(initial, ceil(peak live / capacity)) over all executions. Asserted
  /// exactly by an exhaustive search: less would be a mutant that no bound catches.
  std::uint32_t over_growth = 0;
  /// Inequivalent executions, without and with thread symmetry. Asserted exactly where the search
  /// is exhaustive and counts that.
  std::optional<std::uint64_t> executions = {};
  std::optional<std::uint64_t> executions_with_symmetry = {};
};

/// What `check` runs by default: well under a minute on two cores.
[[nodiscard]] std::span<const Scenario> default_suite();

/// What `verify deep` adds.
[[nodiscard]] std::span<const Scenario> deep_suite();

/// A scenario of either suite by name, or null.
[[nodiscard]] const Scenario* find_scenario(std::string_view name);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_SCENARIO_H_
