// Sizes, alignments and capacities at the edges of arithmetic: every result of `Layout` and of the
// plans of slabs against the same in 128 bits, and whole slabs where they are small enough.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <expected>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/landmarks.h"
#include "fuzz/engine/records.h"
#include "fuzz/slab/keyed_kinds.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/layout.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/segment.h"
#include "slabproof/slot_freelist.h"

namespace slabproof::fuzz {
namespace {

// The extension is the point: an independent arithmetic that cannot overflow here.
__extension__ using Wide = unsigned __int128;

const Landmark kValidLayout("a valid layout");
const Landmark kInvalidLayout("an invalid layout");
const Landmark kOverflow("an overflow");
const Landmark kPlanned("a plan of slots");
const Landmark kNoCapacity("an impossible capacity");
const Landmark kPlanOverflow("a plan that overflows");
const Landmark kPlannedSegment("a plan of a segment");
const Landmark kSegmentOverflow("a segment that fits no chunk");
const Landmark kBuilt("a whole slab");
const Landmark kRefusedInline("a region that an inline backing refuses");

/// A layout, a capacity, a header, a type: eight bytes a number, the lowest first. An edit of a
/// record is an edit of a number.
struct Numbers {
  static constexpr RecordShape kShape = {.header_size = 0, .record_size = 8};
  std::array<std::uint64_t, 5> values{};
  [[nodiscard]] std::size_t size() const { return values[0]; }
  [[nodiscard]] std::size_t alignment() const { return values[1]; }
  [[nodiscard]] std::size_t capacity() const { return values[2]; }
  [[nodiscard]] std::size_t header_size() const { return values[3] % 65536; }
  [[nodiscard]] std::size_t type() const { return values[4]; }
};

Numbers numbers_of(Bytes input) {
  Numbers numbers;
  const std::size_t size = std::min(input.size(), sizeof(numbers.values));
  std::memcpy(numbers.values.data(), input.data(), size);
  return numbers;
}

Wide round_up(Wide size, Wide alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

/// What `Layout::make` must say.
std::expected<Wide, AllocError> expected_padded_size(Wide size, std::size_t alignment) {
  if (size == 0 || std::popcount(alignment) != 1) {
    return std::unexpected(AllocError::kInvalidLayout);
  }
  if (size + alignment - 1 > kMaxRegionBytes) return std::unexpected(AllocError::kLayoutOverflow);
  return round_up(size, alignment);
}

void judge_layout(const std::expected<Layout, AllocError>& layout, Wide size,
                  std::size_t alignment) {
  const auto padded = expected_padded_size(size, alignment);
  if (!padded) {
    (padded.error() == AllocError::kInvalidLayout ? kInvalidLayout : kOverflow).reach();
    require(!layout && layout.error() == padded.error(), "S11", "a layout that must be refused");
    return;
  }
  kValidLayout.reach();
  require(layout.has_value(), "S11", "a valid layout was refused");
  require(layout->size() == size && layout->alignment() == alignment, "S2", "another layout");
  require(layout->padded_size() == *padded, "S2", "another padded size");
}

template <class T, class Config>
void judge_plan(std::size_t capacity, std::size_t header_size) {
  using Freelist = SlotFreelist<T, Config>;
  const auto plan = Freelist::plan(capacity, header_size);
  if (capacity == 0 || capacity >= std::numeric_limits<std::uint32_t>::max()) {
    kNoCapacity.reach();
    require(!plan && plan.error() == AllocError::kInvalidCapacity, "S11", "an impossible capacity");
    return;
  }
  constexpr Wide alignment = std::max<Wide>(Freelist::slot_alignment, Freelist::kSlotsAlignment);
  const Wide states = round_up(header_size, alignof(std::uint64_t));
  const Wide state_bytes = Config::Protection::tracks_slots ? Wide{(capacity + 63) / 64} * 8 : 0;
  const Wide slots = round_up(states + state_bytes, alignment);
  const Wide size = slots + Wide{capacity} * Freelist::stride;
  if (size + alignment - 1 > kMaxRegionBytes) {
    kPlanOverflow.reach();
    require(!plan && plan.error() == AllocError::kLayoutOverflow, "S11",
            "a plan that overflows was made");
    return;
  }
  kPlanned.reach();
  require(plan.has_value(), "S11", "a possible plan was refused");
  require(plan->capacity == capacity && plan->states_offset == states &&
              plan->slots_offset == slots && plan->size == size,
          "S2", "the parts of a region lie elsewhere");
}

template <class T, class Config>
void judge_segment_plan(std::size_t capacity) {
  using SegmentType = Segment<T, Config>;
  const auto slots = SegmentType::Freelist::plan(capacity, sizeof(SegmentType));
  const auto plan = SegmentType::plan(capacity);
  if (!slots) {
    require(!plan && plan.error() == slots.error(), "S11", "a segment of impossible slots");
    return;
  }
  constexpr Wide alignment = std::max<Wide>(SegmentType::Freelist::slot_alignment, 64);
  const Wide first = round_up(sizeof(typename SegmentType::Chunk), alignment);
  const Wide place = round_up(slots->size, alignment);
  if (first + place + std::max<Wide>(alignment, 128) - 1 > kMaxRegionBytes) {
    kSegmentOverflow.reach();
    require(!plan && plan.error() == AllocError::kLayoutOverflow, "S11",
            "a segment that fits no chunk was planned");
    return;
  }
  kPlannedSegment.reach();
  require(plan.has_value(), "S11", "a possible segment was refused");
  require(plan->geometry.size == slots->size && plan->place.size == place, "S2",
          "a place of another size than its slots need");
  require(plan->place.first == first && plan->place.alignment == alignment, "S2",
          "places that lie elsewhere in a chunk");
}

/// Takes every slot of one segment, writes all of it, and gives it back.
void exercise(model::AnySlab& slab, std::size_t capacity) {
  const model::SlabTraits traits = slab.traits();
  std::vector<std::byte*> blocks;
  for (std::size_t i = 0; i < capacity; ++i) {
    const auto block = slab.allocate();
    require(block && block->size == traits.stride, "L3", "a slot of the first segment was refused");
    require(std::bit_cast<std::uintptr_t>(block->data) % traits.slot_alignment == 0, "S2",
            "a misaligned block");
    std::memset(block->data, static_cast<int>(i % 251), block->size);
    blocks.push_back(block->data);
  }
  require(slab.segment_count() == 1, "S6", "one segment was enough");
  for (std::size_t i = 0; i < capacity; ++i) {
    const std::byte* const last = blocks[i] + traits.stride - 1;
    const auto expected = static_cast<std::byte>(i % 251);
    require(*blocks[i] == expected && *last == expected, "S1", "two blocks overlap");
    require(slab.deallocate(blocks[i]), "S12", "a live block was refused");
  }
  kBuilt.reach();
}

constexpr std::size_t kMaxBytesToBuild = std::size_t{1} << 18;

template <class T, class Memory, class Protection>
void judge_type(const Numbers& numbers) {
  using Config = testing::ObservedConfig<Recheck::kAllSegments, Memory, Protection>;
  judge_plan<T, Config>(numbers.capacity(), numbers.header_size());
  judge_segment_plan<T, Config>(numbers.capacity());
  const auto plan = Segment<T, Config>::plan(numbers.capacity());
  if (plan && plan->geometry.size > kMaxBytesToBuild) return;
  const auto growable = model::construct(std::make_unique<KeyedGrowable<T, Memory, Protection>>(),
                                         numbers.capacity(), 0);
  const auto fixed = model::construct(std::make_unique<KeyedFixed<T, Memory, Protection>>(),
                                      numbers.capacity(), 0);
  if (!plan) {
    require(growable->error() && fixed->error(), "S11", "an impossible slab is not an error");
    return;
  }
  exercise(*growable, numbers.capacity());
  exercise(*fixed, numbers.capacity());
}

template <class T>
void judge_inline(const Numbers& numbers) {
  constexpr std::size_t kBytes = 1024;
  using Memory = InlineBacking<kBytes>;
  using Config = testing::ObservedConfig<Recheck::kAllSegments, Memory, SlotStates<>>;
  const auto plan = SlotFreelist<T, Config>::plan(numbers.capacity(), 0);
  const bool fits = plan && plan->size <= kBytes;
  const auto slab = model::construct(std::make_unique<KeyedFixed<T, Memory, SlotStates<>>>(),
                                     numbers.capacity(), 0);
  require(slab->error().has_value() == !fits, "S11", "an inline slab that does not fit, or does");
  if (fits) {
    exercise(*slab, numbers.capacity());
  } else {
    kRefusedInline.reach();
  }
}

/// AddressSanitizer guards the ends of these regions.
using Heap = HeapBacking;
using Mmap = MmapBacking;

struct TypeUnderTest {
  std::string_view name;
  void (*judge)(const Numbers& numbers);
};

constexpr std::array kTypes = {
    TypeUnderTest{"1 byte", judge_type<model::Cell<1, 1>, Heap, NoProtection>},
    TypeUnderTest{"1 byte, slot states", judge_type<model::Cell<1, 1>, Heap, SlotStates<>>},
    TypeUnderTest{"7 bytes, MAC", judge_type<model::Cell<7, 1>, Mmap, SipHashMac>},
    TypeUnderTest{"12 bytes", judge_type<model::Cell<12, 4>, Heap, SlotStates<SipHashMac>>},
    TypeUnderTest{"64 bytes", judge_type<model::Cell<64, 64>, Mmap, SlotStates<>>},
    TypeUnderTest{"4097 bytes", judge_type<model::Cell<4097, 1>, Heap, NoProtection>},
    TypeUnderTest{"64 KiB, as aligned", judge_type<model::Cell<65536, 65536>, Mmap, SlotStates<>>},
    TypeUnderTest{"4 GiB", judge_type<model::Cell<std::size_t{1} << 32, 8>, Mmap, SlotStates<>>},
    // Eight of them fit a region with the header of a segment, but not with that of a chunk as
    // well.
    TypeUnderTest{"1 EiB, nearly",
                  judge_type<model::Cell<(std::size_t{1} << 60) - 24, 1>, Mmap, NoProtection>},
    TypeUnderTest{"8 bytes, inline", judge_inline<model::Cell<8, 8>>},
    TypeUnderTest{"24 bytes, inline", judge_inline<model::Cell<24, 8>>},
};

const TypeUnderTest& type_of(const Numbers& numbers) {
  return kTypes[numbers.type() % kTypes.size()];
}

/// A number at an edge: near a power of two, near a limit, or a quotient of a limit.
std::uint64_t edge(Random& random) {
  const std::uint64_t near = random.below(5);
  switch (random.below(4)) {
    case 0:
      return (std::uint64_t{1} << random.below(64)) + near - 2;
    case 1:
      return kMaxRegionBytes + near - 2;
    case 2:
      return kMaxRegionBytes / random.between(1, 5000) + near - 2;
    default:
      return random.below(300);
  }
}

}  // namespace

void run_input(Bytes input) {
  begin_input(input);
  const Numbers numbers = numbers_of(input);
  const auto layout = Layout::make(numbers.size(), numbers.alignment());
  judge_layout(layout, numbers.size(), numbers.alignment());
  type_of(numbers).judge(numbers);
  require(testing::regions_held() == 0, "S11", "a region outlived its slab");
}

std::string describe_input(Bytes input) {
  const Numbers numbers = numbers_of(input);
  return fmt::format("layout: size {}, alignment {}\nslab: {}, capacity {}, header {} bytes",
                     numbers.size(), numbers.alignment(), type_of(numbers).name, numbers.capacity(),
                     numbers.header_size());
}

Input mutate_input(Bytes input, std::size_t max_size, Random& random) {
  Numbers numbers = numbers_of(input);
  const std::size_t edits = random.between(1, 3);
  for (std::size_t i = 0; i < edits; ++i) {
    std::uint64_t& value = numbers.values[random.below(numbers.values.size())];
    switch (random.below(4)) {
      case 0:
        value = numbers.values[random.below(numbers.values.size())];
        break;
      case 1:
        value += random.below(9) - 4;
        break;
      default:
        value = edge(random);
    }
  }
  Input mutated(std::min(sizeof(numbers.values), max_size));
  std::memcpy(mutated.data(), numbers.values.data(), mutated.size());
  return mutated;
}

Input cross_inputs(Bytes first, Bytes second, std::size_t max_size, Random& random) {
  return cross_records(first, second, Numbers::kShape, max_size, random);
}

std::vector<Input> simpler_inputs(Bytes input) {
  return simpler_records(input, Numbers::kShape);
}

}  // namespace slabproof::fuzz
