#ifndef SLABPROOF_SIZE_CLASSES_H_
#define SLABPROOF_SIZE_CLASSES_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

#include "slabproof/language.h"

namespace slabproof {

/// The sizes of the classes of a `SizeClassed`, in bytes, each larger than the one before it. The
/// blocks of a class are aligned to the largest power of two that divides its size: those of 48
/// bytes to 16, those of 64 to 64.
template <std::size_t... kSizes>
struct SizeClasses {
  /// How many classes there are.
  static constexpr std::size_t count = sizeof...(kSizes);
  /// Of each, in bytes, the smallest first.
  static constexpr std::array<std::size_t, count> sizes = {kSizes...};
  static_assert(count > 0 && sizes.front() > 0, "slabproof: a size class has at least one byte");
  static_assert(std::adjacent_find(sizes.begin(), sizes.end(),
                                   [](std::size_t a, std::size_t b) { return a >= b; }) ==
                    sizes.end(),
                "slabproof: each size class is larger than the one before it");

  /// Of the blocks of the class of `size` bytes, in bytes. O(1).
  [[nodiscard]] static constexpr std::size_t alignment(std::size_t size) noexcept {
    return std::size_t{1} << std::countr_zero(size);
  }
};

/// Classes from `kSmallest` to `kLargest`, which are powers of two, with `kSteps` for each
/// doubling, and none that is not a multiple of `kSmallest`: 16, 32, 48, 64, 80, 96, 112, 128, 160,
/// 192, ... with 16 and four steps. So a block is at most 1 / `kSteps` larger than a request from
/// `kSmallest` x `kSteps` on.
template <std::size_t kSmallest, std::size_t kLargest, std::size_t kSteps = 4>
struct GeometricSizes {
  static_assert(std::has_single_bit(kSmallest) && std::has_single_bit(kLargest) &&
                    kSmallest <= kLargest && std::has_single_bit(kSteps),
                "slabproof: the smallest and the largest size and the number of steps are powers "
                "of two");

  /// The class after that of `size`.
  static constexpr std::size_t next(std::size_t size) noexcept {
    return size + (std::max)(kSmallest, std::bit_floor(size) / kSteps);
  }
  /// How many classes there are. @hideinitializer
  static constexpr std::size_t count = [] {
    std::size_t found = 1;
    for (std::size_t size = kSmallest; size < kLargest; size = next(size)) ++found;
    return found;
  }();
  /// The size of class number `index`, in bytes. O(`index`), when the program is compiled.
  static constexpr std::size_t at(std::size_t index) noexcept {
    std::size_t size = kSmallest;
    while (index-- > 0) size = next(size);
    return size;
  }

 private:
  template <class Indices>
  struct Classes;
  template <std::size_t... kIndex>
  struct Classes<std::index_sequence<kIndex...>> {
    using Sizes = SizeClasses<at(kIndex)...>;
  };

 public:
  /// The sizes, as `SizeClassed` takes them.
  using type = typename Classes<std::make_index_sequence<count>>::Sizes;
};

/// The sizes of `GeometricSizes`, as `SizeClassed` takes them.
template <std::size_t kSmallest, std::size_t kLargest, std::size_t kSteps = 4>
using GeometricClasses = typename GeometricSizes<kSmallest, kLargest, kSteps>::type;

}  // namespace slabproof

#endif  // SLABPROOF_SIZE_CLASSES_H_
