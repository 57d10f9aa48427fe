#ifndef SLABPROOF_SEGMENT_H_
#define SLABPROOF_SEGMENT_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/config.h"
#include "slabproof/layout.h"
#include "slabproof/slot_freelist.h"

namespace slabproof {

/// One region of a growable slab: this header at its start, then the slots. The region is aligned
/// to a power of two that is at least its size, so the header of any block is found by masking.
///
/// A segment is built by one thread before anyone else can see it (phase 2), and published under
/// the slab's lock (phase 3). From then on `record` is guarded by that lock, `protection` is only
/// read, and `backing` belongs to whoever holds every slot of the segment (see `trim`).
template <class T, class Config>
class Segment {
  using Sync = typename Config::Sync;
  using Backing = typename Config::Backing;
  using Protection = typename Config::Protection;

 public:
  using Freelist = SlotFreelist<T, Config>;

  /// What the lock guards of a segment.
  struct Record {
    Segment* next_in_bucket = nullptr;  ///< chain of the directory's route table
    std::uint32_t index = 0;            ///< position in the order of installation
    FreelistState slots;
  };

  /// The shape of every segment of one slab.
  struct Plan {
    SlotGeometry geometry;
    Layout region;  ///< aligned to a power of two not less than its size
  };

  /// Errors: those of `SlotFreelist::plan`.
  [[nodiscard]] static std::expected<Plan, AllocError> plan(std::size_t capacity) noexcept {
    const auto geometry = Freelist::plan(capacity, sizeof(Segment));
    if (!geometry) return std::unexpected(geometry.error());
    constexpr std::size_t kMaxPowerOfTwo = std::bit_floor(kMaxRegionBytes);
    if (geometry->size > kMaxPowerOfTwo) return std::unexpected(AllocError::kLayoutOverflow);
    const std::size_t unit = Backing::granularity();
    const std::size_t alignment = std::bit_ceil(geometry->size < unit ? unit : geometry->size);
    const auto region = Layout::make(geometry->size, alignment);
    if (!region) return std::unexpected(region.error());
    return Plan{*geometry, *region};
  }

  /// Gives a segment's region back to its backing.
  struct Release {
    const Plan* plan = nullptr;
    void operator()(Segment* segment) const noexcept {
      const FreelistState state = segment->record.read().slots;
      segment->freelist(*plan).tear_down(state);
      // The owner of the region lies in the region, so it moves out before that goes.
      const Backing region = std::move(segment->backing.write());
      std::destroy_at(segment);
    }
  };
  using Owner = std::unique_ptr<Segment, Release>;

  /// Obtains a region and lays a segment out in it. `plan` must outlive the segment. Calls the
  /// backing and `make_protection`, so no lock may be held (property S5).
  /// Errors: `kOutOfMemory` where the backing refuses.
  [[nodiscard]] static std::expected<Owner, AllocError> build(
      const Plan& plan, Protection (*make_protection)() noexcept) noexcept {
    Backing region(plan.region);
    if (!region) return std::unexpected(AllocError::kOutOfMemory);
    void* const place = region.data();
    Owner segment(::new (place) Segment(std::move(region), make_protection()), Release{&plan});
    segment->freelist(plan).lay_out();
    return segment;
  }

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() = default;

  [[nodiscard]] Freelist freelist(const Plan& plan) noexcept {
    return Freelist(reinterpret_cast<std::byte*>(this), plan.geometry, protection_.read());
  }

  typename Sync::template Var<Record> record{Record{}};
  typename Sync::template Var<Backing> backing;

 private:
  Segment(Backing region, Protection protection) noexcept
      : backing(std::move(region)), protection_(std::move(protection)) {}

  typename Sync::template Var<Protection> protection_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_H_
