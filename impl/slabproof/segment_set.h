#ifndef SLABPROOF_SEGMENT_SET_H_
#define SLABPROOF_SEGMENT_SET_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/config.h"
#include "slabproof/growth_demand.h"
#include "slabproof/growth_list.h"
#include "slabproof/misuse.h"
#include "slabproof/page_release.h"
#include "slabproof/segment.h"
#include "slabproof/segment_directory.h"
#include "slabproof/segment_reserve.h"
#include "slabproof/segment_supply.h"
#include "slabproof/slab_stats.h"
#include "slabproof/trim_policy.h"

namespace slabproof {

/// The segments of a growable slab and their counters: all that its lock guards, but for what lies
/// in the segments' and the directory's own regions; and what is done under one critical section.
///
/// Thread safety: none. The caller holds the slab's lock, and passes the same plan each time. All
/// of it is O(1) for a slot. It requests no memory and calls nothing of a user's (property S5).
template <class T, class Config>
class SegmentSet {
 public:
  using SegmentType = Segment<T, Config>;
  using Freelist = typename SegmentType::Freelist;
  using Directory = SegmentDirectory<SegmentType, Config>;
  using Supply = SegmentSupply<SegmentType, Directory, Config>;
  using Plan = typename SegmentType::Plan;
  using Supplies = typename Supply::Supplies;
  using Demand = GrowthDemand<Config::growth>;
  using Release = PageRelease<T, Config>;

  /// An allocation that found too few slots. It must stay where it is while it is in flight.
  ///
  /// | state | in flight | waits for |
  /// |---|---|---|
  /// | `kGrowing` | yes: it asks the backing | nothing |
  /// | `kParked` | yes: it has what it asked for | the trims that hold a segment |
  /// | `kWaiting` | no: it has not begun to grow | the trims that hold a segment |
  /// | `kSharing` | no: it has not begun to grow | those, and growths up to number `awaited` |
  /// | `kRefused` | no: it has been refused | those, and growths up to number `awaited` |
  ///
  /// INVARIANT[waits.acyclic] A trim that holds a segment waits for nothing, and a growth in flight
  /// for trims alone; nobody waits for a call that is not in flight (property L1).
  struct Grower : Supply::Wish {
    enum class State : std::uint8_t { kGrowing, kParked, kWaiting, kSharing, kRefused };
    State state;
    std::uint64_t awaited;
    GrowthList::Entry entry;
    [[no_unique_address]] typename Demand::Part demand;
    union {
      Block one;
    };

    Grower() noexcept {}  // a call that finds a slot pays nothing
    /// Where the block of a call for one goes.
    [[nodiscard]] std::span<Block> make_one() noexcept {
      return std::span(std::construct_at(&one), 1);
    }
  };

  explicit constexpr SegmentSet(std::size_t segment_size) noexcept : directory_(segment_size) {}

  /// Ends every segment, and the spare ones, and gives their memory back. Nothing else may follow.
  void tear_down(const Plan& plan) noexcept {
    const auto end = [&plan](SegmentType& segment) {
      const auto ended = SegmentType::own(segment, plan);
    };
    for (std::uint32_t i = 0; i < directory_.size(); ++i) end(directory_.at(i));
    while (SegmentType* const spare = reserve_.take_spare()) end(*spare);
    reserve_.tear_down();
    directory_.tear_down();
  }

  /// Growth stops at so many segments (property L6).
  void limit_segments(std::uint32_t most) noexcept {
    max_segments_ = (std::min)(most, std::uint32_t{Directory::kMaxSegments});
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return directory_.size(); }
  [[nodiscard]] SegmentType& at(std::uint32_t index) const noexcept { return directory_.at(index); }
  /// Slots that can be handed out, or are.
  [[nodiscard]] std::uint64_t usable_slots(const Plan& plan) const noexcept {
    return std::uint64_t{directory_.size()} * plan.geometry.capacity - counters_.abandoned;
  }
  /// Whether the slab may have so many slots, besides those that were abandoned.
  [[nodiscard]] bool may_have(const Plan& plan, std::uint64_t wanted) const noexcept {
    const std::uint64_t most = std::uint64_t{max_segments_} * plan.geometry.capacity;
    return most >= counters_.abandoned && wanted <= most - counters_.abandoned;
  }
  [[nodiscard]] std::uint64_t live() const noexcept { return counters_.live; }

