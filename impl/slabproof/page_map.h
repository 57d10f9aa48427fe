#ifndef SLABPROOF_PAGE_MAP_H_
#define SLABPROOF_PAGE_MAP_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>

#include "slabproof/address.h"
#include "slabproof/backing.h"
#include "slabproof/slot_geometry.h"

namespace slabproof {

/// Slots [begin, end).
struct SlotRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Which pages of a run of slots went back to the backing while other slots of the run are in use.
///
/// A page may go back when no slot that overlaps it is in use. It goes in runs of pages, as long as
/// there are such pages side by side, so a slot overlaps pages of one run at most. The slots that
/// overlap a page of a run are those of the run: they are carved anew, when it is its turn. Runs
/// are taken in the order of addresses.
///
/// There are two tables with an entry for each page, of which one says what is so now. The other
/// one is where a trim counts the free slots of each page, and puts down the next state. Pages have
/// numbers from that of the first slot on; a link from run to run is 1-based, and 0 ends the list.
/// | entry | says |
/// |---|---|
/// | of a released page | the flag, and for the first one of a run where the run ends |
/// | of the page behind a run | where the next run begins |
/// | of any other page | nothing; while a trim counts: how many of its slots are free |
///
/// A page is here what the backing promises to give back at least, `Backing::page_size`; where the
/// system has larger ones, whole ones of those go back.
///
/// Thread safety: none; guarded by the slab's lock. But while a trim holds the free slots of the
/// run (`hold`), nothing changes what is so now, and the other table is the trim's, without a lock.
template <class Config, std::size_t kStride>
class PageMap {
  using Sync = typename Config::Sync;
  using Backing = typename Config::Backing;
  using Entry = typename Sync::template Var<std::uint32_t>;

  struct Head {
    std::uint32_t first_run = 0;  ///< first page of the lowest run
    std::uint32_t table = 0;      ///< the one that says what is so now
    std::uint32_t range_end = 0;  ///< while a trim holds it: of the range that is not carved
    bool is_held = false;
  };
  using HeadVar = typename Sync::template Var<Head>;

 public:
  static constexpr std::size_t kPage = page_size_of<Backing>;
  static_assert((kPage & (kPage - 1)) == 0,
                "slabproof: the page_size of a backing must be a power of two");

  /// For the geometry of a run: how many pages slots of so many bytes can touch, or 0 where they
  /// hold no whole page or are too many.
  [[nodiscard]] static constexpr std::uint32_t pages_of(std::size_t slots_size) noexcept {
    if constexpr (kPage == 0) {
      return 0;
    } else {
      const std::size_t pages = slots_size / kPage + 2;
      return slots_size < kPage || pages >= kReleased ? 0 : static_cast<std::uint32_t>(pages);
    }
  }
  static constexpr std::size_t alignment = (std::max)(alignof(HeadVar), alignof(Entry));
  [[nodiscard]] static constexpr std::size_t bytes(std::uint32_t pages) noexcept {
    return pages == 0 ? 0 : kEntriesOffset + 2 * std::size_t{pages} * sizeof(Entry);
  }

  PageMap(std::byte* region, const SlotGeometry& geometry) noexcept
      : head_(reinterpret_cast<HeadVar*>(region + geometry.pages_offset)),
        entries_(reinterpret_cast<Entry*>(region + geometry.pages_offset + kEntriesOffset)),
        capacity_(geometry.capacity),
        pages_(geometry.pages),
        slots_(region + geometry.slots_offset),
        margin_(address_of(slots_) & (kPage - 1)) {}

  /// Called once for a fresh region. O(pages).
  void lay_out() const noexcept {
    std::construct_at(head_, Head{});
    for (std::size_t i = 0; i < 2 * std::size_t{pages_}; ++i) {
      std::construct_at(entries_ + i, std::uint32_t{0});
    }
  }
  /// Called once before the region goes.
  void tear_down() const noexcept {
    if constexpr (!std::is_trivially_destructible_v<Entry>) {
      std::destroy_n(entries_, 2 * std::size_t{pages_});
      std::destroy_at(head_);
    }
  }

  /// Nothing is released, and no trim holds anything. O(1).
  void reset() const noexcept {
    Head& head = head_->write();
    head = Head{.table = head.table};
  }

  /// Whether a slot behind the range that is carved now is not carved either: it overlaps a page
  /// that is released, or a trim holds it. O(1).
  [[nodiscard]] bool is_uncarved(std::uint32_t slot) const noexcept {
    const Head& head = head_->read();
    return slot < head.range_end || is_released(slot, head);
  }

  /// Takes the lowest run out: its slots can be carved. Where there is none, all are carved: no
  /// range, behind all slots. Nothing while a trim holds the runs. O(1).
  [[nodiscard]] std::optional<SlotRange> take_run() const noexcept {
    const Head before = head_->read();
    if (before.is_held) return std::nullopt;
    if (before.first_run == 0) return SlotRange{capacity_, capacity_};
    Head& head = head_->write();
    const Run run = run_at(head.table, head.first_run);
    head.first_run = run.next;
    return slots_of(run);
  }

