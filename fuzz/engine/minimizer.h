#ifndef SLABPROOF_FUZZ_ENGINE_MINIMIZER_H_
#define SLABPROOF_FUZZ_ENGINE_MINIMIZER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "fuzz/engine/fuzz_target.h"

namespace slabproof::fuzz {

struct Minimized {
  Input input;
  std::string signature;  ///< how it fails
  std::size_t tries = 0;
};

/// Makes a failing input simpler, as long as it fails the same way: with the same property, or the
/// same kind of sanitizer report, or the same signal. Each try is a process of its own. Greedy: the
/// first of `simpler_inputs` that still fails is taken, until none does. Nothing where the input
/// does not fail.
[[nodiscard]] std::optional<Minimized> minimize(const Input& input);

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_ENGINE_MINIMIZER_H_
