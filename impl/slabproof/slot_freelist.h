#ifndef SLABPROOF_SLOT_FREELIST_H_
#define SLABPROOF_SLOT_FREELIST_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>

#include "slabproof/address.h"
#include "slabproof/block.h"
#include "slabproof/config.h"
#include "slabproof/layout.h"
#include "slabproof/page_map.h"
#include "slabproof/slot_geometry.h"

namespace slabproof {

/// What a run of slots remembers about itself. Slots are named by index; a link is 1-based so that
/// zeroed memory ends a list.
///
/// INVARIANT[slots.conserved] live + abandoned <= carved <= capacity, and the other carved slots
/// are on the freelist (property S4). Guarded by whatever guards the run: the slab's lock, or the
/// single thread of a `Slab`.
/// INVARIANT[slots.range] all slots below `next` are carved, and none in [next, end).
struct FreelistState {
  std::uint32_t head = 0;       ///< 1-based index of the first free slot, 0 for none
  std::uint32_t next = 0;       ///< slot that is carved next
  std::uint32_t end = 0;        ///< where the range to carve ends; behind it the page map says more
  std::uint32_t carved = 0;     ///< slots that were handed out since their pages were fresh
  std::uint32_t live = 0;       ///< slots handed out now
  std::uint32_t abandoned = 0;  ///< free slots that a corrupt link made unreachable

  /// Slots on the freelist. Not a member of its own: what follows from the others costs no store.
  [[nodiscard]] constexpr std::uint32_t free() const noexcept { return carved - live - abandoned; }
};

/// The in-band freelist of one run of equal slots: O(1) take and put, the most recently freed slot
/// first, and slots that were never used are carved one by one, so a fresh region is not touched.
///
/// A link to the next free slot lies in each free slot, as a `Sync::Var` that is constructed when
/// the slot becomes free and destroyed when it is taken: a checker so sees who owns the memory.
/// Not thread safe by itself.
template <class T, class Config>
class SlotFreelist {
  using Sync = typename Config::Sync;
  using Protection = typename Config::Protection;
  using StateWord = typename Sync::template Var<std::uint64_t>;
  using Watch = typename Config::Instrumentation;

  struct Link {
    std::uint32_t next;
    [[no_unique_address]] typename Protection::Tag tag;
  };
  using LinkVar = typename Sync::template Var<Link>;

 public:
  /// False sharing between the header, which every operation writes, and the first block.
  static constexpr std::size_t kSlotsAlignment = 64;
  static constexpr std::size_t slot_alignment =
      (std::max)({alignof(T), alignof(LinkVar), std::size_t{Watch::alignment}});
  /// Bytes of a block, all of them usable by its owner (property S2).
  static constexpr std::size_t block_size =
      ((std::max)({sizeof(T), sizeof(LinkVar), std::size_t{8}}) + slot_alignment - 1) &
      ~(slot_alignment - 1);
  /// Bytes between slots: those of a block, and the redzone of `Config::Instrumentation`.
  static constexpr std::size_t stride =
      (block_size + Watch::redzone + slot_alignment - 1) & ~(slot_alignment - 1);
  using Pages = PageMap<Config, stride>;

  /// The state of a run that was just laid out.
  [[nodiscard]] static constexpr FreelistState fresh(std::uint32_t capacity) noexcept {
    return {.end = capacity};
  }

