#ifndef SLABPROOF_BLOCK_WRAPPER_H_
#define SLABPROOF_BLOCK_WRAPPER_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "slabproof/alloc_error.h"
#include "slabproof/block_allocator.h"
#include "slabproof/layout.h"

namespace slabproof {

/// What wrappers that watch an allocator have in common: they own it, and pass questions on.
template <BlockAllocator Inner>
class BlockWrapper {
 public:
  using Sync = typename Inner::Sync;
  static constexpr bool grows = slabproof::grows<Inner>();

  BlockWrapper(const BlockWrapper&) = delete;
  BlockWrapper& operator=(const BlockWrapper&) = delete;

  /// As those of what is wrapped.
  [[nodiscard]] std::optional<AllocError> error() const noexcept { return inner_.error(); }
  [[nodiscard]] std::optional<std::size_t> usable_size(const void* pointer) const noexcept {
    return inner_.usable_size(pointer);
  }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return inner_.capacity_bytes(); }
  [[nodiscard]] bool contains(const void* pointer) const noexcept { return owns(inner_, pointer); }
  [[nodiscard]] std::size_t block_size(const void* pointer, Layout request) const noexcept {
    return slabproof::block_size(inner_, pointer, request);
  }

  /// What is wrapped, for what a wrapper does not pass on, such as `trim`. Blocks that are
  /// allocated or given back there pass the wrapper by.
  [[nodiscard]] Inner& inner() noexcept { return inner_; }
  [[nodiscard]] const Inner& inner() const noexcept { return inner_; }

 protected:
  template <class... Arguments>
    requires std::constructible_from<Inner, Arguments...>
  explicit BlockWrapper(Arguments&&... arguments) noexcept(
      std::is_nothrow_constructible_v<Inner, Arguments...>)
      : inner_(std::forward<Arguments>(arguments)...) {}
  ~BlockWrapper() = default;

 private:
  Inner inner_;
};

}  // namespace slabproof

#endif  // SLABPROOF_BLOCK_WRAPPER_H_
