#include <cstddef>

#include "slabproof/cached_slab.h"
#include "slabproof/thread_cache.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

/// Each thread holds its cache.
template <std::size_t kBlockBytes>
class SlabproofCached {
 public:
  static constexpr const char* kName = "slabproof cached";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  using Slab = CachedSlab<Object<kBytes>>;

  explicit SlabproofCached(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(SlabproofCached& contender, unsigned) noexcept : cache_(contender.slab_) {}
    void* allocate() noexcept {
      const auto block = cache_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept { cache_.deallocate(block); }

   private:
    ThreadCache<Slab> cache_;
  };

 private:
  Slab slab_{1024};
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

}  // namespace
}  // namespace slabproof::bench
