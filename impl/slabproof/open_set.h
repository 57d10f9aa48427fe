#ifndef SLABPROOF_OPEN_SET_H_
#define SLABPROOF_OPEN_SET_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "slabproof/language.h"

namespace slabproof {

/// The exact set of segments that have room, as a bitmap hierarchy of three levels of 64-bit
/// words: finding the lowest member, adding and removing touch one word a level, so each is O(1)
/// for up to 262,144 segments.
///
/// The two upper levels and the first leaf word are in the object; the further leaf words come
/// with the directory as it widens, since most slabs never have a 65th segment.
///
/// INVARIANT[open_set.exact] segment i is a member if and only if a slot of it can be taken now.
/// INVARIANT[open_set.levels] a bit of an upper level is set if and only if the word below it is
/// not zero. Both guarded by the slab's lock.
template <class Sync>
class OpenSet {
 public:
  using Leaf = typename Sync::template Var<std::uint64_t>;

  static constexpr std::uint32_t kWordBits = 64;
  static constexpr std::uint32_t kMaxMembers = kWordBits * kWordBits * kWordBits;

  /// Leaf words that the members [first, last) need beyond the word in the object.
  [[nodiscard]] static constexpr std::size_t leaves_needed(std::size_t first,
                                                           std::size_t last) noexcept {
    return last <= kWordBits ? 0 : (last - (first < kWordBits ? kWordBits : first)) / kWordBits;
  }

  /// Makes members [first, last) possible. `leaves` points to `leaves_needed(first, last)` words of
  /// zero that outlive the set. Requires that both bounds are powers of two (or `first` is 0), and
  /// that members below `first` are possible already.
  void widen(std::uint32_t first, std::uint32_t last, Leaf* leaves) noexcept {
    for (std::uint32_t start = first < kWordBits ? kWordBits : first; start < last; start *= 2) {
      further_leaves_[chunk_of(start / kWordBits)] = leaves;
      leaves += start / kWordBits;
    }
  }

  void insert(std::uint32_t member) noexcept {
    const std::uint32_t leaf = member / kWordBits;
    const std::uint32_t middle = leaf / kWordBits;
    leaf_word(leaf) |= bit(member);
    middle_[middle] |= bit(leaf);
    top_ |= bit(middle);
  }

  void erase(std::uint32_t member) noexcept {
    const std::uint32_t leaf = member / kWordBits;
    const std::uint32_t middle = leaf / kWordBits;
    std::uint64_t& word = leaf_word(leaf);
    word &= ~bit(member);
    if (word != 0) return;
    middle_[middle] &= ~bit(leaf);
    if (middle_[middle] == 0) top_ &= ~bit(middle);
  }

  /// The lowest member that is at least `from`, or nothing.
  [[nodiscard]] std::optional<std::uint32_t> lowest(std::uint32_t from) const noexcept {
    if (from == 0 && first_leaf_ != 0) return index_of_lowest(first_leaf_);
    if (from >= kMaxMembers) return std::nullopt;
    const std::uint32_t leaf = from / kWordBits;
    const std::uint32_t middle = leaf / kWordBits;
    if (middle_[middle] >> (leaf % kWordBits) & 1) {
      if (const std::uint64_t here = peek_leaf(leaf) & at_or_above(from); here != 0) {
        return leaf * kWordBits + index_of_lowest(here);
      }
    }
    if (const std::uint64_t here = middle_[middle] & above(leaf); here != 0) {
      return first_of_leaf(middle * kWordBits + index_of_lowest(here));
    }
    if (const std::uint64_t here = top_ & above(middle); here != 0) {
      const std::uint32_t next = index_of_lowest(here);
      return first_of_leaf(next * kWordBits + index_of_lowest(middle_[next]));
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kChunks = std::bit_width(kMaxMembers / kWordBits);

  static constexpr std::uint64_t bit(std::uint32_t index) noexcept {
    return std::uint64_t{1} << (index % kWordBits);
  }
  /// The bits of a word that stand for `index` and what follows it.
  static constexpr std::uint64_t at_or_above(std::uint32_t index) noexcept {
    return ~std::uint64_t{0} << (index % kWordBits);
  }
  static constexpr std::uint64_t above(std::uint32_t index) noexcept {
    return at_or_above(index) & ~bit(index);
  }
  static constexpr std::uint32_t index_of_lowest(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(std::countr_zero(word));
  }
  /// Leaf words 2^c to 2^(c+1) - 1 lie together in chunk c, so that widening moves nothing.
  static constexpr std::uint32_t chunk_of(std::uint32_t leaf) noexcept {
    return static_cast<std::uint32_t>(31 - std::countl_zero(leaf));
  }

  [[nodiscard]] Leaf& further_leaf(std::uint32_t leaf) const noexcept {
    const std::uint32_t chunk = chunk_of(leaf);
    return further_leaves_[chunk][leaf - (std::uint32_t{1} << chunk)];
  }
  [[nodiscard]] std::uint64_t& leaf_word(std::uint32_t leaf) noexcept {
    return leaf == 0 ? first_leaf_ : further_leaf(leaf).write();
  }
  [[nodiscard]] std::uint64_t peek_leaf(std::uint32_t leaf) const noexcept {
    return leaf == 0 ? first_leaf_ : further_leaf(leaf).read();
  }
  [[nodiscard]] std::uint32_t first_of_leaf(std::uint32_t leaf) const noexcept {
    return leaf * kWordBits + index_of_lowest(peek_leaf(leaf));
  }

  std::uint64_t top_ = 0;
  std::uint64_t first_leaf_ = 0;
  std::array<std::uint64_t, kWordBits> middle_{};
  std::array<Leaf*, kChunks> further_leaves_{};
};

}  // namespace slabproof

#endif  // SLABPROOF_OPEN_SET_H_
