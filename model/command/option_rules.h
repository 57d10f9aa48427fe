#ifndef SLABPROOF_MODEL_COMMAND_OPTION_RULES_H_
#define SLABPROOF_MODEL_COMMAND_OPTION_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "model/command/options.h"
#include "model/program/slab_setup.h"

namespace CLI {
class App;
}

namespace slabproof::model {

/// What the parser fills in before it is checked and turned into `CommandOptions`.
struct RawOptions {
  std::string program;
  SlabSetup slab;
  std::vector<std::string> scenarios;
  std::string suite;
  std::string recheck = "all";
  std::string family = "shared";
  std::string protection;
  std::string enumerate;
  std::string shard;
  std::string alphabet = "a f f@0 F ! r";
  std::string memory;
  std::string completion;
};

/// The groups of options, as the help names them.
inline constexpr const char* kWhatToCheck = "What to check";
inline constexpr const char* kHowToSearch = "How to search";
inline constexpr const char* kHowToShare = "How to share the work";
inline constexpr const char* kWhatToWrite = "What to write";

/// Makes the options that explore nothing, or only one execution, exclude those that they would
/// ignore. To be called when all options are there and before they are parsed.
void exclude_what_is_ignored(CLI::App& app);

/// Turns what was parsed into what will run. A message, for exit code 2, where that makes no sense:
/// options that cannot go together, that would change nothing, or that would overwrite their own
/// input. `app` knows which options were given.
[[nodiscard]] std::optional<std::string> resolve(const CLI::App& app, const RawOptions& raw,
                                                 CommandOptions& options);

/// The scenarios of all suites.
[[nodiscard]] std::vector<std::string> scenario_names();

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_OPTION_RULES_H_
