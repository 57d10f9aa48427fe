// The slabs of this library: a Slab of fixed capacity, a shared ExtendableSlab, and a CachedSlab.

#include <cstddef>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
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
template <std::size_t kBlockBytes>
struct SlabproofCached
    : Shared<CachedSlab<Object<kBlockBytes>>, ThreadCache<CachedSlab<Object<kBlockBytes>>>> {
  static constexpr const char* kName = "slabproof cached";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  explicit SlabproofCached(std::size_t) noexcept : SlabproofCached::Shared(kSegment) {}
};

const Registration<SlabproofCached> kCached;
const Registration<SlabproofCachedImplicitly> kCachedImplicitly;
const Registration<SlabproofShared> kShared;
const Registration<SlabproofSlab> kSlab;

}  // namespace
}  // namespace slabproof::bench
