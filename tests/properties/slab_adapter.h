#ifndef SLABPROOF_TESTS_PROPERTIES_SLAB_ADAPTER_H_
#define SLABPROOF_TESTS_PROPERTIES_SLAB_ADAPTER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/config.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/layout.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/slab.h"
#include "tests/properties/decorated_policies.h"
#include "tests/properties/slab_under_test.h"

namespace slabproof::properties {

/// Asks the constructor of a `Cell` to throw, and is what it throws: with the object's address.
struct Throwing {
  void* object = nullptr;
};

/// An object of a size and an alignment. It leaves its bytes as they are.
template <std::size_t Size, std::size_t Alignment>
struct alignas(Alignment) Cell {
  Cell() noexcept {}
  explicit Cell(Throwing /*wish*/) { throw Throwing{this}; }
  std::byte bytes[Size];
};

template <Recheck kRecheck, class BackingPolicy, class ProtectionPolicy>
struct ObservedConfig : DefaultConfig {
  using Sync = PerturbedSync;
  using Backing = ObservedBacking<BackingPolicy>;
  using Protection = ProtectionPolicy;
  static constexpr Recheck recheck = kRecheck;
};

[[nodiscard]] constexpr Refusal refusal_of(AllocError error) noexcept {
  switch (error) {
    case AllocError::kOutOfMemory:
      return Refusal::kOutOfMemory;
    case AllocError::kInvalidCapacity:
      return Refusal::kInvalidCapacity;
    case AllocError::kInvalidLayout:
      return Refusal::kInvalidLayout;
    case AllocError::kLayoutOverflow:
      return Refusal::kLayoutOverflow;
    case AllocError::kUnsupportedLayout:
      return Refusal::kUnsupportedLayout;
    case AllocError::kSegmentLimit:
      return Refusal::kSegmentLimit;
  }
  return Refusal::kNone;
}

/// What a fixed and a growable slab have in common.
template <class Slab>
class CommonAdapter : public SlabUnderTest {
 public:
  template <class... Arguments>
  explicit CommonAdapter(Arguments... arguments) : slab_(arguments...) {}

  Refusal error() const override {
    return slab_.error() ? refusal_of(*slab_.error()) : Refusal::kNone;
  }
  Handout allocate() override { return handout(slab_.allocate()); }
  Handout allocate_zeroed() override { return handout(slab_.allocate_zeroed()); }
  Handout allocate(std::size_t size, std::size_t alignment) override {
    const auto request = Layout::make(size, alignment);
    if (!request) return {.refusal = refusal_of(request.error())};
    return handout(slab_.allocate(*request));
  }
  Handout create(bool throwing, bool& threw) override {
    threw = false;
    try {
      return object(throwing ? slab_.create(Throwing{}) : slab_.create());
    } catch (const Throwing& thrown) {
      threw = true;
      return {.data = static_cast<std::byte*>(thrown.object), .size = sizeof(Object)};
    }
  }
  Handout make_and_drop_unique() override {
    const auto owner = slab_.make_unique();
    if (!owner) return {.refusal = refusal_of(owner.error())};
    return {.data = reinterpret_cast<std::byte*>(owner->get()), .size = sizeof(Object)};
  }
  void destroy(void* object) override { slab_.destroy(static_cast<Object*>(object)); }
  bool deallocate(void* pointer) override { return slab_.deallocate(pointer); }
  std::optional<std::size_t> usable_size(const void* pointer) const override {
    return slab_.usable_size(pointer);
  }
  std::size_t capacity_bytes() const override { return slab_.capacity_bytes(); }
  std::uint64_t corruption_events() const override { return slab_.corruption_events(); }

 protected:
  using Object = typename Slab::value_type;

  static Handout handout(const std::expected<Block, AllocError>& block) {
    if (!block) return {.refusal = refusal_of(block.error())};
    return {.data = block->data, .size = block->size};
  }
  static Handout object(const std::expected<Object*, AllocError>& made) {
    if (!made) return {.refusal = refusal_of(made.error())};
    return {.data = reinterpret_cast<std::byte*>(*made), .size = sizeof(Object)};
  }

  Slab slab_;
};

template <class Slab>
class GrowableAdapter final : public CommonAdapter<Slab> {
 public:
  GrowableAdapter(std::size_t capacity, InitialSegments initial)
      : CommonAdapter<Slab>(capacity, initial) {}
  explicit GrowableAdapter(std::size_t capacity) : CommonAdapter<Slab>(capacity) {}

