#ifndef SLABPROOF_TESTS_STRUCTURES_VOCABULARY_H_
#define SLABPROOF_TESTS_STRUCTURES_VOCABULARY_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace slabproof::structures {

using enum std::memory_order;
using Order = std::memory_order;

/// What containers hold. 0 stands for "nothing".
using Value = std::uint32_t;

/// An array of objects that cannot be moved, each made of `initial`.
template <class T, std::size_t kSize, class Initial>
std::array<T, kSize> array_of(Initial initial) {
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<T, kSize>{((void)kIndex, T(initial))...};
  }(std::make_index_sequence<kSize>());
}

/// A fence, or none where a variant leaves it out.
template <class Sync>
void fence(Order order) {
  if (order != relaxed) Sync::fence(order);
}

/// An index in the low half and a tag against reuse (ABA) in the high half.
struct Tagged {
  std::uint16_t index = 0;
  std::uint16_t tag = 0;

  static Tagged from(std::uint32_t word) {
    return {static_cast<std::uint16_t>(word), static_cast<std::uint16_t>(word >> 16U)};
  }
  [[nodiscard]] std::uint32_t word() const { return std::uint32_t{tag} << 16U | index; }
  [[nodiscard]] Tagged next(std::uint16_t new_index) const {
    return {new_index, static_cast<std::uint16_t>(tag + 1U)};
  }
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_VOCABULARY_H_
