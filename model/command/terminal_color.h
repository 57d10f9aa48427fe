#ifndef SLABPROOF_MODEL_COMMAND_TERMINAL_COLOR_H_
#define SLABPROOF_MODEL_COMMAND_TERMINAL_COLOR_H_

#include <string>

#include "model/search/verdict.h"

namespace slabproof::model {

/// Whether standard output shows colours: it is a terminal, other than a dumb one, and the
/// environment does not ask for none (https://no-color.org).
[[nodiscard]] bool output_has_color();

/// The text in the colour of a verdict: green where it holds, red where it is violated, else
/// yellow. Without `has_color`, the text as it is.
[[nodiscard]] std::string colored(const std::string& text, Verdict verdict, bool has_color);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_TERMINAL_COLOR_H_
