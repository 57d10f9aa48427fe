#include "model/command/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "model/command/standard_streams.h"

namespace slabproof::model {

ProgressLine::ProgressLine() : is_terminal_(::isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& what, double part, double seconds) {
  constexpr int kWidth = 20;
  part = std::clamp(part, 0.0, 1.0);
  if (!is_terminal_ && part < next_line_) return;
  while (next_line_ <= part) next_line_ += 0.1;
  const std::string bar(static_cast<std::size_t>(part * kWidth), '#');
  std::string line = fmt::format("{}, {:.0f} s", what, seconds);
  if (part > 0) line = fmt::format("[{:<{}}] {:3.0f}%  {}", bar, kWidth, part * 100, line);
  if (part > 0.02 && part < 1) {
    line += fmt::format(", about {:.0f} s to go", seconds * (1 - part) / part);
  }
  if (is_terminal_) {
    print_error(fmt::format("\r{:<{}}", line, printed_));
    printed_ = line.size();
  } else {
    print_error(line + "\n");
  }
}

void ProgressLine::clear() {
  if (printed_ != 0) print_error(fmt::format("\r{:<{}}\r", "", printed_));
  printed_ = 0;
}

}  // namespace slabproof::model
