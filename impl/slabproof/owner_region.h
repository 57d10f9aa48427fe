#ifndef SLABPROOF_OWNER_REGION_H_
#define SLABPROOF_OWNER_REGION_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "slabproof/block_chain.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/layout.h"
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
    alignas(std::max(alignof(T), alignof(Link))) std::byte bytes[std::max(sizeof(T), sizeof(Link))];
  };
  struct OwnerConfig : Config {
    using Sync = UnlockedSync<typename Config::Sync>;
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

 private:
  template <class... Arguments>
  explicit OwnerRegion(Backing backing, const Arguments&... arguments) noexcept
      : backing_(std::move(backing)), slab_(arguments...) {}
  ~OwnerRegion() = default;

  static void release(OwnerRegion* region) noexcept {
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
};

}  // namespace slabproof

#endif  // SLABPROOF_OWNER_REGION_H_
