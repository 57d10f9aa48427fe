#ifndef SLABPROOF_MODEL_STATES_WORD_KINDS_H_
#define SLABPROOF_MODEL_STATES_WORD_KINDS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace slabproof::model {

// The upper four bits of a word that says what kind of value it stands for. A value that could be
// taken for such a word comes after `kPlain`.
inline constexpr unsigned kKindShift = 60;
inline constexpr std::uint64_t kInPool = std::uint64_t{0x9} << kKindShift;
inline constexpr std::uint64_t kInRegion = std::uint64_t{0xa} << kKindShift;
inline constexpr std::uint64_t kOnStack = std::uint64_t{0xb} << kKindShift;
inline constexpr std::uint64_t kOwned = std::uint64_t{0xc} << kKindShift;
inline constexpr std::uint64_t kRegion = std::uint64_t{0xd} << kKindShift;
inline constexpr std::uint64_t kPlain = std::uint64_t{0xe} << kKindShift;
inline constexpr std::uint64_t kEnd = std::uint64_t{0xf} << kKindShift;
inline constexpr std::uint64_t kReleased = std::uint64_t{1} << 59;
inline constexpr unsigned kNameShift = 32;

inline std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

inline std::uint64_t word_at(const std::byte* bytes, std::size_t count) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, std::min(count, sizeof(word)));
  return word;
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_WORD_KINDS_H_
