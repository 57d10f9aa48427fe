#ifndef SLABPROOF_WITH_FALLBACK_H_
#define SLABPROOF_WITH_FALLBACK_H_

#include <cstddef>
#include <expected>
#include <optional>
#include <tuple>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/block_allocator.h"
#include "slabproof/layout.h"

namespace slabproof {

/// Allocates from `Primary`, and from `Fallback` what that cannot serve: because it is out, or
/// because its blocks are too small. Blocks go back to where they came from.
///
///     slabproof::WithFallback<slabproof::Slab<Order>, slabproof::ExtendableSlab<Order>> orders(
///         std::tuple(64U), std::tuple(1024U));
///
/// `Primary` must be of fixed size: one that grows is never out, so `Fallback` would serve nothing.
///
/// Each free first asks whether `Primary` has the pointer: O(1) and no lock of a `Slab`.
///
/// Thread safety: that of the two.
template <BlockAllocator Primary, BlockAllocator Fallback>
class WithFallback {
  static_assert(
      !slabproof::grows<Primary>(),
      "slabproof: the primary of WithFallback must not grow, as ExtendableSlab, CachedSlab "
      "and SlabOwner do: it would take more memory and never fall back; put a Slab there");

 public:
  /// The sync policy of the first allocator.
  using Sync = typename Primary::Sync;
  /// Whether the fallback grows; the primary does not.
  static constexpr bool grows = slabproof::grows<Fallback>();

  /// Makes each of the two in place, from the arguments of one of its constructors.
  template <class... OfPrimary, class... OfFallback>
  explicit WithFallback(std::tuple<OfPrimary...> primary,
                        std::tuple<OfFallback...> fallback) noexcept
      : primary_(std::make_from_tuple<Primary>(std::move(primary))),
        fallback_(std::make_from_tuple<Fallback>(std::move(fallback))) {}
  WithFallback(const WithFallback&) = delete;
  WithFallback& operator=(const WithFallback&) = delete;

  /// What went wrong on construction; of the primary, if of both.
  [[nodiscard]] std::optional<AllocError> error() const noexcept {
    const std::optional<AllocError> error = primary_.error();
    return error ? error : fallback_.error();
  }

  /// A block of the primary, or else of the fallback. Errors: those of the fallback.
  [[nodiscard]] std::expected<Block, AllocError> allocate(Layout request) noexcept {
    const std::expected<Block, AllocError> block = primary_.allocate(request);
    return block ? block : fallback_.allocate(request);
  }

  /// Gives a block back to the primary where that has `pointer`, else to the fallback, and so does
  /// what that does with a pointer which it refuses.
  bool deallocate(const void* pointer, Layout request) noexcept {
    return owns(primary_, pointer) ? deallocate_block(primary_, pointer, request)
                                   : deallocate_block(fallback_, pointer, request);
  }

  /// The size of the block at `pointer` that was allocated for `request`.
  [[nodiscard]] std::size_t block_size(const void* pointer, Layout request) const noexcept {
    return owns(primary_, pointer) ? slabproof::block_size(primary_, pointer, request)
                                   : slabproof::block_size(fallback_, pointer, request);
  }

  /// The bytes that the owner of the block at `pointer` may use, or nothing for a pointer that is
  /// no slot of either.
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    return owns(primary_, pointer) ? primary_.usable_size(pointer) : fallback_.usable_size(pointer);
  }
  /// Whether the pointer is to a byte of either. The sum of what both take.
  [[nodiscard]] bool contains(const void* pointer) const noexcept {
    return owns(primary_, pointer) || owns(fallback_, pointer);
  }

  /// Of both.
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return primary_.capacity_bytes() + fallback_.capacity_bytes();
  }

  /// The allocator that is asked first.
  [[nodiscard]] Primary& primary() noexcept { return primary_; }
  /// The allocator that is asked first.
  [[nodiscard]] const Primary& primary() const noexcept { return primary_; }
  /// The allocator for when the first is out.
  [[nodiscard]] Fallback& fallback() noexcept { return fallback_; }
  /// The allocator for when the first is out.
  [[nodiscard]] const Fallback& fallback() const noexcept { return fallback_; }

 private:
  Primary primary_;
  Fallback fallback_;
};

}  // namespace slabproof

#endif  // SLABPROOF_WITH_FALLBACK_H_
