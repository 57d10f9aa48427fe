#ifndef SLABPROOF_MODEL_SLAB_CACHED_ADAPTER_H_
#define SLABPROOF_MODEL_SLAB_CACHED_ADAPTER_H_

#include <cstddef>
#include <cstdint>
#include <expected>

#include "model/slab/any_slab.h"
#include "model/slab/parts_of_threads.h"
#include "model/slab/slab_adapter.h"
#include "slabproof/cached_slab.h"
#include "slabproof/thread_cache.h"

namespace slabproof::model {

/// Whose caches the threads of a `CachedSlab` use.
enum class Caches : std::uint8_t {
  kHeld,       ///< each thread's own `ThreadCache`, made before it begins and ended after all have
  kAutomatic,  ///< those that come by themselves
};

/// A `CachedSlab`.
template <class T, class Config>
class CachedSlabAdapter final : public SlabAdapter<T, CachedSlab<T, Config>> {
  using Slab = CachedSlab<T, Config>;
  using Cache = ThreadCache<Slab>;

 public:
  explicit CachedSlabAdapter(Caches caches = Caches::kHeld) : whose_(caches) {}

  SlabTraits traits() const override {
    SlabTraits traits = traits_of<T, Config>();
    traits.family = whose_ == Caches::kHeld ? SlabFamily::kCached : SlabFamily::kAutoCached;
    traits.cache_blocks = Cache::kMaxBlocks;
    traits.depot_blocks = std::size_t{Slab::Depot::kShelf} * Slab::Depot::rounds;
    return traits;
  }
  SegmentShape segment_shape(std::size_t capacity) const override {
    return shape_of_segment<T, Config>(capacity);
  }
  void construct(std::size_t capacity, std::uint32_t initial_segments) override {
    caches_.forget();
    if (initial_segments == 0) return this->emplace(capacity);
    this->emplace(capacity, InitialSegments{initial_segments});
  }

  void begin_threads(std::size_t count) override {
    if (whose_ == Caches::kAutomatic) return;
    for (std::size_t i = 0; i < count; ++i) caches_.make(this->slab());
  }
  void begin_thread(std::size_t index) override {
    if (whose_ == Caches::kHeld) caches_.enter(index);
  }
  void end_threads() override { caches_.end(); }

  std::expected<BlockView, Refusal> allocate() override {
    if (Cache* const cache = mine()) return this->view(cache->allocate());
    return this->view(this->slab().allocate());
  }
  std::expected<BlockView, Refusal> allocate_zeroed() override {
    if (Cache* const cache = mine()) return this->view(cache->allocate_zeroed());
    return this->view(this->slab().allocate_zeroed());
  }
  bool deallocate(void* pointer) override {
    if (Cache* const cache = mine()) return cache->deallocate(pointer);
    return this->slab().deallocate(pointer);
  }

  bool contains(const void* pointer) const override {
    return this->slab().usable_size(pointer).has_value();
  }
  std::size_t segment_count() const override { return this->slab().segment_count(); }
  std::size_t segment_capacity() const override { return this->slab().segment_capacity(); }
  Counters counters() const override { return counters_of(this->slab().stats()); }
  /// `cached` leaves out the caches that came by themselves.
  Counters counters_at_rest() const override {
    Counters counters = this->counters();
    counters.cached = this->slab().depot().cached();
    caches_.for_each([&](const Cache& cache) { counters.cached += cache.size(); });
    return counters;
  }
  std::size_t trim() override {
    if (Cache* const cache = mine()) cache->flush();
    return this->slab().trim();
  }

 private:
  [[nodiscard]] Cache* mine() const noexcept {
    return whose_ == Caches::kHeld ? caches_.mine() : nullptr;
  }

  const Caches whose_;
  PartsOfThreads<Cache, typename Config::Sync> caches_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_CACHED_ADAPTER_H_