  /// The geometry of `capacity` slots behind a header, with a page map if pages may go back one by
  /// one.
  /// Errors: `kInvalidCapacity` for none, or for more than a 1-based 32-bit link can name;
  /// `kLayoutOverflow`.
  [[nodiscard]] static constexpr std::expected<SlotGeometry, AllocError> plan(
      std::size_t capacity, std::size_t header_size, bool releases_pages = false) noexcept {
    if (capacity == 0 || capacity >= (std::numeric_limits<std::uint32_t>::max)()) {
      return std::unexpected(AllocError::kInvalidCapacity);
    }
    SlotGeometry geometry;
    geometry.capacity = static_cast<std::uint32_t>(std::uint64_t{capacity});
    geometry.states_offset = round_up(header_size, alignof(StateWord));
    const std::size_t state_bytes =
        Protection::tracks_slots ? ((capacity - 1) / 64 + 1) * sizeof(StateWord) : 0;
    constexpr std::size_t alignment = (std::max)(slot_alignment, kSlotsAlignment);
    // A region of this size must have room to be aligned in, so that it is a valid `Layout`.
    constexpr std::size_t limit = kMaxRegionBytes - (alignment - 1);
    if (capacity > limit / stride) return std::unexpected(AllocError::kLayoutOverflow);
    if (releases_pages) geometry.pages = Pages::pages_of(capacity * stride);
    geometry.pages_offset = geometry.states_offset + state_bytes;
    if (geometry.pages != 0) {
      geometry.pages_offset = round_up(geometry.pages_offset, Pages::alignment);
    }
    geometry.slots_offset =
        round_up(geometry.pages_offset + Pages::bytes(geometry.pages), alignment);
    if (capacity > (limit - geometry.slots_offset) / stride) {
      return std::unexpected(AllocError::kLayoutOverflow);
    }
    geometry.size = geometry.slots_offset + capacity * stride;
    return geometry;
  }

  /// A view of the run in the region at `region`. `geometry` and `protection` must outlive it.
  SlotFreelist(std::byte* region, const SlotGeometry& geometry,
               const Protection& protection) noexcept
      : slots_(region + geometry.slots_offset),
        states_(reinterpret_cast<StateWord*>(region + geometry.states_offset)),
        geometry_(geometry),
        capacity_(geometry.capacity),
        protection_(protection) {}

  /// Called once for a fresh region, before any other operation; O(capacity / 64) with
  /// `tracks_slots`, else O(1); and O(pages) with a page map.
  void lay_out() const noexcept {
    if constexpr (Protection::tracks_slots) {
      for (std::size_t word = 0; word < state_words(); ++word) {
        std::construct_at(states_ + word, std::uint64_t{0});
      }
    }
    if constexpr (kIsPaged) {
      if (has_pages()) pages().lay_out();
    }
    if constexpr (Watch::is_active) Watch::begin(slots_, slots_size());
  }

  /// Called once before the region goes: ends the lifetime of what lies in free slots.
  void tear_down(const FreelistState& state) const noexcept {
    destroy_links(state);
    if constexpr (Protection::tracks_slots && !std::is_trivially_destructible_v<StateWord>) {
      for (std::size_t word = 0; word < state_words(); ++word) std::destroy_at(states_ + word);
    }
    if constexpr (kIsPaged) {
      if (has_pages()) pages().tear_down();
    }
    if constexpr (Watch::is_active) Watch::end(slots_, slots_size());
  }

  [[nodiscard]] bool has_room(const FreelistState& state) const noexcept {
    return state.head != 0 || state.next < state.end;
  }

  /// The same, of one that has just become empty: the next slots whose pages went back become those
  /// that are carved. O(1).
  [[nodiscard]] bool has_more_room(FreelistState& state) const noexcept {
    if (has_room(state)) [[likely]]
      return true;
    if constexpr (kIsPaged) return state.next != capacity_ && reopen(slots_, geometry_, state);
    return false;
  }

  /// What `take` found. `corrupt` says that the slot's link did not verify: it was not followed,
  /// and the slots behind it were abandoned; `overwritten`, that somebody wrote to the slot while
  /// it was free (property S9).
  struct Taken {
    std::byte* data;
    bool corrupt = false;
    bool overwritten = false;
  };

  /// Takes a slot. Requires `has_room(state)`. O(1).
  [[nodiscard]] Taken take(FreelistState& state) const noexcept {
    ++state.live;
    if (state.head == 0) {
      const std::uint32_t slot = state.next++;
      ++state.carved;
      mark(slot, true);
      if constexpr (Watch::is_active) Watch::take(slots_, slot_at(slot), block_size);
      return {.data = slot_at(slot)};
    }
    const std::uint32_t slot = state.head - 1;
    const Link link = end_link(slot);
    mark(slot, true);
    const bool overwritten = !is_intact(slot);
    if constexpr (Watch::is_active) Watch::take(slots_, slot_at(slot), block_size);
    if (is_sound(link, slot, state)) {
      state.head = link.next;
      return {.data = slot_at(slot), .overwritten = overwritten};
    }
    state.head = 0;
    state.abandoned += state.free();
    return {.data = slot_at(slot), .corrupt = true, .overwritten = overwritten};
  }

