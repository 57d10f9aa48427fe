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

/// Two lanes of folded 128-bit products, as in wyhash (Wang Yi), each with keys of its own: each
/// step takes two words.
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
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::uint64_t first = words[i];
    const std::uint64_t second = i + 1 < words.size() ? words[i + 1] : 0;
    a = fold(a ^ first, kSecond ^ second) + kThird;
    b = fold(b + second, kThird + first) ^ kFirst;
  }
  return {fold(a ^ kThird, b | 1) ^ a, fold(b ^ kFirst, kSecond) ^ b};
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_FINGERPRINT_H_
