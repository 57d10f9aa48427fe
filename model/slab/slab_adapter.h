#ifndef SLABPROOF_MODEL_SLAB_SLAB_ADAPTER_H_
#define SLABPROOF_MODEL_SLAB_SLAB_ADAPTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "model/program/slab_setup.h"
#include "model/slab/any_slab.h"
#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/layout.h"
#include "slabproof/recheck.h"
#include "slabproof/segment.h"
#include "slabproof/slab.h"
#include "slabproof/slab_stats.h"
#include "slabproof/slot_freelist.h"

namespace slabproof::model {

/// Asks the constructor of a `Cell` to throw, and is what it throws: with the object's address.
struct Throwing {
  void* object = nullptr;
};

/// What an adapted slab holds: an object of a size and an alignment, which leaves its bytes as they
/// are.
template <std::size_t kSize, std::size_t kAlignment>
struct alignas(kAlignment) Cell {
  Cell() noexcept {}
  explicit Cell(Throwing /*wish*/) { throw Throwing{this}; }
  std::byte bytes[kSize];
};

[[nodiscard]] constexpr Refusal refusal_of(AllocError error) noexcept {
  constexpr auto agree = [](AllocError its, Refusal ours) {
    return static_cast<int>(its) == static_cast<int>(ours);
  };
  static_assert(agree(AllocError::kOutOfMemory, Refusal::kOutOfMemory) &&
                agree(AllocError::kInvalidCapacity, Refusal::kInvalidCapacity) &&
                agree(AllocError::kInvalidLayout, Refusal::kInvalidLayout) &&
                agree(AllocError::kLayoutOverflow, Refusal::kLayoutOverflow) &&
                agree(AllocError::kUnsupportedLayout, Refusal::kUnsupportedLayout) &&
                agree(AllocError::kSegmentLimit, Refusal::kSegmentLimit));
  return static_cast<Refusal>(error);
}

template <class T, class Config>
[[nodiscard]] constexpr SlabTraits traits_of() {
  using Protection = typename Config::Protection;
  using Freelist = SlotFreelist<T, Config>;
  SlabTraits traits;
  traits.object_size = sizeof(T);
  traits.object_alignment = alignof(T);
  traits.stride = Freelist::stride;
  traits.slot_alignment = Freelist::slot_alignment;
  traits.rechecks_all = Config::recheck == Recheck::kAllSegments;
  traits.tracks_slots = Protection::tracks_slots;
  traits.seals_links = !std::is_empty_v<typename Protection::Tag>;
  traits.link_bytes =
      sizeof(std::uint32_t) + (traits.seals_links ? sizeof(typename Protection::Tag) : 0);
  return traits;
}

template <class T, class Config>
[[nodiscard]] SegmentShape shape_of_segment(std::size_t capacity) {
  const auto plan = Segment<T, Config>::plan(capacity);
  if (!plan) return {};
  return {plan->place.first + plan->place.size, plan->place.first + plan->geometry.slots_offset};
}

[[nodiscard]] inline Counters counters_of(const SlabStats& stats) {
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

/// What the slabs have in common. `T` is a `Cell`.
template <class T, class SlabType>
class SlabAdapter : public AnySlab {
 public:
  void destroy() final { std::destroy_at(&slab()); }
  std::optional<Refusal> error() const final {
    return slab().error().transform([](AllocError error) { return refusal_of(error); });
  }

  std::expected<BlockView, Refusal> allocate() override { return view(slab().allocate()); }
  std::expected<BlockView, Refusal> allocate(std::size_t size, std::size_t alignment) final {
    const auto request = Layout::make(size, alignment);
    if (!request) return std::unexpected(refusal_of(request.error()));
    if constexpr (requires { slab().allocate(*request); }) {
      return view(slab().allocate(*request));
    } else {
      if (request->size() > SlabType::stride || request->alignment() > SlabType::slot_alignment) {
        return std::unexpected(Refusal::kUnsupportedLayout);
      }
      return this->allocate();
    }
  }
  std::expected<BlockView, Refusal> allocate_zeroed() override {
    return view(slab().allocate_zeroed());
  }
  bool deallocate(void* pointer) override { return slab().deallocate(pointer); }

  std::expected<std::size_t, Refusal> allocate_batch(std::span<BlockView> blocks,
                                                     BatchInProgress& /*batch*/) override {
    for (std::size_t served = 0; served < blocks.size(); ++served) {
      const auto block = this->allocate();
      if (!block && served == 0) return std::unexpected(block.error());
      if (!block) return served;
      blocks[served] = *block;
    }
    return blocks.size();
  }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    std::size_t accepted = 0;
    for (void* const pointer : pointers) accepted += this->deallocate(pointer) ? 1U : 0U;
    return accepted;
  }

  std::expected<BlockView, Refusal> create() final { return view(slab().create()); }
  std::expected<std::byte*, Refusal> create_throwing() final {
    try {
      const auto object = slab().create(Throwing{});
      if (!object) return std::unexpected(refusal_of(object.error()));
      return nullptr;
    } catch (const Throwing& thrown) {
      return static_cast<std::byte*>(thrown.object);
    }
  }
  std::expected<BlockView, Refusal> make_unique(bool release) final {
    auto owner = slab().make_unique();
    if (!owner) return std::unexpected(refusal_of(owner.error()));
    const BlockView object = view_of(owner->get());
    if (release) static_cast<void>(owner->release());
    return object;
  }
  void destroy_object(void* object) final { slab().destroy(static_cast<T*>(object)); }

  std::optional<std::size_t> usable_size(const void* pointer) const override {
    if constexpr (requires { slab().usable_size(pointer); }) return slab().usable_size(pointer);
    return std::nullopt;
  }
  std::size_t capacity_bytes() const final {
    if constexpr (requires { slab().capacity_bytes(); }) return slab().capacity_bytes();
    return segment_count() * segment_capacity() * traits().stride;
  }
  std::uint64_t corruption_events() const final {
    if constexpr (requires { slab().corruption_events(); }) return slab().corruption_events();
    const Counters now = counters();
    return now.misuse() + now.corrupt_links;
  }

 protected:
  template <class... Arguments>
  void emplace(Arguments... arguments) {
    ::new (static_cast<void*>(memory_)) SlabType(arguments...);
  }
  [[nodiscard]] SlabType& slab() noexcept {
    return *std::launder(reinterpret_cast<SlabType*>(memory_));
  }
  [[nodiscard]] const SlabType& slab() const noexcept {
    return *std::launder(reinterpret_cast<const SlabType*>(memory_));
  }
  static BlockView view_of(const Block& block) { return {block.data, block.size}; }
  static BlockView view_of(T* object) { return {reinterpret_cast<std::byte*>(object), sizeof(T)}; }
  template <class Made>
  static std::expected<BlockView, Refusal> view(const std::expected<Made, AllocError>& made) {
    if (!made) return std::unexpected(refusal_of(made.error()));
    return view_of(*made);
  }

 private:
  // Not a member object: an abandoned execution leaves a slab that must never be destroyed.
  alignas(SlabType) std::byte memory_[sizeof(SlabType)];
};

/// An `ExtendableSlab`. `kMakeProtection` gives each segment its protection.
template <class T, class Config,
          typename ExtendableSlab<T, Config>::ProtectionFactory kMakeProtection =
              &Config::Protection::make>
class GrowableSlabAdapter final : public SlabAdapter<T, ExtendableSlab<T, Config>> {
 public:
  SlabTraits traits() const override { return traits_of<T, Config>(); }
  SegmentShape segment_shape(std::size_t capacity) const override {
    return shape_of_segment<T, Config>(capacity);
  }
  void construct(std::size_t capacity, std::uint32_t initial_segments) override {
    if (initial_segments == 0) return this->emplace(capacity, kMakeProtection);
    this->emplace(capacity, InitialSegments{initial_segments}, kMakeProtection);
  }

