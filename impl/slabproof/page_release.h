#ifndef SLABPROOF_PAGE_RELEASE_H_
#define SLABPROOF_PAGE_RELEASE_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "slabproof/segment.h"
#include "slabproof/slot_freelist.h"

namespace slabproof {

/// What a trim does with one segment: takes its free slots out (`claim`), gives back the pages that
/// no other slot overlaps (`release`), and puts back the rest (`put_back`).
///
/// Of a segment without live blocks all goes, and it is as freshly laid out afterwards. Of another
/// one, the slots that overlap a page that goes leave the freelist; the others stay on it in their
/// order, and what was freed meanwhile comes behind them. Owners may free their blocks at any time:
/// such a slot goes on a new list, can be had at once, and keeps its pages.
///
/// The lock is held but in `release`, which alone takes longer than O(1).
template <class T, class Config>
class PageRelease {
  using SegmentType = Segment<T, Config>;
  using Freelist = typename SegmentType::Freelist;
  using Pages = typename Freelist::Pages;
  using Plan = typename SegmentType::Plan;
  using Record = typename SegmentType::Record;

 public:
  [[nodiscard]] bool has_segment() const noexcept { return segment_ != nullptr; }

  /// Whether it holds some of the slots of a segment, and others are live.
  [[nodiscard]] bool splits_a_freelist() const noexcept { return !is_idle(before_); }

  /// Whether a segment may have anything to give back.
  [[nodiscard]] static bool is_worth_it(const Plan& plan, const Record& record) noexcept {
    const FreelistState& run = record.run;
    if (record.held != 0) return false;
    if (is_idle(run)) return run.carved != 0;
    if constexpr (Pages::kPage != 0) {
      const std::size_t unused = plan.geometry.capacity - run.live - run.abandoned;
      return plan.geometry.pages != 0 && run.free() != 0 &&
             unused * Freelist::stride >= Pages::kPage;
    }
    return false;
  }

  /// Afterwards no slot of the segment can be taken, but for those that are freed from now on.
  void claim(const Plan& plan, SegmentType& segment) noexcept {
    segment_ = &segment;
    Record& record = segment.record.write();
    before_ = record.run;
    record.held = plan.geometry.capacity - before_.live - before_.abandoned;
    if (is_idle(before_)) {
      record.run = FreelistState{};  // no slot of it can be freed
      return;
    }
    if constexpr (Pages::kPage != 0) segment.freelist(plan).pages().hold(before_.end);
    record.run.head = 0;
    record.run.end = before_.next;
    record.run.carved -= before_.free();
  }

  /// Gives pages back. The result is how many bytes that were. No lock is held. O(capacity).
  std::size_t release(const Plan& plan) noexcept {
    const Freelist run = segment_->freelist(plan);
    const auto discard = [this](const std::byte* data, std::size_t size) {
      return segment_->discard(data, size);
    };
    if constexpr (Pages::kPage != 0) {
      if (!is_idle(before_)) return release_some(run, discard);
    }
    run.destroy_links(before_);
    if constexpr (Pages::kPage != 0) {
      if (run.has_pages()) return run.pages().discard_all(range(), discard);
    }
    return discard(run.all_slots().data(), run.slots_size());
  }

  /// What has changed in the sums over all segments, and by which of them.
  struct Change {
    std::uint32_t segment = 0;
    std::uint32_t carved_before = 0;
    std::uint32_t carved_after = 0;
    std::uint32_t abandoned = 0;
    std::uint32_t corrupt_links = 0;
  };

  /// All slots that were taken out can be taken again.
  Change put_back(const Plan& plan) noexcept {
    SegmentType& segment = *std::exchange(segment_, nullptr);
    Record& record = segment.record.write();
    const Freelist run = segment.freelist(plan);
    record.held = 0;
    Change change{.segment = record.index};
    if constexpr (Pages::kPage != 0) {
      if (!is_idle(before_)) {
        put_some_back(run, record.run, change);
        return change;
      }
    }
    make_fresh(run, record);
    change.carved_before = before_.carved;
    return change;
  }

  /// The end of a claim of a whole segment by a thread that is no more.
  static void forget(const Plan& plan, SegmentType& segment) noexcept {
    make_fresh(segment.freelist(plan), segment.record.write());
  }

 private:
  [[nodiscard]] static bool is_idle(const FreelistState& run) noexcept {
    return run.live == 0 && run.abandoned == 0;
  }
  [[nodiscard]] SlotRange range() const noexcept { return {before_.next, before_.end}; }

  static void make_fresh(const Freelist& run, Record& record) noexcept {
    if constexpr (Pages::kPage != 0) {
      if (run.has_pages()) run.pages().reset();
    }
    record.held = 0;
    record.run = Freelist::fresh(run.capacity());
  }

  template <class Discard>
  std::size_t release_some(const Freelist& run, Discard discard) noexcept {
    const Pages pages = run.pages();
    pages.begin_count();
    list_ = {.head = before_.head};
    const auto walked = run.visit_free(before_, [&](std::uint32_t slot) {
      pages.count({slot, slot + 1});
      list_.tail = slot + 1;
      ++list_.size;
    });
    pages.count(range());
    pages.count_runs();
    corrupt_links_ = walked.corrupt ? 1 : 0;
    found_ = pages.find_runs(range());
    is_changed_ = found_.fresh_pages != 0 || walked.corrupt;
    if (!is_changed_) return 0;
    make_list(run);
    return pages.discard_fresh(found_, range(), discard);
  }

  /// Makes the freelist of the slots that stay. No page has gone yet.
  void make_list(const Freelist& run) noexcept {
    const Pages pages = run.pages();
    FreelistState rest = before_;
    rest.abandoned += before_.free() - list_.size;
    list_ = {};
    const auto keep = [&](std::uint32_t slot) {
      if (!pages.will_be_released(slot)) run.append(slot, list_);
    };
    const std::uint32_t expected = rest.free();
    if (run.unlink(rest, keep).visited != expected) ++corrupt_links_;
    // What is left of the range at its ends, where it shares a page with slots in use.
    SlotRange left = range();
    const auto stays = [&](std::uint32_t slot) {
      return left.begin != left.end && !pages.will_be_released(slot);
    };
    while (stays(left.begin)) run.append_uncarved(left.begin++, list_);
    while (stays(left.end - 1)) run.append_uncarved(--left.end, list_);
    run.end_list(list_);
  }

  void put_some_back(const Freelist& run, FreelistState& state, Change& change) noexcept {
    const Pages pages = run.pages();
    run.join(list_, state);
    change.carved_before = before_.free();
    change.carved_after = list_.size;
    if (!is_changed_) {
      state.end = before_.end;
      return pages.let_go();
    }
    const auto first = pages.first_of(found_);
    state.next = first.range.begin;
    state.end = first.range.end;
    pages.adopt(first.next);
    const std::uint32_t lost = run.capacity() - found_.released - state.carved;
    state.carved += lost;
    state.abandoned += lost;
    change.carved_after += lost;
    change.abandoned = lost;
    change.corrupt_links = corrupt_links_;
  }

  SegmentType* segment_ = nullptr;
  FreelistState before_;
  typename Freelist::List list_;  ///< of the slots that stay
  typename Pages::Next found_;
  bool is_changed_ = false;
  std::uint32_t corrupt_links_ = 0;
};

}  // namespace slabproof

#endif  // SLABPROOF_PAGE_RELEASE_H_