  /// The slot that begins at `pointer`, or nothing where none does. Any pointer value will do.
  ///
  /// TRUSTED[compiler.flat_addresses]: a pointer converts to an integer that is its address in one
  /// flat address space, with no tag in its upper bits.
  [[nodiscard]] std::optional<std::uint32_t> slot_of(const void* pointer) const noexcept {
    if (!lies_in(pointer, slots_, slots_size())) return std::nullopt;
    const std::uintptr_t offset = address_of(pointer) - address_of(slots_);
    if (offset % stride != 0) return std::nullopt;
    return static_cast<std::uint32_t>(std::uint64_t{offset / stride});
  }

  /// Whether `slot` may be live. Without `tracks_slots` a slot that was freed already can pass.
  [[nodiscard]] bool may_be_live(std::uint32_t slot, const FreelistState& state) const noexcept {
    if (state.live == 0 || slot + 1 == state.head || !is_carved(slot, state)) return false;
    if constexpr (Protection::tracks_slots) return is_marked(slot);
    return true;
  }

  /// Makes the run a fresh one, whoever has its blocks. O(capacity / 64) with `tracks_slots`,
  /// O(capacity) where `Config::Contents` scrubs, O(free) where links are objects, and O(pages)
  /// with a page map.
  void clear(FreelistState& state) const noexcept {
    destroy_links(state);
    if constexpr (Config::Contents::scrubs) {
      for (std::uint32_t slot = 0; slot < capacity_; ++slot) {
        if (!is_carved(slot, state)) continue;
        if constexpr (Watch::is_active) Watch::open(slot_at(slot), block_size);
        Config::Contents::freed(slot_at(slot), block_size);
      }
    }
    state = fresh(capacity_);
    tear_down(state);
    lay_out();
  }

  /// Words of states: one bit a slot. 64 slots a word.
  [[nodiscard]] std::size_t state_words() const noexcept {
    return (std::size_t{capacity_} + 63) / 64;
  }

  /// The blocks of one word of states that are live now. The result is how many. O(64).
  [[nodiscard]] std::size_t list_live(std::size_t word,
                                      std::span<std::byte*, 64> blocks) const noexcept
    requires(Protection::tracks_slots)
  {
    std::size_t count = 0;
    for (std::uint64_t rest = states_[word].read(); rest != 0; rest &= rest - 1) {
      const auto slot = word * 64 + static_cast<std::size_t>(std::countr_zero(rest));
      blocks[count++] = slot_at(static_cast<std::uint32_t>(slot));
    }
    return count;
  }

  /// Makes a live slot look free to `may_be_live`, and like a live one again, for one who holds it
  /// but has not yet put it back. Both do nothing without `tracks_slots`.
  void claim(std::uint32_t slot) const noexcept { mark(slot, false); }
  void unclaim(std::uint32_t slot) const noexcept { mark(slot, true); }

  /// The block of a slot.
  [[nodiscard]] std::byte* slot_at(std::uint32_t slot) const noexcept {
    return slots_ + std::size_t{slot} * stride;
  }

  /// Puts a live slot back. Requires `may_be_live(slot, state)`. O(1).
  void put(std::uint32_t slot, FreelistState& state) const noexcept {
    mark(slot, false);
    if constexpr (Watch::is_active) Watch::open(slot_at(slot), block_size);
    if constexpr (Config::Contents::scrubs) Config::Contents::freed(slot_at(slot), block_size);
    std::construct_at(link_at(slot), Link{state.head, protection_.seal(state.head, slot)});
    state.head = slot + 1;
    --state.live;
    if constexpr (Watch::is_active) Watch::put(slots_, slot_at(slot), block_size);
  }

