#ifndef SLABPROOF_MODEL_CHECK_CHECK_PROGRESS_H_
#define SLABPROOF_MODEL_CHECK_CHECK_PROGRESS_H_

#include <chrono>
#include <string>
#include <utility>

#include "model/command/progress_line.h"
#include "model/search/explore.h"

namespace slabproof::model {

/// Shows on standard error how far a check is that takes long.
class CheckProgress {
 public:
  /// From `after` seconds on; never if that is negative.
  CheckProgress(std::string place, double after) : place_(std::move(place)), after_(after) {}

  /// May be called as often as one likes.
  void show(const SearchProgress& progress);
  /// Nothing of it is left on a terminal.
  void clear() { line_.clear(); }

 private:
  std::string place_;
  double after_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double shown_ = -1;  // at so many seconds
  ProgressLine line_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CHECK_CHECK_PROGRESS_H_
