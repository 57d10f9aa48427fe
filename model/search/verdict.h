#ifndef SLABPROOF_MODEL_SEARCH_VERDICT_H_
#define SLABPROOF_MODEL_SEARCH_VERDICT_H_

#include <algorithm>
#include <cstdint>

namespace slabproof::model {

/// What a search came to, from the one that ran it to the exit code of the command. In the order in
/// which one wins over another.
enum class Verdict : std::uint8_t {
  kHolds,         ///< the search did all that it set out to do, and nothing failed
  kInconclusive,  ///< nothing failed, but something was left out or passed over
  kUnsupported,   ///< the program does what the checker does not model, or records more than it can
  kViolated,
};

/// The verdict on a whole from those on its parts.
constexpr Verdict worse_of(Verdict a, Verdict b) noexcept {
  return std::max(a, b);
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_VERDICT_H_
