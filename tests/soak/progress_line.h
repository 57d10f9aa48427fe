#ifndef SLABPROOF_TESTS_SOAK_PROGRESS_LINE_H_
#define SLABPROOF_TESTS_SOAK_PROGRESS_LINE_H_

#include <cstddef>
#include <string>

namespace slabproof::soak {

/// One line on standard error that is written anew on a terminal, and a line now and then
/// elsewhere.
class ProgressLine {
 public:
  ProgressLine();

  /// `part` of the work is done, after `seconds`.
  void show(const std::string& what, double part, double seconds);
  /// Makes room for a line on standard output.
  void clear();

 private:
  const bool is_terminal_;
  double next_line_ = 0.1;
  std::size_t printed_ = 0;
};

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_PROGRESS_LINE_H_
