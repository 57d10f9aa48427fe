// Configurations of the shipped slabs: scopes, backings, protections and contents, each in several
// combinations; caches of both kinds; owners; chunks of one segment and of more; growers that
// share.

#include <array>
#include <span>

#include "slabproof/contents.h"
#include "slabproof/heap_backing.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/siphash_mac.h"
#include "tests/soak/slab_subjects.h"

namespace slabproof::soak {
namespace {

constexpr auto kAll = Recheck::kAllSegments;
constexpr auto kNew = Recheck::kNewSegments;
using None = NoProtection;
using Mac = SipHashMac;
using States = SlotStates<>;
using Both = SlotStates<SipHashMac>;
using Mmap = MmapBacking;
using Heap = testing::WipingHeap;
using Keep = KeepContents;
using Zero = ZeroOnAllocate;

template <class Config>
struct Sharing : Config {
  static constexpr Growth growth = Growth::kShared;
};

}  // namespace

std::span<const Kind> kinds() {
  static const std::array all = {
      shared_kind<Cell<24, 8>, SoakConfig<kAll, Mmap, None, Keep, 1, 16>>("shared"),
      shared_kind<Cell<64, 64>, SoakConfig<kAll, Mmap, States, Keep, 1, 0>>("shared-states"),
      shared_kind<Cell<7, 1>, SoakConfig<kAll, Heap, Mac, ScrubOnFree, 1, 0>>("shared-mac-scrub"),
      shared_kind<Cell<1000, 8>, SoakConfig<kAll, Mmap, Both, ScrubAndZero, 1, 4>>(
          "shared-states-mac-scrub-zero"),
      shared_kind<Cell<16, 16>, SoakConfig<kNew, Heap, None, Zero, 1, 4>>("shared-new-zero"),
      shared_kind<Cell<40, 8>, SoakConfig<kNew, Mmap, States, ScrubOnFree, 1, 16>>(
          "shared-new-states-scrub"),
      shared_kind<Cell<4096, 4096>, SoakConfig<kNew, Mmap, Mac, Keep, 1, 0>>("shared-new-mac"),
      shared_kind<Cell<32, 8>, Sharing<SoakConfig<kAll, Mmap, States, Keep, 1, 0>>>(
          "shared-states-growth"),
      cached_kind<Cell<64, 64>, SoakConfig<kAll, Mmap, None, Keep, 8, 16>, Caches::kAutomatic>(
          "cached"),
      cached_kind<Cell<24, 8>, SoakConfig<kNew, Heap, Mac, Zero, 2, 0>, Caches::kAutomatic>(
          "cached-new-mac-zero"),
      cached_kind<Cell<16, 8>, Sharing<SoakConfig<kNew, Mmap, None, Keep, 2, 4>>,
                  Caches::kAutomatic>("cached-new-growth"),
      cached_kind<Cell<48, 16>, SoakConfig<kAll, Heap, None, ScrubAndZero, 3, 4>, Caches::kHeld>(
          "cached-held-scrub-zero"),
      cached_kind<Cell<8, 8>, SoakConfig<kNew, Mmap, Mac, Keep, 1, 0>, Caches::kHeld>(
          "cached-held-new-mac"),
      owner_kind<Cell<40, 8>, SoakConfig<kAll, Mmap, None, Keep, 4, 16>>("owner"),
      owner_kind<Cell<24, 8>, SoakConfig<kAll, Heap, States, Zero, 1, 0>>("owner-states-zero"),
      owner_kind<Cell<64, 64>, SoakConfig<kNew, Mmap, Mac, ScrubOnFree, 16, 4>>(
          "owner-new-mac-scrub"),
  };
  return all;
}

}  // namespace slabproof::soak
