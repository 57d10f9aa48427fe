#ifndef SLABPROOF_SLOT_GEOMETRY_H_
#define SLABPROOF_SLOT_GEOMETRY_H_

#include <cstddef>
#include <cstdint>

#include "slabproof/language.h"

namespace slabproof {

/// Where the parts of a region lie: a header of the caller's, then (with `tracks_slots`) one bit a
/// slot, then (where pages inside the run can go back) the page map, then the slots. Offsets in
/// bytes from the start of the region.
struct SlotGeometry {
  std::uint32_t capacity = 0;
  std::uint32_t pages = 0;  ///< that the run may touch; 0 where it has no page map
  std::size_t states_offset = 0;
  std::size_t pages_offset = 0;
  std::size_t slots_offset = 0;
  std::size_t size = 0;  ///< bytes of the region that are used
};

}  // namespace slabproof

#endif  // SLABPROOF_SLOT_GEOMETRY_H_
