#ifndef SLABPROOF_SEGMENT_SUPPLY_H_
#define SLABPROOF_SEGMENT_SUPPLY_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/segment_reserve.h"

namespace slabproof {

/// What a growing allocation decides under the lock (`Wish`, phase 1), and what it then gets
/// without the lock (`obtain`, phase 2).
template <class Segment, class Directory, class Config>
class SegmentSupply {
  using Reserve = SegmentReserve<Segment, Config>;
  using Chunk = typename Reserve::Chunk;
  using Extent = typename Directory::Extent;

 public:
  using Plan = typename Segment::Plan;
  using ProtectionFactory = typename Config::Protection (*)() noexcept;

  /// Without initializers, since each allocation has one on its stack and few need it.
  struct Wish {
    std::uint32_t observed;      ///< segments at the last look, all of them full
    std::uint32_t extent_first;  ///< the directory room to ask for: [first, last), or none
    std::uint32_t extent_last;
    typename Reserve::Reserved reserved;  ///< for the segment; else a chunk is asked for
    std::uint32_t chunk_places;           ///< of that chunk
    bool beyond_limit;
  };

  /// INVARIANT[directory.room] Some thread on its way carries room for every segment that the
  /// growers can install: segments + growers <= max(room, what they carry).
  ///
  /// `growers` counts this one. Growers that come before the slab has `max_segments` may be more
  /// than that allows: phase 3 refuses those that come too late. A chunk has places for a share of
  /// the segments that there are, so that the number of chunks grows with the logarithm of theirs;
  /// growers that ask at the same time ask for that share together, and for no more places than
  /// `max_segments` leaves. The lock is held.
  [[nodiscard]] static Wish wish(const Directory& directory, Reserve& reserve,
                                 std::uint64_t growers, std::uint32_t max_segments,
                                 const Plan& plan) noexcept {
    Wish wish{};
    wish.observed = directory.size();
    const std::uint64_t wanted = wish.observed + growers;
    if (wish.observed >= max_segments || wanted > Directory::kMaxSegments) {
      wish.beyond_limit = true;
      return wish;
    }
    if (wanted > directory.room()) {
      wish.extent_first = directory.room();
      wish.extent_last = std::bit_ceil(static_cast<std::uint32_t>(wanted));
    }
    wish.reserved = reserve.take(plan.place);
    if (!wish.reserved) {
      wish.chunk_places =
          (std::min)(share_of(wish.observed, growers), max_segments - wish.observed);
    }
    return wish;
  }

  /// Destroyed without the lock, so what phase 3 leaves goes then: first the segment, then the
  /// chunk in which it lies.
  struct Supplies {
    typename Extent::Owner extent;
    typename Chunk::Owner chunk;  ///< null where the segment lies in a chunk of the slab
    typename Segment::Owner segment;
    std::optional<AllocError> refusal;

    /// Whether phase 3, which does not install the segment, must keep it for the reserve.
    [[nodiscard]] bool has_spare() const noexcept { return segment != nullptr && chunk == nullptr; }
  };

  /// What was reserved is laid out in any case, so that it can be kept. Of what the backing must
  /// give, the directory comes first: a thread that could not get its share of it may not install a
  /// segment, since others count on that share.
  [[nodiscard]] static Supplies obtain(const Wish& wish, const Plan& plan,
                                       ProtectionFactory make_protection) noexcept {
    Supplies supplies;
    if (wish.beyond_limit) {
      supplies.refusal = AllocError::kSegmentLimit;
      return supplies;
    }
    if (wish.reserved) supplies.segment = lay_out(wish.reserved, plan, make_protection);
    if (wish.extent_last != 0) {
      auto extent = Extent::build(wish.extent_first, wish.extent_last);
      if (!extent) {
        supplies.refusal = extent.error();
        return supplies;
      }
      supplies.extent = std::move(*extent);
    }
    if (wish.reserved) return supplies;
    auto chunk = Chunk::build(plan.place, wish.chunk_places);
    if (!chunk && wish.chunk_places > 1) chunk = Chunk::build(plan.place, 1);
    if (!chunk) {
      supplies.refusal = chunk.error();
      return supplies;
    }
    supplies.chunk = std::move(*chunk);
    std::byte* const place = supplies.chunk->take_place(plan.place);
    supplies.segment = Segment::build(plan, *supplies.chunk, place, make_protection);
    return supplies;
  }

 private:
  static std::uint32_t share_of(std::uint32_t segments, std::uint64_t growers) noexcept {
    if constexpr (Config::reserve_share == 0) {
      return 1;
    } else {
      const std::uint64_t share = segments / Config::reserve_share / growers;
      return static_cast<std::uint32_t>(std::max<std::uint64_t>(share, 1));
    }
  }

  static typename Segment::Owner lay_out(const typename Reserve::Reserved& reserved,
                                         const Plan& plan,
                                         ProtectionFactory make_protection) noexcept {
    if (reserved.spare != nullptr) return Segment::own(*reserved.spare, plan);
    return Segment::build(plan, *reserved.chunk, reserved.place, make_protection);
  }
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_SUPPLY_H_
