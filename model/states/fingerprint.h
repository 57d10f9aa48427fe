#ifndef SLABPROOF_MODEL_STATES_FINGERPRINT_H_
#define SLABPROOF_MODEL_STATES_FINGERPRINT_H_

#include <compare>
#include <cstdint>
#include <span>

namespace slabproof::model {

/// 128 bits of a sequence of words. Of N different sequences two have the same with a probability
/// of about N^2 / 2^129, as far as the function is as good as one drawn at random.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

/// Two lanes of folded 128-bit products, as in wyhash (Wang Yi), each with a key of its own.
inline Fingerprint fingerprint_of(std::span<const std::uint64_t> words) noexcept {
  constexpr auto fold = [](std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  // Of the digits of pi, and odd.
  constexpr std::uint64_t kFirst = 0x243f'6a88'85a3'08d3;
  constexpr std::uint64_t kSecond = 0x1319'8a2e'0370'7345;
  constexpr std::uint64_t kThird = 0xa409'3822'299f'31d1;
  std::uint64_t a = kFirst ^ words.size();
  std::uint64_t b = kSecond;
  for (const std::uint64_t word : words) {
    a = fold(a ^ word, kSecond) + kThird;
    b = fold(b + word, kThird) ^ kFirst;
  }
  return {fold(a ^ kThird, b | 1) ^ a, fold(b ^ kFirst, kSecond) ^ b};
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_FINGERPRINT_H_
