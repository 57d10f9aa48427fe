#ifndef SLABPROOF_CACHED_SLAB_H_
#define SLABPROOF_CACHED_SLAB_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/cache_registry.h"
#include "slabproof/config.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/layout.h"
#include "slabproof/magazine_depot.h"
#include "slabproof/misuse.h"
#include "slabproof/object_factory.h"
#include "slabproof/slab_stats.h"
#include "slabproof/thread_cache.h"

namespace slabproof {

/// An `ExtendableSlab` with a cache for each thread that uses it. The cache comes by itself at the
/// thread's first operation, and ends with the thread or with the slab, whichever is first
/// (property C3). A thread may also hold one of its own: `ThreadCache cache(slab)`.
///
/// Where no memory for a cache can be had, and in a thread whose thread-local objects are already
/// destroyed (static destruction), operations go to the shared slab.
///
/// Blocks in caches and in the depot count as live in `stats()`. So at rest live = held by callers
/// + cached, and live + free + uncarved + abandoned = capacity x segments (property C1); and
/// segments = max(initial, ceil(peak live / capacity)) as of an `ExtendableSlab` (property C4).
///
/// Thread safety: any operation from any thread at any time, but for construction and destruction.
/// A thread that used the slab may end at any time, also while the slab is destroyed. In a child
/// process: see `ForkGuard`.
template <class T, class Config = DefaultConfig>
class CachedSlab : public ObjectFactory<T, CachedSlab<T, Config>> {
  static_assert(ThreadedSyncPolicy<typename Config::Sync>,
                "slabproof: Config::Sync of a slab with caches must supply ThreadLocal and Global");
  static_assert(!Config::Protection::tracks_slots,
                "slabproof: a cache does not look at a pointer that it is given, so SlotStates "
                "could not keep its promise; use ExtendableSlab");

 public:
  /// The type of the objects.
  using value_type = T;
  /// The sync policy.
  using Sync = typename Config::Sync;
  /// The policy for the bytes of blocks, of which a cache does its part.
  using Contents = typename Config::Contents;
  /// What tools that watch memory know of the blocks.
  using Instrumentation = typename Config::Instrumentation;
  /// The slab behind the caches.
  using SharedSlab = ExtendableSlab<T, Config>;
  /// Bytes of every block, all usable.
  static constexpr std::size_t block_size = SharedSlab::block_size;
  /// Bytes between blocks.
  static constexpr std::size_t stride = SharedSlab::stride;
  /// Alignment of every block, in bytes.
  static constexpr std::size_t slot_alignment = SharedSlab::slot_alignment;
  /// Where caches leave full magazines and find them.
  using Depot = MagazineDepot<Config, stride>;
  /// A cache of one thread, which also can be held by hand.
  using Cache = ThreadCache<CachedSlab>;

  /// With the arguments of a constructor of `ExtendableSlab`.
  template <class... Arguments>
  explicit CachedSlab(std::size_t segment_capacity, Arguments... arguments) noexcept
      : members_(Registry::new_slab_id()), slab_(segment_capacity, arguments...) {}

  /// Releases all memory. Blocks that caches hold go back first, and so do those of the depot where
  /// `Config::Misuse` reports live blocks, since nobody has them.
  ~CachedSlab() {
    Registry::end_slab(members_);
    if constexpr (kReportsLiveBlocks<typename Config::Misuse>) empty_depot();
  }
  CachedSlab(const CachedSlab&) = delete;
  CachedSlab& operator=(const CachedSlab&) = delete;

  /// See `ExtendableSlab::error`.
  [[nodiscard]] std::optional<AllocError> error() const noexcept { return slab_.error(); }

  /// As `ExtendableSlab::limit_segments`.
  void limit_segments(std::uint32_t most) noexcept { slab_.limit_segments(most); }

  /// As `ExtendableSlab::reserve`.
  std::expected<void, AllocError> reserve(std::uint64_t wanted) noexcept {
    return slab_.reserve(wanted);
  }

  /// As `ThreadCache::allocate`, in this thread's cache.
  [[nodiscard]] std::expected<Block, AllocError> allocate() noexcept {
    const auto& entry = Registry::entry_of(members_.id);
    if (entry.slab_id == members_.id) [[likely]]
      return cache_of(*entry.member).allocate();
    return allocate_without_entry();
  }

