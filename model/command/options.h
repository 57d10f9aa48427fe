#ifndef SLABPROOF_MODEL_COMMAND_OPTIONS_H_
#define SLABPROOF_MODEL_COMMAND_OPTIONS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/campaign/search_options.h"
#include "model/program/enumeration.h"
#include "model/program/job.h"

namespace slabproof::model {

/// Exit codes, the same for every command of the project.
inline constexpr int kExitHolds = 0;
inline constexpr int kExitViolated = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInconclusive = 3;

/// The name of a file that stands for standard input or output.
inline constexpr std::string_view kStandardStream = "-";

/// The command line of `check`, parsed and validated.
struct CommandOptions {
  /// --program, --scenario or --suite; without any of these, the default suite.
  std::vector<CheckJob> jobs;
  std::optional<EnumerationSize> enumeration;  ///< --enumerate, in place of `jobs`
  std::size_t left_out = 0;  ///< scenarios of the suite that are not for this search
  SearchOptions search;
  bool list = false;
  bool estimate = false;  ///< say how much there is to explore, and explore nothing

  std::string trace_file;   ///< empty: to standard output, on a violation only
  std::string draw_file;    ///< the same trace as a picture
  std::string replay_file;  ///< "-" is standard input
  std::string json_file;
  std::vector<std::string> merge_files;  ///< --merge: of shards, in place of a search
  std::string steps_file;                ///< --emit-steps
  bool quiet = false;
};

/// What to do after parsing: run with these options, or exit at once with that code (help was
/// printed, or a message about bad usage).
using ParsedCommandLine = std::variant<CommandOptions, int>;

/// Prints help to standard output and complaints to standard error.
[[nodiscard]] ParsedCommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_OPTIONS_H_
