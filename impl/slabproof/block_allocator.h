#ifndef SLABPROOF_BLOCK_ALLOCATOR_H_
#define SLABPROOF_BLOCK_ALLOCATOR_H_

#include <concepts>
#include <cstddef>
#include <expected>
#include <optional>

#include "slabproof/alloc_error.h"
#include "slabproof/block.h"
#include "slabproof/layout.h"
#include "slabproof/sync_policy.h"

namespace slabproof {

/// What a wrapper asks of an allocator, and is itself, whatever the sizes of its blocks.
template <class A>
concept BlockSource =
    SyncPolicy<typename A::Sync> &&
    requires(A& allocator, const A& constant, const void* pointer, Layout request) {
      { allocator.allocate(request) } noexcept -> std::same_as<std::expected<Block, AllocError>>;
      { constant.usable_size(pointer) } noexcept -> std::same_as<std::optional<std::size_t>>;
      { constant.capacity_bytes() } noexcept -> std::same_as<std::size_t>;
      { constant.error() } noexcept -> std::same_as<std::optional<AllocError>>;
    };

/// All blocks have the same size, as those of `Slab`, `ExtendableSlab`, `CachedSlab` and
/// `SlabOwner` have: a pointer is enough to give one back.
template <class A>
concept UniformBlocks = BlockSource<A> && requires(A& allocator, const void* pointer) {
  { A::block_size } -> std::convertible_to<std::size_t>;
  { allocator.deallocate(pointer) } noexcept -> std::same_as<bool>;
};

/// Blocks have several sizes, as those of `SizeClassed` have. `deallocate` gets the request that
/// the block was allocated for, or one that would have had a block of the same size. `block_size`
/// is the size of that block; of a pointer that is no such block it may be anything.
template <class A>
concept SizedBlocks = BlockSource<A> && requires(A& allocator, const A& constant,
                                                 const void* pointer, Layout request) {
  { allocator.deallocate(pointer, request) } noexcept -> std::same_as<bool>;
  { constant.block_size(pointer, request) } noexcept -> std::same_as<std::size_t>;
};

/// Each slab, and each wrapper of one, so wrappers can be put around one another.
template <class A>
concept BlockAllocator = UniformBlocks<A> || SizedBlocks<A>;

/// Gives a block back that was allocated for `request`. False where the allocator refused
/// `pointer`, and for null, of which nothing happens.
template <BlockAllocator A>
bool deallocate_block(A& allocator, const void* pointer, Layout request) noexcept {
  if constexpr (SizedBlocks<A>) {
    return allocator.deallocate(pointer, request);
  } else {
    return allocator.deallocate(pointer);
  }
}

/// The bytes of a block that was allocated for `request`; of another pointer, anything.
template <BlockAllocator A>
[[nodiscard]] std::size_t block_size(const A& allocator, const void* pointer,
                                     Layout request) noexcept {
  if constexpr (SizedBlocks<A>) {
    return allocator.block_size(pointer, request);
  } else {
    return std::size_t{A::block_size};
  }
}

/// Whether `pointer` is in the memory of an allocator: at a block, or anywhere in it where the
/// allocator can tell. Any pointer value will do.
template <BlockAllocator A>
[[nodiscard]] bool owns(const A& allocator, const void* pointer) noexcept {
  if constexpr (requires { allocator.contains(pointer); }) {
    return allocator.contains(pointer);
  } else {
    return allocator.usable_size(pointer).has_value();
  }
}

/// Whether an allocator takes more memory when all of its blocks are live, so that it is out only
/// where the backing is. A wrapper says so by a member `grows`.
template <class A>
[[nodiscard]] consteval bool grows() noexcept {
  if constexpr (requires { A::grows; }) {
    return A::grows;
  } else {
    return requires(A& allocator) { allocator.limit_segments(1U); };
  }
}

}  // namespace slabproof

#endif  // SLABPROOF_BLOCK_ALLOCATOR_H_
