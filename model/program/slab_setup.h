#ifndef SLABPROOF_MODEL_PROGRAM_SLAB_SETUP_H_
#define SLABPROOF_MODEL_PROGRAM_SLAB_SETUP_H_

#include <cstdint>
#include <string_view>

namespace slabproof::model {

/// The slab that a program runs on. No type of the library appears here, since a mutant of the
/// library, whose types are its own, is set up by it too.
struct SlabSetup {
  std::uint32_t capacity = 1;  ///< slots of a segment
  std::uint32_t initial_segments = 0;
  bool recheck_all = true;   ///< phase 3 of growth looks at all segments, not only at new ones
  bool slot_states = false;  ///< freelist protection SlotStates, else none

  friend constexpr bool operator==(const SlabSetup&, const SlabSetup&) = default;
};

/// "all" or "new".
[[nodiscard]] constexpr std::string_view recheck_name(bool recheck_all) {
  return recheck_all ? "all" : "new";
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_SLAB_SETUP_H_
