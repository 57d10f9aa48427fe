#ifndef SLABPROOF_THREAD_CACHE_H_
#define SLABPROOF_THREAD_CACHE_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "slabproof/address.h"
#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/object_factory.h"

namespace slabproof {

/// One thread's stock of free blocks of a `CachedSlab`. A hit takes a block from the loaded
/// magazine or puts it there: no lock, no atomic operation, no division and no call (property C6).
/// A miss swaps whole magazines with the depot, and only where that has none goes to the slab.
///
/// Two magazines, so that a thread which allocates and frees around the end of one does not go to
/// the depot each time (Bonwick and Adams, USENIX 2001). They bound what a cache holds (property
/// C2); all of it goes back when the cache ends (property C3).
///
/// A block may be freed through another cache, or by another thread, than the one that got it.
/// What a hit promises of bad pointers is nothing: a pointer is looked at when its magazine goes
/// back to the slab, which counts it then (property C5). Where `Config::Contents` scrubs, or
/// `Config::Instrumentation` is active, a free looks before, as `destroy` does, whether a slot
/// begins there.
///
/// Thread safety: one thread at a time. The slab must outlive the cache.
template <class Slab>
class ThreadCache : public ObjectFactory<typename Slab::value_type, ThreadCache<Slab>> {
  using Sync = typename Slab::Sync;
  using Contents = typename Slab::Contents;
  using Watch = typename Slab::Instrumentation;
  using Depot = typename Slab::Depot;
  using Stock = typename Depot::Stock;
  using Round = typename Stock::Round;

 public:
  /// The type of the objects.
  using value_type = typename Slab::value_type;
  /// Bytes of every block, all usable.
  static constexpr std::size_t block_size = Slab::block_size;
  /// Bytes between blocks.
  static constexpr std::size_t stride = Slab::stride;
  /// Most blocks that a cache holds.
  static constexpr std::size_t kMaxBlocks = std::size_t{2} * Depot::rounds;

  /// An empty cache. Where no memory for its magazines can be had, every operation is a miss.
  explicit ThreadCache(Slab& slab) noexcept : slab_(slab) {
    Stock* const loaded = slab.depot().take_empty();
    if (loaded == nullptr) return;
    Stock* const previous = slab.depot().take_empty();
    if (previous == nullptr) {
      slab.depot().put_empty(loaded);
      return;
    }
    State& state = state_.write();
    state.adopt(loaded, 0);
    state.previous = previous;
  }
  ~ThreadCache() { end(); }
  ThreadCache(const ThreadCache&) = delete;
  ThreadCache& operator=(const ThreadCache&) = delete;

  /// A block of one slot. O(1) on a hit.
  /// Errors: as `ExtendableSlab::allocate`; `kOutOfMemory` where the backing refused while every
  /// slot was live or in another thread's cache (property C7).
  [[nodiscard]] std::expected<Block, AllocError> allocate() noexcept {
    State& state = state_.write();
    if (state.top != state.begin) [[likely]]
      return hand_out((--state.top)->read());
    if constexpr (!Contents::zeroes && !Watch::is_active) return allocate_on_miss();
    const auto block = allocate_on_miss();
    return block ? hand_out(block->data) : block;
  }

  /// Gives a block back. O(1) on a hit. False where a miss went to the slab, which refused the
  /// pointer. Of null nothing happens, and the result is false.
  bool deallocate(const void* pointer) noexcept {
    constexpr bool kScrubs = Contents::scrubs && !Contents::checks;
    if constexpr (kScrubs || Watch::is_active) {
      if (pointer == nullptr || !begin_destroy(pointer)) return false;
      if constexpr (kScrubs) Contents::freed(bytes_at(pointer), block_size);
      if constexpr (Watch::is_active) Watch::hide(bytes_at(pointer), block_size);
    }
    State& state = state_.write();
    if (pointer != nullptr && state.top != state.end) [[likely]] {
      (state.top++)->write() = bytes_at(pointer);
      return true;
    }
    return deallocate_on_miss(pointer);
  }

  /// The first half of `destroy`: whether a slot of the slab begins at `pointer`. A pointer where
  /// none does is treated as `ExtendableSlab::deallocate` does. O(1), and no lock for a segment in
  /// which this cache has lately destroyed objects; else one or two lock acquisitions.
  [[nodiscard]] bool begin_destroy(const void* pointer) noexcept {
    const std::size_t bytes = slab_.segment_capacity() * stride;
    const std::uintptr_t address = address_of(pointer);
    std::uintptr_t& known = segments_.write()[address >> std::bit_width(bytes) & (kKnown - 1)];
    if (known == 0 || address < known || address - known >= bytes) {
      const auto run = slab_.shared().slots_around(pointer);
      if (run.empty()) return slab_.shared().begin_destroy(pointer);
      known = address_of(run.data());
    }
    if (address >= known && address - known < bytes && (address - known) % stride == 0) [[likely]]
      return true;
    return slab_.shared().begin_destroy(pointer);
  }

  /// Gives a block back for which `begin_destroy` said yes; as `deallocate`.
  void end_destroy(const void* pointer) noexcept { deallocate(pointer); }

  /// Gives every block that it holds back to the slab.
  void flush() noexcept {
    State& state = state_.write();
    if (state.loaded == nullptr) return;
    return_rounds(slab_.shared(), state.begin, state.top);
    state.top = state.begin;
    if (state.previous_is_full) {
      return_rounds(slab_.shared(), state.previous->begin(), state.previous->end());
    }
    state.previous_is_full = false;
  }

