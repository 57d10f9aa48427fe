#include "model/command/terminal_color.h"

#include <fmt/color.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace slabproof::model {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fmt::terminal_color color_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return fmt::terminal_color::green;
    case Verdict::kViolated:
      return fmt::terminal_color::red;
    case Verdict::kInconclusive:
    case Verdict::kUnsupported:
      break;
  }
  return fmt::terminal_color::yellow;
}

}  // namespace

bool output_has_color() {
  return ::isatty(STDOUT_FILENO) != 0 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

std::string colored(const std::string& text, Verdict verdict, bool has_color) {
  return has_color ? fmt::format(fmt::fg(color_of(verdict)), "{}", text) : text;
}

}  // namespace slabproof::model
