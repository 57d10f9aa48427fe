#ifndef SLABPROOF_MODEL_SLAB_SLAB_SUBJECT_H_
#define SLABPROOF_MODEL_SLAB_SLAB_SUBJECT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>

#include "model/slab/model_backing.h"
#include "model/slab/slab_sync.h"
#include "model/slab/subject.h"
#include "slabproof/config.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/misuse.h"
#include "slabproof/recheck.h"
#include "slabproof/segment.h"

namespace slabproof::model {

/// The configuration under which the shipped slab is model-checked.
template <Recheck kRecheck, class ProtectionType = NoProtection, class SyncType = SlabSync>
struct ModelConfig : DefaultConfig {
  using Sync = SyncType;
  using Backing = ModelBacking;
  using Protection = ProtectionType;
  using Misuse = CountMisuse;
  static constexpr Recheck recheck = kRecheck;
};

/// What the slab under check holds: one granule of the model's memory, so that what happens to a
/// block is never mistaken for what happens to its neighbour.
struct alignas(ModelMemory::kGranule) ModelCell {
  std::array<std::byte, ModelMemory::kGranule> bytes;
};

/// A growable slab as a subject. `T` and `Config` are those of the slab.
template <class Config, class T = ModelCell>
class SlabSubject final : public Subject {
 public:
  using Slab = ExtendableSlab<T, Config>;

  void construct(std::size_t capacity, std::uint32_t initial_segments) override {
    ::new (static_cast<void*>(memory_)) Slab(capacity, InitialSegments{initial_segments});
  }
  void destroy() override { std::destroy_at(&slab()); }

  AllocationOutcome allocate(Op::Kind kind, std::span<BlockView> pieces,
                             BatchInProgress& batch) override {
    if (pieces.size() == 1) {
      const auto block =
          kind == Op::Kind::kAllocateZeroed ? slab().allocate_zeroed() : slab().allocate();
      if (!block) return failure(block.error());
      pieces.front() = {block->data, block->size};
      return {.served = 1};
    }
    std::array<Block, kMaxBlocks> blocks;
    const std::span<Block> wanted = std::span(blocks).first(pieces.size());
    batch.watch(std::span<const Block>(wanted));
    const auto served = slab().allocate_batch(wanted);
    batch.end();
    if (!served) return failure(served.error());
    for (std::size_t i = 0; i < *served; ++i) pieces[i] = {blocks[i].data, blocks[i].size};
    return {.served = *served};
  }
  bool deallocate(void* pointer) override { return slab().deallocate(pointer); }
  std::size_t deallocate_batch(std::span<void* const> pointers) override {
    return slab().deallocate_batch(pointers);
  }
  std::optional<std::size_t> usable_size(const void* pointer) override {
    return slab().usable_size(pointer);
  }
  std::size_t capacity_bytes() override { return slab().capacity_bytes(); }
  std::size_t segment_count() override { return slab().segment_count(); }
  std::uint64_t live_count() override { return slab().stats().live; }
  SlabCounts counts() override {
    const auto stats = slab().stats();
    const std::uint64_t misuse =
        stats.foreign_pointers + stats.misaligned_pointers + stats.repeated_frees;
    return {
        .misuse = misuse, .corruption = misuse + stats.corrupt_links, .peak_live = stats.peak_live};
  }
  std::size_t trim() override { return slab().trim(); }

  std::size_t stride() const override { return Slab::stride; }
  std::size_t alignment() const override { return Slab::slot_alignment; }
  std::size_t segment_bytes(std::size_t capacity) const override {
    const auto plan = Segment<T, Config>::plan(capacity);
    return plan ? plan->region.alignment() : 0;
  }
  std::size_t slots_offset(std::size_t capacity) const override {
    const auto plan = Segment<T, Config>::plan(capacity);
    return plan ? plan->geometry.slots_offset : 0;
  }
  bool detects_double_free() const override { return Config::Protection::tracks_slots; }

 private:
  static constexpr std::size_t kMaxBlocks = 256;

  static AllocationOutcome failure(AllocError error) {
    return {.failed = true, .error = static_cast<std::uint8_t>(error)};
  }
  [[nodiscard]] Slab& slab() noexcept { return *std::launder(reinterpret_cast<Slab*>(memory_)); }

  // Not a member object: an abandoned execution leaves a slab that must never be destroyed.
  alignas(Slab) std::byte memory_[sizeof(Slab)];
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SLAB_SUBJECT_H_
