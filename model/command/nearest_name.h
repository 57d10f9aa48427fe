#ifndef SLABPROOF_MODEL_COMMAND_NEAREST_NAME_H_
#define SLABPROOF_MODEL_COMMAND_NEAREST_NAME_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slabproof::model {

/// The name that was probably meant by `word`: the one with the least edit distance, the first of
/// several; nothing where more than a third of the word would have to change.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view word,
                                                      const std::vector<std::string>& names);

/// "; did you mean NAME?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& names);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_NEAREST_NAME_H_
