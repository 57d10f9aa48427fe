#ifndef SLABPROOF_MODEL_COMMAND_MANUAL_H_
#define SLABPROOF_MODEL_COMMAND_MANUAL_H_

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace slabproof::model {

/// What `check` is, for the top of its help.
[[nodiscard]] std::string describe_command();

/// Gives `app` the form of help that help2man turns into the manual page: lines of at most 80
/// characters, and after the options the language of programs, examples, exit codes, environment.
void add_manual(CLI::App& app);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_MANUAL_H_
