#ifndef SLABPROOF_MODEL_COMMAND_OPTIONS_H_
#define SLABPROOF_MODEL_COMMAND_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/program/enumeration.h"
#include "model/program/program.h"
#include "model/program/scenario.h"
#include "slabproof/recheck.h"

namespace slabproof::model {

/// Exit codes, the same for every command of the project.
inline constexpr int kExitHolds = 0;
inline constexpr int kExitViolated = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInconclusive = 3;

/// One of `count` parts of an exploration that together are all of it; `index` counts from 0.
struct Shard {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// The command line of `check`, parsed and validated.
struct CheckOptions {
  std::optional<Program> program;  ///< --program, or nothing: run scenarios
  std::vector<const Scenario*>
      scenarios;  ///< --scenario, --suite; all of the default suite if not told
  std::uint32_t capacity = 1;
  std::uint32_t initial_segments = 0;
  Recheck recheck = Recheck::kAllSegments;
  std::optional<ProtectionChoice> protection;  ///< nothing: what the program needs
  std::optional<EnumerationSize> enumeration;  ///< --enumerate
  bool list = false;

  std::string search = "dpor";
  std::uint32_t bound = 2;       ///< context switches, for --search bound
  std::uint64_t iterations = 0;  ///< 0: no limit, but for --search random
  std::uint64_t seed = 1;
  double time_limit_seconds = 0;  ///< for each program; 0: no limit
  bool symmetry = true;           ///< interchangeable threads are explored in one order only

  std::uint32_t jobs = 1;       ///< processes to explore in
  std::optional<Shard> shard;   ///< explore this part of each job only
  std::string checkpoint_file;  ///< where finished parts are kept, to go on from after a stop
  bool estimate = false;        ///< say how much there is to explore, and explore nothing

  std::string trace_file;   ///< empty: to standard output, on a violation only
  std::string replay_file;  ///< "-" is standard input
  std::string json_file;
  std::string steps_file;  ///< --emit-steps
  bool quiet = false;
  bool minimize = true;  ///< make a program that fails smaller before it is shown

  /// The protection for `program`: as told, else the least that it needs.
  [[nodiscard]] ProtectionChoice protection_or_needed() const;
};

/// What to do after parsing: run with these options, or exit at once with that code (help was
/// printed, or a message about bad usage).
using ParsedCommandLine = std::variant<CheckOptions, int>;

/// Prints help to standard output and complaints to standard error.
[[nodiscard]] ParsedCommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_OPTIONS_H_