  /// Where a free looks first is a guess, which may be dropped at any time: it decides how long the
  /// next free takes and nothing else.
  void forget_recent() noexcept { recent_ = nullptr; }

  /// The segment that holds `pointer`, or null. Any pointer value will do.
  [[nodiscard]] SegmentType* route(const void* pointer) const noexcept {
    return directory_.route(pointer);
  }

  [[nodiscard]] SlabStats stats(std::uint64_t capacity) const noexcept {
    const std::uint64_t segments = directory_.size();
    return {.segments = segments,
            .capacity = capacity,
            .live = counters_.live,
            .peak_live = counters_.peak_live,
            .free = counters_.free(),
            .uncarved = segments * capacity - counters_.carved,
            .abandoned = counters_.abandoned,
            .growers = counters_.growers,
            .directory_room = directory_.room(),
            .foreign_pointers = counters_.foreign_pointers,
            .misaligned_pointers = counters_.misaligned_pointers,
            .repeated_frees = counters_.repeated_frees,
            .corrupt_links = counters_.corrupt_links,
            .writes_after_free = counters_.writes_after_free};
  }

  /// A slot of the lowest segment that has one, or null. As `take_lowest`, for the common case.
  std::byte* take_one(const Plan& plan) noexcept {
    const auto index = directory_.open().lowest(0);
    if (!index) return nullptr;
    SegmentType& segment = directory_.at(*index);
    Record& record = segment.record.write();
    const Freelist run = segment.freelist(plan);
    std::byte* const data = take_slot(run, record.run);
    count_live(1);
    if (!run.has_more_room(record.run)) directory_.open().erase(*index);
    return data;
  }

  /// Fills `blocks` from the segments at `from` and above, the lowest first. The result is how many
  /// there were.
  std::size_t take_lowest(const Plan& plan, std::span<Block> blocks, std::uint32_t from) noexcept {
    std::size_t taken = 0;
    while (taken < blocks.size()) {
      const auto index = directory_.open().lowest(from);
      if (!index) break;
      taken += take_from(plan, directory_.at(*index), blocks.subspan(taken));
    }
    return taken;
  }

  std::size_t take_from(const Plan& plan, SegmentType& segment, std::span<Block> blocks) noexcept {
    Record& record = segment.record.write();
    const Freelist run = segment.freelist(plan);
    std::size_t taken = 0;
    while (taken < blocks.size() && run.has_room(record.run)) {
      blocks[taken++] = Block{take_slot(run, record.run), Freelist::block_size};
    }
    count_live(taken);
    if (!run.has_more_room(record.run)) directory_.open().erase(record.index);
    return taken;
  }

  /// Puts the slot at `pointer` back, or counts and says why it is not a live one.
  std::optional<MisuseKind> put(const Plan& plan, const void* pointer) noexcept {
    const auto give_back = [this](Record& record, const Freelist& run, std::uint32_t slot) {
      const bool was_open = run.has_room(record.run);
      run.put(slot, record.run);
      --counters_.live;
      if constexpr (kTrims) {
        if (record.run.live == 0) [[unlikely]]
          consider_trim();
      }
      if (!was_open) directory_.open().insert(record.index);
    };
    return with_slot(plan, pointer, give_back);
  }

  /// Makes the slot at `pointer` one that nobody can free until `unclaim`, where its state is
  /// known; or counts and says why it is not a live one.
  std::optional<MisuseKind> claim(const Plan& plan, const void* pointer) noexcept {
    return with_slot(
        plan, pointer,
        [](Record& /*record*/, const Freelist& run, std::uint32_t slot) { run.claim(slot); });
  }

  /// Of a slot that `claim` has accepted: its owner can free it again.
  void unclaim(const Plan& plan, const void* pointer) noexcept {
    const Freelist run = directory_.route(pointer)->freelist(plan);
    if (const auto slot = run.slot_of(pointer)) run.unclaim(*slot);
  }

  /// Whether a call that needs `count` slots from segments at `from` and above must not look there
  /// now: a trim holds free slots, and without them there are too few. O(count).
  [[nodiscard]] bool must_await_trims(const Plan& plan, std::size_t count,
                                      std::uint32_t from) const noexcept {
    return trims_ != 0 && !can_serve(plan, count, from);
  }