  /// Gives everything back, the magazines too: from now on every operation is a miss.
  void end() noexcept {
    flush();
    State& state = state_.write();
    if (state.loaded == nullptr) return;
    slab_.depot().put_empty(state.loaded);
    slab_.depot().put_empty(state.previous);
    state = State{};
  }

  /// Gives the blocks that rounds of a magazine name back to the slab under the cache, at most 64
  /// in one critical section. Never trims.
  static void return_rounds(typename Slab::SharedSlab& slab, Round* first, Round* last) noexcept {
    std::array<void*, kBatch> pointers;
    while (first != last) {
      std::size_t count = 0;
      while (first != last && count < kBatch) pointers[count++] = (first++)->read();
      slab.return_batch(std::span<void* const>(pointers).first(count));
    }
  }

  /// Blocks that it holds now.
  [[nodiscard]] std::size_t size() const noexcept {
    const State& state = state_.read();
    return static_cast<std::size_t>(state.top - state.begin) +
           (state.previous_is_full ? Depot::rounds : 0U);
  }

 private:
  /// Blocks that go between a magazine and the slab in one critical section.
  static constexpr std::size_t kBatch = std::min<std::size_t>(Depot::rounds, 64);

  /// INVARIANT[cache.previous] the previous magazine is full or empty, so that one swap makes room
  /// for a free or has a block to give.
  struct State {
    Round* top = nullptr;  ///< one behind the newest round of the loaded magazine
    Round* begin = nullptr;
    Round* end = nullptr;
    Stock* loaded = nullptr;
    Stock* previous = nullptr;
    bool previous_is_full = false;

    void adopt(Stock* stock, std::uint32_t rounds_in_it) noexcept {
      loaded = stock;
      begin = stock->begin();
      end = stock->end();
      top = begin + rounds_in_it;
    }
  };

  /// A block that is given back is the slab's to write, whatever its owner saw it as.
  static std::byte* bytes_at(const void* pointer) noexcept {
    return static_cast<std::byte*>(const_cast<void*>(pointer));
  }

  static std::expected<Block, AllocError> hand_out(std::byte* data) noexcept {
    if constexpr (Watch::is_active) Watch::show(data, block_size);
    if constexpr (Contents::zeroes) Contents::handed_out(data, block_size);
    return Block{data, block_size};
  }

  [[gnu::noinline]] std::expected<Block, AllocError> allocate_on_miss() noexcept {
    State& state = state_.write();
    if (state.loaded == nullptr) return slab_.shared().allocate();
    if (!state.previous_is_full) {
      if (Stock* const full = slab_.depot().exchange_for_full(state.previous); full != nullptr) {
        state.previous = full;
        state.previous_is_full = true;
      }
    }
    if (state.previous_is_full) {
      Stock* const empty = std::exchange(state.previous, nullptr);
      std::swap(state.loaded, state.previous);
      state.adopt(empty, Depot::rounds);
      state.previous_is_full = false;
      return Block{(--state.top)->read(), block_size};
    }
    return refill(state);
  }

  /// Takes a block for the caller and what else the slab has into the loaded magazine, which is
  /// empty. Grows only where the slab has none, and then for one block: a cache makes a slab no
  /// larger than its caller's request does (property C4).
  std::expected<Block, AllocError> refill(State& state) noexcept {
    std::array<Block, kBatch> blocks;
    for (bool looked_again = false;;) {
      const auto served = slab_.shared().allocate_some(blocks);
      if (served) {
        if constexpr (kBatch > 1) {
          for (std::size_t i = *served; i > 1; --i) {
            (state.top++)->write() = blocks[i - 1].data;
            if constexpr (Watch::is_active) Watch::hide(blocks[i - 1].data, block_size);
          }
        }
        return blocks[0];
      }
      // Another thread may have brought a magazine to the depot while the backing refused.
      if (looked_again) return std::unexpected(served.error());
      looked_again = true;
      if (Stock* const full = slab_.depot().exchange_for_full(state.loaded); full != nullptr) {
        state.adopt(full, Depot::rounds);
        return Block{(--state.top)->read(), block_size};
      }
    }
  }

  [[gnu::noinline]] bool deallocate_on_miss(const void* pointer) noexcept {
    if (pointer == nullptr) return false;
    State& state = state_.write();
    if (state.loaded == nullptr) return slab_.shared().deallocate(pointer);
    if (state.previous_is_full) {
      if (Stock* const empty = slab_.depot().exchange_for_empty(state.previous); empty != nullptr) {
        state.previous = empty;
      } else {
        return_rounds(slab_.shared(), state.previous->begin(), state.previous->end());
        slab_.shared().trim_if_due();
      }
      state.previous_is_full = false;
    }
    Stock* const full = state.loaded;
    state.adopt(state.previous, 0);
    state.previous = full;
    state.previous_is_full = true;
    (state.top++)->write() = bytes_at(pointer);
    return true;
  }

  /// Segments in which objects were destroyed, by address. Of each the address of its first slot,
  /// which never changes (property S3); 0 for none.
  static constexpr std::size_t kKnown = 32;
  using KnownSegments = std::array<std::uintptr_t, kKnown>;

  Slab& slab_;
  typename Sync::template Var<State> state_{State{}};
  typename Sync::template Var<KnownSegments> segments_{KnownSegments{}};
};

}  // namespace slabproof

#endif  // SLABPROOF_THREAD_CACHE_H_
