#ifndef SLABPROOF_MODEL_SLAB_HISTORY_H_
#define SLABPROOF_MODEL_SLAB_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/program/program.h"
#include "model/program/slab_setup.h"
#include "model/search/execution.h"
#include "model/slab/any_slab.h"
#include "slabproof/alloc_error.h"

namespace slabproof::model {

/// What one execution of a program did, as the oracle sees it. It is recorded by the runner and by
/// the checked sync policy, in fixed arrays: a search makes hundreds of thousands of executions a
/// second, so nothing here may allocate. A history that outgrows an array sets `overflowed`, and an
/// overflowed history is never judged as holding.

/// Position of a thread's operation: `thread` counts from 0 in the order of the program text,
/// `op` from 0 within the thread.
struct OpId {
  std::uint8_t thread = 0;
  std::uint8_t op = 0;
  friend constexpr bool operator==(const OpId&, const OpId&) = default;
};

/// What belongs to no operation: construction, which comes before all operations, and the epilogue,
/// in which the runner gives everything back, takes the census and destroys the slab.
inline constexpr OpId kNoOp{0xff, 0xff};

/// One acquisition of a lock. Its index in `History::acquisitions` is its stamp: the order of
/// critical sections, which is the only order between threads that a reduction preserves.
struct Acquisition {
  OpId op;
  std::uint8_t mutex = 0;  ///< number of the mutex in creation order
  /// Blocks that the batch allocation had been served before; 0 for every other operation.
  std::uint16_t in_hand = 0;
};

/// One request to, or release by, the backing. Construction's grants are recorded with `kNoOp`,
/// so that initial segments are known; of the epilogue nothing need be.
struct BackingEvent {
  using Kind = RegionAction;
  OpId op;
  Kind kind = Kind::kGranted;
  bool is_segment = false;  ///< a segment, as against a directory region
  std::uint16_t stamp = 0;  ///< acquisitions so far, by all threads, when it happened
  std::uintptr_t base = 0;  ///< first byte; 0 where refused
  std::size_t size = 0;     ///< bytes; of `kDiscarded`, those that the backing gave back
};

/// A block that passed between the slab and a thread, in the order of the batch; of `x`, `m` and
/// `d`, the pointer that was offered.
struct BlockEvent {
  std::uintptr_t address = 0;
  std::size_t size = 0;
};

/// What one operation returned.
struct OpRecord {
  OpId id;
  Op op;
  bool skipped = false;                         ///< nothing to act on
  bool is_unfinished = false;                   ///< it has `blocks` so far, and no result
  bool failed = false;                          ///< an allocation that served no block
  AllocError error = AllocError::kOutOfMemory;  ///< meaningful where `failed`
  std::uint16_t first_block = 0;  ///< blocks handed out or freed: a range of `History::blocks`
  std::uint16_t block_count = 0;
  /// usable_size, capacity_bytes, segment_count, trimmed bytes, or live of stats.
  std::uint64_t value = 0;
  /// How many pointers this operation offered that the slab must refuse. Of an allocation, how many
  /// such pointers it got, since a cache looks at none: they count as no blocks.
  std::uint64_t refused_pointers = 0;
};

/// Taken by the epilogue, when all threads have finished and every block has been given back.
struct Census {
  std::uint64_t segments = 0;        ///< installed when the threads had finished
  std::uint64_t peak_live = 0;       ///< as the slab counted it
  std::uint64_t drained_blocks = 0;  ///< blocks obtained by allocating until segments x capacity
  std::uint64_t segments_after_drain = 0;
  std::uint64_t misuse_events = 0;         ///< pointers that the slab counted as refused
  std::uint64_t corruption_events = 0;     ///< those, and corrupt links
  std::uint64_t regions_still_mapped = 0;  ///< after the slab's destruction
  bool drained_distinct = true;            ///< no address twice, each aligned and inside a segment

  // Of families other than the shared slab only.
  Counters at_rest;            ///< when the threads had finished; each part of a thread still there
  Counters after_ends;         ///< when those parts had ended too
  std::uint64_t held = 0;      ///< blocks that callers held then
  std::uint64_t live_end = 0;  ///< blocks that counted as live when all had been given back
};

/// What does not change between executions of one program: the slab, and where its slots lie.
struct Setting : SlabSetup {
  std::size_t stride = 64;  ///< bytes between slots
  std::size_t alignment = 64;
  std::size_t segment_bytes = 4096;  ///< size of a segment's region
  std::size_t slots_offset = 128;    ///< from a segment's base to its first slot
};

struct History {
  static constexpr std::size_t kMaxAcquisitions = 512;
  static constexpr std::size_t kMaxOps = kMaxThreads * kMaxOpsPerThread;
  static constexpr std::size_t kMaxBlocks = 1024;
  static constexpr std::size_t kMaxBackingEvents = 256;

  std::uint16_t acquisition_count = 0;
  std::uint16_t op_count = 0;  ///< in order of completion
  std::uint16_t block_count = 0;
  std::uint16_t backing_event_count = 0;
  bool overflowed = false;
  Census census;

  std::array<Acquisition, kMaxAcquisitions> acquisitions;
  std::array<OpRecord, kMaxOps> ops;
  /// By thread: the newest allocation that returned, known before its blocks are first used. An
  /// execution that such a use stops has it here and not yet in `ops`.
  std::array<OpRecord, kMaxThreads> returned;
  std::uint32_t returned_threads = 0;  ///< bit set of the threads that have one
  std::array<BlockEvent, kMaxBlocks> blocks;
  std::array<BackingEvent, kMaxBackingEvents> backing_events;

  void clear() noexcept {
    acquisition_count = op_count = block_count = backing_event_count = 0;
    overflowed = false;
    returned_threads = 0;
    census = {};
  }
  [[nodiscard]] std::span<const Acquisition> all_acquisitions() const noexcept {
    return std::span(acquisitions).first(acquisition_count);
  }
  [[nodiscard]] std::span<const OpRecord> all_ops() const noexcept {
    return std::span(ops).first(op_count);
  }
  [[nodiscard]] std::span<const BackingEvent> all_backing_events() const noexcept {
    return std::span(backing_events).first(backing_event_count);
  }
  [[nodiscard]] std::span<const BlockEvent> blocks_of(const OpRecord& record) const noexcept {
    return std::span(blocks).subspan(record.first_block, record.block_count);
  }
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_HISTORY_H_
