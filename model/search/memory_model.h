#ifndef SLABPROOF_MODEL_SEARCH_MEMORY_MODEL_H_
#define SLABPROOF_MODEL_SEARCH_MEMORY_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slabproof::model {

/// Which executions of atomics a search takes for possible. Under the first two, which are those of
/// execution graphs, program order and reads-from together have no cycle: no value comes out of
/// thin air, and a load never reads from a store that depends on nothing but comes later in program
/// order (load buffering).
enum class MemoryModel : std::uint8_t {
  kCpp20,   ///< C++20, [intro.races] and [atomics.order]
  kRc11,    ///< Lahav, Vafeiadis, Kang, Hur, Dreyer, PLDI 2017: weaker for seq_cst accesses
  kRelacy,  ///< of all other searches: the modification order of an atomic is the order of running
};

/// In the order of the enumerators.
inline constexpr std::array<std::string_view, 3> kMemoryModelNames{"cpp20", "rc11", "relacy"};

[[nodiscard]] constexpr std::string_view to_text(MemoryModel model) noexcept {
  return kMemoryModelNames[static_cast<std::size_t>(model)];
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_MEMORY_MODEL_H_
