#ifndef SLABPROOF_SLAB_REMOTE_H_
#define SLABPROOF_SLAB_REMOTE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "slabproof/address.h"
#include "slabproof/batch_policy.h"
#include "slabproof/block_chain.h"
#include "slabproof/config.h"
#include "slabproof/misuse.h"
#include "slabproof/owner_region.h"

namespace slabproof {

template <class T, class Config>
class SlabOwner;

/// Where a block is that was given to a remote.
enum class RemoteFree : std::uint8_t {
  kGathered,   ///< with the remote, until its batch is full or it is flushed
  kPushed,     ///< on its way to the owner, with all that was gathered before it
  kOwnerGone,  ///< the owner takes no more: `take_back` hands out whatever was gathered
  kRefused,    ///< with the caller, as before: no block can begin there
};

/// Gives blocks back to a `SlabOwner` from another thread. It gathers a batch and pushes that with
/// one atomic operation; it takes no lock and waits for nobody, whatever the owner does
/// (property R3). What it gathered at most is one block less than `Config::RemoteBatch` says; who
/// has nothing more to free calls `flush`, since blocks that are gathered cannot be allocated.
///
/// Once the owner has closed, each block that was not pushed is the caller's again (property R2),
/// who gets it from `take_back`. Its memory stays until the owner and all of its remotes are gone.
///
/// Thread safety: one thread at a time uses a remote; each thread has its own. Nothing throws, but
/// for destructors of `T` in `destroy`.
template <class T, class Config = DefaultConfig>
class SlabRemote {
  using Sync = typename Config::Sync;
  using Batch = typename Config::RemoteBatch;
  using Region = OwnerRegion<T, Config>;
  using Push = typename Region::List::Push;

  static_assert(BatchPolicy<Batch>,
                "slabproof: Config::RemoteBatch must supply size() and pushed(onto_others), and "
                "they may not throw");

 public:
  /// The type of the objects.
  using value_type = T;

  /// A further remote of the same owner, which has gathered nothing.
  SlabRemote(const SlabRemote& other) noexcept
      : region_(other.region_), is_owner_gone_(other.is_owner_gone_) {}
  /// Takes over what the other one has gathered. That one may only end then.
  SlabRemote(SlabRemote&&) noexcept = default;
  SlabRemote& operator=(SlabRemote) = delete;
  /// Flushes. Blocks that the owner does not take any more go with its memory.
  ~SlabRemote() {
    static_cast<void>(flush());
    while (take_back() != nullptr) {
    }
  }

  /// Gives a block back; O(1). `pointer` is a block of this owner that is given back this once:
  /// the remote puts a link into it and cannot check that. The owner does so when it reclaims the
  /// block: see `SlabOwner::reclaim`. Of null nothing happens.
  [[nodiscard]] RemoteFree deallocate(const void* pointer) noexcept {
    if (pointer == nullptr) return is_owner_gone_ ? RemoteFree::kOwnerGone : RemoteFree::kGathered;
    auto* const block = static_cast<std::byte*>(const_cast<void*>(pointer));
    if constexpr (Config::Contents::scrubs && !Config::Contents::checks) {
      Config::Contents::freed(block, Region::Slab::block_size);
    }
    gathered_.push(block);
    if (is_owner_gone_) return RemoteFree::kOwnerGone;
    if (gathered_.size() < batch_.size()) return RemoteFree::kGathered;
    return push(true);
  }

  /// Destroys an object that the owner's `create` made, and gives its block back. A pointer that is
  /// not aligned as blocks are is reported to `Config::Misuse` and refused before its destructor
  /// runs. Only the owner can tell more, when it reclaims the block. Of null nothing happens.
  [[nodiscard]] RemoteFree destroy(const T* object) noexcept {
    if (object == nullptr) return deallocate(nullptr);
    if (address_of(object) % Region::Slab::slot_alignment != 0) {
      const void* const slab = region_ ? &region_->slab() : nullptr;
      Config::Misuse::report(MisuseKind::kMisalignedPointer, object, slab);
      return RemoteFree::kRefused;
    }
    std::destroy_at(object);
    return deallocate(object);
  }

  /// Pushes whatever was gathered. The result is never kGathered.
  [[nodiscard]] RemoteFree flush() noexcept {
    if (is_owner_gone_) return RemoteFree::kOwnerGone;
    if (gathered_.size() == 0) return RemoteFree::kPushed;
    return push(false);
  }

  /// One of the blocks that were gathered, which is the caller's again; null where there is none.
  [[nodiscard]] void* take_back() noexcept {
    std::byte* const block = gathered_.pop();
    if (block != nullptr && is_owner_gone_ && region_) region_->note_handed_back();
    return block;
  }

  /// Blocks that were given to this remote and neither pushed nor taken back.
  [[nodiscard]] std::size_t gathered() const noexcept { return gathered_.size(); }

  /// Blocks that it pushes together, at present.
  [[nodiscard]] std::size_t batch_size() const noexcept { return batch_.size(); }

 private:
  friend SlabOwner<T, Config>;

  /// An empty handle stands for an owner that could not be built, and so never handed out a block.
  explicit SlabRemote(typename Region::Handle region) noexcept
      : region_(std::move(region)), is_owner_gone_(!region_) {}

  RemoteFree push(bool is_full) noexcept {
    const Push result = region_->list().push(gathered_);
    if (result == Push::kClosed) {
      is_owner_gone_ = true;
      return RemoteFree::kOwnerGone;
    }
    if (is_full) batch_.pushed(result == Push::kOntoOthers);
    return RemoteFree::kPushed;
  }

  typename Region::Handle region_;
  BlockChain<Sync> gathered_;
  [[no_unique_address]] Batch batch_;
  bool is_owner_gone_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SLAB_REMOTE_H_
