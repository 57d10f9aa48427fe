#ifndef SLABPROOF_SLAB_H_
#define SLABPROOF_SLAB_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "slabproof/address.h"
#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/config.h"
#include "slabproof/layout.h"
#include "slabproof/misuse.h"
#include "slabproof/object_factory.h"
#include "slabproof/slot_freelist.h"

namespace slabproof {

/// A slab of fixed capacity for one thread: every slot has the size of `T`, and allocate and
/// deallocate are O(1). All memory comes from one region of `Config::Backing`, obtained on
/// construction.
///
/// Thread safety: none. One thread at a time may use a slab.
template <class T, class Config = DefaultConfig>
class Slab : CheckedConfig<T, Config>, public ObjectFactory<T, Slab<T, Config>> {
  using Backing = typename Config::Backing;
  using Protection = typename Config::Protection;
  using Freelist = SlotFreelist<T, Config>;

 public:
  /// The type of the objects.
  using value_type = T;
  /// The sync policy; a slab of one thread needs no lock of it.
  using Sync = typename Config::Sync;
  /// Makes the freelist protection.
  using ProtectionFactory = Protection (*)() noexcept;

  /// Bytes of every block, all usable (property S2).
  static constexpr std::size_t block_size = Freelist::block_size;
  /// Bytes between blocks: as many, and the redzone of `Config::Instrumentation`.
  static constexpr std::size_t stride = Freelist::stride;
  /// Alignment of every block, in bytes.
  static constexpr std::size_t slot_alignment = Freelist::slot_alignment;

  /// Never throws. Where the capacity is impossible or the backing refuses, the slab is empty:
  /// `error` says why, and so does each `allocate`.
  explicit Slab(std::size_t capacity,
                ProtectionFactory make_protection = &Protection::make) noexcept
      : geometry_(Freelist::plan(capacity, 0)),
        backing_(region_layout(geometry_)),
        protection_(make_protection()) {
    if (!geometry_) {
      error_ = geometry_.error();
    } else if (!backing_) {
      error_ = AllocError::kOutOfMemory;
    } else {
      freelist().lay_out();
      state_ = Freelist::fresh(geometry_->capacity);
    }
  }
  ~Slab() {
    if (error_) return;
    report_leaks<typename Config::Misuse>(*this, state_.live);
    freelist().tear_down(state_);
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  /// Why the slab could not be built, if it could not.
  [[nodiscard]] std::optional<AllocError> error() const noexcept { return error_; }

  /// A block of one slot. Errors: those of construction; `kOutOfMemory` when every slot is live.
  [[nodiscard]] std::expected<Block, AllocError> allocate() noexcept {
    if (error_) return std::unexpected(*error_);
    const Freelist run = freelist();
    // A slot whose link turns out corrupt is good itself, so one look is enough.
    if (!run.has_room(state_)) return std::unexpected(AllocError::kOutOfMemory);
    const auto taken = run.take(state_);
    corruption_events_ += (taken.corrupt ? 1U : 0U) + (taken.overwritten ? 1U : 0U);
    if constexpr (Config::Contents::zeroes) {
      Config::Contents::handed_out(taken.data, Freelist::block_size);
    }
    return Block{taken.data, Freelist::block_size};
  }

  /// As `allocate()`, for a request that need not be a `T`.
  /// Errors: also `kUnsupportedLayout` for one that no slot can hold.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    if (!request.fits(block_size, slot_alignment)) {
      return std::unexpected(AllocError::kUnsupportedLayout);
    }
    return allocate();
  }

  /// Gives a block back. A pointer that is not a live block of this slab is counted, reported to
  /// `Config::Misuse`, and changes nothing else; then the result is false. Of null nothing happens,
  /// and the result is false.
  bool deallocate(const void* pointer) noexcept {
    return with_slot(pointer,
                     [this](const Freelist& run, std::uint32_t slot) { run.put(slot, state_); });
  }