  std::expected<std::size_t, Refusal> allocate_batch(std::span<BlockView> blocks,
                                                     BatchInProgress& batch) override {
    // No heap for a usual batch: an abandoned execution would leave it behind.
    constexpr std::size_t kUsualBatch = 64;
    std::array<Block, kUsualBatch> few;
    std::vector<Block> many(blocks.size() > kUsualBatch ? blocks.size() : 0);
    const std::span<Block> wanted =
        many.empty() ? std::span(few).first(blocks.size()) : std::span(many);
    batch.watch(std::span<const Block>(wanted));
    const auto served = this->slab().allocate_batch(wanted);
    batch.end();
    if (!served) return std::unexpected(refusal_of(served.error()));
    for (std::size_t i = 0; i < *served && i < blocks.size(); ++i) {
      blocks[i] = this->view_of(wanted[i]);
    }
    return *served;
  }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    static_assert(ExtendableSlab<T, Config>::kMaxSection == kMaxFreedAtOnce);
    return this->slab().deallocate_batch(pointers);
  }
  bool contains(const void* pointer) const override {
    return this->slab().usable_size(pointer).has_value();
  }
  std::size_t segment_count() const override { return this->slab().segment_count(); }
  std::size_t segment_capacity() const override { return this->slab().segment_capacity(); }
  Counters counters() const override { return counters_of(this->slab().stats()); }
  std::size_t trim() override { return this->slab().trim(); }
};

/// A `Slab` of fixed capacity.
template <class T, class Config,
          typename Slab<T, Config>::ProtectionFactory kMakeProtection = &Config::Protection::make>
class FixedSlabAdapter final : public SlabAdapter<T, Slab<T, Config>> {
 public:
  SlabTraits traits() const override {
    SlabTraits traits = traits_of<T, Config>();
    traits.grows = false;
    return traits;
  }
  SegmentShape segment_shape(std::size_t /*capacity*/) const override { return {}; }
  void construct(std::size_t capacity, std::uint32_t /*initial_segments*/) override {
    this->emplace(capacity, kMakeProtection);
  }

  bool contains(const void* pointer) const override { return this->slab().contains(pointer); }
  std::size_t segment_count() const override { return 1; }
  std::size_t segment_capacity() const override { return this->slab().capacity(); }
  Counters counters() const override {
    return {.capacity = this->slab().capacity(), .live = this->slab().live()};
  }
  std::size_t trim() override { return 0; }
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SLAB_ADAPTER_H_
