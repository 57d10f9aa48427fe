// The slabs of this library: a Slab of fixed capacity, a shared ExtendableSlab, a CachedSlab, and a
// SlabOwner with its remotes.

#include <cstddef>

#include "slabproof/cached_slab.h"
#include "slabproof/config.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "slabproof/slab_remote.h"
#include "slabproof/thread_cache.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

constexpr std::size_t kSegment = 1024;

/// A slab that each thread uses through a `User`: the slab itself, or what the thread makes of it.
template <class OneSlab, class User = OneSlab&>
class Shared {
 public:
  explicit Shared(std::size_t capacity) noexcept : slab_(capacity) {}

  class Thread {
   public:
    Thread(Shared& contender, unsigned) noexcept : user_(contender.slab_) {}
    void* allocate() noexcept {
      const auto block = user_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept { user_.deallocate(block); }

   private:
    User user_;
  };

 private:
  OneSlab slab_;
};

/// Of fixed capacity, for one thread.
template <std::size_t kBlockBytes>
struct SlabproofSlab : Shared<Slab<Object<kBlockBytes>>> {
  static constexpr const char* kName = "slabproof Slab";
  static constexpr Needs kServes = Needs::kMany;
  static constexpr std::size_t kBytes = kBlockBytes;
  using Shared<Slab<Object<kBlockBytes>>>::Shared;
};

template <std::size_t kBlockBytes>
struct SlabproofShared : Shared<ExtendableSlab<Object<kBlockBytes>>> {
  static constexpr const char* kName = "slabproof shared";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  explicit SlabproofShared(std::size_t) noexcept : SlabproofShared::Shared(kSegment) {}
};

template <std::size_t kBlockBytes>
struct SlabproofHardened : Shared<ExtendableSlab<Object<kBlockBytes>, HardenedConfig>> {
  static constexpr const char* kName = "slabproof shared, hardened";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  explicit SlabproofHardened(std::size_t) noexcept : SlabproofHardened::Shared(kSegment) {}
};

/// Each operation finds its thread's cache.
template <std::size_t kBlockBytes>
struct SlabproofCachedImplicitly : Shared<CachedSlab<Object<kBlockBytes>>> {
  static constexpr const char* kName = "slabproof cached, implicit";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  explicit SlabproofCachedImplicitly(std::size_t) noexcept
      : SlabproofCachedImplicitly::Shared(kSegment) {}
};

/// Each thread holds its cache.
template <std::size_t kBlockBytes, class Config = DefaultConfig, std::size_t kCapacity = kSegment>
struct WithCaches : Shared<CachedSlab<Object<kBlockBytes>, Config>,
                           ThreadCache<CachedSlab<Object<kBlockBytes>, Config>>> {
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  explicit WithCaches(std::size_t) noexcept : WithCaches::Shared(kCapacity) {}
};

template <std::size_t kBlockBytes>
struct SlabproofCached : WithCaches<kBlockBytes> {
  static constexpr const char* kName = "slabproof cached";
  using WithCaches<kBlockBytes>::WithCaches;
};

template <MmapOptions kOptions>
struct MappedConfig : DefaultConfig {
  using Backing = BasicMmapBacking<kOptions>;
};

using Prefaulted = MappedConfig<MmapOptions{.prefault = true}>;
template <std::size_t kBlockBytes>
struct SlabproofCachedPrefaulted : WithCaches<kBlockBytes, Prefaulted> {
  static constexpr const char* kName = "slabproof cached, pre-faulted";
  using WithCaches<kBlockBytes, Prefaulted>::WithCaches;
};

/// A segment of 4 MiB, so that the first chunk has huge pages already.
constexpr std::size_t kHugeSegmentBytes = std::size_t{4} << 20;
using HugePages = MappedConfig<MmapOptions{.huge_pages = true}>;
template <std::size_t kBlockBytes>
struct SlabproofCachedHugePages
    : WithCaches<kBlockBytes, HugePages, kHugeSegmentBytes / kBlockBytes> {
  static constexpr const char* kName = "slabproof cached, huge pages";
  using WithCaches<kBlockBytes, HugePages, kHugeSegmentBytes / kBlockBytes>::WithCaches;
};

/// The thread of index 0 owns the slab, and any other one gives blocks back to it.
template <std::size_t kBlockBytes>
class SlabproofOwner {
 public:
  static constexpr const char* kName = "slabproof owner";
  static constexpr Needs kServes = Needs::kRemoteFree;
  static constexpr std::size_t kBytes = kBlockBytes;
  using Owner = SlabOwner<Object<kBytes>>;

  explicit SlabproofOwner(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(SlabproofOwner& contender, unsigned index) noexcept
        : owner_(contender.owner_), remote_(contender.remote_), is_owner_(index == 0) {}
    void* allocate() noexcept {
      const auto block = owner_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept {
      if (is_owner_) {
        owner_.deallocate(block);
      } else {
        static_cast<void>(remote_.deallocate(block));
      }
    }

   private:
    Owner& owner_;
    typename Owner::Remote remote_;
    const bool is_owner_;
  };

 private:
  Owner owner_{kSegment};
  typename Owner::Remote remote_{owner_.remote()};
};

const Registration<SlabproofCached> kCached;
const Registration<SlabproofCachedImplicitly> kCachedImplicitly;
const Registration<SlabproofCachedPrefaulted, Workloads::kNewMemory> kCachedPrefaulted;
const Registration<SlabproofCachedHugePages, Workloads::kNewMemory> kCachedHugePages;
const Registration<SlabproofOwner> kOwner;
const Registration<SlabproofShared> kShared;
const Registration<SlabproofHardened> kHardened;
const Registration<SlabproofSlab> kSlab;

}  // namespace
}  // namespace slabproof::bench
