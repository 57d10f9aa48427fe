#ifndef SLABPROOF_TESTS_SUPPORT_RELATION_H_
#define SLABPROOF_TESTS_SUPPORT_RELATION_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace slabproof::testing {

/// A binary relation on the numbers below `kSize`.
class Relation {
 public:
  static constexpr std::size_t kSize = 32;

  [[nodiscard]] bool has(std::size_t a, std::size_t b) const { return (after_[a] >> b & 1U) != 0; }
  void add(std::size_t a, std::size_t b) { after_[a] |= std::uint32_t{1} << b; }

  void add(const Relation& other) {
    for (std::size_t i = 0; i < kSize; ++i) after_[i] |= other.after_[i];
  }

  /// Makes it transitive.
  void close() {
    for (std::size_t k = 0; k < kSize; ++k) {
      for (std::size_t i = 0; i < kSize; ++i) {
        if (has(i, k)) after_[i] |= after_[k];
      }
    }
  }

  [[nodiscard]] bool is_irreflexive() const {
    for (std::size_t i = 0; i < kSize; ++i) {
      if (has(i, i)) return false;
    }
    return true;
  }
  [[nodiscard]] bool is_acyclic() const {
    Relation closed = *this;
    closed.close();
    return closed.is_irreflexive();
  }

  /// This one, then `next`.
  [[nodiscard]] Relation then(const Relation& next) const {
    Relation result;
    for (std::size_t i = 0; i < kSize; ++i) {
      for (std::uint32_t left = after_[i]; left != 0; left &= left - 1) {
        result.after_[i] |= next.after_[static_cast<std::size_t>(std::countr_zero(left))];
      }
    }
    return result;
  }

  /// The pairs of this one for which `keeps(a, b)` is true.
  template <class Keeps>
  [[nodiscard]] Relation where(Keeps keeps) const {
    Relation result;
    for (std::size_t a = 0; a < kSize; ++a) {
      for (std::uint32_t left = after_[a]; left != 0; left &= left - 1) {
        const auto b = static_cast<std::size_t>(std::countr_zero(left));
        if (keeps(a, b)) result.add(a, b);
      }
    }
    return result;
  }

  friend Relation operator|(Relation a, const Relation& b) {
    a.add(b);
    return a;
  }

 private:
  std::array<std::uint32_t, kSize> after_{};
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_RELATION_H_
