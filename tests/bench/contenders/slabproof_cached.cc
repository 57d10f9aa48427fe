#include <cstddef>

#include "slabproof/cached_slab.h"
#include "slabproof/config.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/thread_cache.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

/// Each thread holds its cache.
template <std::size_t kBlockBytes, class Config, std::size_t kCapacity>
class WithCaches {
 public:
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  using Slab = CachedSlab<Object<kBytes>, Config>;

  explicit WithCaches(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(WithCaches& contender, unsigned) noexcept : cache_(contender.slab_) {}
    void* allocate() noexcept {
      const auto block = cache_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept { cache_.deallocate(block); }

   private:
    ThreadCache<Slab> cache_;
  };

 private:
  Slab slab_{kCapacity};
};

template <MmapOptions kOptions>
struct MappedConfig : DefaultConfig {
  using Backing = BasicMmapBacking<kOptions>;
};

template <std::size_t kBlockBytes>
struct SlabproofCached : WithCaches<kBlockBytes, DefaultConfig, 1024> {
  static constexpr const char* kName = "slabproof cached";
  using WithCaches<kBlockBytes, DefaultConfig, 1024>::WithCaches;
};

using PrefaultedConfig = MappedConfig<MmapOptions{.prefault = true}>;
template <std::size_t kBlockBytes>
struct SlabproofCachedPrefaulted : WithCaches<kBlockBytes, PrefaultedConfig, 1024> {
  static constexpr const char* kName = "slabproof cached, pre-faulted";
  using WithCaches<kBlockBytes, PrefaultedConfig, 1024>::WithCaches;
};

/// A segment of 4 MiB, so that the first chunk has huge pages already.
using HugePagesConfig = MappedConfig<MmapOptions{.huge_pages = true}>;
template <std::size_t kBlockBytes>
struct SlabproofCachedHugePages
    : WithCaches<kBlockBytes, HugePagesConfig, (std::size_t{4} << 20) / kBlockBytes> {
  static constexpr const char* kName = "slabproof cached, huge pages";
  using WithCaches<kBlockBytes, HugePagesConfig, (std::size_t{4} << 20) / kBlockBytes>::WithCaches;
};

/// Each operation finds its thread's cache.
template <std::size_t kBlockBytes>
class SlabproofCachedImplicitly {
 public:
  static constexpr const char* kName = "slabproof cached, implicit";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  using Slab = CachedSlab<Object<kBytes>>;

  explicit SlabproofCachedImplicitly(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(SlabproofCachedImplicitly& contender, unsigned) noexcept : slab_(contender.slab_) {}
    void* allocate() noexcept {
      const auto block = slab_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept { slab_.deallocate(block); }

   private:
    Slab& slab_;
  };

 private:
  Slab slab_{1024};
};

const Registration<SlabproofCached> kRegistration;
const Registration<SlabproofCachedImplicitly> kRegistrationImplicit;
const Registration<SlabproofCachedPrefaulted, Workloads::kNewMemory> kRegistrationPrefaulted;
const Registration<SlabproofCachedHugePages, Workloads::kNewMemory> kRegistrationHugePages;

}  // namespace
}  // namespace slabproof::bench
