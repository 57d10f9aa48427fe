#ifndef SLABPROOF_MODEL_SEARCH_FAILURE_H_
#define SLABPROOF_MODEL_SEARCH_FAILURE_H_

#include <string>
#include <string_view>

namespace slabproof::model {

/// Why an execution is no good: the property that it breaks and a sentence that says how.
///
/// `property` is an id of the catalogue ("S8"), or `kUnsupported` where the program asks for
/// something that the checker does not model, so that nothing can be said about it, or
/// `kNoReplay` where a schedule does not fit the program it was given for.
struct Failure {
  static constexpr std::string_view kUnsupported = "unsupported";
  static constexpr std::string_view kNoReplay = "no replay";

  std::string property;
  std::string message;

  friend bool operator==(const Failure&, const Failure&) = default;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_FAILURE_H_