  /// Ends the lifetime of the links of all free slots. O(free) where that means anything.
  void destroy_links(const FreelistState& state) const noexcept {
    if constexpr (!std::is_trivially_destructible_v<LinkVar>) {
      static_cast<void>(unlink(state, [](std::uint32_t /*slot*/) {}));
    }
  }

  // What a trim does with free slots that it holds (page_release.h), without the lock.

  /// How far a walk of the freelist came. `corrupt` says that the link of the last slot was not
  /// followed, or should not have been there.
  struct Walked {
    std::uint32_t visited = 0;
    bool corrupt = false;
  };

  /// Calls `action` with each free slot, the newest first. O(free).
  template <class Action>
  Walked visit_free(const FreelistState& state, Action action) const noexcept {
    const auto look = [this](std::uint32_t slot) {
      if constexpr (Watch::is_active) Watch::open(slot_at(slot), sizeof(LinkVar));
      return link_at(slot)->read();
    };
    return walk(state, look, action);
  }
  /// The same, where each link has ended before `action` is called.
  template <class Action>
  Walked unlink(const FreelistState& state, Action action) const noexcept {
    return walk(state, [this](std::uint32_t slot) { return end_link(slot); }, action);
  }

  /// A list of free slots without links is made anew, the newest first.
  struct List {
    std::uint32_t head = 0;  ///< 1-based, as a link
    std::uint32_t tail = 0;
    std::uint32_t size = 0;
  };
  void append(std::uint32_t slot, List& list) const noexcept {
    if (list.tail != 0) begin_link(list.tail - 1, slot + 1);
    if (list.head == 0) list.head = slot + 1;
    list.tail = slot + 1;
    ++list.size;
  }
  /// The same of a slot that is not carved.
  void append_uncarved(std::uint32_t slot, List& list) const noexcept {
    if constexpr (Config::Contents::scrubs) {
      if constexpr (Watch::is_active) Watch::open(slot_at(slot), block_size);
      Config::Contents::freed(slot_at(slot), block_size);
      if constexpr (Watch::is_active) Watch::hide(slot_at(slot), block_size);
    }
    append(slot, list);
  }
  void end_list(const List& list) const noexcept {
    if (list.tail != 0) begin_link(list.tail - 1, 0);
  }

  /// Puts a list that has ended before the free slots there are. O(1); the lock is held.
  void join(const List& list, FreelistState& state) const noexcept {
    if (list.size == 0) return;
    if (state.head != 0) {
      static_cast<void>(end_link(list.tail - 1));
      begin_link(list.tail - 1, state.head);
    }
    state.head = list.head;
    state.carved += list.size;
  }

  [[nodiscard]] bool has_pages() const noexcept { return kIsPaged && geometry_.pages != 0; }
  /// Requires `has_pages()`.
  [[nodiscard]] Pages pages() const noexcept {
    return Pages(slots_ - geometry_.slots_offset, geometry_);
  }

  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  /// The bytes that blocks occupy.
  [[nodiscard]] std::size_t slots_size() const noexcept { return capacity_ * stride; }
  [[nodiscard]] std::span<const std::byte> all_slots() const noexcept {
    return {slots_, slots_size()};
  }

 private:
  static constexpr std::size_t round_up(std::size_t size, std::size_t alignment) noexcept {
    return (size + alignment - 1) & ~(alignment - 1);
  }

  static constexpr bool kIsPaged = Pages::kPage != 0;

  /// Calls `action` with each free slot, after `get` has got its link.
  template <class Get, class Action>
  Walked walk(const FreelistState& state, Get get, Action action) const noexcept {
    Walked walked;
    FreelistState rest = state;
    while (rest.head != 0) {
      const std::uint32_t slot = rest.head - 1;
      const Link link = get(slot);
      if constexpr (Watch::is_active) Watch::hide(slot_at(slot), sizeof(LinkVar));
      ++rest.live;
      ++walked.visited;
      action(slot);
      walked.corrupt = !is_sound(link, slot, rest);
      rest.head = walked.corrupt ? 0 : link.next;
    }
    return walked;
  }

