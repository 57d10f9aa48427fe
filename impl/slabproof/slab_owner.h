#ifndef SLABPROOF_SLAB_OWNER_H_
#define SLABPROOF_SLAB_OWNER_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/block_chain.h"
#include "slabproof/config.h"
#include "slabproof/layout.h"
#include "slabproof/object_factory.h"
#include "slabproof/owner_region.h"
#include "slabproof/slab_remote.h"
#include "slabproof/slab_stats.h"

namespace slabproof {

/// A growable slab from which one thread allocates without any lock, while other threads give
/// blocks back through a `SlabRemote` each. Blocks never move. It is an `ExtendableSlab` that
/// nobody but the owner uses, and a list of blocks on their way to it.
///
/// The owner looks at that list before it grows, and once more where the backing refused. So it
/// grows only if each slot is live, gathered by a remote, or pushed meanwhile.
///
/// The owner may go while remotes are at work: it closes the list, and from then on they give
/// blocks back to their callers. The memory goes with the last of them.
///
/// Thread safety: one thread at a time uses the owner; remotes work at the same time as it does.
/// The thread that uses it may fork and go on in the child: see `ForkGuard`.
/// Nothing throws, but for the constructors of objects in `create` and `make_unique`.
template <class T, class Config = DefaultConfig>
class SlabOwner : CheckedConfig<T, Config>, public ObjectFactory<T, SlabOwner<T, Config>> {
  using Region = OwnerRegion<T, Config>;
  using Slab = typename Region::Slab;
  using Link = BlockLink<typename Config::Sync>;

 public:
  /// The type of the objects.
  using value_type = T;
  /// The sync policy, of which the list of remote frees is.
  using Sync = typename Config::Sync;
  /// What other threads give blocks back with.
  using Remote = SlabRemote<T, Config>;
  /// Makes the freelist protection of a segment.
  using ProtectionFactory = typename Slab::ProtectionFactory;

  /// As of `ExtendableSlab`.
  static constexpr std::size_t block_size = Slab::block_size;
  /// Bytes between blocks.
  static constexpr std::size_t stride = Slab::stride;
  /// Alignment of every block, in bytes.
  static constexpr std::size_t slot_alignment = Slab::slot_alignment;

  /// As the constructors of `ExtendableSlab`, after one further request to the backing.
  explicit SlabOwner(std::size_t segment_capacity,
                     ProtectionFactory make_protection = &Config::Protection::make) noexcept
      : region_(Region::build(segment_capacity, make_protection)) {}
  /// With segments in place. Where the backing refuses one, the slab has those that it got, and
  /// `error` says why.
  SlabOwner(std::size_t segment_capacity, InitialSegments initial,
            ProtectionFactory make_protection = &Config::Protection::make) noexcept
      : region_(Region::build(segment_capacity, initial, make_protection)) {}

  /// Closes.
  ~SlabOwner() { close(); }
  SlabOwner(const SlabOwner&) = delete;
  SlabOwner& operator=(const SlabOwner&) = delete;

  /// What went wrong on construction; each allocation says so too.
  [[nodiscard]] std::optional<AllocError> error() const noexcept {
    if (!region_) return AllocError::kOutOfMemory;
    return region_->slab().error();
  }

  /// As `ExtendableSlab::limit_segments`, on the owner's own thread.
  void limit_segments(std::uint32_t most) noexcept {
    if (region_) region_->slab().limit_segments(most);
  }

  /// A block of one slot: O(1) and no atomic operation on a hit; else it reclaims first, and grows
  /// only if that gave nothing.
  /// Errors: those of construction; `kOutOfMemory` and `kSegmentLimit` where every slot was live,
  /// gathered by a remote or not yet seen to be pushed, at a look after the refusal.
  [[nodiscard]] std::expected<Block, AllocError> allocate() noexcept {
    if (!region_) return std::unexpected(AllocError::kOutOfMemory);
    Slab& slab = region_->slab();
    if (const auto block = slab.try_allocate()) return *block;
    reclaim();
    auto block = slab.allocate();
    if (!block && reclaim() > 0) block = slab.allocate();
    return block;
  }

  /// As `allocate()`, for a request that need not be a `T`.
  /// Errors: also `kUnsupportedLayout` for one that no slot can hold.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    if (!request.fits(block_size, slot_alignment)) {
      return std::unexpected(AllocError::kUnsupportedLayout);
    }
    return allocate();
  }

  /// Gives a block back on the owner's own thread; O(1), no atomic operation. A bad pointer is
  /// treated as `ExtendableSlab::deallocate` does, and so is null.
  bool deallocate(const void* pointer) noexcept {
    return region_ && region_->slab().deallocate(pointer);
  }

  /// As `ExtendableSlab::begin_destroy` and `end_destroy`, on the owner's own thread.
  [[nodiscard]] bool begin_destroy(const void* pointer) noexcept {
    return region_ && region_->slab().begin_destroy(pointer);
  }
  /// Frees the block of an object whose destructor has run, after `begin_destroy`.
  void end_destroy(const void* pointer) noexcept { region_->slab().end_destroy(pointer); }

  /// Takes all blocks that remotes have pushed; the result is how many. O(that many); wait-free.
  ///
  /// A bad pointer among them is counted and reported as `deallocate` does, and so is a link that
  /// leads out of the slab, which is not followed. What comes behind it stays live.
  std::size_t reclaim() noexcept { return region_ ? put_back(region_->list().take_all()) : 0; }

  /// As `reclaim`, for the last time: from now on remotes give blocks back to their callers. The
  /// owner itself can go on.
  std::size_t close() noexcept { return region_ ? put_back(region_->list().close()) : 0; }

  /// A remote of this owner. Called by the owner's thread, or copied from another remote.
  [[nodiscard]] Remote remote() const noexcept { return Remote(region_); }

  /// As `ExtendableSlab::usable_size` and `capacity_bytes`, on the owner's own thread.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    return region_ ? region_->slab().usable_size(pointer) : std::nullopt;
  }
  /// Bytes of all slots of all segments, live or not. O(1).
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return region_ ? region_->slab().capacity_bytes() : 0;
  }

  /// The slab's counters. A block counts as live until the owner has reclaimed it.
  [[nodiscard]] SlabStats stats() const noexcept {
    return region_ ? region_->slab().stats() : SlabStats{};
  }

 private:
  /// Reclaims a chain of the remote list: each block once, since no link outlives the visit.
  std::size_t put_back(std::byte* block) noexcept {
    Slab& slab = region_->slab();
    std::size_t accepted = 0;
    while (block != nullptr) {
      // A dangling pointer may have overwritten the link that led here.
      const bool is_slot = slab.usable_size(block).has_value();
      std::byte* const next = is_slot ? Link::end(block) : nullptr;
      if (!slab.deallocate(block)) break;
      ++accepted;
      block = next;
    }
    return accepted;
  }

  typename Region::Handle region_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SLAB_OWNER_H_
