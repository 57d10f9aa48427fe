// Long programs of one thread on slabs of every policy, judged step by step.

#include <fmt/format.h>

#include <array>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/records.h"
#include "fuzz/slab/keyed_kinds.h"
#include "fuzz/slab/slab_exerciser.h"
#include "fuzz/slab/slab_script.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/mmap_backing.h"
#include "tests/support/slab_kind.h"

namespace slabproof::fuzz {
namespace {

using model::Cell;
using testing::slab_kind;
using Mmap = MmapBacking;
using Heap = HeapBacking;
constexpr Recheck kNew = Recheck::kNewSegments;

/// Sizes around a link, a cache line and a page; every protection; both scopes. The heap stands
/// beside the kernel's pages because AddressSanitizer guards the end of each of its regions.
const std::array kKinds = {
    slab_kind<KeyedGrowable<Cell<8, 8>, Mmap, NoProtection>>("8 bytes"),
    slab_kind<KeyedGrowable<Cell<64, 64>, Mmap, NoProtection, kNew>>("64 bytes, new segments"),
    slab_kind<KeyedGrowable<Cell<1, 1>, Mmap, SlotStates<>>>("1 byte, slot states"),
    slab_kind<KeyedGrowable<Cell<24, 8>, Mmap, SipHashMac, kNew>>("24 bytes, MAC, new segments"),
    slab_kind<KeyedGrowable<Cell<7, 1>, Mmap, SlotStates<SipHashMac>>>(
        "7 bytes, MAC and slot states"),
    slab_kind<KeyedGrowable<Cell<4096, 4096>, Mmap, SlotStates<>, kNew>>(
        "a page, slot states, new segments"),
    slab_kind<KeyedGrowable<Cell<40, 128>, Mmap, SlotStates<SipHashMac>, kNew>>(
        "over-aligned, MAC and slot states, new segments"),
    slab_kind<KeyedGrowable<Cell<24, 8>, Heap, NoProtection>>("24 bytes, heap"),
    slab_kind<KeyedGrowable<Cell<100, 4>, Heap, SlotStates<>, kNew>>(
        "100 bytes, heap, slot states, new segments"),
    slab_kind<KeyedGrowable<Cell<8192, 64>, Mmap, SipHashMac>>("two pages, MAC"),
    slab_kind<KeyedFixed<Cell<48, 16>, Mmap, SlotStates<>>>("48 bytes, fixed, slot states"),
    slab_kind<KeyedFixed<Cell<8, 8>, InlineBacking<std::size_t{64} * 8>, NoProtection>>(
        "8 bytes, fixed, inline"),
    slab_kind<KeyedFixed<Cell<3, 1>, Heap, SlotStates<SipHashMac>>>(
        "3 bytes, fixed, heap, MAC and slot states"),
};

const testing::SlabKind& kind_of(const SlabScript& script) {
  return kKinds[script.variant % kKinds.size()];
}

void run_script(const SlabScript& script) {
  const model::OwnedSlab slab = kind_of(script).make(script.capacity, script.initial_segments);
  SlabExerciser(script, *slab).run();
}

}  // namespace

void run_input(Bytes input) {
  begin_input(input);
  run_script(script_from_bytes(input));
  if (testing::regions_held() != 0) fail("S11", "a region outlived its slab");
}

std::string describe_input(Bytes input) {
  const SlabScript script = script_from_bytes(input);
  return fmt::format("slab: {}\ncapacity: {}\ninitial segments: {}\nprogram: {}",
                     kind_of(script).name, script.capacity, script.initial_segments,
                     to_text(script));
}

Input mutate_input(Bytes input, std::size_t max_size, Random& random) {
  return mutate_records(input, SlabScript::kShape, max_size, random);
}

Input cross_inputs(Bytes first, Bytes second, std::size_t max_size, Random& random) {
  return cross_records(first, second, SlabScript::kShape, max_size, random);
}

std::vector<Input> simpler_inputs(Bytes input) {
  return simpler_records(input, SlabScript::kShape);
}

}  // namespace slabproof::fuzz
