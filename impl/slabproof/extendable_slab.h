#ifndef SLABPROOF_EXTENDABLE_SLAB_H_
#define SLABPROOF_EXTENDABLE_SLAB_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <source_location>
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
#include "slabproof/segment_set.h"
#include "slabproof/slab_stats.h"

namespace slabproof {

/// How many segments a slab starts with.
struct InitialSegments {
  /// How many; 0 for none.
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
/// 3 looks at all segments, and then for a place that another grower has brought. A call that finds
/// nothing there either waits for the growers that are in flight then, which may bring what serves
/// it, and takes what there is meanwhile: it fails only if every slot is live when those have ended
/// (property L3). Nor does a trim cost a growth or a failure: a call that finds no slot, in phase 1
/// or 3, waits while a trim has a segment out. The original algorithm walks its segments, and waits
/// for nobody; here every step under the lock is O(1). With `Growth::kShared` (see growth.h) a call
/// that misses waits for growers in flight that bring enough, and phase 3 serves those who wait.
///
/// Growth is exact with `Recheck::kAllSegments`: segments = max(initial, ceil(peak live /
/// capacity)), for any number of threads, trims or not (property S6). With `kNewSegments` it may
/// exceed that by ceil((threads - 1) / capacity) (property S7).
///
/// Thread safety: any operation from any thread at any time, but for construction and destruction,
/// `clear`, and frees beside a `for_each_live`.
/// Destruction releases every segment; it does not run destructors of objects still live. In a
/// child process: see `ForkGuard`.
/// Calls may wait for what others ask of the backing. So neither a backing nor `make_protection`
/// may call the slab that it serves, or wait for a thread that is in a call of it, for example for
/// a lock that callers hold. Waits yield the processor, which a thread of lower real-time priority
/// does not get from one of higher. Nothing throws, but for the constructors of objects in `create`
/// and `make_unique`, and the action of `for_each_live`.
template <class T, class Config = DefaultConfig>
class ExtendableSlab : CheckedConfig<T, Config>,
                       public ObjectFactory<T, ExtendableSlab<T, Config>> {
  static_assert(MovableBacking<typename Config::Backing>,
                "slabproof: Config::Backing of a growable slab must be movable without moving its "
                "region, since the owner of a chunk's region is kept in that region");

  using Protection = typename Config::Protection;
  using SegmentType = Segment<T, Config>;
  using Freelist = typename SegmentType::Freelist;
  using Shared = SegmentSet<T, Config>;

 public:
  /// The type of the objects.
  using value_type = T;
  /// The sync policy, of which the lock is.
  using Sync = typename Config::Sync;
  /// Makes the freelist protection of a segment, with a key of its own where it has keys.
  using ProtectionFactory = Protection (*)() noexcept;

  /// Bytes of every block, all usable (property S2).
  static constexpr std::size_t block_size = Freelist::block_size;
  /// Bytes between blocks: as many, and the redzone of `Config::Instrumentation`.
  static constexpr std::size_t stride = Freelist::stride;
  /// Alignment of every block, in bytes.
  static constexpr std::size_t slot_alignment = Freelist::slot_alignment;
  /// Where phase 3 of growth looks again.
  static constexpr Recheck recheck = Config::recheck;
  /// Most blocks that a batch takes or gives back in one critical section (property L5).
  static constexpr std::size_t kMaxSection = 256;

  /// An empty slab; the first allocation obtains the first segment. `make_protection` is called
  /// once for each segment, never under the lock. An impossible capacity is not an error yet: see
  /// `error`. Of a static variable it can run at compile time (`constinit`), so that the slab is
  /// there before any constructor of a static object runs.
  explicit constexpr ExtendableSlab(std::size_t segment_capacity,
                                    ProtectionFactory make_protection = &Protection::make) noexcept
      : ExtendableSlab(SegmentType::plan(segment_capacity), make_protection) {}

  /// A slab with segments in place. Where the backing refuses one, the slab has those that it got,
  /// and `error` says why.
  ExtendableSlab(std::size_t segment_capacity, InitialSegments initial,
                 ProtectionFactory make_protection = &Protection::make) noexcept
      : ExtendableSlab(SegmentType::plan(segment_capacity), make_protection) {
    const auto reserved = reserve(std::uint64_t{initial.count} * plan_.geometry.capacity);
    if (!reserved) error_ = reserved.error();
  }

  ~ExtendableSlab() {
    static_assert(alignof(ExtendableSlab) >= kCacheLine && sizeof(ExtendableSlab) % kCacheLine == 0,
                  "slabproof: a slab has cache lines of its own");
    Shared& shared = shared_.write();
    report_leaks<typename Config::Misuse>(*this, shared.live());
    shared.tear_down(plan_);
  }
  ExtendableSlab(const ExtendableSlab&) = delete;
  ExtendableSlab& operator=(const ExtendableSlab&) = delete;

  /// What went wrong on construction: an impossible capacity, which every allocation then reports
  /// before it takes the lock, or an initial segment that could not be had.
  [[nodiscard]] std::optional<AllocError> error() const noexcept { return error_; }

  /// From now on the slab grows to at most `most` segments, that is to `most` x
  /// `segment_capacity()` x `stride` bytes of slots. Segments that it has stay. A call that would
  /// have to grow beyond fails with `kSegmentLimit`, as if the backing had refused: only if every
  /// slot is live when the growers in flight have ended (property L3). O(1), one lock acquisition.
  void limit_segments(std::uint32_t most) noexcept {
    const LockGuard guard(mutex_);
    shared_.write().limit_segments(most);
  }

  /// Adds segments until the slab has `wanted` slots or more, live ones included: so many blocks
  /// can be live at once before it must grow. Where it cannot add one it keeps those that it got.
  /// O(1) and two lock acquisitions for each segment, which count as segments that the slab began
  /// with (property S6). Errors: those of construction; `kOutOfMemory`; `kSegmentLimit`, and then
  /// it has added none, unless others have used up the limit meanwhile.
  std::expected<void, AllocError> reserve(std::uint64_t wanted) noexcept {
    if (plan_error_) return std::unexpected(*plan_error_);
    for (;;) {
      Grower growth;
      {
        const LockGuard guard(mutex_);
        Shared& shared = shared_.write();
        if (shared.usable_slots(plan_) >= wanted) return {};
        if (!shared.may_have(plan_, wanted)) return std::unexpected(AllocError::kSegmentLimit);
        shared.begin_growth(plan_, growth, {});
      }
      Supplies supplies = obtain(growth);
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      shared.end_growth(growth, supplies);
      std::size_t for_others = kMaxSection;
      const bool is_enough = shared.usable_slots(plan_) >= wanted;
      const bool is_needed = !shared.serve_waiting(plan_, for_others) || !is_enough;
      if (supplies.refusal || !is_needed) {
        shared.leave_out(supplies);
        if (is_enough) return {};
        return std::unexpected(*supplies.refusal);
      }
      shared.install(supplies);
      shared.serve_waiting(plan_, for_others);
    }
  }

  /// A block of one slot. O(1) and one lock acquisition on a hit; a growing call makes two, at most
  /// one request for a chunk, and one for the directory when that must widen (property L2). Where
  /// the backing refuses a chunk for several segments, the call asks once more, for one segment;
  /// where that fails too and another thread has brought a place that may be used, it takes the
  /// lock a third time. A call that is refused while others grow, or shares what they bring, waits
  /// for those: it yields and takes the lock once more in each round, until there is something to
  /// take or they have ended.
  /// Errors: those of construction; `kOutOfMemory`; `kSegmentLimit`.
  [[nodiscard]] std::expected<Block, AllocError> allocate() noexcept {
    if (plan_error_) [[unlikely]]
      return std::unexpected(*plan_error_);
    std::byte* data = nullptr;
    Grower growth;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      data = shared.take_one(plan_);
      if (data == nullptr) [[unlikely]]
        shared.miss(plan_, growth, growth.make_one());
    }
    if (data != nullptr) [[likely]]
      return hand_out(data);
    return search_for_one(growth, true);
  }

