// The configurations that a mutant is tried on: few, since they are compiled for each bug.

#include <array>
#include <span>

#include "slabproof/contents.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/siphash_mac.h"
#include "tests/soak/slab_subjects.h"

namespace slabproof::soak {

std::span<const Kind> kinds() {
  constexpr auto kAll = Recheck::kAllSegments;
  constexpr auto kNew = Recheck::kNewSegments;
  using Both = SlotStates<SipHashMac>;
  using Heap = testing::WipingHeap;
  static const std::array all = {
      shared_kind<Cell<64, 64>, SoakConfig<kAll, MmapBacking, NoProtection, KeepContents, 1, 16>>(
          "shared"),
      shared_kind<Cell<40, 8>, SoakConfig<kNew, Heap, Both, ScrubAndZero, 1, 0>>(
          "shared-new-states-mac-scrub-zero"),
      cached_kind<Cell<24, 8>, SoakConfig<kAll, Heap, NoProtection, KeepContents, 2, 0>,
                  Caches::kAutomatic>("cached"),
      owner_kind<Cell<40, 8>, SoakConfig<kAll, Heap, NoProtection, KeepContents, 4, 0>>("owner"),
  };
  return all;
}

}  // namespace slabproof::soak
