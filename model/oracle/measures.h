#ifndef SLABPROOF_MODEL_ORACLE_MEASURES_H_
#define SLABPROOF_MODEL_ORACLE_MEASURES_H_

#include <cstdint>

namespace slabproof::model {

/// What an execution came to.
struct Measures {
  std::uint64_t segments = 0;
  /// Blocks held at once, in the order of critical sections; those in caches are held, too.
  std::uint64_t peak_live = 0;
  std::uint64_t over_growth = 0;  ///< segments - max(initial, ceil(peak live / capacity))
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_MEASURES_H_
