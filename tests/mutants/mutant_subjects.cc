// The instantiations that a mutant is tried on: few, since they are compiled for each bug, but
// with both scopes, with and without protection, and with a backing that grants exactly what is
// asked for, so that the directory widens often. They are among those of shipped_subjects.cc, so
// that a case that a mutant was found with can be kept in tests/properties/regressions.

#include <array>
#include <span>

#include "slabproof/siphash_mac.h"
#include "tests/properties/observed_kinds.h"

namespace slabproof::properties {

std::span<const SlabKind> subjects() {
  constexpr auto kAll = Recheck::kAllSegments;
  constexpr auto kNew = Recheck::kNewSegments;
  using Both = SlotStates<SipHashMac>;
  static const std::array all = {
      growable<Cell<64, 64>, kAll, HeapBacking, SipHashMac>("SipHashMac"),
      growable<Cell<256, 128>, kNew, HeapBacking, NoProtection>("NoProtection"),
      growable<Cell<4096, 4096>, kAll, MmapBacking, Both>("SlotStates+SipHashMac"),
      fixed<Cell<48, 16>, HeapBacking, NoProtection>("NoProtection"),
      fixed<Cell<16, 8>, MmapBacking, Both>("SlotStates+SipHashMac"),
      cached<Cell<64, 64>, 1, HeapBacking, model::Caches::kHeld>(),
      cached<Cell<16, 16>, 2, HeapBacking, model::Caches::kAutomatic>(),
      owner<Cell<40, 8>, 1, HeapBacking>(),
  };
  return all;
}

}  // namespace slabproof::properties
