#ifndef SLABPROOF_MODEL_COMMAND_COMPLETION_H_
#define SLABPROOF_MODEL_COMMAND_COMPLETION_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace slabproof::model {

/// Type names of options whose values are completed by files, and by scenarios. Other values are
/// completed where their type name lists them, as that of `CLI::IsMember` does: "TEXT:{all,new}".
inline constexpr const char* kFileType = "FILE";
inline constexpr const char* kScenarioType = "SCENARIO";

/// The names of the options, "--program" and so on, in the order in which they were declared.
[[nodiscard]] std::vector<std::string> option_names(const CLI::App& app);

/// The values that an option takes, or none where its type name does not list them.
[[nodiscard]] std::vector<std::string> listed_values(const std::string& type_name);

/// What `bash` reads to complete the options of the command: its name is that of `app`.
[[nodiscard]] std::string bash_completion(const CLI::App& app,
                                          const std::vector<std::string>& scenarios);

/// The same for `zsh`, with what each option does beside it.
[[nodiscard]] std::string zsh_completion(const CLI::App& app,
                                         const std::vector<std::string>& scenarios);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_COMPLETION_H_