  /// The end of phase 1 of a call that found too few slots, and can use so many blocks more: it
  /// grows, or waits for trims first, or with `Growth::kShared` for what others bring.
  [[gnu::noinline]] void miss(const Plan& plan, Grower& growth, std::span<Block> lacked) noexcept {
    if (trims_ != 0) return begin_wait(growth, Grower::State::kWaiting);
    if (demand_.leaves(lacked.size(), counters_.growers * plan.geometry.capacity)) {
      return begin_wait_for_growths(growth, Grower::State::kSharing, lacked);
    }
    begin_growth(plan, growth, lacked);
  }

  void begin_growth(const Plan& plan, Grower& growth, std::span<Block> lacked) noexcept {
    growth.state = Grower::State::kGrowing;
    demand_.add(growth.demand, lacked);
    growths_.add(growth.entry);
    static_cast<typename Supply::Wish&>(growth) =
        Supply::wish(directory_, reserve_, ++counters_.growers, max_segments_, plan);
  }

  /// The first half of phase 3. A wider directory goes in even where this thread has room without
  /// it: others counted on it when they decided to carry none. A slab that has all the segments
  /// that it may have refuses another one.
  void end_growth(const Grower& growth, Supplies& supplies) noexcept {
    demand_.drop(growth.demand);
    if (growth.state == Grower::State::kParked) {
      --parked_;
      --waiting_;
    } else {
      growths_.remove(growth.entry);
    }
    --counters_.growers;
    if (supplies.extent != nullptr && supplies.extent->last() > directory_.room()) {
      directory_.adopt(std::move(supplies.extent));
    }
    if (!may_grow() && !supplies.refusal) supplies.refusal = AllocError::kSegmentLimit;
  }

  /// Gives free slots to those who wait for growths, at most `most`, which it counts down. False
  /// where some then lack a segment: every slot is live, and no trim holds any.
  bool serve_waiting(const Plan& plan, std::size_t& most) noexcept {
    const auto take = [&](std::span<Block> blocks) {
      const auto taken = take_lowest(plan, blocks.first((std::min)(most, blocks.size())), 0);
      most -= taken;
      return taken;
    };
    return demand_.serve_waiting(take) || most == 0 || trims_ != 0;
  }

  /// How many blocks a call that waits lacks now, of so many that it lacked at its last look.
  [[nodiscard]] std::size_t lacks(const Grower& growth, std::size_t before) const noexcept {
    if (growth.state == Grower::State::kWaiting) return before;
    return demand_.lacks(growth.demand, before);
  }

  /// The end of a growth that was not refused.
  SegmentType& install(Supplies& supplies) noexcept {
    SegmentType& installed = *supplies.segment.release();
    if (supplies.chunk != nullptr) reserve_.adopt(std::move(supplies.chunk));
    directory_.open().insert(directory_.size());
    directory_.install(installed);
    return installed;
  }

  /// The end of a growth that installs no segment.
  void leave_out(Supplies& supplies) noexcept {
    if (supplies.has_spare()) reserve_.keep(*supplies.segment.release());
  }

  /// Whether a growth that was refused may succeed when it begins anew: there is a place for a
  /// segment, for which it had to ask, or which now needs no request at all.
  [[nodiscard]] bool may_begin_again(const Grower& refused) const noexcept {
    if (reserve_.empty() || !may_grow()) return false;
    return refused.chunk_places != 0 ||
           directory_.size() + counters_.growers < std::uint64_t{directory_.room()};
  }

  /// A growth that is about to end waits for trims first. It leaves the list, whose entries others
  /// write to, but is in flight.
  void park(Grower& growth) noexcept {
    growths_.remove(growth.entry);
    growth.state = Grower::State::kParked;
    ++parked_;
    ++waiting_;
  }

  /// A call that was refused and found every slot live waits for the growths in flight. False where
  /// there is none.
  [[nodiscard]] bool await_growths(Grower& growth, std::span<Block> lacked) noexcept {
    if (growths_.empty() && parked_ == 0) return false;
    begin_wait_for_growths(growth, Grower::State::kRefused, lacked);
    return true;
  }

