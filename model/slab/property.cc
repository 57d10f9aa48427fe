#include "model/slab/property.h"

namespace slabproof::model {

std::string_view property_of(Defect defect) {
  switch (defect) {
    case Defect::kReported:
      return "";
    case Defect::kDataRace:
    case Defect::kUseAfterFree:
    case Defect::kInvalidAccess:
    case Defect::kMutexDestroyedWhileHeld:
    case Defect::kUncaughtException:
    case Defect::kLeak:
      return "S8";
    case Defect::kNeverDestroyed:
      return "S11";
    case Defect::kDeadlock:
    case Defect::kLivelock:
    case Defect::kUnlockWithoutLock:
      return "L1";
    case Defect::kAllocationUnderLock:
      return "S5";
    case Defect::kAssumption:
    case Defect::kUnsupported:
    case Defect::kNondeterminism:
      return "unsupported";
    case Defect::kNotJudged:
      return "limit";
    case Defect::kHarness:
      return "history";
    case Defect::kReplayMismatch:
      return "no replay";
  }
  return "";
}

std::string property_of(const Failure& failure) {
  return failure.defect == Defect::kReported ? failure.label
                                             : std::string(property_of(failure.defect));
}

Failure failure_of(const Violation& violation) {
  switch (violation.status) {
    case HistoryStatus::kTooLong:
      return {.defect = Defect::kNotJudged, .message = violation.message};
    case HistoryStatus::kImpossible:
      return {.defect = Defect::kHarness, .message = violation.message};
    case HistoryStatus::kViolates:
      break;
  }
  return {.defect = Defect::kReported, .label = violation.property, .message = violation.message};
}

}  // namespace slabproof::model
