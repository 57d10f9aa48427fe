// Programs of one thread with writes into free slots in between, on slabs of every protection.

#include <fmt/format.h>

#include <array>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/records.h"
#include "fuzz/slab/corruption_exerciser.h"
#include "fuzz/slab/keyed_kinds.h"
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
/// AddressSanitizer guards the ends of these regions, and so sees a read past a segment.
using Heap = HeapBacking;

const std::array kKinds = {
    slab_kind<KeyedGrowable<Cell<16, 8>, Heap, SipHashMac>>("16 bytes, heap, MAC"),
    slab_kind<KeyedGrowable<Cell<16, 8>, Heap, SlotStates<>>>("16 bytes, heap, slot states"),
    slab_kind<KeyedGrowable<Cell<32, 8>, Mmap, SlotStates<SipHashMac>>>(
        "32 bytes, MAC and slot states"),
    slab_kind<KeyedGrowable<Cell<8, 8>, Heap, NoProtection>>("8 bytes, heap, no protection"),
    slab_kind<KeyedGrowable<Cell<1, 1>, Mmap, SipHashMac, Recheck::kNewSegments>>(
        "1 byte, MAC, new segments"),
};

/// A segment of more slots than this is never walked through by a script.
constexpr std::size_t kMaxSlots = 65;

const testing::SlabKind& kind_of(const SlabScript& script) {
  return kKinds[script.variant % kKinds.size()];
}

SlabScript possible_script(Bytes input) {
  SlabScript script = script_from_bytes(input);
  script.capacity = 1 + (script.capacity - 1) % kMaxSlots;
  return script;
}

}  // namespace

void run_input(Bytes input) {
  begin_input(input);
  const SlabScript script = possible_script(input);
  {
    const model::OwnedSlab slab = kind_of(script).make(script.capacity, script.initial_segments);
    CorruptionExerciser(script, *slab).run();
  }
  require(testing::regions_held() == 0, "S11", "a region outlived its slab");
}

std::string describe_input(Bytes input) {
  const SlabScript script = possible_script(input);
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
