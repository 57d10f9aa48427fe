#ifndef SLABPROOF_MODEL_PROGRAM_JOB_H_
#define SLABPROOF_MODEL_PROGRAM_JOB_H_

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "model/program/program.h"
#include "model/program/scenario.h"
#include "model/search/schedule.h"
#include "slabproof/recheck.h"

namespace slabproof::model {

/// One program and the slab that it is to run on.
struct CheckJob {
  std::string scenario;  ///< its name, or empty for a program of the user's
  Program program;
  std::uint32_t capacity = 1;
  std::uint32_t initial_segments = 0;
  Recheck recheck = Recheck::kAllSegments;
  ProtectionChoice protection = ProtectionChoice::kNone;

  /// What an exhaustive search must find, where that is known; see `Scenario`.
  std::optional<std::uint32_t> over_growth = {};
  std::optional<std::uint64_t> executions = {};
  std::optional<std::uint64_t> executions_with_symmetry = {};
};

[[nodiscard]] CheckJob job_of(const Scenario& scenario);

/// Whether the program frees a block a second time, which only `SlotStates` always notices.
[[nodiscard]] bool frees_again(const Program& program);

/// An execution that can be run again: everything that it depends on, in one line of JSON.
struct RecordedExecution {
  CheckJob job;
  Schedule schedule;
};

[[nodiscard]] std::string to_text(const RecordedExecution& recorded);
/// Errors: a sentence that says what is wrong. Any text will do; nothing in it is trusted.
[[nodiscard]] std::expected<RecordedExecution, std::string> parse_recorded(std::string_view text);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_JOB_H_