  Counters counters() const override {
    const SlabStats stats = this->slab_.stats();
    return {.segments = stats.segments,
            .capacity = stats.capacity,
            .live = stats.live,
            .peak_live = stats.peak_live,
            .free = stats.free,
            .uncarved = stats.uncarved,
            .abandoned = stats.abandoned,
            .growers = stats.growers,
            .directory_room = stats.directory_room,
            .foreign_pointers = stats.foreign_pointers,
            .misaligned_pointers = stats.misaligned_pointers,
            .repeated_frees = stats.repeated_frees,
            .corrupt_links = stats.corrupt_links};
  }
  BatchHandout allocate_batch(std::span<Handout> blocks) override {
    std::vector<Block> raw(blocks.size());
    const auto served = this->slab_.allocate_batch(raw);
    if (!served) return {.served = 0, .refusal = refusal_of(served.error())};
    for (std::size_t i = 0; i < std::min(*served, raw.size()); ++i) {
      blocks[i] = {.data = raw[i].data, .size = raw[i].size};
    }
    return {.served = *served};
  }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    return this->slab_.deallocate_batch(pointers);
  }
  std::size_t segment_count() const override { return this->slab_.segment_count(); }
  std::size_t segment_capacity() const override { return this->slab_.segment_capacity(); }
  std::size_t trim() override { return this->slab_.trim(); }
  bool contains(const void* pointer) const override {
    return this->slab_.usable_size(pointer).has_value();
  }
};

template <class Slab>
class FixedAdapter final : public CommonAdapter<Slab> {
 public:
  explicit FixedAdapter(std::size_t capacity) : CommonAdapter<Slab>(capacity) {}

  Counters counters() const override {
    return {.capacity = this->slab_.capacity(), .live = this->slab_.live()};
  }
  BatchHandout allocate_batch(std::span<Handout> /*blocks*/) override { return {}; }
  std::size_t deallocate_batch(std::span<void* const> /*pointers*/) override { return 0; }
  std::size_t segment_count() const override { return 1; }
  std::size_t segment_capacity() const override { return this->slab_.capacity(); }
  std::size_t trim() override { return 0; }
  bool contains(const void* pointer) const override { return this->slab_.contains(pointer); }
};

/// What the name of a subject says about a backing. `max_region` is 0 where only memory limits it.
template <class B>
struct BackingTraits;
template <>
struct BackingTraits<MmapBacking> {
  static constexpr const char* name = "mmap";
  static std::size_t page() { return MmapBacking::granularity(); }
  static constexpr std::size_t max_region = 0;
};
template <>
struct BackingTraits<HeapBacking> {
  static constexpr const char* name = "heap";
  static std::size_t page() { return 0; }
  static constexpr std::size_t max_region = 0;
};
template <std::size_t Bytes, std::size_t Alignment>
struct BackingTraits<InlineBacking<Bytes, Alignment>> {
  static constexpr const char* name = "inline";
  static std::size_t page() { return 0; }
  static constexpr std::size_t max_region = Bytes;
};

template <class T, class BackingPolicy, class ProtectionPolicy>
SlabKind describe(std::string family, std::string protection) {
  // The name's size and alignment are those that identify the instantiation in a saved case.
  return {.name = family + " " + protection + " " + BackingTraits<BackingPolicy>::name + " " +
                  std::to_string(sizeof(T)) + "/" + std::to_string(alignof(T)),
          .tracks_slots = ProtectionPolicy::tracks_slots,
          .seals_links = protection.find("SipHashMac") != std::string::npos,
          .object_size = sizeof(T),
          .object_alignment = alignof(T),
          .page = BackingTraits<BackingPolicy>::page(),
          .max_region_bytes = BackingTraits<BackingPolicy>::max_region};
}

template <class T, Recheck kRecheck, class BackingPolicy, class ProtectionPolicy>
Subject growable(std::string protection) {
  using Slab = ExtendableSlab<T, ObservedConfig<kRecheck, BackingPolicy, ProtectionPolicy>>;
  constexpr bool kAll = kRecheck == Recheck::kAllSegments;
  SlabKind kind = describe<T, BackingPolicy, ProtectionPolicy>(
      kAll ? "growable all" : "growable new", std::move(protection));
  kind.growable = true;
  kind.recheck_all = kAll;
  kind.stride = Slab::stride;
  kind.slot_alignment = Slab::slot_alignment;
  return {std::move(kind),
          [](std::size_t capacity, std::uint32_t initial) -> std::unique_ptr<SlabUnderTest> {
            if (initial == 0) return std::make_unique<GrowableAdapter<Slab>>(capacity);
            return std::make_unique<GrowableAdapter<Slab>>(capacity, InitialSegments{initial});
          }};
}

template <class T, class BackingPolicy, class ProtectionPolicy>
Subject fixed(std::string protection) {
  using Config = ObservedConfig<Recheck::kAllSegments, BackingPolicy, ProtectionPolicy>;
  using Slab = slabproof::Slab<T, Config>;
  using Freelist = SlotFreelist<T, Config>;
  SlabKind kind = describe<T, BackingPolicy, ProtectionPolicy>("fixed", std::move(protection));
  kind.growable = false;
  kind.stride = Freelist::stride;
  kind.slot_alignment = Freelist::slot_alignment;
  return {std::move(kind),
          [](std::size_t capacity, std::uint32_t) -> std::unique_ptr<SlabUnderTest> {
            return std::make_unique<FixedAdapter<Slab>>(capacity);
          }};
}

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SLAB_ADAPTER_H_
