#ifndef SLABPROOF_MODEL_RUNTIME_OUTLIVED_LOCK_H_
#define SLABPROOF_MODEL_RUNTIME_OUTLIVED_LOCK_H_

#include <array>
#include <cstddef>
#include <source_location>

#include "model/runtime/object_table.h"
#include "model/search/execution.h"
#include "model/search/race_cell.h"

namespace slabproof::model {

/// Finds writes through a reference that a variable handed out under a lock, after that lock was
/// given back. A variable judges an access where it hands the reference out, so such a write would
/// count as one under the lock.
///
/// Until another thread runs, or it locks again, what changes in a variable that was handed out to
/// a thread under a lock, that thread has written, and after the unlock. Looked for at each
/// operation by which others may run, and before a variable is handed out again; there it counts
/// as a write. Nothing is seen of reads, nor of a write after others have run. Not in a search over
/// states, in which it would split them (`proofs/states.md`), nor on execution graphs.
class OutlivedLock {
 public:
  void forget_all() noexcept;

  /// The actor may write to the variable until it says otherwise.
  void handed_out(std::size_t actor, ObjectRecord& record) noexcept;

  /// The actor has given a lock back, and is at `time`.
  void unlocked(std::size_t actor, ThreadClock time, const std::source_location& where) noexcept;

  /// Whether there is anything to judge.
  [[nodiscard]] bool is_pending() const noexcept { return kept_ != 0; }
  /// Before an operation of an actor by which others may run. `is_alone`: all is ordered by now.
  void judge(std::size_t actor, bool is_alone);
  /// What comes next may change the variable: it is judged now, and not any more.
  void judge_before_change(const ObjectRecord& record);
  /// The actor has a lock: what it writes from now on is under that.
  void locked(std::size_t actor, bool is_alone) {
    // Others may have run since it asked for the lock.
    if (is_pending()) judge(actor, is_alone);
    kept_ = 0;
  }

 private:
  /// Of each thread the newest count: a critical section seldom writes to more.
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kBytes = std::size_t{1} << 13;

  struct Kept {
    ObjectRecord* record = nullptr;
    std::size_t begin = 0;  ///< of the value's copy in `bytes_`
  };
  struct HandedOut {
    std::array<ObjectRecord*, kMost> records{};
    std::size_t count = 0;  ///< ever, since the last unlock
  };

  void judge_one(Kept& kept);

  std::array<HandedOut, kMaxThreads + 1> of_actor_{};
  std::array<Kept, kMost> kept_records_{};
  std::size_t kept_ = 0;
  std::array<std::byte, kBytes> bytes_{};
  std::size_t unlocked_by_ = 0;
  ThreadClock time_;
  std::source_location where_;
};

/// Of the execution that runs.
inline constinit OutlivedLock outlived_lock;

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_OUTLIVED_LOCK_H_