  void begin_link(std::uint32_t slot, std::uint32_t next) const noexcept {
    if constexpr (Watch::is_active) Watch::open(slot_at(slot), sizeof(LinkVar));
    std::construct_at(link_at(slot), Link{next, protection_.seal(next, slot)});
    if constexpr (Watch::is_active) Watch::hide(slot_at(slot), sizeof(LinkVar));
  }

  /// Whether a slot is carved. Those behind the range are the page map's.
  [[nodiscard]] bool is_carved(std::uint32_t slot, const FreelistState& state) const noexcept {
    if (slot < state.next) [[likely]]
      return true;
    if constexpr (kIsPaged) return is_carved_behind(slots_, geometry_, state.end, slot);
    return false;
  }
  // Static, since for a member of this object it would have to lie in memory in the common case.
  [[gnu::noinline, gnu::cold]] static bool is_carved_behind(std::byte* first,
                                                            const SlotGeometry& geometry,
                                                            std::uint32_t end,
                                                            std::uint32_t slot) noexcept {
    return slot >= end && slot < geometry.capacity && geometry.pages != 0 &&
           !Pages(first - geometry.slots_offset, geometry).is_uncarved(slot);
  }
  [[gnu::noinline, gnu::cold]] static bool reopen(std::byte* first, const SlotGeometry& geometry,
                                                  FreelistState& state) noexcept {
    if (geometry.pages == 0) return false;
    const auto run = Pages(first - geometry.slots_offset, geometry).take_run();
    if (!run) return false;
    state.next = run->begin;
    state.end = run->end;
    return run->begin != run->end;
  }

  [[nodiscard]] LinkVar* link_at(std::uint32_t slot) const noexcept {
    return std::launder(reinterpret_cast<LinkVar*>(slot_at(slot)));
  }

  /// Whether a free slot, whose link has ended, is otherwise as `put` left it.
  [[nodiscard]] bool is_intact(std::uint32_t slot) const noexcept {
    if constexpr (Config::Contents::checks) {
      if constexpr (Watch::is_active) Watch::open(slot_at(slot), block_size);
      return Config::Contents::is_intact(slot_at(slot) + sizeof(LinkVar),
                                         block_size - sizeof(LinkVar));
    }
    return true;
  }

  /// Ends the lifetime of the link in a free slot; what it was.
  [[nodiscard]] Link end_link(std::uint32_t slot) const noexcept {
    if constexpr (Watch::is_active) Watch::open(slot_at(slot), sizeof(LinkVar));
    LinkVar* const variable = link_at(slot);
    const Link link = variable->read();
    std::destroy_at(variable);
    return link;
  }

  /// Whether the link found in `slot`, which was just taken from the list, can be followed. The
  /// list ends where the count of free slots says so: no cycle can be walked for ever.
  [[nodiscard]] bool is_sound(const Link& link, std::uint32_t slot,
                              const FreelistState& state) const noexcept {
    if ((link.next == 0) != (state.free() == 0)) return false;
    if (link.next > state.next && !is_carved(link.next - 1, state)) return false;
    if (!protection_.verify(link.next, slot, link.tag)) return false;
    if constexpr (Protection::tracks_slots) return link.next == 0 || !is_marked(link.next - 1);
    return link.next != slot + 1;
  }

  [[nodiscard]] bool is_marked(std::uint32_t slot) const noexcept {
    return (states_[slot / 64].read() >> (slot % 64) & 1) != 0;
  }
  void mark(std::uint32_t slot, bool live) const noexcept {
    if constexpr (Protection::tracks_slots) {
      const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
      std::uint64_t& word = states_[slot / 64].write();
      word = live ? word | bit : word & ~bit;
    }
  }

  std::byte* slots_;
  StateWord* states_;
  const SlotGeometry& geometry_;
  std::uint32_t capacity_;
  const Protection& protection_;
};

}  // namespace slabproof

#endif  // SLABPROOF_SLOT_FREELIST_H_
