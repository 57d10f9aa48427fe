#ifndef SLABPROOF_SEGMENT_CHUNK_H_
#define SLABPROOF_SEGMENT_CHUNK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/layout.h"

namespace slabproof {

/// One region of the backing that holds places for segments: this header, then the places one
/// behind the other. Neighbouring places may share a page, so small segments share pages too.
///
/// A chunk is built by one thread before anyone else can see it (phase 2). Once it is published
/// under the slab's lock, `Record` is guarded by that lock, and the backing is only read.
template <class Config>
class SegmentChunk {
  using Sync = typename Config::Sync;
  using Backing = typename Config::Backing;

  struct Record {
    SegmentChunk* next = nullptr;  ///< in whichever list of the slab it is
    std::uint32_t places = 0;
    std::uint32_t taken = 0;  ///< places that were ever given out: [0, taken)
  };

 public:
  /// Where the places of every chunk of one slab lie, in bytes.
  struct PlaceShape {
    std::size_t first = 0;  ///< from the start of a chunk to its first place
    std::size_t size = 0;   ///< of a place, and a multiple of the alignment
    std::size_t alignment = 0;
  };

  /// Errors: `kLayoutOverflow` for a segment so large that no region has room for it.
  [[nodiscard]] static constexpr std::expected<PlaceShape, AllocError> plan(
      std::size_t segment_size, std::size_t alignment) noexcept {
    constexpr std::size_t kLeast = 64;
    const auto place = Layout::make(segment_size, (std::max)(alignment, kLeast));
    const auto header = Layout::make(sizeof(SegmentChunk), (std::max)(alignment, kLeast));
    if (!place) return std::unexpected(place.error());
    if (!header) return std::unexpected(header.error());
    const PlaceShape shape{header->padded_size(), place->padded_size(), place->alignment()};
    if (const auto region = region_of(shape, 1); !region) return std::unexpected(region.error());
    return shape;
  }

  /// Ends a chunk, in which no segment may be alive, and gives its region back.
  struct Release {
    void operator()(SegmentChunk* chunk) const noexcept {
      // The owner of the region lies in the region, so it moves out before that goes.
      const Backing region = std::move(chunk->backing_.write());
      std::destroy_at(chunk);
    }
  };
  using Owner = std::unique_ptr<SegmentChunk, Release>;

  /// Obtains a region with `wanted` places. Where a slab reserves at all, what the backing grants
  /// beyond the request is used. No lock may be held (property S5).
  /// Errors: `kOutOfMemory` where the backing refuses.
  [[nodiscard]] static std::expected<Owner, AllocError> build(const PlaceShape& shape,
                                                              std::uint32_t wanted) noexcept {
    const auto request = region_of(shape, wanted);
    if (!request) return std::unexpected(request.error());
    Backing region(*request);
    if (!region) return std::unexpected(AllocError::kOutOfMemory);
    std::uint64_t places = wanted;
    if constexpr (Config::reserve_share != 0) {
      constexpr std::uint64_t kMost = (std::numeric_limits<std::uint32_t>::max)();
      places = std::min<std::uint64_t>((region.size() - shape.first) / shape.size, kMost);
    }
    void* const start = region.data();
    return Owner(::new (start) SegmentChunk(std::move(region), static_cast<std::uint32_t>(places)));
  }

  SegmentChunk(const SegmentChunk&) = delete;
  SegmentChunk& operator=(const SegmentChunk&) = delete;
  ~SegmentChunk() = default;

  [[nodiscard]] bool has_room() const noexcept {
    const Record& record = record_.read();
    return record.taken < record.places;
  }

  /// Gives out a place. Requires `has_room()`. O(1), and touches none of the places.
  [[nodiscard]] std::byte* take_place(const PlaceShape& shape) noexcept {
    const std::size_t place = record_.write().taken++;
    return reinterpret_cast<std::byte*>(this) + shape.first + place * shape.size;
  }

  [[nodiscard]] SegmentChunk* next() const noexcept { return record_.read().next; }
  void set_next(SegmentChunk* next) noexcept { record_.write().next = next; }

  /// As `discard` of the backing, for bytes that lie in this chunk and belong to the caller.
  std::size_t discard(const std::byte* data, std::size_t size) const noexcept {
    const auto* const start = reinterpret_cast<const std::byte*>(this);
    return backing_.read().discard(static_cast<std::size_t>(data - start), size);
  }

 private:
  /// Two cache lines, since neighbouring lines are fetched in pairs.
  static constexpr std::size_t kLeastAlignment = 128;

  [[nodiscard]] static constexpr std::expected<Layout, AllocError> region_of(
      const PlaceShape& shape, std::size_t places) noexcept {
    if (places > (kMaxRegionBytes - shape.first) / shape.size) {
      return std::unexpected(AllocError::kLayoutOverflow);
    }
    return Layout::make(shape.first + places * shape.size,
                        (std::max)(shape.alignment, std::size_t{kLeastAlignment}));
  }

  SegmentChunk(Backing region, std::uint32_t places) noexcept
      : backing_(std::move(region)), record_(Record{.places = places}) {}

  typename Sync::template Var<Backing> backing_;
  typename Sync::template Var<Record> record_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_CHUNK_H_
