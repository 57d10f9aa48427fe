#include "model/check/check_progress.h"

#include <fmt/format.h>

namespace slabproof::model {

void CheckProgress::show(const SearchProgress& progress) {
  constexpr double kSecondsBetween = 0.2;  // on a terminal
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  if (after_ < 0 || seconds < after_) return;
  if (line_.is_on_terminal() && shown_ >= 0 && seconds - shown_ < kSecondsBetween) return;
  shown_ = seconds;
  line_.show(fmt::format("check at {}, {} executions", place_, progress.executions), progress.part,
             seconds);
}

}  // namespace slabproof::model
