#ifndef SLABPROOF_FUZZ_ENGINE_RANDOM_H_
#define SLABPROOF_FUZZ_ENGINE_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace slabproof::fuzz {

/// The generator of the mutators: the same seed gives the same mutation on every platform, which
/// the distributions of the standard library do not promise. SplitMix64 (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", OOPSLA 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t word = state_;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
  }

  /// A number less than `bound`, which must not be 0.
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() % bound); }
  /// A number from `first` to `last`.
  std::size_t between(std::size_t first, std::size_t last) noexcept {
    return first + below(last - first + 1);
  }
  std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(next() >> 56); }

 private:
  std::uint64_t state_;
};

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_ENGINE_RANDOM_H_