  /// A trim takes the free slots out, and those that are not carved, [`next`, `range_end`) among
  /// them. O(1).
  void hold(std::uint32_t range_end) const noexcept {
    Head& head = head_->write();
    head.is_held = true;
    head.range_end = range_end;
  }
  /// The trim has found nothing to give back. O(1).
  void let_go() const noexcept {
    Head& head = head_->write();
    head.is_held = false;
    head.range_end = 0;
  }
  /// The trim has put the next state down, with its first run at `first_run`. O(1).
  void adopt(std::uint32_t first_run) const noexcept {
    Head& head = head_->write();
    head = Head{.first_run = first_run, .table = 1 - head.table};
  }

  // What a trim does without the lock, in this order.

  /// All pages have no free slot. O(pages).
  void begin_count() const noexcept {
    const std::uint32_t next = 1 - head_->read().table;
    for (std::uint32_t page = 0; page < pages_; ++page) entry(next, page).write() = 0;
  }
  /// Counts slots as free. O(pages).
  void count(SlotRange free) const noexcept {
    if (free.begin == free.end) return;
    const std::uint32_t next = 1 - head_->read().table;
    const std::uint32_t last = last_page(free.end - 1);
    for (std::uint32_t page = first_page(free.begin); page <= last; ++page) {
      const SlotRange all = slots_on(page);
      entry(next, page).write() +=
          (std::min)(free.end, all.end) - (std::max)(free.begin, all.begin);
    }
  }
  /// Counts the slots of all runs. O(pages).
  void count_runs() const noexcept {
    const Head& head = head_->read();
    for (std::uint32_t first = head.first_run; first != 0;) {
      const Run run = run_at(head.table, first);
      count(slots_of(run));
      first = run.next;
    }
  }
  /// What becomes of the pages.
  struct Next {
    std::uint32_t first_run = 0;
    std::uint32_t fresh_pages = 0;  ///< that are neither released yet nor in the range
    std::uint32_t released = 0;     ///< slots of all runs
  };
  /// Puts down which pages may go, from the count. `range` is what is not carved. O(pages).
  [[nodiscard]] Next find_runs(SlotRange range) const noexcept {
    Next found;
    const Head& head = head_->read();
    const std::uint32_t next = 1 - head.table;
    std::uint32_t before = pages_;  // the page behind the run before
    for (std::uint32_t page = 0; page < pages_; ++page) {
      const std::uint32_t first = page;
      while (is_free(next, page)) {
        entry(next, page).write() = kReleased;
        if (is_fresh(page, range, head)) ++found.fresh_pages;
        ++page;
      }
      entry(next, page).write() = 0;  // there is one: the last page is never whole
      if (page == first) continue;
      entry(next, first).write() = kReleased | page;
      (before == pages_ ? found.first_run : entry(next, before).write()) = first + 1;
      before = page;
      const SlotRange gone = slots_of({first, page, 0});
      found.released += gone.end - gone.begin;
    }
    return found;
  }
  /// Whether a slot is one of a run of the next state. O(1).
  [[nodiscard]] bool will_be_released(std::uint32_t slot) const noexcept {
    const std::uint32_t next = 1 - head_->read().table;
    return overlaps(slot, [&](std::uint32_t page) { return is_flagged(next, page); });
  }
  /// Calls `discard(data, size)` for the pages of the next state that are not released yet and not
  /// in `range`. The result is how many bytes that gave back. O(pages).
  template <class Discard>
  std::size_t discard_fresh(const Next& found, SlotRange range, Discard discard) const noexcept {
    std::size_t bytes = 0;
    const Head head = head_->read();
    for (std::uint32_t first = found.first_run; first != 0;) {
      const Run run = run_at(1 - head.table, first);
      bytes += discard_fresh_of(run, range, discard);
      first = run.next;
    }
    return bytes;
  }
  /// The same for all whole pages, of a run without live blocks.
  template <class Discard>
  std::size_t discard_all(SlotRange range, Discard discard) const noexcept {
    const auto end = static_cast<std::uint32_t>((margin_ + capacity_ * kStride) / kPage);
    return discard_fresh_of({margin_ == 0 ? 0U : 1U, end, 0}, range, discard);
  }
  /// The slots of the lowest run of the next state, and where the run behind it begins.
  struct First {
    SlotRange range;
    std::uint32_t next;
  };
  [[nodiscard]] First first_of(const Next& found) const noexcept {
    if (found.first_run == 0) return {{capacity_, capacity_}, 0};
    const Run run = run_at(1 - head_->read().table, found.first_run);
    return {slots_of(run), run.next};
  }

 private:
  static constexpr std::uint32_t kReleased = std::uint32_t{1} << 31;
  static constexpr std::size_t kEntriesOffset =
      (sizeof(HeadVar) + alignof(Entry) - 1) & ~(alignof(Entry) - 1);

