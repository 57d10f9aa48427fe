#ifndef SLABPROOF_TESTS_SUPPORT_RANDOM_SMALL_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_RANDOM_SMALL_PROGRAM_H_

#include <cstddef>
#include <cstdint>

#include "tests/support/small_program.h"

namespace slabproof::testing {

/// What random programs have much of.
enum class Flavour : std::uint8_t {
  kMixedOrders,
  kSeqCst,
  kFences,
  kLocks,  ///< some of them nested, so that some programs deadlock
  kRaces,  ///< locks, and plain variables with and without
};

struct RandomShape {
  Flavour flavour = Flavour::kMixedOrders;
  std::uint8_t atomics = 2;
  std::uint8_t values = 2;  ///< written values are 1 to this
  // Operations of a thread, but for critical sections.
  std::size_t longest_of_two = 4;    ///< in programs of two threads
  std::size_t longest_of_three = 3;  ///< in programs of three threads
  bool has_awaits = false;
  /// Otherwise seq_cst after seq_cst, and relaxed after all others.
  bool has_every_failure_order = false;
};

/// A program of two or three threads; the same for the same shape and seed.
[[nodiscard]] SmallProgram random_small_program(const RandomShape& shape, std::uint32_t seed);

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_RANDOM_SMALL_PROGRAM_H_
