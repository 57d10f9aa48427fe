#ifndef SLABPROOF_MODEL_SLAB_SUBJECT_H_
#define SLABPROOF_MODEL_SLAB_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/program/operation.h"

namespace slabproof::model {

/// A block as the runner sees it.
struct BlockView {
  std::byte* data = nullptr;
  std::size_t size = 0;
};

/// How an allocation ended.
struct AllocationOutcome {
  std::size_t served = 0;  ///< pieces at the front of what was asked for
  bool failed = false;
  std::uint8_t error = 0;  ///< the `AllocError`, where `failed`
};

/// A batch that a slab is filling from the front, as another part of the program sees it while the
/// allocation is between two of its critical sections. It watches the caller's own array, so that
/// the slab need not tell.
class BatchInProgress {
 public:
  /// `blocks` must outlive the watch; each has a member `data`, null until its block is served.
  template <class Block>
  void watch(std::span<const Block> blocks) {
    first_ = reinterpret_cast<const std::byte*>(&blocks.front().data);
    step_ = sizeof(Block);
    count_ = blocks.size();
  }
  void end() { count_ = 0; }

  /// Blocks served so far; 0 where nothing is watched.
  [[nodiscard]] std::size_t served() const {
    std::size_t served = 0;
    while (served < count_ && data(served) != nullptr) ++served;
    return served;
  }
  /// Whether one of these begins at `block`.
  [[nodiscard]] bool has(const void* block) const {
    const std::size_t end = served();
    for (std::size_t i = 0; i < end; ++i) {
      if (data(i) == block) return true;
    }
    return false;
  }

 private:
  [[nodiscard]] const std::byte* data(std::size_t index) const {
    return *reinterpret_cast<std::byte* const*>(first_ + index * step_);
  }

  const std::byte* first_ = nullptr;
  std::size_t step_ = 0;
  std::size_t count_ = 0;
};

/// What a slab has counted since its construction.
struct SlabCounts {
  std::uint64_t misuse = 0;      ///< bad pointers
  std::uint64_t corruption = 0;  ///< bad pointers and corrupt links
  std::uint64_t peak_live = 0;   ///< most blocks handed out at once, those of a trim included
};

/// The slab under check behind one interface, whatever its configuration: the shipped one, a mutant
/// of it, or a deliberately wrong one. It uses no type of the library, so that a mutant, whose
/// types are its own, can be a subject too.
///
/// All of it is called within an execution. `construct` makes a fresh slab; what became of the slab
/// of an earlier execution, which may have been abandoned, does not matter.
class Subject {
 public:
  virtual ~Subject() = default;

  virtual void construct(std::size_t capacity, std::uint32_t initial_segments) = 0;
  virtual void destroy() = 0;

  /// Fills `pieces` from the front by the call that `kind`, an allocation, stands for. A batch of
  /// two blocks or more can be watched meanwhile.
  virtual AllocationOutcome allocate(Op::Kind kind, std::span<BlockView> pieces,
                                     BatchInProgress& batch) = 0;
  /// False if the slab refused the pointer.
  virtual bool deallocate(void* pointer) = 0;
  /// How many pointers the slab accepted.
  virtual std::size_t deallocate_batch(std::span<void* const> pointers) = 0;
  [[nodiscard]] virtual std::optional<std::size_t> usable_size(const void* pointer) = 0;
  [[nodiscard]] virtual std::size_t capacity_bytes() = 0;
  [[nodiscard]] virtual std::size_t segment_count() = 0;
  /// Blocks that the slab counts as handed out.
  [[nodiscard]] virtual std::uint64_t live_count() = 0;
  [[nodiscard]] virtual SlabCounts counts() = 0;
  /// Bytes given back.
  virtual std::size_t trim() = 0;

  [[nodiscard]] virtual std::size_t stride() const = 0;
  [[nodiscard]] virtual std::size_t alignment() const = 0;
  /// Size to which a segment of `capacity` slots is aligned; 0 for an impossible capacity.
  [[nodiscard]] virtual std::size_t segment_bytes(std::size_t capacity) const = 0;
  /// Bytes from a segment's base to its first slot; 0 for an impossible capacity.
  [[nodiscard]] virtual std::size_t slots_offset(std::size_t capacity) const = 0;
  /// A second free of a block is refused even where other blocks of its segment are live.
  [[nodiscard]] virtual bool detects_double_free() const = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_SUBJECT_H_