  /// Pages [begin, end), and the first page of the run behind them as a link.
  struct Run {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t next;
  };

  [[nodiscard]] Entry& entry(std::uint32_t table, std::uint32_t page) const noexcept {
    return entries_[std::size_t{table} * pages_ + page];
  }
  [[nodiscard]] bool is_flagged(std::uint32_t table, std::uint32_t page) const noexcept {
    return (entry(table, page).read() & kReleased) != 0;
  }
  [[nodiscard]] Run run_at(std::uint32_t table, std::uint32_t link) const noexcept {
    const std::uint32_t end = entry(table, link - 1).read() & ~kReleased;
    return {link - 1, end, entry(table, end).read()};
  }

  [[nodiscard]] std::uint32_t first_page(std::uint32_t slot) const noexcept {
    return static_cast<std::uint32_t>((margin_ + slot * kStride) / kPage);
  }
  [[nodiscard]] std::uint32_t last_page(std::uint32_t slot) const noexcept {
    return static_cast<std::uint32_t>((margin_ + (slot + std::size_t{1}) * kStride - 1) / kPage);
  }
  /// The slots that overlap a page.
  [[nodiscard]] SlotRange slots_on(std::uint32_t page) const noexcept {
    const std::size_t begin = page == 0 ? 0 : (page * kPage - margin_) / kStride;
    const std::size_t end = ((page + std::size_t{1}) * kPage - margin_ + kStride - 1) / kStride;
    return {static_cast<std::uint32_t>(begin),
            static_cast<std::uint32_t>((std::min)(end, std::size_t{capacity_}))};
  }
  [[nodiscard]] SlotRange slots_of(const Run& run) const noexcept {
    return {slots_on(run.begin).begin, slots_on(run.end - 1).end};
  }

  /// Whether all of a page belongs to slots of this run, as against those beside it.
  [[nodiscard]] bool is_whole(std::uint32_t page) const noexcept {
    const std::size_t slots_end = margin_ + capacity_ * kStride;
    return (page != 0 || margin_ == 0) && (page + std::size_t{1}) * kPage <= slots_end;
  }
  [[nodiscard]] bool is_free(std::uint32_t table, std::uint32_t page) const noexcept {
    if (!is_whole(page)) return false;
    const SlotRange all = slots_on(page);
    return entry(table, page).read() == all.end - all.begin;
  }
  [[nodiscard]] bool is_fresh(std::uint32_t page, SlotRange range,
                              const Head& head) const noexcept {
    const SlotRange all = slots_on(page);
    if (all.begin >= range.begin && all.end <= range.end) return false;
    return !is_released_page(page, head);
  }
  /// Runs that were taken out keep their flags, and lie before the first one that was not.
  [[nodiscard]] bool is_released_page(std::uint32_t page, const Head& head) const noexcept {
    return head.first_run != 0 && page + 1 >= head.first_run && is_flagged(head.table, page);
  }
  [[nodiscard]] bool is_released(std::uint32_t slot, const Head& head) const noexcept {
    if (head.first_run == 0) return false;
    return overlaps(slot, [&](std::uint32_t page) { return is_released_page(page, head); });
  }
  /// Whether one of the pages of a slot is as asked. The pages in the middle of a slot, which it
  /// shares with no other, are all alike.
  template <class Predicate>
  [[nodiscard]] bool overlaps(std::uint32_t slot, Predicate is_so) const noexcept {
    const std::uint32_t first = first_page(slot);
    const std::uint32_t last = last_page(slot);
    return is_so(first) || is_so(last) || (last - first > 1 && is_so(first + 1));
  }

  template <class Discard>
  std::size_t discard_fresh_of(const Run& run, SlotRange range, Discard discard) const noexcept {
    std::size_t bytes = 0;
    const Head& head = head_->read();
    for (std::uint32_t page = run.begin; page < run.end; ++page) {
      const std::uint32_t begin = page;
      while (page < run.end && is_fresh(page, range, head)) ++page;
      if (page != begin) bytes += discard_pages(run, begin, page, discard);
    }
    return bytes;
  }

  /// Pages of the system may be larger than ours: as many whole ones of `run` as hold the pages.
  template <class Discard>
  std::size_t discard_pages(const Run& run, std::uint32_t begin, std::uint32_t end,
                            Discard discard) const noexcept {
    const auto unit = static_cast<std::uint32_t>(Backing::granularity() / kPage);
    if (unit > 1) {
      begin -= (std::min)(begin - run.begin, unit - 1);
      end += (std::min)(run.end - end, unit - 1);
    }
    return discard(slots_ + (begin * kPage - margin_), (end - begin) * kPage);
  }

  HeadVar* head_;
  Entry* entries_;
  std::uint32_t capacity_;
  std::uint32_t pages_;
  std::byte* slots_;
  std::size_t margin_;  ///< from the beginning of page 0 to the first slot
};

}  // namespace slabproof

#endif  // SLABPROOF_PAGE_MAP_H_
