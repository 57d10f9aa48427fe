#ifndef SLABPROOF_MODEL_COMMAND_PROGRESS_LINE_H_
#define SLABPROOF_MODEL_COMMAND_PROGRESS_LINE_H_

#include <cstddef>
#include <string>

namespace slabproof::model {

/// Shows on standard error how far a run is: on a terminal, a line that each report replaces;
/// elsewhere a plain line at each tenth of the way.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  [[nodiscard]] bool is_on_terminal() const { return is_terminal_; }
  /// `part` of the work, up to 1, is done after `seconds`; 0 where that is not known. Adds an
  /// estimate of the rest.
  void show(const std::string& what, double part, double seconds);
  /// Makes room for a line on standard output.
  void clear();

 private:
  const bool is_terminal_;
  double next_line_ = 0.1;
  std::size_t printed_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_PROGRESS_LINE_H_
