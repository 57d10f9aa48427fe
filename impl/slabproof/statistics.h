#ifndef SLABPROOF_STATISTICS_H_
#define SLABPROOF_STATISTICS_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/block_allocator.h"
#include "slabproof/block_wrapper.h"
#include "slabproof/layout.h"

namespace slabproof {

/// What went through a `Statistics`, since it was made.
struct AllocationCounts {
  std::uint64_t allocations = 0;  ///< that were served
  std::uint64_t failures = 0;     ///< allocations that were not
  std::uint64_t frees = 0;        ///< that were accepted
  std::int64_t bytes = 0;         ///< of blocks that are handed out now, slack of slots included
  std::int64_t peak_bytes = 0;    ///< the greatest that `bytes` was

  /// Count by count.
  friend constexpr bool operator==(const AllocationCounts&, const AllocationCounts&) = default;
};

/// Counts what is allocated and given back through it:
///
///     slabproof::Statistics<slabproof::CachedSlab<Order>> slab(1024U);
///     slab.counts().peak_bytes;
///
/// A block counts from right after its allocation to right before its free, so `bytes` and
/// `peak_bytes` never exceed what the allocator inside had handed out at one time (property W1);
/// without calls at the same time they are equal to it. A pointer that is refused counts as given
/// back until it has been refused.
///
/// Costs two or three additions to shared words for each call, and no lock. Threads that allocate
/// all the time meet at the cache line of these words, also where a `CachedSlab` keeps them apart.
///
/// Thread safety: that of the allocator inside; `counts` may be called at any time by any thread.
template <BlockAllocator Inner>
class Statistics : public BlockWrapper<Inner> {
  using Base = BlockWrapper<Inner>;

 public:
  /// With the arguments of a constructor of `Inner`.
  template <class... Arguments>
    requires std::constructible_from<Inner, Arguments...>
  explicit Statistics(Arguments&&... arguments) noexcept(
      std::is_nothrow_constructible_v<Inner, Arguments...>)
      : Base(std::forward<Arguments>(arguments)...) {}

  /// As the allocator inside.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    const std::expected<Block, AllocError> block = this->inner().allocate(request);
    if (!block) {
      add(counters_.failures, std::uint64_t{1});
      return block;
    }
    add(counters_.allocations, std::uint64_t{1});
    const auto size = static_cast<std::int64_t>(block->size);
    raise_peak(add(counters_.bytes, size) + size);
    return block;
  }

  /// As `deallocate_block` of the allocator inside.
  bool deallocate(const void* pointer, Layout request) noexcept {
    if (pointer == nullptr) return false;
    const auto size = static_cast<std::int64_t>(this->block_size(pointer, request));
    // Before the free, since after it the block may be another thread's, which counts it again.
    add(counters_.bytes, -size);
    if (!deallocate_block(this->inner(), pointer, request)) {
      add(counters_.bytes, size);
      return false;
    }
    add(counters_.frees, std::uint64_t{1});
    return true;
  }

  /// Each number by itself. Where other threads are at work, they need not be of one instant.
  [[nodiscard]] AllocationCounts counts() const noexcept {
    return {.allocations = look(counters_.allocations),
            .failures = look(counters_.failures),
            .frees = look(counters_.frees),
            .bytes = look(counters_.bytes),
            .peak_bytes = look(counters_.peak_bytes)};
  }

 private:
  template <class T>
  using Atomic = typename Base::Sync::template Atomic<T>;

  static constexpr std::size_t kCacheLine = 64;

  /// Apart from what is wrapped, which has lines of its own.
  struct alignas(kCacheLine) Counters {
    Atomic<std::int64_t> bytes{0};
    Atomic<std::int64_t> peak_bytes{0};
    Atomic<std::uint64_t> allocations{0};
    Atomic<std::uint64_t> frees{0};
    Atomic<std::uint64_t> failures{0};
  };

  /// The result is what there was before.
  template <class T>
  static T add(Atomic<T>& counter, T more) noexcept {
    // ORDER[statistics.counter] relaxed: a counter publishes nothing. That a free of a block is
    // counted before the next allocation of it follows from coherence: the slab's own lock orders
    // the two.
    return counter.fetch_add(more, std::memory_order::relaxed);
  }

  template <class T>
  [[nodiscard]] static T look(const Atomic<T>& counter) noexcept {
    // ORDER[statistics.counter] relaxed: as above.
    return counter.load(std::memory_order::relaxed);
  }

  void raise_peak(std::int64_t bytes) noexcept {
    std::int64_t peak = look(counters_.peak_bytes);
    while (peak < bytes) {
      // ORDER[statistics.counter] relaxed, relaxed on failure: as above; the peak only rises, so an
      // old one that is not less than `bytes` will do.
      if (counters_.peak_bytes.compare_exchange_weak(peak, bytes, std::memory_order::relaxed,
                                                     std::memory_order::relaxed)) {
        return;
      }
    }
  }

  Counters counters_;
};

}  // namespace slabproof

#endif  // SLABPROOF_STATISTICS_H_
