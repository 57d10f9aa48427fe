#ifndef SLABPROOF_SLAB_STATS_H_
#define SLABPROOF_SLAB_STATS_H_

#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

/// A growable slab at one instant, counted in slots unless said otherwise.
///
/// free + live + uncarved + abandoned = segments x capacity, always (property S4). The slots of a
/// segment that `trim` holds count as when it took the segment out; those whose pages went count as
/// uncarved when it is back.
struct SlabStats {
  /// Segments now.
  std::uint64_t segments = 0;
  std::uint64_t capacity = 0;   ///< slots of one segment
  std::uint64_t live = 0;       ///< handed out
  std::uint64_t peak_live = 0;  ///< the most that were handed out at once
  std::uint64_t free = 0;       ///< given back, on a freelist
  std::uint64_t uncarved = 0;   ///< not handed out since their pages were last fresh
  std::uint64_t abandoned = 0;  ///< lost behind a corrupt link

  std::uint64_t growers = 0;           ///< allocations between phase 1 and phase 3
  std::uint64_t directory_room = 0;    ///< segments that the directory can hold
  std::uint64_t foreign_pointers = 0;  ///< bad pointers, by kind, since construction
  /// Frees of a pointer into a block, but not to its start.
  std::uint64_t misaligned_pointers = 0;
  /// Frees of a block that was free.
  std::uint64_t repeated_frees = 0;
  /// Links of a freelist that were not what the slab had written.
  std::uint64_t corrupt_links = 0;
  std::uint64_t writes_after_free = 0;  ///< that `CheckFreed` noticed, since construction

  /// Count by count.
  friend constexpr bool operator==(const SlabStats&, const SlabStats&) = default;
};

}  // namespace slabproof

#endif  // SLABPROOF_SLAB_STATS_H_