  /// As `allocate()`, but never grows: nothing where every slot is live. O(1), one lock
  /// acquisition; beside a trim, waits as `allocate` does.
  [[nodiscard]] std::optional<Block> try_allocate() noexcept {
    std::byte* data = nullptr;
    Grower growth;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      data = shared.take_one(plan_);
      if (data == nullptr) [[unlikely]] {
        if (!shared.must_await_trims(plan_, 1, 0)) return std::nullopt;
        shared.miss(plan_, growth, growth.make_one());
      }
    }
    if (data != nullptr) [[likely]]
      return hand_out(data);
    const auto block = search_for_one(growth, false);
    if (!block) return std::nullopt;
    return *block;
  }

  /// As `allocate()`, for a request that need not be a `T`.
  /// Errors: also `kUnsupportedLayout` for one that no slot can hold, before the lock is taken.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    if (!request.fits(block_size, slot_alignment)) {
      return std::unexpected(AllocError::kUnsupportedLayout);
    }
    return allocate();
  }

  /// Fills `blocks` from the front under one lock acquisition for each `kMaxSection` of them, and
  /// one more for each segment that it has to add. Other threads can come in between those; each is
  /// atomic by itself. The result is how many blocks were served: fewer than asked only where the
  /// backing refused while every slot was live, never zero unless asked for zero. A batch that
  /// was refused waits for the growers in flight only while it has nothing.
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
      for (Block& each : blocks.first(served)) each = hand_out(each.data);
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
    bool trims = false;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      refused = shared.put(plan_, pointer);
      trims = shared.begin_own_trim();
    }
    if (trims) [[unlikely]]
      trim_by_itself();
    if (!refused) [[likely]]
      return true;
    Config::Misuse::report(*refused, pointer, this);
    return false;
  }

  /// Gives blocks back under one lock acquisition for each `kMaxSection` of them, between which
  /// other threads can come in, and one more after each bad pointer among them, since the report is
  /// made without the lock. Null among them is passed over. The result is how many were accepted.
  std::size_t deallocate_batch(std::span<void* const> pointers) noexcept {
    const std::size_t accepted = return_batch(pointers);
    trim_if_due();
    return accepted;
  }

  /// The same, but leaves a trim that `Config::Trim` wants to `trim_if_due` or to the next free.
  std::size_t return_batch(std::span<void* const> pointers) noexcept {
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
          refused = shared.put(plan_, pointer);
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
          const Shared& shared = shared_.read();
          if (index >= shared.size()) return;
          const Freelist run = shared.at(index).freelist(plan_);
          words = run.state_words();
          const std::size_t end = (std::min)(words, word + 64);
          while (word < end && count == 0) count = run.list_live(word++, blocks);
        }
        for (std::size_t i = 0; i < count; ++i) action(Block{blocks[i], block_size});
      }
    }
  }

  /// Takes every block back at once, without destructors, and slots that were abandoned too. The
  /// result is how many blocks were live. No other thread may use the slab meanwhile, and nobody a
  /// block from before. The segments stay. O(segments), O(slots / 64) with `SlotStates`, and
  /// O(bytes of blocks) where `Config::Contents` scrubs; a lock acquisition for each 64 segments.
  std::uint64_t clear() noexcept {
    std::uint64_t cleared = 0;
    for (std::uint32_t next = 0;;) {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      if (next >= shared.size()) return cleared;
      cleared += shared.clear_some(plan_, next);
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
      refused = shared_.write().claim(plan_, pointer);
    }
    if (!refused) [[likely]]
      return true;
    Config::Misuse::report(*refused, pointer, this);
    return false;
  }

  /// Gives a block back for which `begin_destroy` said yes. O(1), one lock acquisition.
  void end_destroy(const void* pointer) noexcept {
    if constexpr (Protection::tracks_slots) {
      bool trims = false;
      {
        const LockGuard guard(mutex_);
        Shared& shared = shared_.write();
        shared.unclaim(plan_, pointer);
        shared.put(plan_, pointer);
        trims = shared.begin_own_trim();
      }
      if (trims) [[unlikely]]
        trim_by_itself();
    } else {
      deallocate(pointer);
    }
  }

  /// The slots of the segment that holds `pointer`; empty for a pointer into none. Any pointer
  /// value will do. They stay where they are, so the result can be kept (property S3). O(1), one
  /// lock acquisition.
  [[nodiscard]] std::span<const std::byte> slots_around(const void* pointer) const noexcept {
    const LockGuard guard(mutex_);
    SegmentType* const segment = shared_.read().route(pointer);
    if (segment == nullptr) return {};
    return segment->freelist(plan_).all_slots();
  }

  /// Whether `pointer` lies in a segment of this slab. Any pointer value will do. O(1), one lock
  /// acquisition.
  [[nodiscard]] bool contains(const void* pointer) const noexcept {
    const LockGuard guard(mutex_);
    return shared_.read().route(pointer) != nullptr;
  }

  /// The bytes that the owner of the block at `pointer` may use, or nothing for a pointer that is
  /// no slot of this slab. Any pointer value will do.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    const LockGuard guard(mutex_);
    SegmentType* const segment = shared_.read().route(pointer);
    if (segment == nullptr || !segment->freelist(plan_).slot_of(pointer)) return std::nullopt;
    return std::size_t{block_size};
  }

  /// Bytes of all slots. Grows between calls as segments are added.
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return segment_count() * segment_capacity() * stride;
  }

  /// Segments now. One lock acquisition.
  [[nodiscard]] std::size_t segment_count() const noexcept {
    const LockGuard guard(mutex_);
    return shared_.read().size();
  }

  /// Slots of one segment; 0 where the capacity was impossible.
  [[nodiscard]] std::size_t segment_capacity() const noexcept { return plan_.geometry.capacity; }

  /// Bad pointers given back, and corrupt links and writes after a free met, since construction.
  [[nodiscard]] std::uint64_t corruption_events() const noexcept {
    const SlabStats now = stats();
    return now.foreign_pointers + now.misaligned_pointers + now.repeated_frees + now.corrupt_links +
           now.writes_after_free;
  }

  /// All counters at one instant; O(1).
  [[nodiscard]] SlabStats stats() const noexcept {
    const LockGuard guard(mutex_);
    return shared_.read().stats(segment_capacity());
  }

  /// Gives pages on which only free slots lie back to the operating system, and keeps their
  /// addresses. The result is how many bytes went back, without pages that nobody has used since
  /// they went before. Of a segment without live blocks all pages inside its slots go, and it is as
  /// freshly laid out; of another one, those that no live block overlaps, where the backing has a
  /// `page_size`. Slots on them are uncarved again; the others are handed out before them, the
  /// newest first. A page with the header of a segment stays, so segments whose slots hold no whole
  /// page give nothing back. `Config::Trim` can call it by itself.
  ///
  /// One segment at a time: its free slots are taken out and put back under the lock, each in O(1);
  /// in between, without it, O(slots) and the calls of the backing (property S5). Meanwhile they
  /// count as before; its live blocks can be freed, and what is freed can be had; a call that needs
  /// a slot which is out waits until it is back, and neither grows nor fails for a trim (properties
  /// S6, L3). Takes nothing out while a call waits, and ends then: such a slab has none to spare.
  std::size_t trim() noexcept {
    std::size_t released = 0;
    typename Shared::Release trim;
    for (std::uint32_t next = 0;;) {
      {
        const LockGuard guard(mutex_);
        Shared& shared = shared_.write();
        if (trim.has_segment()) shared.put_back(plan_, trim);
        const bool is_claimed = shared.claim_segment(plan_, next, trim);
        const bool is_last = next >= shared.size() || shared.is_awaited();
        if (!is_claimed && is_last) return released;
      }
      if (trim.has_segment()) released += trim.release(plan_);
    }
  }

  /// Trims if `Config::Trim` wants it and nobody does so yet. One lock acquisition where it does
  /// not, and none where `Config::Trim` never does.
  void trim_if_due() noexcept {
    if constexpr (Config::Trim::is_active) {
      bool trims = false;
      {
        const LockGuard guard(mutex_);
        trims = shared_.write().begin_own_trim();
      }
      if (trims) trim_by_itself();
    }
  }

  /// Takes the lock, for a fork in this thread; `ForkGuard` calls it, and one of the other two
  /// after the fork, in parent and child. Waits while a trim is at a segment with live blocks.
  void before_fork() noexcept {
    mutex_.lock(std::source_location::current());
    if (shared_.read().may_fork()) return;
    shared_.write().begin_wait();
    do {
      mutex_.unlock(std::source_location::current());
      Sync::pause();
      mutex_.lock(std::source_location::current());
    } while (!shared_.read().may_fork());
    shared_.write().end_wait();
  }
  /// For `ForkGuard`: lets go what `before_fork` held. In the parent, after each fork.
  void after_fork_in_parent() noexcept { mutex_.unlock(std::source_location::current()); }
  /// Other threads are gone: none of them grows, and what one of them was trimming comes back.
  /// O(segments).
  void after_fork_in_child() noexcept {
    shared_.write().forget_other_threads(plan_);
    mutex_.unlock(std::source_location::current());
  }

 private:
  using Plan = typename SegmentType::Plan;
  using Grower = typename Shared::Grower;
  using Supplies = typename Shared::Supplies;

  static constexpr std::size_t kCacheLine = 64;

  constexpr ExtendableSlab(const std::expected<Plan, AllocError>& plan,
                           ProtectionFactory make_protection) noexcept
      : plan_(plan.value_or(Plan{})),
        plan_error_(plan ? std::nullopt : std::optional(plan.error())),
        make_protection_(make_protection),
        error_(plan_error_),
        shared_(Shared(plan ? plan->geometry.size : 1)) {}

  /// A block on its way to its owner; the lock is not held.
  [[nodiscard]] static Block hand_out(std::byte* data) noexcept {
    if constexpr (Config::Contents::zeroes) Config::Contents::handed_out(data, block_size);
    return Block{data, block_size};
  }

  /// A call that did not find all that it needs.
  struct Search {
    std::span<Block> blocks;
    std::size_t served;
    const std::size_t needed;
    const bool may_grow;
    Grower& growth;
    AllocError refusal = AllocError::kOutOfMemory;
    bool is_done = false;

    [[nodiscard]] bool is_in_flight() const noexcept {
      return growth.state == Grower::State::kGrowing || growth.state == Grower::State::kParked;
    }
    [[nodiscard]] std::span<Block> rest() const noexcept { return blocks.subspan(served); }
    [[nodiscard]] std::size_t missing() const noexcept {
      return needed > served ? needed - served : 0;
    }
    [[nodiscard]] bool has_enough() const noexcept { return served >= needed; }
  };

  /// Fills `blocks` with what can be had at once; where that is fewer than `needed`, grows until it
  /// has that many.
  std::expected<std::size_t, AllocError> serve(std::span<Block> blocks,
                                               std::size_t needed) noexcept {
    if (plan_error_) return std::unexpected(*plan_error_);
    std::size_t served = 0;
    Grower growth;
    {
      const LockGuard guard(mutex_);
      Shared& shared = shared_.write();
      // A batch that waits takes nothing before.
      if (!shared.must_await_trims(plan_, needed, 0)) {
        served = shared.take_lowest(plan_, blocks, 0);
        if (served >= needed) return served;
      }
      shared.miss(plan_, growth, blocks.subspan(served));
    }
    return search({blocks, served, needed, true, growth});
  }

  [[gnu::noinline]] void trim_by_itself() noexcept {
    trim();
    const LockGuard guard(mutex_);
    shared_.write().end_own_trim();
  }

  [[nodiscard]] Supplies obtain(const Grower& growth) const noexcept {
    return Shared::Supply::obtain(growth, plan_, make_protection_);
  }

  [[gnu::noinline]] std::expected<Block, AllocError> search_for_one(Grower& growth,
                                                                    bool may_grow) noexcept {
    const auto served = search({std::span(&growth.one, 1), 0, 1, may_grow, growth});
    if (!served) return std::unexpected(served.error());
    return hand_out(growth.one.data);
  }

  /// Grows and waits, as the state of the growth says, until the call is served or fails.
  [[gnu::noinline]] std::expected<std::size_t, AllocError> search(Search call) noexcept {
    while (!call.is_done) {
      if (call.is_in_flight()) {
        grow(call);
      } else {
        do Sync::pause();
        while (!look_again(call));
      }
    }
    if (call.served == 0) return std::unexpected(call.refusal);
    return call.served;
  }

  /// Phases 2 and 3. What is left of the supplies is released without the lock, and before the call
  /// waits for others.
  [[gnu::noinline]] void grow(Search& call) noexcept {
    Supplies supplies = obtain(call.growth);
    while (!end_growth(call, supplies)) Sync::pause();
  }

  /// Where phase 3 begins to look.
  static std::uint32_t first_looked_at(const Grower& growth, const Supplies& supplies) noexcept {
    const bool look_at_all = recheck == Recheck::kAllSegments || supplies.refusal.has_value();
    return look_at_all ? 0 : growth.observed;
  }

  /// Phase 3; false while it must wait for a trim. Of such a wait the first round alone writes
  /// anything. A segment is installed only when every slot is live, for this call or for one that
  /// waits.
  [[gnu::noinline]] bool end_growth(Search& call, Supplies& supplies) noexcept {
    Grower& growth = call.growth;
    const LockGuard guard(mutex_);
    if (shared_.read().must_await_trims(plan_, call.missing(), first_looked_at(growth, supplies))) {
      if (growth.state != Grower::State::kParked) shared_.write().park(growth);
      return false;
    }
    Shared& shared = shared_.write();
    std::size_t for_others = kMaxSection - call.rest().size();
    shared.end_growth(growth, supplies);
    call.served += shared.take_lowest(plan_, call.rest(), first_looked_at(growth, supplies));
    call.is_done = call.has_enough();
    const bool is_needed = !shared.serve_waiting(plan_, for_others) || !call.is_done;
    if (supplies.refusal || !is_needed) {
      shared.leave_out(supplies);
      if (!call.is_done) after_refusal(shared, call, *supplies.refusal);
      return true;
    }
    SegmentType& fresh = shared.install(supplies);
    if (!call.is_done) call.served += shared.take_from(plan_, fresh, call.rest());
    call.is_done = call.has_enough();
    shared.serve_waiting(plan_, for_others);
    if (!call.is_done) shared.begin_growth(plan_, growth, call.rest());
    return true;
  }

  /// What becomes of a call that was refused and then found every slot live. The lock is held.
  void after_refusal(Shared& shared, Search& call, AllocError refusal) noexcept {
    call.refusal = refusal;
    if (shared.may_begin_again(call.growth)) {
      return shared.begin_growth(plan_, call.growth, call.rest());
    }
    // What others bring may serve this call as well, but a part of a batch is enough.
    call.is_done = call.served != 0 || !shared.await_growths(call.growth, call.rest());
  }

  /// One round of a wait; false where there is nothing new. Such a round writes nothing.
  [[gnu::noinline]] bool look_again(Search& call) noexcept {
    const bool was_refused = call.growth.state == Grower::State::kRefused;
    const LockGuard guard(mutex_);
    // A grower may have served it.
    call.served = call.blocks.size() - shared_.read().lacks(call.growth, call.rest().size());
    const std::size_t enough = was_refused && call.served != 0 ? 0 : call.missing();
    if (!shared_.read().is_over(plan_, call.growth, enough)) return false;
    Shared& shared = shared_.write();
    shared.end_wait(call.growth);
    call.served += shared.take_lowest(plan_, call.rest(), 0);
    const bool begins =
        was_refused ? call.served == 0 && shared.may_begin_again(call.growth) : call.may_grow;
    call.is_done = call.has_enough() || !begins;
    if (call.is_done) return true;
    // A call that has waited for growths does not wait for later ones: so waits are bounded.
    if (call.growth.state == Grower::State::kWaiting) {
      shared.miss(plan_, call.growth, call.rest());
    } else {
      shared.begin_growth(plan_, call.growth, call.rest());
    }
    return true;
  }

  // Read by every operation and written by none; what the lock guards begins with its own line, and
  // what comes after the slab does not share its last one.
  const Plan plan_;  // of an impossible capacity, all zero
  const std::optional<AllocError> plan_error_;
  const ProtectionFactory make_protection_;
  std::optional<AllocError> error_;
  alignas(kCacheLine) mutable typename Sync::Mutex mutex_;
  typename Sync::template Var<Shared> shared_;
};

}  // namespace slabproof

#endif  // SLABPROOF_EXTENDABLE_SLAB_H_
