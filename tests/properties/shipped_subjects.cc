// The instantiations of the shipped slabs: every pair of scope, backing and protection of a
// growable slab, every pair of backing and protection of a fixed one, and a size and an alignment
// for each, small, odd, large and over-aligned. Caches and owners, which stand on a growable slab,
// differ in what moves together.

#include <array>
#include <span>

#include "slabproof/siphash_mac.h"
#include "tests/properties/observed_kinds.h"

namespace slabproof::properties {
namespace {

constexpr auto kAll = Recheck::kAllSegments;
constexpr auto kNew = Recheck::kNewSegments;
using Mac = SipHashMac;
using States = SlotStates<>;
using Both = SlotStates<SipHashMac>;
using Inline = InlineBacking<65536, 128>;

}  // namespace

std::span<const SlabKind> subjects() {
  static const std::array all = {
      growable<Cell<1, 1>, kAll, MmapBacking, NoProtection>("NoProtection"),
      growable<Cell<7, 1>, kAll, HeapBacking, NoProtection>("NoProtection"),
      growable<Cell<24, 8>, kAll, MmapBacking, Mac>("SipHashMac"),
      growable<Cell<64, 64>, kAll, HeapBacking, Mac>("SipHashMac"),
      growable<Cell<8, 8>, kAll, MmapBacking, States>("SlotStates"),
      growable<Cell<100, 4>, kAll, HeapBacking, States>("SlotStates"),
      growable<Cell<4096, 4096>, kAll, MmapBacking, Both>("SlotStates+SipHashMac"),
      growable<Cell<40, 8>, kAll, HeapBacking, Both>("SlotStates+SipHashMac"),
      growable<Cell<16, 16>, kNew, MmapBacking, NoProtection>("NoProtection"),
      growable<Cell<256, 128>, kNew, HeapBacking, NoProtection>("NoProtection"),
      growable<Cell<3, 1>, kNew, MmapBacking, Mac>("SipHashMac"),
      growable<Cell<12, 4>, kNew, HeapBacking, Mac>("SipHashMac"),
      growable<Cell<1000, 8>, kNew, MmapBacking, States>("SlotStates"),
      growable<Cell<8, 2>, kNew, HeapBacking, States>("SlotStates"),
      growable<Cell<65536, 65536>, kNew, MmapBacking, Both>("SlotStates+SipHashMac"),
      growable<Cell<72, 8>, kNew, HeapBacking, Both>("SlotStates+SipHashMac"),
      fixed<Cell<1, 1>, MmapBacking, NoProtection>("NoProtection"),
      fixed<Cell<48, 16>, HeapBacking, NoProtection>("NoProtection"),
      fixed<Cell<8, 8>, Inline, NoProtection>("NoProtection"),
      fixed<Cell<5, 1>, MmapBacking, Mac>("SipHashMac"),
      fixed<Cell<64, 64>, HeapBacking, Mac>("SipHashMac"),
      fixed<Cell<24, 8>, Inline, Mac>("SipHashMac"),
      fixed<Cell<512, 512>, MmapBacking, States>("SlotStates"),
      fixed<Cell<9, 1>, HeapBacking, States>("SlotStates"),
      fixed<Cell<128, 128>, Inline, States>("SlotStates"),
      fixed<Cell<16, 8>, MmapBacking, Both>("SlotStates+SipHashMac"),
      fixed<Cell<200, 8>, HeapBacking, Both>("SlotStates+SipHashMac"),
      fixed<Cell<2, 2>, Inline, Both>("SlotStates+SipHashMac"),
      cached<Cell<64, 64>, 1, HeapBacking, model::Caches::kHeld>(),
      cached<Cell<24, 8>, 3, MmapBacking, model::Caches::kHeld>(),
      cached<Cell<16, 16>, 2, HeapBacking, model::Caches::kAutomatic>(),
      owner<Cell<40, 8>, 1, HeapBacking>(),
      owner<Cell<64, 64>, 3, MmapBacking>(),
  };
  return all;
}

}  // namespace slabproof::properties
