#ifndef SLABPROOF_MODEL_SEARCH_MEMORY_MODEL_H_
#define SLABPROOF_MODEL_SEARCH_MEMORY_MODEL_H_

#include <cstdint>

namespace slabproof::model {

/// Which executions of atomics a search of execution graphs takes for possible. Under both, program
/// order and reads-from together have no cycle: no value comes out of thin air, and a load never
/// reads from a store that depends on nothing but comes later in program order (load buffering).
enum class MemoryModel : std::uint8_t {
  kCpp20,  ///< C++20, [intro.races] and [atomics.order]
  kRc11,   ///< Lahav, Vafeiadis, Kang, Hur, Dreyer, PLDI 2017: weaker for seq_cst accesses
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_MEMORY_MODEL_H_
