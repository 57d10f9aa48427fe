#ifndef SLABPROOF_MODEL_SEARCH_FAILURE_H_
#define SLABPROOF_MODEL_SEARCH_FAILURE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "model/search/source_place.h"

namespace slabproof::model {

/// What is wrong with an execution, or why it could not be judged.
enum class Defect : std::uint8_t {
  kReported,  ///< found by the program under check, or by the judge of its executions

  kDataRace,
  kUseAfterFree,   ///< of an object that was destroyed or never constructed
  kInvalidAccess,  ///< a crash, or memory that is used in a way that has no meaning
  kMutexDestroyedWhileHeld,
  kUncaughtException,  ///< it leaves a part of the execution
  kLeak,
  kNeverDestroyed,  ///< an object was alive in memory that was given back
  kDeadlock,
  kLivelock,
  kUnlockWithoutLock,
  kAllocationUnderLock,  ///< where the run forbids it; see RunSettings

  // Nothing can be said about the program under check.
  kAssumption,      ///< it says that this execution is none of those that it is about
  kUnsupported,     ///< it asks for something that the checker does not model
  kNotJudged,       ///< what was recorded of the execution is not complete
  kHarness,         ///< what surrounds the code under check did what it must not do
  kNondeterminism,  ///< it does not do the same again under the same schedule
  kReplayMismatch,  ///< the schedule to run again is not one of this program
};

/// Why an execution is not good.
struct Failure {
  Defect defect = Defect::kReported;
  std::string label = {};    ///< of what was reported: the reporter's own name for it; else empty
  std::string message = {};  ///< a sentence that says how
  SourcePlace place =
      {};  ///< of the operation at which it was found; its line is 0 where not known

  /// Whether it says that the checker could not judge, and not that the program is wrong.
  [[nodiscard]] bool is_no_verdict() const noexcept {
    return defect == Defect::kAssumption || defect == Defect::kUnsupported ||
           defect == Defect::kNotJudged || defect == Defect::kNondeterminism;
  }

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// "data race", "deadlock", ...; of what was reported, its label.
[[nodiscard]] std::string_view name_of(const Failure& failure);

/// The message, and the place if it is known.
[[nodiscard]] std::string to_text(const Failure& failure);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_FAILURE_H_
