#ifndef SLABPROOF_TESTS_PROPERTIES_OBSERVED_KINDS_H_
#define SLABPROOF_TESTS_PROPERTIES_OBSERVED_KINDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "model/slab/cached_adapter.h"
#include "model/slab/owner_adapter.h"
#include "model/slab/slab_adapter.h"
#include "slabproof/batch_policy.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/mmap_backing.h"
#include "slabproof/recheck.h"
#include "tests/properties/subjects.h"
#include "tests/support/observed_policies.h"
#include "tests/support/slab_kind.h"

namespace slabproof::properties {

using model::Cell;

/// What a kind says about its backing. `max_region` is 0 where only memory limits it.
template <class B>
struct BackingTraits;
template <>
struct BackingTraits<MmapBacking> {
  static constexpr const char* name = "mmap";
  static std::size_t page() { return MmapBacking::granularity(); }
  static constexpr std::size_t max_region = 0;
};
template <>
struct BackingTraits<HeapBacking> {
  static constexpr const char* name = "heap";
  static std::size_t page() { return 0; }
  static constexpr std::size_t max_region = 0;
};
template <std::size_t kBytes, std::size_t kAlignment>
struct BackingTraits<InlineBacking<kBytes, kAlignment>> {
  static constexpr const char* name = "inline";
  static std::size_t page() { return 0; }
  static constexpr std::size_t max_region = kBytes;
};

/// The name's size and alignment are those that identify the instantiation in a saved case.
template <class Adapter, class T, class Memory>
SlabKind describe(const std::string& family, const std::string& protection) {
  SlabKind kind = testing::slab_kind<Adapter>(
      family + " " + protection + " " + BackingTraits<Memory>::name + " " +
      std::to_string(sizeof(T)) + "/" + std::to_string(alignof(T)));
  kind.page = BackingTraits<Memory>::page();
  kind.max_region_bytes = BackingTraits<Memory>::max_region;
  return kind;
}

template <class T, Recheck kRecheck, class Memory, class Protection>
SlabKind growable(const std::string& protection) {
  using Config = testing::ObservedConfig<kRecheck, Memory, Protection>;
  return describe<model::GrowableSlabAdapter<T, Config>, T, Memory>(
      kRecheck == Recheck::kAllSegments ? "growable all" : "growable new", protection);
}

template <class T, class Memory, class Protection>
SlabKind fixed(const std::string& protection) {
  using Config = testing::ObservedConfig<Recheck::kAllSegments, Memory, Protection>;
  return describe<model::FixedSlabAdapter<T, Config>, T, Memory>("fixed", protection);
}

/// What moves `kBatch` blocks together, with a depot of two magazines.
template <std::uint32_t kBatch, class Memory>
struct BatchedConfig : testing::ObservedConfig<Recheck::kAllSegments, Memory> {
  using RemoteBatch = FixedBatch<kBatch>;
  static constexpr std::uint32_t magazine_rounds = kBatch;
  static constexpr std::size_t depot_magazines = 2;
};

/// A slab with caches: those that threads hold, or those that come by themselves.
template <class T, std::uint32_t kBatch, class Memory, model::Caches kCaches>
SlabKind cached() {
  using Adapter = model::CachedSlabAdapter<T, BatchedConfig<kBatch, Memory>>;
  const std::string family = kCaches == model::Caches::kHeld ? "cached " : "auto-cached ";
  SlabKind kind = describe<Adapter, T, Memory>(family + std::to_string(kBatch), "NoProtection");
  kind.make_adapter = []() -> std::unique_ptr<model::AnySlab> {
    return std::make_unique<Adapter>(kCaches);
  };
  kind.traits = kind.make_adapter()->traits();
  return kind;
}

template <class T, std::uint32_t kBatch, class Memory>
SlabKind owner() {
  return describe<model::OwnerAdapter<T, BatchedConfig<kBatch, Memory>>, T, Memory>(
      "owner " + std::to_string(kBatch), "NoProtection");
}

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_OBSERVED_KINDS_H_
