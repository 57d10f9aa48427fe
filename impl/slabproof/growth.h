#ifndef SLABPROOF_GROWTH_H_
#define SLABPROOF_GROWTH_H_

#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

/// What a call does that finds no slot while others are on their way with a segment. Both are exact
/// in what they install (property S6), and differ in what they ask of the backing.
enum class Growth : std::uint8_t {
  /// It asks the backing too, and waits for growers only if it is refused. Of the segments that
  /// come, those that turn out not to be needed go back.
  kRacing,
  /// It waits for the growers in flight, where the segments that they ask for have room for all
  /// that they, those who wait for them, and it lack: so of n calls for one block that meet a full
  /// slab together ceil(n / capacity) ask (property L7). The growers serve it before anyone who
  /// comes later. It waits for growers once: where they leave nothing for it, since they were
  /// refused, it asks too. A call may so take as long as the request of another.
  kShared,
};

}  // namespace slabproof

#endif  // SLABPROOF_GROWTH_H_
