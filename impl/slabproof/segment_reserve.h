#ifndef SLABPROOF_SEGMENT_RESERVE_H_
#define SLABPROOF_SEGMENT_RESERVE_H_

#include <cstddef>
#include <utility>

#include "slabproof/segment_chunk.h"

namespace slabproof {

/// The chunks of a growable slab, and what a grower can have without a call of the backing: places
/// that nobody has taken yet, and segments that were laid out and then turned out not to be needed.
/// Such a segment stays laid out, since to end it and make it again would cost more than it holds.
///
/// Each chunk holds at least one installed segment, since a chunk is adopted together with one, and
/// segments stay: so no chunk is ever empty. Every operation but `tear_down` is O(1).
///
/// INVARIANT[reserve.places] each place is given out once, and then holds one segment for good: an
/// installed one, one that its grower has, or a spare one.
///
/// Not thread safe by itself: guarded by the slab's lock.
template <class Segment, class Config>
class SegmentReserve {
 public:
  using Chunk = SegmentChunk<Config>;
  using PlaceShape = typename Chunk::PlaceShape;

  /// What a grower has: a spare segment, or a place of a chunk, or nothing.
  struct Reserved {
    Segment* spare;
    Chunk* chunk;
    std::byte* place;

    [[nodiscard]] explicit operator bool() const noexcept {
      return spare != nullptr || chunk != nullptr;
    }
  };

  [[nodiscard]] bool empty() const noexcept { return spares_ == nullptr && open_ == nullptr; }

  /// Nothing where the reserve is empty.
  [[nodiscard]] Reserved take(const PlaceShape& shape) noexcept {
    Reserved reserved{};
    if (spares_ != nullptr) {
      reserved.spare = std::exchange(spares_, spares_->record.read().next_spare);
    } else if (open_ != nullptr) {
      reserved.chunk = open_;
      reserved.place = open_->take_place(shape);
      if (!open_->has_room()) {
        open_ = reserved.chunk->next();
        push(full_, *reserved.chunk);
      }
    }
    return reserved;
  }

  /// Takes a chunk over, together with which a segment in it is installed.
  void adopt(typename Chunk::Owner owned) noexcept {
    Chunk& chunk = *owned.release();
    push(chunk.has_room() ? open_ : full_, chunk);
  }

  /// Takes a segment over that lies in one of these chunks and is not installed.
  void keep(Segment& spare) noexcept {
    spare.record.write().next_spare = std::exchange(spares_, &spare);
  }

  /// The next of the spare segments, for one who ends them; null where there is none.
  [[nodiscard]] Segment* take_spare() noexcept {
    if (spares_ == nullptr) return nullptr;
    return std::exchange(spares_, spares_->record.read().next_spare);
  }

  /// Gives every chunk back. No segment may be alive, and no lock held.
  void tear_down() noexcept {
    for (Chunk* list : {std::exchange(open_, nullptr), std::exchange(full_, nullptr)}) {
      while (list != nullptr) {
        const typename Chunk::Owner chunk(list);
        list = chunk->next();
      }
    }
  }

 private:
  static void push(Chunk*& list, Chunk& chunk) noexcept {
    chunk.set_next(std::exchange(list, &chunk));
  }

  Segment* spares_ = nullptr;
  Chunk* open_ = nullptr;  ///< chunks that have places to give
  Chunk* full_ = nullptr;  ///< all others
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_RESERVE_H_
