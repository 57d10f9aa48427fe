#ifndef SLABPROOF_MODEL_SLAB_ANY_SLAB_H_
#define SLABPROOF_MODEL_SLAB_ANY_SLAB_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "model/program/operation.h"
#include "model/program/slab_setup.h"

namespace slabproof::model {

/// A block, or the memory of an object.
struct BlockView {
  std::byte* data = nullptr;
  std::size_t size = 0;
};

/// `AllocError`, value by value.
enum class Refusal : std::uint8_t {
  kOutOfMemory,
  kInvalidCapacity,
  kInvalidLayout,
  kLayoutOverflow,
  kUnsupportedLayout,
  kSegmentLimit,
};

[[nodiscard]] constexpr std::string_view to_text(std::optional<Refusal> refusal) noexcept {
  constexpr std::string_view kTexts[] = {"out of memory",   "invalid capacity",   "invalid layout",
                                         "layout overflow", "unsupported layout", "segment limit"};
  return refusal ? kTexts[static_cast<std::size_t>(*refusal)] : "success";
}

/// A batch that a slab is filling from the front, as another part of the program sees it while the
/// allocation is between two of its critical sections. It watches the caller's own array, so that
/// the slab takes no part in it.
class BatchInProgress {
 public:
  /// `blocks` must outlive the watch; each has a member `data`, null until its block is served.
  template <class Block>
  void watch(std::span<const Block> blocks) {
    if (blocks.empty()) return;
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
  /// Requires index < served().
  [[nodiscard]] const std::byte* block(std::size_t index) const { return data(index); }
  [[nodiscard]] bool is_watched() const { return count_ != 0; }
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

/// What a slab counts, in slots unless said otherwise; `SlabStats` field by field. A fixed slab
/// publishes `capacity`, `live` and the sum of the events only; see `corruption_events`.
struct Counters {
  std::uint64_t segments = 0;
  std::uint64_t capacity = 0;
  std::uint64_t live = 0;
  std::uint64_t peak_live = 0;
  std::uint64_t free = 0;
  std::uint64_t uncarved = 0;
  std::uint64_t abandoned = 0;
  std::uint64_t growers = 0;
  std::uint64_t directory_room = 0;
  std::uint64_t foreign_pointers = 0;
  std::uint64_t misaligned_pointers = 0;
  std::uint64_t repeated_frees = 0;
  std::uint64_t corrupt_links = 0;
  /// Of the live ones, those that no caller holds: in the depot, and in caches that threads hold.
  /// Known at rest only.
  std::uint64_t cached = 0;

  /// Bad pointers that were given back.
  [[nodiscard]] std::uint64_t misuse() const {
    return foreign_pointers + misaligned_pointers + repeated_frees;
  }
};

/// What is known of a configuration before a slab is made. Sizes in bytes.
struct SlabTraits {
  std::size_t object_size = 0;
  std::size_t object_alignment = 0;
  std::size_t stride = 0;
  std::size_t slot_alignment = 0;
  std::size_t link_bytes = 0;  ///< how much of a free slot is the slab's own
  SlabFamily family = SlabFamily::kShared;
  bool grows = true;             ///< not a `Slab`
  bool rechecks_all = true;      ///< phase 3 looks at all segments, and not only at new ones
  bool tracks_slots = false;     ///< notices every second free
  bool seals_links = false;      ///< notices every altered link
  std::size_t cache_blocks = 0;  ///< most blocks of one thread's cache
  std::size_t depot_blocks = 0;  ///< most blocks that belong to no thread's cache
};

/// The region of a growable slab's segment that has a region of its own, in bytes; all 0 for an
/// impossible capacity.
struct SegmentShape {
  std::size_t region_bytes = 0;
  std::size_t slots_offset = 0;  ///< from the base of the region to the first slot
};

/// Any slab of the library behind one interface, whatever its configuration: fixed or growable,
/// under any sync policy, backing and protection, the shipped one or a mutant of it. It uses no
/// type of the library: a mutant's types are its own, and an engine that is compiled once can be
/// linked with each of them.
///
/// What a function means is what it means on the slab. What a slab lacks is done by what it has: a
/// batch is made of single calls; a fixed slab has one segment, and its trim does nothing; the trim
/// of an owner is a `reclaim`.
class AnySlab {
 public:
  AnySlab() = default;
  virtual ~AnySlab() = default;
  AnySlab(const AnySlab&) = delete;
  AnySlab& operator=(const AnySlab&) = delete;

  [[nodiscard]] virtual SlabTraits traits() const = 0;
  [[nodiscard]] virtual SegmentShape segment_shape(std::size_t capacity) const = 0;

  /// Makes a fresh slab, before all else; `initial_segments` is for a growable one. Under the model
  /// checker it does not matter what became of the slab of an execution that was abandoned.
  /// Elsewhere, `OwnedSlab` sees to it that each slab is destroyed.
  virtual void construct(std::size_t capacity, std::uint32_t initial_segments) = 0;
  virtual void destroy() = 0;

  /// Between `construct` and `destroy`, each of `count` threads calls `begin_thread` first and
  /// `end_thread` last; `end_threads` comes when all have finished. Who calls none of these uses
  /// the slab as well, but while no thread runs. It matters where threads have parts of their own:
  /// caches, or the remotes of an owner, which is thread 0.
  virtual void begin_threads(std::size_t /*count*/) {}
  virtual void begin_thread(std::size_t /*index*/) {}
  virtual void end_thread() {}
  virtual void end_threads() {}
  [[nodiscard]] virtual std::optional<Refusal> error() const = 0;

  [[nodiscard]] virtual std::expected<BlockView, Refusal> allocate() = 0;
  [[nodiscard]] virtual std::expected<BlockView, Refusal> allocate(std::size_t size,
                                                                   std::size_t alignment) = 0;
  [[nodiscard]] virtual std::expected<BlockView, Refusal> allocate_zeroed() = 0;
  /// Fills `blocks` from the front, and says how many. `batch` can be watched meanwhile.
  [[nodiscard]] virtual std::expected<std::size_t, Refusal> allocate_batch(
      std::span<BlockView> blocks, BatchInProgress& batch) = 0;
  /// False if the slab refused the pointer.
  virtual bool deallocate(void* pointer) = 0;
  /// A block that the thread gave back and that is its own again, since the owner takes no more;
  /// null where there is none.
  [[nodiscard]] virtual std::byte* take_back() { return nullptr; }
  /// How many pointers the slab accepted.
  virtual std::size_t deallocate_batch(std::span<void* const> pointers) = 0;

  [[nodiscard]] virtual std::expected<BlockView, Refusal> create() = 0;
  /// `create` of an object whose constructor throws. The result is where the object would have been
  /// if the exception arrived, and null if none did.
  [[nodiscard]] virtual std::expected<std::byte*, Refusal> create_throwing() = 0;
  /// `make_unique`, whose owner lets go of the object, or else destroys it at once.
  [[nodiscard]] virtual std::expected<BlockView, Refusal> make_unique(bool release) = 0;
  /// Ends an object, which also gives its block back. `object` may be null.
  virtual void destroy_object(void* object) = 0;

  [[nodiscard]] virtual std::optional<std::size_t> usable_size(const void* pointer) const = 0;
  /// Whether the pointer is a block of this slab, or at least in the memory of a fixed one.
  [[nodiscard]] virtual bool contains(const void* pointer) const = 0;
  [[nodiscard]] virtual std::size_t capacity_bytes() const = 0;
  [[nodiscard]] virtual std::size_t segment_count() const = 0;
  [[nodiscard]] virtual std::size_t segment_capacity() const = 0;
  [[nodiscard]] virtual Counters counters() const = 0;
  /// The same, and what is cached. No thread may use the slab meanwhile.
  [[nodiscard]] virtual Counters counters_at_rest() const { return counters(); }
  [[nodiscard]] virtual std::uint64_t corruption_events() const = 0;
  /// Bytes given back.
  virtual std::size_t trim() = 0;

  /// Fills `blocks` from the front by the call that `kind`, an allocation, stands for; several
  /// blocks by `allocate_batch`.
  [[nodiscard]] std::expected<std::size_t, Refusal> allocate_each(Op::Kind kind,
                                                                  std::span<BlockView> blocks,
                                                                  BatchInProgress& batch) {
    if (blocks.size() != 1) return allocate_batch(blocks, batch);
    const auto block = kind == Op::Kind::kAllocateZeroed ? allocate_zeroed() : allocate();
    if (!block) return std::unexpected(block.error());
    blocks.front() = *block;
    return 1;
  }
};

/// Destroys a slab together with its adapter.
struct SlabDestroyer {
  void operator()(AnySlab* slab) const {
    slab->destroy();
    delete slab;
  }
};
using OwnedSlab = std::unique_ptr<AnySlab, SlabDestroyer>;

/// Makes a slab that lives as long as its owner does.
[[nodiscard]] inline OwnedSlab construct(std::unique_ptr<AnySlab> slab, std::size_t capacity,
                                         std::uint32_t initial_segments) {
  slab->construct(capacity, initial_segments);
  return OwnedSlab(slab.release());
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SLAB_ANY_SLAB_H_