  /// Whether a call that waits, and needs `count` slots, has reason to look: they are there, or no
  /// trim holds others and nothing else is to be waited for. O(count).
  [[nodiscard]] bool is_over(const Plan& plan, const Grower& growth,
                             std::size_t count) const noexcept {
    if (can_serve(plan, count, 0)) return true;
    if (trims_ != 0) return false;
    if (growth.state == Grower::State::kWaiting) return true;
    const bool may_end_early = growth.state == Grower::State::kRefused &&
                               (can_serve(plan, 1, 0) || may_begin_again(growth));
    return may_end_early || (!growths_.has_up_to(growth.awaited) && parked_ == 0);
  }
  void end_wait() noexcept { --waiting_; }
  void end_wait(const Grower& growth) noexcept {
    --waiting_;
    if (growth.state != Grower::State::kWaiting) demand_.drop_waiting(growth.demand);
  }

  /// Whether a call waits: then a trim leaves all segments alone.
  [[nodiscard]] bool is_awaited() const noexcept { return waiting_ != 0; }

  /// Makes `trim` hold the first segment at or after `next` that may have anything to give back.
  /// False where the next few segments have none, and while a call waits. `next` moves past what
  /// was examined. The counters stay as they are: nobody was given these slots (property S6).
  bool claim_segment(const Plan& plan, std::uint32_t& next, Release& trim) noexcept {
    if (is_awaited()) return false;
    const std::uint32_t end = (std::min)(directory_.size(), next + kFewSegments);
    while (next < end) {
      SegmentType& segment = directory_.at(next++);
      if (!Release::is_worth_it(plan, segment.record.read())) continue;
      trim.claim(plan, segment);
      directory_.open().erase(next - 1);
      ++trims_;
      if (trim.splits_a_freelist()) ++splits_;
      return true;
    }
    return false;
  }

  /// The end of a claim.
  void put_back(const Plan& plan, Release& trim) noexcept {
    if (trim.splits_a_freelist()) --splits_;
    const auto change = trim.put_back(plan);
    counters_.carved += change.carved_after;
    counters_.carved -= change.carved_before;
    counters_.abandoned += change.abandoned;
    counters_.corrupt_links += change.corrupt_links;
    directory_.open().insert(change.segment);
    --trims_;
  }

  /// Whether the caller is to trim, since `Config::Trim` says so, and to call `end_own_trim`
  /// afterwards.
  [[nodiscard]] bool begin_own_trim() noexcept {
    if constexpr (kTrims) return trigger_.begin();
    return false;
  }
  void end_own_trim() noexcept {
    if constexpr (kTrims) trigger_.end(counters_.free());
  }

  /// Makes the next few segments at or after `next` new ones, whoever has their blocks, and moves
  /// `next` past them. The result is how many blocks were live.
  std::uint64_t clear_some(const Plan& plan, std::uint32_t& next) noexcept {
    const std::uint64_t before = counters_.live;
    const std::uint32_t end = (std::min)(directory_.size(), next + kFewSegments);
    for (; next < end; ++next) {
      SegmentType& segment = directory_.at(next);
      FreelistState& run = segment.record.write().run;
      counters_.live -= run.live;
      counters_.carved -= run.carved;
      counters_.abandoned -= run.abandoned;
      segment.freelist(plan).clear(run);
      directory_.open().insert(next);
    }
    return before - counters_.live;
  }

  /// Whether a process can fork now: a freelist of which a trim holds a part could not be made
  /// whole in the child. A fork waits as a call does.
  [[nodiscard]] bool may_fork() const noexcept { return splits_ == 0; }
  void begin_wait() noexcept { ++waiting_; }

  /// For the child of a process with several threads, in which the others are gone: none of them
  /// grows, and what one of them was trimming comes back. O(segments).
  void forget_other_threads(const Plan& plan) noexcept {
    growths_ = GrowthList();
    trigger_ = {};
    counters_.growers = counters_.carved = 0;
    trims_ = parked_ = waiting_ = 0;
    demand_ = Demand();
    for (std::uint32_t i = 0; i < directory_.size(); ++i) {
      SegmentType& segment = directory_.at(i);
      const bool is_claimed = segment.record.read().held != 0;
      if (is_claimed) {
        Release::forget(plan, segment);
        directory_.open().insert(i);
      }
      counters_.carved += segment.record.read().run.carved;
    }
  }

