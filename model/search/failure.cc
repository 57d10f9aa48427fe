#include "model/search/failure.h"

#include <fmt/format.h>

namespace slabproof::model {

std::string_view name_of(const Failure& failure) {
  switch (failure.defect) {
    case Defect::kReported:
      return failure.label;
    case Defect::kDataRace:
      return "data race";
    case Defect::kUseAfterFree:
      return "use after free";
    case Defect::kInvalidAccess:
      return "invalid access";
    case Defect::kMutexDestroyedWhileHeld:
      return "mutex destroyed while held";
    case Defect::kUncaughtException:
      return "uncaught exception";
    case Defect::kLeak:
      return "leak";
    case Defect::kNeverDestroyed:
      return "never destroyed";
    case Defect::kDeadlock:
      return "deadlock";
    case Defect::kLivelock:
      return "livelock";
    case Defect::kUnlockWithoutLock:
      return "unlock without lock";
    case Defect::kAllocationUnderLock:
      return "allocation under a lock";
    case Defect::kAssumption:
      return "assumption";
    case Defect::kUnsupported:
      return "unsupported";
    case Defect::kNotJudged:
      return "not judged";
    case Defect::kHarness:
      return "error of the harness";
    case Defect::kNondeterminism:
      return "nondeterminism";
    case Defect::kReplayMismatch:
      return "schedule of another program";
  }
  return "";
}

std::string to_text(const Failure& failure) {
  const auto& [file, line, function] = failure.place;
  return line == 0 ? failure.message
                   : fmt::format("{} ({}:{}, {})", failure.message, file, line, function);
}

}  // namespace slabproof::model
