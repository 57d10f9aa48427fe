#ifndef SLABPROOF_OWNER_REGION_H_
#define SLABPROOF_OWNER_REGION_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "slabproof/block_chain.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/layout.h"
#include "slabproof/misuse.h"
#include "slabproof/remote_list.h"
#include "slabproof/unlocked_sync.h"

namespace slabproof {

/// What a `SlabOwner` and its remotes share, in a region of its own: the slab, which only the owner
/// uses; the list of blocks on their way to it; and the number of handles. The last handle that
/// goes, whichever it is, gives all of it back.
template <class T, class Config>
class OwnerRegion {
  using Sync = typename Config::Sync;
  using Backing = typename Config::Backing;
  using Link = typename BlockLink<Sync>::Variable;

  /// A slot of a slab that serves `T`: it has room for the link of a free block as well.
  struct Slot {
    alignas((std::max)(alignof(T),
                       alignof(Link))) std::byte bytes[(std::max)(sizeof(T), sizeof(Link))];
  };
  /// The slab does not know which blocks remotes gave to their callers again; the region does.
  struct OwnerMisuse {
    static void report(MisuseKind kind, const void* pointer, const void* slab) noexcept {
      if (kind != MisuseKind::kLiveAtDestruction) Config::Misuse::report(kind, pointer, slab);
    }
  };
  struct OwnerConfig : Config {
    using Sync = UnlockedSync<typename Config::Sync>;
    using Misuse = std::conditional_t<kReportsLiveBlocks<typename Config::Misuse>, OwnerMisuse,
                                      typename Config::Misuse>;
  };

 public:
  using Slab = ExtendableSlab<Slot, OwnerConfig>;
  using List = RemoteList<Sync>;

  /// Keeps a region alive. One thread at a time may use a handle; each thread has its own.
  class Handle {
   public:
    Handle() = default;
    Handle(const Handle& other) noexcept : region_(other.region_) {
      // ORDER[owner_region.count] relaxed: the handle that is copied keeps the region meanwhile.
      if (region_ != nullptr) region_->handles_.fetch_add(1, std::memory_order::relaxed);
    }
    Handle(Handle&& other) noexcept : region_(std::exchange(other.region_, nullptr)) {}
    Handle& operator=(Handle) = delete;
    ~Handle() {
      if (region_ == nullptr) return;
      // ORDER[owner_region.handles] acq_rel: pairs with itself in the handle that is the last;
      // publishes all that this thread did to the region, before that one gives it back;
      // weakening it fails SlabOwnerChecked.HandleThatGoesRelaxedIsARace.
      if (region_->handles_.fetch_sub(1, std::memory_order::acq_rel) == 1) release(region_);
    }

    [[nodiscard]] explicit operator bool() const noexcept { return region_ != nullptr; }
    [[nodiscard]] OwnerRegion* operator->() const noexcept { return region_; }

   private:
    friend OwnerRegion;
    explicit Handle(OwnerRegion* region) noexcept : region_(region) {}
    OwnerRegion* region_ = nullptr;
  };

  /// The first handle of a new region; an empty one where the backing refuses. The arguments are
  /// those of the slab's constructor.
  template <class... Arguments>
  [[nodiscard]] static Handle build(const Arguments&... arguments) noexcept {
    const auto layout = Layout::of<OwnerRegion>();
    Backing backing(layout);
    if (!backing) return Handle();
    void* const place = backing.data();
    return Handle(::new (place) OwnerRegion(std::move(backing), arguments...));
  }

  OwnerRegion(const OwnerRegion&) = delete;
  OwnerRegion& operator=(const OwnerRegion&) = delete;

  /// For the owner's thread, or for one that knows that there is no other.
  [[nodiscard]] Slab& slab() noexcept { return slab_; }
  [[nodiscard]] List& list() noexcept { return list_; }

  /// Called for a block that a remote gave to its caller again, since the owner takes no more. That
  /// block may yet be given back to the owner, or to a remote once more.
  void note_handed_back() noexcept {
    if constexpr (kReportsLiveBlocks<typename Config::Misuse>) {
      // ORDER[owner_region.handed_back] relaxed: whoever reads it has seen every handle go.
      handed_back_.fetch_add(1, std::memory_order::relaxed);
    }
  }

 private:
  template <class... Arguments>
  explicit OwnerRegion(Backing backing, const Arguments&... arguments) noexcept
      : backing_(std::move(backing)), slab_(arguments...) {}
  ~OwnerRegion() = default;

  static void release(OwnerRegion* region) noexcept {
    if constexpr (kReportsLiveBlocks<typename Config::Misuse>) {
      // ORDER[owner_region.handed_back] relaxed: as above.
      const std::uint64_t handed_back = region->handed_back_.load(std::memory_order::relaxed);
      const std::uint64_t live = region->slab_.stats().live;
      report_live_blocks<typename Config::Misuse>(live - (std::min)(live, handed_back), nullptr,
                                                  &region->slab_);
    }
    // The owner of the memory lies in that memory, so it moves out before that goes.
    const Backing backing = std::move(region->backing_.write());
    region->~OwnerRegion();
  }

  /// The remotes' writes must not take the owner's cache lines away, nor a handle that comes or
  /// goes the line that the pushes need.
  static constexpr std::size_t kCacheLine = 64;

  typename Sync::template Var<Backing> backing_;
  alignas(kCacheLine) Slab slab_;
  alignas(kCacheLine) List list_;
  alignas(kCacheLine) typename Sync::template Atomic<std::uint64_t> handles_{1};
  /// Blocks that remotes gave to their callers again, where anyone wants to know.
  struct Nothing {
    explicit Nothing(std::uint64_t /*count*/) noexcept {}
  };
  using HandedBack = std::conditional_t<kReportsLiveBlocks<typename Config::Misuse>,
                                        typename Sync::template Atomic<std::uint64_t>, Nothing>;
  [[no_unique_address]] HandedBack handed_back_{0};
};

}  // namespace slabproof

#endif  // SLABPROOF_OWNER_REGION_H_