 private:
  using Record = typename SegmentType::Record;
  using Reserve = SegmentReserve<SegmentType, Config>;

  /// Segments that one critical section examines at most.
  static constexpr std::uint32_t kFewSegments = 64;
  static constexpr bool kTrims = Config::Trim::is_active;

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
    std::uint64_t writes_after_free = 0;

    [[nodiscard]] std::uint64_t free() const noexcept { return carved - live - abandoned; }
  };

  [[nodiscard]] bool may_grow() const noexcept { return directory_.size() < max_segments_; }

  /// Whether so many slots can be taken at once from the segments at `from` and above.
  [[nodiscard]] bool can_serve(const Plan& plan, std::size_t count,
                               std::uint32_t from) const noexcept {
    std::size_t found = 0;
    while (found < count) {
      const auto index = directory_.open().lowest(from);
      if (!index) return false;
      const Record& record = directory_.at(*index).record.read();
      const std::uint32_t others = record.run.live + record.run.abandoned + record.held;
      found += plan.geometry.capacity - others;
      from = *index + 1;
    }
    return true;
  }

  void begin_wait(Grower& growth, typename Grower::State state) noexcept {
    growth.state = state;
    ++waiting_;
  }
  void begin_wait_for_growths(Grower& growth, typename Grower::State state,
                              std::span<Block> lacked) noexcept {
    growth.awaited = growths_.newest_number();
    demand_.add_waiting(growth.demand, lacked);
    begin_wait(growth, state);
  }

  std::byte* take_slot(const Freelist& run, FreelistState& state) noexcept {
    const std::uint32_t carved = state.carved;
    const std::uint32_t abandoned = state.abandoned;
    const auto slot = run.take(state);
    counters_.carved += state.carved - carved;
    if (slot.corrupt) [[unlikely]] {
      ++counters_.corrupt_links;
      counters_.abandoned += state.abandoned - abandoned;
    }
    if constexpr (Config::Contents::checks) counters_.writes_after_free += slot.overwritten ? 1 : 0;
    return slot.data;
  }

  [[gnu::noinline, gnu::cold]] void consider_trim() noexcept {
    trigger_.consider(counters_.carved, counters_.free());
  }

  /// INVARIANT[counters.sum] carved, live and abandoned are the sums over all segments; one that a
  /// trim holds counts as when it was claimed.
  void count_live(std::uint64_t more) noexcept {
    counters_.live += more;
    if (counters_.live > counters_.peak_live) counters_.peak_live = counters_.live;
  }

  /// Does something with the slot at `pointer` that may be live, or counts and says why it is none.
  template <class Action>
  std::optional<MisuseKind> with_slot(const Plan& plan, const void* pointer,
                                      Action action) noexcept {
    SegmentType* segment = recent_;
    if (segment == nullptr || !directory_.holds(*segment, pointer)) {
      segment = directory_.route(pointer);
      recent_ = segment;
    }
    if (segment == nullptr) [[unlikely]] {
      ++counters_.foreign_pointers;
      return MisuseKind::kForeignPointer;
    }
    const Freelist run = segment->freelist(plan);
    const auto slot = run.slot_of(pointer);
    if (!slot) {
      ++counters_.misaligned_pointers;
      return MisuseKind::kMisalignedPointer;
    }
    Record& record = segment->record.write();
    if (!run.may_be_live(*slot, record.run)) {
      ++counters_.repeated_frees;
      return MisuseKind::kNotLive;
    }
    action(record, run, *slot);
    return std::nullopt;
  }

  SegmentType* recent_ = nullptr;  // that the last free went to: often the next one does too
  Counters counters_;
  GrowthList growths_;  // but for those that are parked
  std::uint32_t parked_ = 0;
  std::uint32_t waiting_ = 0;            // calls, the parked growths among them
  std::uint32_t trims_ = 0;              // that hold a segment
  std::uint32_t splits_ = 0;             // trims that hold a part of one
  [[no_unique_address]] Demand demand_;  // of growths in flight, and of calls that wait for such
  Directory directory_;
  Reserve reserve_;
  [[no_unique_address]] TrimTrigger<typename Config::Trim> trigger_;
  std::uint32_t max_segments_ = Directory::kMaxSegments;
};

}  // namespace slabproof

#endif  // SLABPROOF_SEGMENT_SET_H_
