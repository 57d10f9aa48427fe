#ifndef SLABPROOF_EXTENDABLE_SLAB_H_
#define SLABPROOF_EXTENDABLE_SLAB_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/config.h"
#include "slabproof/layout.h"
#include "slabproof/lock_guard.h"
#include "slabproof/misuse.h"
#include "slabproof/object_factory.h"
#include "slabproof/segment.h"
#include "slabproof/segment_directory.h"
#include "slabproof/segment_reserve.h"
#include "slabproof/segment_supply.h"
#include "slabproof/slab_stats.h"

namespace slabproof {

/// How many segments a slab starts with.
struct InitialSegments {
  std::uint32_t count = 0;
};

/// A thread-safe slab that grows by whole segments. Blocks never move, and a segment stays where
/// it is until the slab is destroyed (property S3).
///
/// An allocation has three phases:
///
///  1. under the lock, take a slot of the lowest segment that has one;
///  2. where none has: without the lock, obtain a new segment from the backing, which may be slow,
///     may fail, and may happen in many threads at once;
///  3. under the lock again, look once more (`Config::recheck` says where); take a slot that was
///     freed or installed meanwhile, or else install the new segment and take its first slot.
///
/// Address space comes in chunks that grow with the slab, so most segments need no request to the
/// backing. A chunk that turned out not to be needed is released after the lock is dropped; a
/// segment in a chunk that the slab has stays for the next grower. Where the backing refused, phase
/// 3 looks at all segments, and then for a place that another grower has brought: the call fails
/// only if every slot is live at that moment (property L3). The original algorithm walks its
/// segments; here every step under the lock is O(1).
///
/// Growth is exact with `Recheck::kAllSegments`: segments = max(initial, ceil(peak live /
/// capacity)), for any number of threads (property S6). With `kNewSegments` it may exceed that by
/// ceil((threads - 1) / capacity) (property S7).
///
/// Thread safety: any operation from any thread at any time, but for construction and destruction.
/// Destruction releases every segment; it does not run destructors of objects still live. In a
/// child process: see `ForkGuard`.
/// Nothing throws, but for the constructors of objects in `create` and `make_unique`, and the
/// action of `for_each_live`.
template <class T, class Config = DefaultConfig>
class ExtendableSlab : CheckedConfig<T, Config>,
                       public ObjectFactory<T, ExtendableSlab<T, Config>> {
  static_assert(MovableBacking<typename Config::Backing>,
                "slabproof: Config::Backing of a growable slab must be movable without moving its "
                "region, since the owner of a chunk's region is kept in that region");

  using Protection = typename Config::Protection;
  using SegmentType = Segment<T, Config>;
  using Directory = SegmentDirectory<SegmentType, Config>;
  using Reserve = SegmentReserve<SegmentType, Config>;
  using Supply = SegmentSupply<SegmentType, Directory, Config>;
  using Record = typename SegmentType::Record;
  using Freelist = typename SegmentType::Freelist;

 public:
  using value_type = T;
  using Sync = typename Config::Sync;
  using ProtectionFactory = Protection (*)() noexcept;

  /// Bytes between slots, all usable (property S2); the size of every block.
  static constexpr std::size_t stride = Freelist::stride;
  static constexpr std::size_t slot_alignment = Freelist::slot_alignment;
  static constexpr Recheck recheck = Config::recheck;
  /// Most blocks that a batch takes or gives back in one critical section (property L5).
  static constexpr std::size_t kMaxSection = 256;

  /// An empty slab; the first allocation obtains the first segment. `make_protection` is called
  /// once for each segment, never under the lock. An impossible capacity is not an error yet: see
  /// `error`.
  explicit ExtendableSlab(std::size_t segment_capacity,
                          ProtectionFactory make_protection = &Protection::make) noexcept
      : ExtendableSlab(segment_capacity, InitialSegments{0}, make_protection) {}

  /// A slab with segments in place. Where the backing refuses one, the slab has those that it got,
  /// and `error` says why.
  ExtendableSlab(std::size_t segment_capacity, InitialSegments initial,
                 ProtectionFactory make_protection = &Protection::make) noexcept
      : plan_(SegmentType::plan(segment_capacity)),
        make_protection_(make_protection),
        shared_(Shared(plan_ ? plan_->geometry.size : 1)) {
    if (!plan_) error_ = plan_.error();
    for (std::uint32_t i = 0; i < initial.count && !error_; ++i) error_ = add_initial_segment();
  }

  ~ExtendableSlab() {
    static_assert(alignof(ExtendableSlab) >= kCacheLine && sizeof(ExtendableSlab) % kCacheLine == 0,
                  "slabproof: a slab has cache lines of its own");
    Shared& shared = shared_.write();
    report_leaks<typename Config::Misuse>(*this, shared.counters.live);
    const auto end = [this](SegmentType& segment) {
      const auto ended = SegmentType::own(segment, *plan_);
    };
    for (std::uint32_t i = 0; i < shared.directory.size(); ++i) end(shared.directory.at(i));
    while (SegmentType* const spare = shared.reserve.take_spare()) end(*spare);
    shared.reserve.tear_down();
    shared.directory.tear_down();
  }
  ExtendableSlab(const ExtendableSlab&) = delete;
  ExtendableSlab& operator=(const ExtendableSlab&) = delete;

  /// What went wrong on construction: an impossible capacity, which every allocation then reports
  /// before it takes the lock, or an initial segment that could not be had.
  [[nodiscard]] std::optional<AllocError> error() const noexcept { return error_; }

  /// From now on the slab grows to at most `most` segments, that is to `most` x
  /// `segment_capacity()` x `stride` bytes of slots. Segments that it has stay. A call that would
  /// have to grow beyond fails with `kSegmentLimit`, as if the backing had refused: only if every
  /// slot is live at its last look (property L3). O(1), one lock acquisition.
  void limit_segments(std::uint32_t most) noexcept {
    const LockGuard guard(mutex_);
    shared_.write().max_segments = most;
  }

  /// A block of one slot. O(1) and one lock acquisition on a hit; a growing call makes two, at most
  /// one request for a chunk, and one for the directory when that must widen (property L2). Where
  /// the backing refuses a chunk for several segments, the call asks once more, for one segment;
  /// where that fails too and another thread has brought a place that may be used, it takes the
  /// lock a third time.
  /// Errors: those of construction; `kOutOfMemory`; `kSegmentLimit`.
  [[nodiscard]] std::expected<Block, AllocError> allocate() noexcept {
    if (!plan_) [[unlikely]]
      return std::unexpected(plan_.error());
    HandOut handed_out;
    Growth growth;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      if (std::byte* const data = take_one(shared); data != nullptr) [[likely]]
        return handed_out.block(data);
      growth = begin_growth(shared);
    }
    Block block;
    const auto served = grow(std::span(&block, 1), 0, 1, growth);
    if (!served) return std::unexpected(served.error());
    return handed_out.block(block.data);
  }

