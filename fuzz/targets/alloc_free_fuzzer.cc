// Long programs of one thread on slabs of every policy, judged step by step.

#include <fmt/format.h>

#include <array>
#include <memory>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/records.h"
#include "fuzz/slab/any_slab.h"
#include "fuzz/slab/slab_exerciser.h"
#include "fuzz/slab/slab_script.h"

namespace slabproof::fuzz {
namespace {

using Mmap = RefusableBacking<MmapBacking>;
using Heap = RefusableBacking<HeapBacking>;
constexpr Recheck kNew = Recheck::kNewSegments;

/// Sizes around a link, a cache line and a page; every protection; both scopes. The heap stands
/// beside the kernel's pages because AddressSanitizer guards the end of each of its regions.
constexpr std::array kKinds = {
    growable_kind<std::uint64_t, FuzzConfig<Mmap, NoProtection>>("8 bytes"),
    growable_kind<Element<64, 64>, FuzzConfig<Mmap, NoProtection, kNew>>("64 bytes, new segments"),
    growable_kind<Element<1, 1>, FuzzConfig<Mmap, SlotStates<>>>("1 byte, slot states"),
    growable_kind<Element<24, 8>, FuzzConfig<Mmap, SipHashMac, kNew>>(
        "24 bytes, MAC, new segments"),
    growable_kind<Element<7, 1>, FuzzConfig<Mmap, SlotStates<SipHashMac>>>(
        "7 bytes, MAC and slot states"),
    growable_kind<Element<4096, 4096>, FuzzConfig<Mmap, SlotStates<>, kNew>>(
        "a page, slot states, new segments"),
    growable_kind<Element<40, 128>, FuzzConfig<Mmap, SlotStates<SipHashMac>, kNew>>(
        "over-aligned, MAC and slot states, new segments"),
    growable_kind<Element<24, 8>, FuzzConfig<Heap, NoProtection>>("24 bytes, heap"),
    growable_kind<Element<100, 4>, FuzzConfig<Heap, SlotStates<>, kNew>>(
        "100 bytes, heap, slot states, new segments"),
    growable_kind<Element<8192, 64>, FuzzConfig<Mmap, SipHashMac>>("two pages, MAC"),
    fixed_kind<Element<48, 16>, FuzzConfig<Mmap, SlotStates<>>>("48 bytes, fixed, slot states"),
    fixed_kind<std::uint64_t, FuzzConfig<InlineBacking<std::size_t{64} * 8>, NoProtection>>(
        "8 bytes, fixed, inline"),
    fixed_kind<Element<3, 1>, FuzzConfig<Heap, SlotStates<SipHashMac>>>(
        "3 bytes, fixed, heap, MAC and slot states"),
};

const SlabKind& kind_of(const SlabScript& script) {
  return kKinds[script.variant % kKinds.size()];
}

void run_script(const SlabScript& script) {
  const std::unique_ptr<AnySlab> slab = kind_of(script).make(
      kind_of(script).name, script.capacity, InitialSegments{script.initial_segments});
  SlabExerciser(script, *slab).run();
}

}  // namespace

void run_input(Bytes input) {
  begin_input(input);
  run_script(script_from_bytes(input));
  if (backing_tally.mapped != 0) fail("S11", "a region outlived its slab");
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
