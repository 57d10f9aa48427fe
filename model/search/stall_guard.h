#ifndef SLABPROOF_MODEL_SEARCH_STALL_GUARD_H_
#define SLABPROOF_MODEL_SEARCH_STALL_GUARD_H_

#include <signal.h>
#include <time.h>

#include <optional>

namespace slabproof::model {

/// While one lives, an execution that makes no progress for `seconds` is abandoned, and the search
/// with it: it waits for something that the checker does not control, such as a std::mutex that
/// another thread of the model holds, or loops without a checked operation.
///
/// A timer interrupts the thread that made it several times in that period, and each time must see
/// that nothing has happened since: a process that was stopped for long is not taken for a stall.
/// Of several, the last one made must end first.
class StallGuard {
 public:
  /// 0: no limit.
  explicit StallGuard(double seconds);
  ~StallGuard();
  StallGuard(const StallGuard&) = delete;
  StallGuard& operator=(const StallGuard&) = delete;

 private:
  std::optional<timer_t> timer_;  // none where there is no limit, or the system has no timer left
  struct sigaction before_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_STALL_GUARD_H_