  /// Calls `action` with each block that is live, in the order of addresses; O(capacity). Needs
  /// `SlotStates`. `action` may give that block back, and else does nothing with the slab.
  template <class Action>
    requires(Config::Protection::tracks_slots)
  void for_each_live(Action action) {
    if (error_) return;
    std::array<std::byte*, 64> blocks;
    for (std::size_t word = 0; word < freelist().state_words(); ++word) {
      const std::size_t count = freelist().list_live(word, blocks);
      for (std::size_t i = 0; i < count; ++i) action(Block{blocks[i], Freelist::block_size});
    }
  }

  /// Takes every block back at once, without destructors, and slots that were abandoned too. The
  /// result is how many were live. O(1); O(capacity / 64) with `SlotStates`, and O(bytes of blocks)
  /// where `Config::Contents` scrubs.
  std::uint32_t clear() noexcept {
    if (error_) return 0;
    const std::uint32_t live = state_.live;
    freelist().clear(state_);
    return live;
  }

  /// The first half of `destroy`: whether `pointer` may be an object of this slab. A pointer that
  /// is none is treated as `deallocate` does. With `SlotStates` the block is nobody's from here on
  /// until `end_destroy` gives it back, so a second one is refused.
  [[nodiscard]] bool begin_destroy(const void* pointer) noexcept {
    return with_slot(pointer, [](const Freelist& run, std::uint32_t slot) { run.claim(slot); });
  }

  /// Gives a block back for which `begin_destroy` said yes.
  void end_destroy(const void* pointer) noexcept {
    if (const auto slot = freelist().slot_of(pointer)) freelist().unclaim(*slot);
    deallocate(pointer);
  }

  /// Whether `pointer` lies in the region of this slab. Any pointer value will do.
  [[nodiscard]] bool contains(const void* pointer) const noexcept {
    if (error_) return false;
    return lies_in(pointer, backing_.data(), geometry_->size);
  }

  /// The bytes that the owner of the block at `pointer` may use, or nothing for a pointer that is
  /// no slot of this slab.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    if (!contains(pointer) || !freelist().slot_of(pointer)) return std::nullopt;
    return std::size_t{Freelist::block_size};
  }

  /// Slots. Constant.
  [[nodiscard]] std::size_t capacity() const noexcept { return error_ ? 0 : geometry_->capacity; }
  /// Bytes of all slots, live or not. Constant.
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return capacity() * Freelist::stride;
  }
  /// Blocks that are out now. O(1).
  [[nodiscard]] std::size_t live() const noexcept { return state_.live; }

  /// Corrupt links and writes after a free met, and bad pointers given back, since construction.
  [[nodiscard]] std::uint64_t corruption_events() const noexcept { return corruption_events_; }

 private:
  static Layout region_layout(const std::expected<SlotGeometry, AllocError>& geometry) noexcept {
    constexpr std::size_t alignment =
        (std::max)(Freelist::slot_alignment, Freelist::kSlotsAlignment);
    // An impossible geometry asks for the least there is, and the slab never uses it.
    return Layout::make(geometry ? geometry->size : 1, alignment).value_or(Layout::of<T>());
  }

  [[nodiscard]] Freelist freelist() const noexcept {
    return Freelist(backing_.data(), *geometry_, protection_);
  }

  /// Does something with the slot of a block that may be live, or refuses `pointer`.
  template <class Action>
  bool with_slot(const void* pointer, Action action) noexcept {
    if (!contains(pointer)) return refuse(MisuseKind::kForeignPointer, pointer);
    const Freelist run = freelist();
    const auto slot = run.slot_of(pointer);
    if (!slot) return refuse(MisuseKind::kMisalignedPointer, pointer);
    if (!run.may_be_live(*slot, state_)) return refuse(MisuseKind::kNotLive, pointer);
    action(run, *slot);
    return true;
  }

  bool refuse(MisuseKind kind, const void* pointer) noexcept {
    if (pointer == nullptr) return false;
    ++corruption_events_;
    Config::Misuse::report(kind, pointer, this);
    return false;
  }

  std::expected<SlotGeometry, AllocError> geometry_;
  std::optional<AllocError> error_;
  Backing backing_;
  Protection protection_;
  FreelistState state_;
  std::uint64_t corruption_events_ = 0;
};

}  // namespace slabproof

#endif  // SLABPROOF_SLAB_H_
