#ifndef SLABPROOF_MAGAZINE_DEPOT_H_
#define SLABPROOF_MAGAZINE_DEPOT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <source_location>
#include <utility>

#include "slabproof/layout.h"
#include "slabproof/lock_guard.h"
#include "slabproof/magazine.h"

namespace slabproof {

/// Full and empty magazines that belong to no thread: the second level of the cache (Bonwick and
/// Adams, USENIX 2001).
///
/// An exchange holds the lock for a few instructions on the depot's own lines: magazines lie on two
/// shelves of pointers, so none of them, and no block, is touched under the lock. What does not fit
/// a shelf, after caches have died, goes to a reserve that no exchange looks at.
///
/// Memory for magazines comes from the backing in chunks and without the lock (property S5); all of
/// it goes back when the depot ends.
///
/// INVARIANT[depot.bounded] the shelf of full magazines holds at most kShelf of them (property C2).
template <class Config, std::size_t kStride>
class MagazineDepot {
  using Sync = typename Config::Sync;
  using Backing = typename Config::Backing;

 public:
  static constexpr std::uint32_t rounds = magazine_rounds<Config>(kStride);
  using Stock = Magazine<Sync, rounds>;

  /// Most full magazines that the depot keeps, by count and by bytes.
  static constexpr std::uint32_t kShelf = static_cast<std::uint32_t>(std::clamp<std::size_t>(
      Config::depot_bytes / (std::size_t{rounds} * kStride), 1, Config::depot_magazines));

  MagazineDepot() noexcept = default;
  MagazineDepot(const MagazineDepot&) = delete;
  MagazineDepot& operator=(const MagazineDepot&) = delete;

  /// Every magazine must be in the depot, and every full one emptied (see `take_full`).
  ~MagazineDepot() {
    Chunk* chunk = shared_.read().chunks;
    while (chunk != nullptr) {
      Chunk* const next = chunk->next.read();
      const Backing region = std::move(chunk->backing.write());
      std::destroy_n(chunk->magazines(), chunk->count.read());
      std::destroy_at(chunk);
      chunk = next;
    }
  }

  /// Swaps an empty magazine for a full one. Null, and `empty` stays the caller's, where there is
  /// none. O(1).
  [[nodiscard]] Stock* exchange_for_full(Stock* empty) noexcept {
    const LockGuard guard(mutex_);
    Shared& shared = shared_.write();
    if (shared.full == 0) return nullptr;
    Stock* const full = shared.full_shelf[--shared.full];
    keep_empty(shared, empty);
    return full;
  }

  /// Swaps a full magazine for an empty one. Null, and `full` stays the caller's, where the shelf
  /// is full or no empty magazine can be had. O(1), and a request to the backing where magazines
  /// have run out.
  [[nodiscard]] Stock* exchange_for_empty(Stock* full) noexcept {
    for (bool supplied = false;; supplied = true) {
      {
        const LockGuard guard(mutex_);
        Shared& shared = shared_.write();
        if (shared.full == kShelf) return nullptr;
        if (Stock* const empty = find_empty(shared); empty != nullptr) {
          shared.full_shelf[shared.full++] = full;
          return empty;
        }
      }
      if (supplied || !supply()) return nullptr;
    }
  }

  /// An empty magazine, for a new cache; null where none can be had.
  [[nodiscard]] Stock* take_empty() noexcept {
    for (bool supplied = false;; supplied = true) {
      {
        const LockGuard guard(mutex_);
        if (Stock* const empty = find_empty(shared_.write()); empty != nullptr) return empty;
      }
      if (supplied || !supply()) return nullptr;
    }
  }

  void put_empty(Stock* empty) noexcept {
    const LockGuard guard(mutex_);
    keep_empty(shared_.write(), empty);
  }

  /// A full magazine, to be emptied and put back; null where there is none.
  [[nodiscard]] Stock* take_full() noexcept {
    const LockGuard guard(mutex_);
    Shared& shared = shared_.write();
    return shared.full == 0 ? nullptr : shared.full_shelf[--shared.full];
  }

  /// Takes the lock, for a fork in this thread, and gives it back, in parent and child.
  void before_fork() noexcept { mutex_.lock(std::source_location::current()); }
  void after_fork() noexcept { mutex_.unlock(std::source_location::current()); }

  /// Blocks in the depot now.
  [[nodiscard]] std::uint64_t cached() const noexcept {
    const LockGuard guard(mutex_);
    return std::uint64_t{shared_.read().full} * rounds;
  }

 private:
  /// A region of magazines behind this header.
  struct Chunk {
    Chunk(Backing region, std::uint32_t magazine_count) noexcept
        : backing(std::move(region)), count(magazine_count) {}
    [[nodiscard]] Stock* magazines() noexcept {
      return reinterpret_cast<Stock*>(reinterpret_cast<std::byte*>(this) + kMagazinesOffset);
    }
    typename Sync::template Var<Backing> backing;
    typename Sync::template Var<std::uint32_t> count;
    typename Sync::template Var<Chunk*> next{static_cast<Chunk*>(nullptr)};
  };
  static constexpr std::size_t kAlignment =
      (std::max)({alignof(Chunk), alignof(Stock), std::size_t{64}});
  static constexpr std::size_t kMagazinesOffset =
      (sizeof(Chunk) + kAlignment - 1) & ~(kAlignment - 1);
  static constexpr std::size_t kMagazinesOfChunk = 8;

  struct Shared {
    std::uint32_t full = 0;
    std::uint32_t empty = 0;
    std::array<Stock*, kShelf> full_shelf{};
    std::array<Stock*, kShelf> empty_shelf{};
    Stock* reserve = nullptr;
    Chunk* chunks = nullptr;
  };

  // The lock is held in these two.

  static void keep_empty(Shared& shared, Stock* empty) noexcept {
    if (shared.empty < kShelf) {
      shared.empty_shelf[shared.empty++] = empty;
    } else {
      empty->next.write() = std::exchange(shared.reserve, empty);
    }
  }

  [[nodiscard]] static Stock* find_empty(Shared& shared) noexcept {
    if (shared.empty != 0) return shared.empty_shelf[--shared.empty];
    if (shared.reserve == nullptr) return nullptr;
    return std::exchange(shared.reserve, shared.reserve->next.read());
  }

  /// Obtains a chunk and puts its magazines into the reserve; false where the backing refuses.
  [[nodiscard]] bool supply() noexcept {
    const auto request =
        Layout::make(kMagazinesOffset + kMagazinesOfChunk * sizeof(Stock), kAlignment);
    if (!request) return false;
    Backing region(*request);
    if (!region) return false;
    const auto count =
        static_cast<std::uint32_t>((region.size() - kMagazinesOffset) / sizeof(Stock));
    void* const place = region.data();
    auto* const chunk = ::new (place) Chunk(std::move(region), count);
    for (std::uint32_t i = 0; i < count; ++i) std::construct_at(chunk->magazines() + i);
    for (std::uint32_t i = 0; i + 1 < count; ++i) {
      chunk->magazines()[i].next.write() = chunk->magazines() + i + 1;
    }
    const LockGuard guard(mutex_);
    Shared& shared = shared_.write();
    chunk->next.write() = std::exchange(shared.chunks, chunk);
    chunk->magazines()[count - 1].next.write() = std::exchange(shared.reserve, chunk->magazines());
    return true;
  }

  mutable typename Sync::Mutex mutex_;
  typename Sync::template Var<Shared> shared_{Shared{}};
};

}  // namespace slabproof

#endif  // SLABPROOF_MAGAZINE_DEPOT_H_
