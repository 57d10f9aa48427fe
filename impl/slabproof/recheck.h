#ifndef SLABPROOF_RECHECK_H_
#define SLABPROOF_RECHECK_H_

#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

/// Which segments phase 3 of growth looks at before it installs its own.
enum class Recheck : std::uint8_t {
  /// All of them. A segment is installed only when every slot is live at that instant, so growth
  /// is exact (property S6).
  kAllSegments,
  /// Only those installed since phase 1. Threads that all saw a full slab may each install a
  /// segment although everything was freed meanwhile; the excess is bounded (property S7).
  kNewSegments,
};

}  // namespace slabproof

#endif  // SLABPROOF_RECHECK_H_
