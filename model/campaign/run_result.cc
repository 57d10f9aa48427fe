#include "model/campaign/run_result.h"

namespace slabproof::model {

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kViolated:
      return "violated";
    case Verdict::kInconclusive:
    case Verdict::kUnsupported:
      return "inconclusive";
  }
  return "inconclusive";
}

}  // namespace slabproof::model
