#ifndef SLABPROOF_TESTS_SUPPORT_CPP_MEMORY_MODEL_H_
#define SLABPROOF_TESTS_SUPPORT_CPP_MEMORY_MODEL_H_

#include <cstdint>
#include <set>
#include <string>

#include "tests/support/small_program.h"

namespace slabproof::testing {

/// Whether program order and reads-from may form a cycle.
enum class LoadBuffering : std::uint8_t { kAllowed, kForbidden };

/// The outcomes that C++20 allows a program of loads, stores, read-modify-writes and fences, in the
/// form of `outcome_text`. Throws std::invalid_argument where the program does anything else.
///
/// Every choice of success or failure of the compare-exchanges, of a modification order for each
/// object and of the store that each read takes its value from is tried, and kept if it satisfies
/// [intro.races] and [atomics.order] of the C++20 standard. Nothing rules out values out of thin
/// air, which the standard only discourages. The time is exponential in the number of operations.
[[nodiscard]] std::set<std::string> cpp_outcomes(
    const SmallProgram& program, LoadBuffering load_buffering = LoadBuffering::kAllowed);

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_CPP_MEMORY_MODEL_H_
