// Programs of one thread with writes into free slots in between, on slabs of every protection.

#include <fmt/format.h>

#include <array>
#include <memory>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/records.h"
#include "fuzz/slab/any_slab.h"
#include "fuzz/slab/corruption_exerciser.h"
#include "fuzz/slab/slab_script.h"

namespace slabproof::fuzz {
namespace {

using Mmap = RefusableBacking<MmapBacking>;
/// AddressSanitizer guards the ends of these regions, and so sees a read past a segment.
using Heap = RefusableBacking<HeapBacking>;

constexpr std::array kKinds = {
    growable_kind<Element<16, 8>, FuzzConfig<Heap, SipHashMac>>("16 bytes, heap, MAC"),
    growable_kind<Element<16, 8>, FuzzConfig<Heap, SlotStates<>>>("16 bytes, heap, slot states"),
    growable_kind<Element<32, 8>, FuzzConfig<Mmap, SlotStates<SipHashMac>>>(
        "32 bytes, MAC and slot states"),
    growable_kind<std::uint64_t, FuzzConfig<Heap, NoProtection>>("8 bytes, heap, no protection"),
    growable_kind<Element<1, 1>, FuzzConfig<Mmap, SipHashMac, Recheck::kNewSegments>>(
        "1 byte, MAC, new segments"),
};

/// A segment of more slots than this is never walked through by a script.
constexpr std::size_t kMaxSlots = 65;

const SlabKind& kind_of(const SlabScript& script) {
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
    const std::unique_ptr<AnySlab> slab = kind_of(script).make(
        kind_of(script).name, script.capacity, InitialSegments{script.initial_segments});
    CorruptionExerciser(script, *slab).run();
  }
  require(backing_tally.mapped == 0, "S11", "a region outlived its slab");
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
