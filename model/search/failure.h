#ifndef SLABPROOF_MODEL_SEARCH_FAILURE_H_
#define SLABPROOF_MODEL_SEARCH_FAILURE_H_

#include <string>
#include <string_view>

namespace slabproof::model {

/// Why an execution is no good: the property that it breaks and a sentence that says how.
///
/// `property` is an id of the catalogue ("S8"), or `kUnsupported` where the program asks for
/// something that the checker does not model, so that nothing can be said about it, `kLimit`, or
/// `kNoReplay` where a schedule does not fit the program it was given for.
struct Failure {
  static constexpr std::string_view kUnsupported = "unsupported";
  static constexpr std::string_view kNoReplay = "no replay";

  /// More happened in one execution than can be recorded and judged.
  static constexpr std::string_view kLimit = "limit";

  std::string property;
  std::string message;

  /// Whether it says that the checker could not judge, and not that the program is wrong.
  [[nodiscard]] bool is_no_verdict() const noexcept {
    return property == kUnsupported || property == kLimit;
  }

  friend bool operator==(const Failure&, const Failure&) = default;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_FAILURE_H_