  /// As `allocate()`, but never grows: nothing where every slot is live. O(1), one lock
  /// acquisition.
  [[nodiscard]] std::optional<Block> try_allocate() noexcept {
    HandOut handed_out;
    const LockGuard guard(mutex_);
    std::byte* const data = take_one(shared_.write());
    if (data == nullptr) return std::nullopt;
    return handed_out.block(data);
  }

  /// As `allocate()`, for a request that need not be a `T`.
  /// Errors: also `kUnsupportedLayout` for one that no slot can hold, before the lock is taken.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    if (request.size() > stride || request.alignment() > slot_alignment) {
      return std::unexpected(AllocError::kUnsupportedLayout);
    }
    return allocate();
  }

  /// Fills `blocks` from the front under one lock acquisition for each `kMaxSection` of them, and
  /// one more for each segment that it has to add. Other threads can come in between those; each is
  /// atomic by itself. The result is how many blocks were served: fewer than asked only where the
  /// backing refused while every slot was live, never zero unless asked for zero.
  /// Errors: as `allocate`, when no block was served; then nothing has changed.
  [[nodiscard]] std::expected<std::size_t, AllocError> allocate_batch(
      std::span<Block> blocks) noexcept {
    std::size_t served = 0;
    do {
      const auto part = blocks.subspan(served, (std::min)(kMaxSection, blocks.size() - served));
      const auto more = serve(part, part.size());
      if (!more && served == 0) return more;
      served += more.value_or(0);
      if (more.value_or(0) < part.size()) break;
    } while (served < blocks.size());
    if constexpr (Config::Contents::zeroes) {
      for (const Block& each : blocks.first(served)) {
        Config::Contents::handed_out(each.data, stride);
      }
    }
    return served;
  }

  /// Fills `blocks` from the front with what can be had at once, under one lock acquisition, but
  /// with no more than `kMaxSection`. Where that is nothing, grows as `allocate` does and takes
  /// what there is then. For a cache, which asks for many although its caller needs one. Blocks are
  /// not zeroed: the cache does that. The result is how many were served; zero if asked for zero.
  /// Errors: as `allocate`, when no block was served; then nothing has changed.
  [[nodiscard]] std::expected<std::size_t, AllocError> allocate_some(
      std::span<Block> blocks) noexcept {
    return serve(blocks.first((std::min)(blocks.size(), kMaxSection)),
                 std::min<std::size_t>(blocks.size(), 1));
  }

  /// Gives a block back; O(1), one lock acquisition. A pointer that is not a live block of this
  /// slab is counted, reported to `Config::Misuse`, and changes nothing else (property S10); then
  /// the result is false. Of null nothing happens, and the result is false.
  bool deallocate(const void* pointer) noexcept {
    if (pointer == nullptr) [[unlikely]]
      return false;
    std::optional<MisuseKind> refused;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      refused = put(shared, pointer);
    }
    if (!refused) [[likely]]
      return true;
    Config::Misuse::report(*refused, pointer, this);
    return false;
  }

  /// Gives blocks back under one lock acquisition for each `kMaxSection` of them, between which
  /// other threads can come in, and one more after each bad pointer among them, since the report is
  /// made without the lock. Null among them is passed over. The result is how many were accepted.
  std::size_t deallocate_batch(std::span<void* const> pointers) noexcept {
    std::size_t accepted = 0;
    for (std::size_t next = 0; next < pointers.size();) {
      std::optional<MisuseKind> refused;
      const std::size_t end = next + (std::min)(kMaxSection, pointers.size() - next);
      {
        const LockGuard guard(mutex_);
        Shared& shared = shared_.write();
        while (next < end && !refused) {
          void* const pointer = pointers[next++];
          if (pointer == nullptr) continue;
          refused = put(shared, pointer);
          if (!refused) ++accepted;
        }
      }
      if (refused) Config::Misuse::report(*refused, pointers[next - 1], this);
    }
    return accepted;
  }

  /// Calls `action` with each block that is live, in no order. Needs `SlotStates`. No lock is held
  /// meanwhile: `action` may allocate, and may give back the block that it gets, but no other, and
  /// no other thread may give one back until this returns. Blocks that are allocated meanwhile may
  /// or may not be visited. Throws what `action` throws. O(slots / 64 + live), and a lock
  /// acquisition for each 64 live blocks or 4,096 slots.
  template <class Action>
    requires(Config::Protection::tracks_slots)
  void for_each_live(Action action) {
    std::array<std::byte*, 64> blocks;
    for (std::uint32_t index = 0;; ++index) {
      for (std::size_t word = 0, words = 1; word < words;) {
        std::size_t count = 0;
        {
          const LockGuard guard(mutex_);
          const Directory& directory = shared_.read().directory;
          if (index >= directory.size()) return;
          const Freelist run = directory.at(index).freelist(*plan_);
          words = run.state_words();
          const std::size_t end = (std::min)(words, word + 64);
          while (word < end && count == 0) count = run.list_live(word++, blocks);
        }
        for (std::size_t i = 0; i < count; ++i) action(Block{blocks[i], stride});
      }
    }
  }

  /// The first half of `destroy`: whether `pointer` may be an object of this slab. A pointer that
  /// is none is treated as `deallocate` does. With `SlotStates` the block is nobody's from here on
  /// until `end_destroy` gives it back, so of several calls for one object exactly one succeeds.
  /// O(1), one lock acquisition.
  [[nodiscard]] bool begin_destroy(const void* pointer) noexcept {
    std::optional<MisuseKind> refused;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      refused = with_slot(
          shared, pointer,
          [](Record& /*record*/, const Freelist& run, std::uint32_t slot) { run.claim(slot); });
    }
    if (!refused) [[likely]]
      return true;
    Config::Misuse::report(*refused, pointer, this);
    return false;
  }

  /// Gives a block back for which `begin_destroy` said yes. O(1), one lock acquisition.
  void end_destroy(const void* pointer) noexcept {
    if constexpr (Protection::tracks_slots) {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      SegmentType* const segment = shared.directory.route(pointer);
      const Freelist run = segment->freelist(*plan_);
      if (const auto slot = run.slot_of(pointer)) run.unclaim(*slot);
      put(shared, pointer);
    } else {
      deallocate(pointer);
    }
  }

  /// The slots of the segment that holds `pointer`; empty for a pointer into none. Any pointer
  /// value will do. They stay where they are, so the result can be kept (property S3). O(1), one
  /// lock acquisition.
  [[nodiscard]] std::span<const std::byte> slots_around(const void* pointer) const noexcept {
    const LockGuard guard(mutex_);
    SegmentType* const segment = shared_.read().directory.route(pointer);
    if (segment == nullptr) return {};
    return segment->freelist(*plan_).all_slots();
  }

  /// The bytes that the owner of the block at `pointer` may use, or nothing for a pointer that is
  /// no slot of this slab. Any pointer value will do.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    const LockGuard guard(mutex_);
    SegmentType* const segment = shared_.read().directory.route(pointer);
    if (segment == nullptr || !segment->freelist(*plan_).slot_of(pointer)) return std::nullopt;
    return stride;
  }

  /// Bytes of all slots. Grows between calls as segments are added.
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return segment_count() * segment_capacity() * stride;
  }

  [[nodiscard]] std::size_t segment_count() const noexcept {
    const LockGuard guard(mutex_);
    return shared_.read().directory.size();
  }

  /// Slots of one segment; 0 where the capacity was impossible.
  [[nodiscard]] std::size_t segment_capacity() const noexcept {
    return plan_ ? plan_->geometry.capacity : 0;
  }

  /// Bad pointers given back and corrupt links met, since construction.
  [[nodiscard]] std::uint64_t corruption_events() const noexcept {
    const SlabStats now = stats();
    return now.foreign_pointers + now.misaligned_pointers + now.repeated_frees + now.corrupt_links;
  }

  /// All counters at one instant; O(1).
  [[nodiscard]] SlabStats stats() const noexcept {
    const LockGuard guard(mutex_);
    const Shared& shared = shared_.read();
    const Counters& counters = shared.counters;
    const std::uint64_t segments = shared.directory.size();
    return {.segments = segments,
            .capacity = segment_capacity(),
            .live = counters.live,
            .peak_live = counters.peak_live,
            .free = counters.carved - counters.live - counters.abandoned,
            .uncarved = segments * segment_capacity() - counters.carved,
            .abandoned = counters.abandoned,
            .growers = counters.growers,
            .directory_room = shared.directory.room(),
            .foreign_pointers = counters.foreign_pointers,
            .misaligned_pointers = counters.misaligned_pointers,
            .repeated_frees = counters.repeated_frees,
            .corrupt_links = counters.corrupt_links};
  }

  /// Gives the pages of wholly free segments back to the operating system and keeps their
  /// addresses. The result is how many bytes went back. One segment at a time is taken out under
  /// the lock, as if all of its slots were allocated, and put back as freshly laid out; its pages
  /// are released in between, without the lock (property S5). While it is out, its slots count as
  /// live, so growth stays exact (property S6).
  std::size_t trim() noexcept {
    std::size_t released = 0;
    SegmentType* claimed = nullptr;
    std::uint32_t next = 0;
    for (;;) {
      FreelistState unused;
      {
        const LockGuard guard(mutex_);
        Shared& shared = shared_.write();
        if (claimed != nullptr) put_back(shared, *claimed);
        claimed = claim_idle_segment(shared, next, unused);
        if (claimed == nullptr && next >= shared.directory.size()) return released;
      }
      if (claimed == nullptr) continue;
      Freelist run = claimed->freelist(*plan_);
      run.destroy_links(unused);
      released += claimed->discard_slots(*plan_);
    }
  }

  /// Takes the lock, for a fork in this thread; `ForkGuard` calls it, and one of the other two
  /// after the fork, in parent and child.
  void before_fork() noexcept { mutex_.lock(); }
  void after_fork_in_parent() noexcept { mutex_.unlock(); }
  /// Other threads are gone: none of them grows, and what one of them was trimming comes back.
  /// O(segments).
  void after_fork_in_child() noexcept {
    Shared& shared = shared_.write();
    shared.counters.growers = 0;
    for (std::uint32_t i = 0; i < shared.directory.size(); ++i) {
      SegmentType& segment = shared.directory.at(i);
      if (is_claimed(segment)) put_back(shared, segment);
    }
    mutex_.unlock();
  }

 private:
  /// Zeroes a block that is handed out, where `Config::Contents` asks for that, when it goes: as it
  /// is made before the guard of the lock, that is after the lock was dropped.
  class HandOut {
   public:
    HandOut() = default;
    HandOut(const HandOut&) = delete;
    HandOut& operator=(const HandOut&) = delete;
    ~HandOut() {
      if constexpr (Config::Contents::zeroes) {
        if (data_ != nullptr) Config::Contents::handed_out(data_, stride);
      }
    }
    [[nodiscard]] Block block(std::byte* data) noexcept {
      data_ = data;
      return Block{data, stride};
    }

   private:
    std::byte* data_ = nullptr;
  };

  using Growth = typename Supply::Wish;
  using Supplies = typename Supply::Supplies;

  static constexpr std::size_t kCacheLine = 64;

  /// Segments that `trim` examines in one critical section.
  static constexpr std::uint32_t kTrimStride = 64;

  /// What `SlabStats` is made from; the words that every operation changes come first.
  struct Counters {
    std::uint64_t live = 0;
    std::uint64_t peak_live = 0;
    std::uint64_t carved = 0;
    std::uint64_t abandoned = 0;
    std::uint64_t growers = 0;
    std::uint64_t foreign_pointers = 0;
    std::uint64_t misaligned_pointers = 0;
    std::uint64_t repeated_frees = 0;
    std::uint64_t corrupt_links = 0;
  };

  /// Everything that the lock guards, but for what lies in the segments' and the directory's own
  /// regions.
  struct Shared {
    explicit Shared(std::size_t segment_size) noexcept : directory(segment_size) {}
    SegmentType* recent = nullptr;  ///< that the last free went to: often the next one does too
    Counters counters;
    Directory directory;
    Reserve reserve;
    std::uint32_t max_segments = Directory::kMaxSegments;
  };

  // The lock is held from here to the end of `claim_idle_segment`; all of it is O(1) for a slot.

  /// A slot of the lowest segment that has one, or null. As `take_lowest`, for the common case.
  std::byte* take_one(Shared& shared) noexcept {
    const auto index = shared.directory.open().lowest(0);
    if (!index) return nullptr;
    SegmentType& segment = shared.directory.at(*index);
    Record& record = segment.record.write();
    const Freelist run = segment.freelist(*plan_);
    std::byte* const data = take_slot(shared.counters, run, record.run);
    count_live(shared.counters, 1);
    if (!run.has_room(record.run)) shared.directory.open().erase(*index);
    return data;
  }

  std::size_t take_lowest(Shared& shared, std::span<Block> blocks, std::uint32_t from) noexcept {
    std::size_t taken = 0;
    while (taken < blocks.size()) {
      const auto index = shared.directory.open().lowest(from);
      if (!index) break;
      taken += take_from(shared, shared.directory.at(*index), blocks.subspan(taken));
    }
    return taken;
  }

  std::size_t take_from(Shared& shared, SegmentType& segment, std::span<Block> blocks) noexcept {
    Record& record = segment.record.write();
    const Freelist run = segment.freelist(*plan_);
    std::size_t taken = 0;
    while (taken < blocks.size() && run.has_room(record.run)) {
      blocks[taken++] = Block{take_slot(shared.counters, run, record.run), stride};
    }
    count_live(shared.counters, taken);
    if (!run.has_room(record.run)) shared.directory.open().erase(record.index);
    return taken;
  }

  static std::byte* take_slot(Counters& counters, const Freelist& run,
                              FreelistState& state) noexcept {
    const std::uint32_t carved = state.carved;
    const std::uint32_t abandoned = state.abandoned;
    const auto slot = run.take(state);
    counters.carved += state.carved - carved;
    if (slot.corrupt) [[unlikely]] {
      ++counters.corrupt_links;
      counters.abandoned += state.abandoned - abandoned;
    }
    return slot.data;
  }

  /// INVARIANT[counters.sum] carved, live and abandoned are the sums over all segments.
  static void count_live(Counters& counters, std::uint64_t more) noexcept {
    counters.live += more;
    if (counters.live > counters.peak_live) counters.peak_live = counters.live;
  }

  [[gnu::noinline]] Growth begin_growth(Shared& shared) noexcept {
    return Supply::wish(shared.directory, shared.reserve, ++shared.counters.growers,
                        shared.max_segments, *plan_);
  }

  /// The first half of phase 3. A wider directory goes in even where this thread has room without
  /// it: others counted on it when they decided to carry none. A slab that has all the segments
  /// that it may have refuses another one.
  void end_growth(Shared& shared, Supplies& supplies) noexcept {
    --shared.counters.growers;
    if (supplies.extent != nullptr && supplies.extent->last() > shared.directory.room()) {
      shared.directory.adopt(std::move(supplies.extent));
    }
    if (shared.directory.size() >= shared.max_segments && !supplies.refusal) {
      supplies.refusal = AllocError::kSegmentLimit;
    }
  }

  SegmentType& install(Shared& shared, Supplies& supplies) noexcept {
    SegmentType& installed = *supplies.segment.release();
    if (supplies.chunk != nullptr) shared.reserve.adopt(std::move(supplies.chunk));
    shared.directory.open().insert(shared.directory.size());
    shared.directory.install(installed);
    return installed;
  }

  /// The end of a growth that installs no segment.
  static void leave_out(Shared& shared, Supplies& supplies) noexcept {
    if (supplies.has_spare()) shared.reserve.keep(*supplies.segment.release());
  }

  /// Does something with the slot at `pointer` that may be live, or counts and says why it is none.
  template <class Action>
  std::optional<MisuseKind> with_slot(Shared& shared, const void* pointer, Action action) noexcept {
    SegmentType* segment = shared.recent;
    if (segment == nullptr || !shared.directory.holds(*segment, pointer)) {
      segment = shared.directory.route(pointer);
      shared.recent = segment;
    }
    if (segment == nullptr) [[unlikely]] {
      ++shared.counters.foreign_pointers;
      return MisuseKind::kForeignPointer;
    }
    const Freelist run = segment->freelist(*plan_);
    const auto slot = run.slot_of(pointer);
    if (!slot) {
      ++shared.counters.misaligned_pointers;
      return MisuseKind::kMisalignedPointer;
    }
    Record& record = segment->record.write();
    if (!run.may_be_live(*slot, record.run)) {
      ++shared.counters.repeated_frees;
      return MisuseKind::kNotLive;
    }
    action(record, run, *slot);
    return std::nullopt;
  }

  /// Puts the slot at `pointer` back, or says why it is none.
  std::optional<MisuseKind> put(Shared& shared, const void* pointer) noexcept {
    const auto give_back = [&shared](Record& record, const Freelist& run, std::uint32_t slot) {
      const bool was_open = run.has_room(record.run);
      run.put(slot, record.run);
      --shared.counters.live;
      if (!was_open) shared.directory.open().insert(record.index);
    };
    return with_slot(shared, pointer, give_back);
  }

  /// The first wholly free segment at or after `next` that has anything to give back, made to look
  /// full; `unused` becomes its freelist. Null where the next few segments have none. `next`
  /// moves past what was examined.
  SegmentType* claim_idle_segment(Shared& shared, std::uint32_t& next,
                                  FreelistState& unused) noexcept {
    const std::uint32_t end = (std::min)(shared.directory.size(), next + kTrimStride);
    while (next < end) {
      SegmentType& segment = shared.directory.at(next++);
      const FreelistState before = segment.record.read().run;
      if (before.live != 0 || before.carved == 0 || before.abandoned != 0) continue;
      FreelistState& run = segment.record.write().run;
      unused = run;
      const std::uint32_t capacity = plan_->geometry.capacity;
      run = FreelistState{.live = capacity};  // no slot of it can be freed
      shared.counters.carved += capacity - before.carved;
      count_live(shared.counters, capacity);
      shared.directory.open().erase(next - 1);
      return &segment;
    }
    return nullptr;
  }

  /// Whether a trim has the segment.
  [[nodiscard]] static bool is_claimed(const SegmentType& segment) noexcept {
    const FreelistState& run = segment.record.read().run;
    return run.live > run.carved;
  }

  void put_back(Shared& shared, SegmentType& segment) noexcept {
    Record& record = segment.record.write();
    shared.counters.carved -= plan_->geometry.capacity;
    shared.counters.live -= plan_->geometry.capacity;
    record.run = FreelistState{};
    shared.directory.open().insert(record.index);
  }

  // The lock is not held from here on.

  /// Fills `blocks` with what can be had at once; where that is fewer than `needed`, grows until it
  /// has that many.
  std::expected<std::size_t, AllocError> serve(std::span<Block> blocks,
                                               std::size_t needed) noexcept {
    if (!plan_) return std::unexpected(plan_.error());
    std::size_t served = 0;
    Growth growth;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      served = take_lowest(shared, blocks, 0);
      if (served >= needed) return served;
      growth = begin_growth(shared);
    }
    return grow(blocks, served, needed, growth);
  }

  [[nodiscard]] Supplies obtain(const Growth& growth) const noexcept {
    return Supply::obtain(growth, *plan_, make_protection_);
  }

  /// Phases 2 and 3, again for each further segment that a batch needs. `supplies` outlives the
  /// guard, so what is left of it is released after the lock is dropped.
  [[gnu::noinline]] std::expected<std::size_t, AllocError> grow(std::span<Block> blocks,
                                                                std::size_t served,
                                                                std::size_t needed,
                                                                Growth growth) noexcept {
    for (;;) {
      Supplies supplies = obtain(growth);
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      end_growth(shared, supplies);
      const bool look_at_all = recheck == Recheck::kAllSegments || supplies.refusal.has_value();
      served += take_lowest(shared, blocks.subspan(served), look_at_all ? 0 : growth.observed);
      if (served >= needed || supplies.refusal) leave_out(shared, supplies);
      if (served >= needed) return served;
      if (!supplies.refusal) {
        SegmentType& fresh = install(shared, supplies);
        served += take_from(shared, fresh, blocks.subspan(served));
        if (served >= needed) return served;
      } else if (growth.chunk_places == 0 || shared.reserve.empty() ||
                 shared.directory.size() >= shared.max_segments) {
        // There was a place already, or there is none now, or it may not be used.
        if (served == 0) return std::unexpected(*supplies.refusal);
        return served;
      }
      growth = begin_growth(shared);
    }
  }

  /// The reason of a refusal, if there is one.
  std::optional<AllocError> add_initial_segment() noexcept {
    Growth growth;
    {
      const LockGuard guard(mutex_);
      growth = begin_growth(shared_.write());
    }
    Supplies supplies = obtain(growth);
    const LockGuard guard(mutex_);
    Shared& shared = shared_.write();
    end_growth(shared, supplies);
    if (supplies.refusal) {
      leave_out(shared, supplies);
    } else {
      install(shared, supplies);
    }
    return supplies.refusal;
  }

  // Read by every operation and written by none; what the lock guards begins with its own line, and
  // what comes after the slab does not share its last one.
  const std::expected<typename SegmentType::Plan, AllocError> plan_;
  const ProtectionFactory make_protection_;
  std::optional<AllocError> error_;
  alignas(kCacheLine) mutable typename Sync::Mutex mutex_;
  typename Sync::template Var<Shared> shared_;
};

}  // namespace slabproof

#endif  // SLABPROOF_EXTENDABLE_SLAB_H_
