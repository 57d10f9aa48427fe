#ifndef SLABPROOF_FUZZ_ENGINE_RECORDS_H_
#define SLABPROOF_FUZZ_ENGINE_RECORDS_H_

#include <cstddef>
#include <vector>

#include "fuzz/engine/fuzz_target.h"

namespace slabproof::fuzz {

/// An input that is a header and then records of one size, one record an operation. Missing bytes
/// count as zeros, so every byte string is such an input.
struct RecordShape {
  std::size_t header_size = 0;
  std::size_t record_size = 1;
};

/// One to four edits, each of whole records (insert, remove, repeat, move, swap, cut) or of one
/// byte of a record or of the header.
[[nodiscard]] Input mutate_records(Bytes input, RecordShape shape, std::size_t max_size,
                                   Random& random);

/// A header of either, some first records of one, some last records of the other.
[[nodiscard]] Input cross_records(Bytes first, Bytes second, RecordShape shape,
                                  std::size_t max_size, Random& random);

/// Inputs with a run of records left out, the longest runs first, then inputs with one byte made
/// smaller.
[[nodiscard]] std::vector<Input> simpler_records(Bytes input, RecordShape shape);

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_ENGINE_RECORDS_H_