  /// As `allocate()`, for a request that need not be a `T`.
  /// Errors: also `kUnsupportedLayout` for one that no slot can hold.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    if (!request.fits(block_size, slot_alignment)) {
      return std::unexpected(AllocError::kUnsupportedLayout);
    }
    return allocate();
  }

  /// As `ThreadCache::deallocate`, in this thread's cache.
  bool deallocate(const void* pointer) noexcept {
    const auto& entry = Registry::entry_of(members_.id);
    if (entry.slab_id == members_.id) [[likely]]
      return cache_of(*entry.member).deallocate(pointer);
    return deallocate_without_entry(pointer);
  }

  /// As `ThreadCache::begin_destroy` and `end_destroy`, in this thread's cache.
  [[nodiscard]] bool begin_destroy(const void* pointer) noexcept {
    const auto& entry = Registry::entry_of(members_.id);
    Cache* const cache = entry.slab_id == members_.id ? &cache_of(*entry.member) : join();
    return cache != nullptr ? cache->begin_destroy(pointer) : slab_.begin_destroy(pointer);
  }
  /// Frees the block of an object whose destructor has run, after `begin_destroy`. By the cache of
  /// the calling thread.
  void end_destroy(const void* pointer) noexcept { deallocate(pointer); }

  /// As `ExtendableSlab::trim`, after what this thread's cache and the depot hold has gone back.
  std::size_t trim() noexcept {
    if (Member* const member = Registry::find(members_.id); member != nullptr) {
      cache_of(*member).flush();
    }
    empty_depot();
    return slab_.trim();
  }

  /// As those of `ExtendableSlab`. The lock of the caches' registry is held; in the child, other
  /// threads' caches are gone, and what they held stays live.
  void before_fork() noexcept {
    depot_.before_fork();
    slab_.before_fork();
  }
  /// For `ForkGuard`: lets go what `before_fork` held. In the parent.
  void after_fork_in_parent() noexcept {
    slab_.after_fork_in_parent();
    depot_.after_fork();
  }
  /// The same in the child, whose only thread is the one that forked.
  void after_fork_in_child() noexcept {
    Registry::forget_other_threads(members_);
    slab_.after_fork_in_child();
    depot_.after_fork();
  }

  /// Of the slab behind the caches, for which cached blocks are live. O(1), one lock acquisition.
  [[nodiscard]] SlabStats stats() const noexcept { return slab_.stats(); }
  /// Segments now. One lock acquisition.
  [[nodiscard]] std::size_t segment_count() const noexcept { return slab_.segment_count(); }
  /// Slots of a segment. Constant.
  [[nodiscard]] std::size_t segment_capacity() const noexcept { return slab_.segment_capacity(); }
  /// See `ExtendableSlab::capacity_bytes`.
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return slab_.capacity_bytes(); }
  /// See `ExtendableSlab::corruption_events`.
  [[nodiscard]] std::uint64_t corruption_events() const noexcept {
    return slab_.corruption_events();
  }
  /// See `ExtendableSlab::contains`.
  [[nodiscard]] bool contains(const void* pointer) const noexcept {
    return slab_.contains(pointer);
  }
  /// See `ExtendableSlab::usable_size`.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    return slab_.usable_size(pointer);
  }

  /// What the caches stand on: operations on these two take locks.
  [[nodiscard]] SharedSlab& shared() noexcept { return slab_; }
  /// For caches that are held by hand, and for tests.
  [[nodiscard]] Depot& depot() noexcept { return depot_; }
  /// For caches that are held by hand, and for tests.
  [[nodiscard]] const Depot& depot() const noexcept { return depot_; }

 private:
  using Registry = CacheRegistry<Sync>;
  using Member = typename Registry::Member;
  using Backing = typename Config::Backing;
  static constexpr std::size_t kCacheLine = 64;

  /// A cache in a region of its own.
  struct OwnedCache : Member {
    OwnedCache(Backing memory, CachedSlab& slab) noexcept
        : Member(slab.members_.id, &OwnedCache::give_back, &OwnedCache::release_memory),
          region(std::move(memory)),
          cache(slab) {}
    static void give_back(Member* member) noexcept {
      static_cast<OwnedCache*>(member)->cache.end();
    }
    static void release_memory(Member* member) noexcept {
      auto* const owned = static_cast<OwnedCache*>(member);
      const Backing memory = std::move(owned->region.write());
      std::destroy_at(owned);
    }
    typename Sync::template Var<Backing> region;
    Cache cache;
  };

  void empty_depot() noexcept {
    while (typename Depot::Stock* const full = depot_.take_full()) {
      Cache::return_rounds(slab_, full->begin(), full->end());
      depot_.put_empty(full);
    }
  }

  static Cache& cache_of(Member& member) noexcept { return static_cast<OwnedCache&>(member).cache; }

  [[gnu::noinline]] std::expected<Block, AllocError> allocate_without_entry() noexcept {
    Cache* const cache = join();
    return cache != nullptr ? cache->allocate() : slab_.allocate();
  }
  [[gnu::noinline]] bool deallocate_without_entry(const void* pointer) noexcept {
    Cache* const cache = join();
    return cache != nullptr ? cache->deallocate(pointer) : slab_.deallocate(pointer);
  }

  /// This thread's cache, made where there is none; null where none can be had.
  Cache* join() noexcept {
    if (!Registry::is_open()) return nullptr;
    if (Member* const member = Registry::find(members_.id); member != nullptr) {
      return &cache_of(*member);
    }
    Backing region(Layout::of<OwnedCache>());
    if (!region) return nullptr;
    void* const place = region.data();
    auto* const owned = ::new (place) OwnedCache(std::move(region), *this);
    Registry::join(members_, *owned);
    return &owned->cache;
  }

  // Read by every operation of every thread, so apart from what a miss writes.
  alignas(kCacheLine) typename Registry::SlabMembers members_;
  alignas(kCacheLine) SharedSlab slab_;
  alignas(kCacheLine) Depot depot_;
};

}  // namespace slabproof

#endif  // SLABPROOF_CACHED_SLAB_H_
