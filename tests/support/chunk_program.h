#ifndef SLABPROOF_TESTS_SUPPORT_CHUNK_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_CHUNK_PROGRAM_H_

#include <cstdint>

#include "tests/support/growth_program.h"

namespace slabproof::testing {

/// A chunk has as many places as there are segments, divided by the growers in flight.
struct ChunkConfig : GrowthConfig {
  static constexpr std::uint32_t reserve_share = 1;
};

using ChunksOfThreads = GrowthOfThreads<ChunkConfig>;

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_CHUNK_PROGRAM_H_
