#ifndef SLABPROOF_FUZZ_SLAB_SLAB_SCRIPT_H_
#define SLABPROOF_FUZZ_SLAB_SLAB_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/engine/records.h"
#include "model/program/program.h"

namespace slabproof::fuzz {

/// One step of a script: an operation of the program language, or a write into a slot that the slab
/// holds.
struct Step {
  bool is_overwrite = false;
  model::Op op;               ///< unless `is_overwrite`
  std::uint8_t form = 0;      ///< 0 to 7: which call does it, or what is written
  std::uint8_t selector = 0;  ///< which block or slot, where `op` does not say
  std::uint16_t value = 0;    ///< bytes to write, or an offset

  friend bool operator==(const Step&, const Step&) = default;
};

/// A long program of one thread, and the slab that it runs on.
///
/// As bytes: a header of four (slab, capacity, initial segments, unused), then four a step: the
/// operation in the low five bits of the first and the form in its high three, the selector, the
/// value with its low byte first. Every byte string is a script.
struct SlabScript {
  static constexpr RecordShape kShape = {.header_size = 4, .record_size = 4};
  static constexpr std::size_t kMaxSteps = 512;

  std::uint8_t variant = 0;  ///< which slab; taken modulo the number of slabs there are
  std::size_t capacity = 1;  ///< slots a segment
  std::uint32_t initial_segments = 0;
  std::vector<Step> steps;
};

[[nodiscard]] SlabScript script_from_bytes(Bytes input);

/// The operations in the token language, as a program of one thread, with overwrites in brackets
/// between them. `g` and `t` do not occur.
[[nodiscard]] std::string to_text(const SlabScript& script);

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_SLAB_SLAB_SCRIPT_H_
