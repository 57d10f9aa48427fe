#ifndef SLABPROOF_SEGMENT_H_
#define SLABPROOF_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/config.h"
#include "slabproof/segment_chunk.h"
#include "slabproof/slot_freelist.h"

namespace slabproof {

/// A run of slots of a growable slab: this header, then the slots. It lies in a place of a chunk;
/// nothing depends on where that begins, so a capacity that is a power of two wastes nothing.
///
/// A segment is built by one thread before anyone else can see it (phase 2), and published under
/// the slab's lock (phase 3). From then on `record` is guarded by that lock, and the rest is only
/// read.
template <class T, class Config>
class Segment {
  using Sync = typename Config::Sync;
  using Protection = typename Config::Protection;

 public:
  using Freelist = SlotFreelist<T, Config>;
  using Chunk = SegmentChunk<Config>;

  /// What the lock guards of a segment.
  struct Record {
    Segment* next_spare = nullptr;  ///< while it is not installed: list of the reserve
    std::uint32_t index = 0;        ///< position in the order of installation
    std::uint32_t held = 0;         ///< slots that a trim has taken out
    FreelistState run;
  };

  /// The shape of every segment of one slab.
  struct Plan {
    SlotGeometry geometry;
    typename Chunk::PlaceShape place;
  };

  /// Errors: those of `SlotFreelist::plan` and `SegmentChunk::plan`.
  [[nodiscard]] static constexpr std::expected<Plan, AllocError> plan(
      std::size_t capacity) noexcept {
    const auto geometry = Freelist::plan(capacity, sizeof(Segment), true);
    if (!geometry) return std::unexpected(geometry.error());
    const auto place = Chunk::plan(geometry->size, Freelist::slot_alignment);
    if (!place) return std::unexpected(place.error());
    return Plan{*geometry, *place};
  }

  /// Ends a segment. Its place stays part of the chunk.
  struct Release {
    const Plan* plan = nullptr;
    void operator()(Segment* segment) const noexcept {
      const FreelistState state = segment->record.read().run;
      segment->freelist(*plan).tear_down(state);
      std::destroy_at(segment);
    }
  };
  using Owner = std::unique_ptr<Segment, Release>;

  [[nodiscard]] static Owner own(Segment& segment, const Plan& plan) noexcept {
    return Owner(&segment, Release{&plan});
  }

  /// Lays a segment out in a place of `chunk`. `plan` must outlive the segment. Calls
  /// `make_protection`, so no lock may be held (property S5).
  [[nodiscard]] static Owner build(const Plan& plan, const Chunk& chunk, std::byte* place,
                                   Protection (*make_protection)() noexcept) noexcept {
    void* const start = place;
    auto* const segment = ::new (start) Segment(chunk, make_protection(), plan.geometry.capacity);
    segment->freelist(plan).lay_out();
    return own(*segment, plan);
  }

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() = default;

  [[nodiscard]] Freelist freelist(const Plan& plan) noexcept {
    return Freelist(reinterpret_cast<std::byte*>(this), plan.geometry, protection_.read());
  }

  /// Gives pages that lie in the slots back to the backing; how many bytes that were. For one who
  /// holds every slot there, and no lock.
  std::size_t discard(const std::byte* data, std::size_t size) const noexcept {
    return chunk_.read()->discard(data, size);
  }

  typename Sync::template Var<Record> record;

 private:
  Segment(const Chunk& chunk, Protection protection, std::uint32_t capacity) noexcept
      : record(Record{.run = Freelist::fresh(capacity)}),
        chunk_(&chunk),
        protection_(std::move(protection)) {}

  typename Sync::template Var<const Chunk*> chunk_;
  typename Sync::template Var<Protection> protection_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_H_
