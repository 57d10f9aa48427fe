#ifndef SLABPROOF_MODEL_ORACLE_GROWTH_BOUND_H_
#define SLABPROOF_MODEL_ORACLE_GROWTH_BOUND_H_

#include <cstdint>

#include "model/program/program.h"
#include "model/slab/history.h"

namespace slabproof::model {

/// By how many segments a program may at most exceed max(initial, ceil(peak live / capacity)):
/// properties S6 and S7.
///
/// Nothing where phase 3 looks at all segments, nor where the program only allocates. Else
/// ceil((sum of b - least b) / capacity), where b of a thread is its largest batch; 0 for a thread
/// that takes none. If each thread allocates, and single blocks only, that is
/// ceil((threads - 1) / capacity), which batches do exceed. While a trim has a segment out, another
/// one serves than the lowest: then each b counts as the least multiple of the capacity.
[[nodiscard]] std::uint64_t over_growth_bound(const Setting& setting, const Program& program);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_GROWTH_BOUND_H_
