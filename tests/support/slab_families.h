#ifndef SLABPROOF_TESTS_SUPPORT_SLAB_FAMILIES_H_
#define SLABPROOF_TESTS_SUPPORT_SLAB_FAMILIES_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "slabproof/cached_slab.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "slabproof/slab_stats.h"
#include "slabproof/thread_cache.h"

namespace slabproof::testing {

/// Counts the objects that exist.
struct Counted {
  inline static int alive = 0;

  Counted(int first, std::string second) : number(first), text(std::move(second)) { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int number;
  std::string text;
};

template <class SlabType>
std::uint64_t live(const SlabType& slab) {
  if constexpr (requires { slab.live(); }) {
    return slab.live();
  } else {
    return slab.stats().live;
  }
}

/// Bad pointers that the slab has counted.
template <class SlabType>
std::uint64_t refused(const SlabType& slab) {
  if constexpr (requires { slab.corruption_events(); }) {
    return slab.corruption_events();
  } else {
    const SlabStats stats = slab.stats();
    return stats.foreign_pointers + stats.misaligned_pointers + stats.repeated_frees;
  }
}

template <template <class, class> class SlabTemplate>
struct Family {
  template <class T, class Config = DefaultConfig>
  using Of = SlabTemplate<T, Config>;
};

template <class SlabType>
struct Under {
  SlabType under;
};

/// A slab seen through a cache that is not the thread's own.
template <class T, class Config>
class ThroughCache : Under<CachedSlab<T, Config>>, public ThreadCache<CachedSlab<T, Config>> {
 public:
  explicit ThroughCache(std::size_t capacity)
      : Under<CachedSlab<T, Config>>{CachedSlab<T, Config>(capacity)},
        ThreadCache<CachedSlab<T, Config>>(this->under) {}
  [[nodiscard]] SlabStats stats() const { return this->under.stats(); }
};

using BothSlabs = ::testing::Types<Family<Slab>, Family<ExtendableSlab>>;
using AllSlabs = ::testing::Types<Family<Slab>, Family<ExtendableSlab>, Family<CachedSlab>,
                                  Family<ThroughCache>, Family<SlabOwner>>;

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SLAB_FAMILIES_H_
