#ifndef SLABPROOF_LAYOUT_H_
#define SLABPROOF_LAYOUT_H_

#include <bit>
#include <cstddef>
#include <expected>
#include <limits>

#include "slabproof/alloc_error.h"

namespace slabproof {

/// The largest size that a region may have: a pointer difference must be able to measure it.
inline constexpr std::size_t kMaxRegionBytes =
    static_cast<std::size_t>((std::numeric_limits<std::ptrdiff_t>::max)());

/// A size in bytes that is not zero and an alignment that is a power of two, so that rounding the
/// size up to the alignment cannot overflow. A value of this type is valid by construction.
class Layout {
 public:
  /// Errors: `kInvalidLayout` for a size of zero or an alignment that is not a power of two,
  /// `kLayoutOverflow` where the size rounded up to the alignment exceeds `kMaxRegionBytes`.
  [[nodiscard]] static constexpr std::expected<Layout, AllocError> make(
      std::size_t size, std::size_t alignment) noexcept {
    if (size == 0 || !std::has_single_bit(alignment)) {
      return std::unexpected(AllocError::kInvalidLayout);
    }
    if (alignment > kMaxRegionBytes || size > kMaxRegionBytes - (alignment - 1)) {
      return std::unexpected(AllocError::kLayoutOverflow);
    }
    return Layout(size, alignment);
  }

  template <class T>
  [[nodiscard]] static constexpr Layout of() noexcept {
    return Layout(sizeof(T), alignof(T));
  }

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::size_t alignment() const noexcept { return alignment_; }

  /// Whether blocks of `size` bytes that are aligned to `alignment` can hold it.
  [[nodiscard]] constexpr bool fits(std::size_t size, std::size_t alignment) const noexcept {
    return size_ <= size && alignment_ <= alignment;
  }

  /// The size rounded up to the alignment; cannot overflow.
  [[nodiscard]] constexpr std::size_t padded_size() const noexcept {
    return (size_ + alignment_ - 1) & ~(alignment_ - 1);
  }

  friend constexpr bool operator==(const Layout&, const Layout&) = default;

 private:
  constexpr Layout(std::size_t size, std::size_t alignment) noexcept
      : size_(size), alignment_(alignment) {}

  std::size_t size_;
  std::size_t alignment_;
};

}  // namespace slabproof

#endif  // SLABPROOF_LAYOUT_H_
