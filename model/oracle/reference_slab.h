#ifndef SLABPROOF_MODEL_ORACLE_REFERENCE_SLAB_H_
#define SLABPROOF_MODEL_ORACLE_REFERENCE_SLAB_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/oracle/first_fit.h"

namespace slabproof::model {

/// What the growable slab must do, as a sequential program whose steps are critical sections.
///
/// An operation is the sequence of its sections; sections of several operations interleave, and an
/// execution of the real slab is right if each of its sections did what the same section does here
/// (property S12). To `FirstFit` it adds what lies between the sections: growth and the directory.
/// Only counts are kept: which segment each block comes from, not which slot.
///
/// Not thread safe. O(segments) for a section; no heap allocation until the slab outgrows what it
/// has already held once.
class ReferenceSlab {
 public:
  struct Rules {
    std::uint32_t capacity = 1;  ///< slots per segment, at least 1
    std::uint32_t initial_segments = 0;
    bool recheck_all = true;  ///< phase 3 looks at all segments, not only at new ones
  };

  /// Where an allocation stands between its sections.
  enum class Stage : std::uint8_t {
    kDone,
    kAwaitsTrims,  ///< it has taken nothing, and waits until no trim holds a segment
    kGrows,        ///< it asks for a segment, and for a directory unless `directory_width` is 0
    kParked,       ///< it has what it asked for, and waits until no trim holds a segment
    kRefused,      ///< it waits for the growths that were in flight when it was refused
  };
  struct Allocation {
    std::uint32_t missing = 0;  ///< blocks that it still wants
    std::uint32_t served = 0;
    std::uint32_t observed = 0;  ///< segments when it last found no room
    std::uint32_t directory_width = 0;
    Stage stage = Stage::kDone;
    std::uint32_t growth = 0;   ///< the number of its growth, in the order in which growths began
    std::uint32_t awaited = 0;  ///< the number of the last growth that it waits for
  };

  /// What an allocation brought back from the backing.
  struct Supplies {
    bool segment = false;  ///< false: refused, and the allocation must make do with what there is
    bool directory = false;
  };

  /// What one section of an allocation did.
  struct Section {
    std::span<const std::uint32_t> taken;  ///< the segment of each block; valid until the next step
    bool installed = false;                ///< the segment that was brought became the last one
  };

  /// A trim between its sections: the segment that it holds, whose slots nobody can have meanwhile.
  struct Trim {
    std::optional<std::uint32_t> claimed;
    std::uint32_t next = 0;
    bool finished = false;
  };

  /// Segments that one section of a trim examines, so that it holds the lock for a bounded time.
  static constexpr std::uint32_t kTrimStride = 64;

  explicit ReferenceSlab(Rules rules);

  /// Back to the state of construction.
  void reset();

  /// Phase 1: takes what there is, up to `wanted`. `allocation` grows if that was not enough; but
  /// while a trim holds a segment it waits instead, and takes nothing.
  Section begin_allocate(Allocation& allocation, std::uint32_t wanted);

  /// Phase 3 of an allocation that grows or is parked: looks again, and installs the segment that
  /// was brought if that is still needed. `allocation` grows again where a batch exceeds the
  /// capacity. While a trim holds a segment and there is not enough, it is parked. Where nothing
  /// was brought, and nothing is to be had, it waits if other growths are in flight.
  Section continue_allocate(Allocation& allocation, Supplies supplies);

  /// One round of an allocation that waits and is not parked. It waits on where there is nothing
  /// for it, and something to wait for.
  Section look_again(Allocation& allocation);

  /// Takes a block of `segment` back. Requires that one is live there.
  void free(std::uint32_t segment);

  /// One section of a trim: lets go of the segment that is held, as freshly laid out, and claims
  /// the next one that is wholly free and was ever used; none while an allocation waits.
  void trim(Trim& trim);

  [[nodiscard]] std::uint32_t segments() const { return slots_.segments(); }
  /// Whether a slot of the segment can be had: one is free, and no trim holds them.
  [[nodiscard]] bool has_room(std::uint32_t segment) const { return slots_.has_room(segment); }
  [[nodiscard]] std::uint64_t live() const { return slots_.live(); }
  [[nodiscard]] std::uint64_t peak_live() const { return slots_.peak_live(); }
  /// Calls `put` with numbers that tell all that later steps depend on, but for allocations and
  /// trims between their sections.
  template <class Put>
  void append_state(Put put) const {
    put(segments());
    for (std::uint32_t i = 0; i < segments(); ++i) {
      const CountedSlots& slots = slots_.slots_of(i);
      put(slots.live() * 4U + (slots.is_trimmable() ? 2U : 0U) + (slots_.is_claimed(i) ? 1U : 0U));
    }
    put(peak_live());
    put(growths_.size());
    put(parked_);
    put(waiting_);
    put(directory_room_);
  }
  /// How many growths in flight, but for the parked ones, have a number up to this one. What else a
  /// number is means nothing.
  [[nodiscard]] std::size_t growths_up_to(std::uint32_t number) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(growths_, [number](std::uint32_t each) { return each <= number; }));
  }

  /// Segments that fit before the directory must widen.
  [[nodiscard]] std::uint32_t directory_room() const { return directory_room_; }

 private:
  void take(Allocation& allocation, std::uint32_t first_segment);
  void begin_growth(Allocation& allocation);
  [[nodiscard]] bool must_await_trims(const Allocation& allocation, std::uint32_t first) const;
  [[nodiscard]] bool has_growth_to_await(const Allocation& allocation) const;

  Rules rules_;
  FirstFit<CountedSlots> slots_;
  std::vector<std::uint32_t> taken_;
  std::vector<std::uint32_t> growths_;  ///< those in flight, by number, but for the parked ones
  std::uint32_t growths_begun_ = 0;
  std::uint32_t parked_ = 0;
  std::uint32_t waiting_ = 0;  ///< allocations, the parked ones among them
  std::uint32_t directory_room_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_REFERENCE_SLAB_H_
