#ifndef SLABPROOF_MODEL_SLAB_MODEL_BACKING_H_
#define SLABPROOF_MODEL_SLAB_MODEL_BACKING_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/model_memory.h"
#include "slabproof/backing.h"
#include "slabproof/layout.h"

namespace slabproof::model {

/// What a region of a slab's memory is for: the tag of its events. A chunk of one segment is a
/// segment. As wide as an address, so that an owner of a region has no padding.
enum class RegionKind : std::uint64_t { kDirectory, kSegment };

/// The backing of a slab under the model checker: memory at addresses that depend on nothing but
/// the thread's own past, and requests that fail on demand.
class ModelBacking {
 public:
  explicit ModelBacking(Layout layout,
                        std::source_location where = std::source_location::current()) noexcept
      : kind_(layout.alignment() > ModelMemory::kGranule ? RegionKind::kSegment
                                                         : RegionKind::kDirectory),
        data_(checker_hooks::request_region(layout.size(), layout.alignment(), tag(), where)),
        size_(data_ != nullptr ? layout.size() : 0) {
    // Nobody may count on zeros: a heap has none either. The same in every execution, whatever
    // earlier ones left there.
    if (data_ != nullptr) std::memset(data_, 0x5a, size_);
  }
  ~ModelBacking() {
    if (data_ != nullptr) checker_hooks::release_region(data_, size_, tag());
  }
  ModelBacking(ModelBacking&& other) noexcept
      : kind_(other.kind_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  ModelBacking& operator=(ModelBacking&&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  std::size_t discard(std::size_t offset, std::size_t size) const noexcept {
    checker_hooks::discard_region(data_ + offset, size, tag());
    return size;
  }

  [[nodiscard]] static int last_os_error() noexcept { return 0; }
  /// Exactly what is asked for is given, so a directory widens as late as it can.
  [[nodiscard]] static std::size_t granularity() noexcept { return ModelMemory::kGranule; }

 private:
  [[nodiscard]] std::uint32_t tag() const noexcept { return static_cast<std::uint32_t>(kind_); }

  RegionKind kind_;  // only a chunk is aligned to more than a granule
  std::byte* data_;
  std::size_t size_;
};

static_assert(MovableBacking<ModelBacking>);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_MODEL_BACKING_H_
