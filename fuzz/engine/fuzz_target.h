#ifndef SLABPROOF_FUZZ_ENGINE_FUZZ_TARGET_H_
#define SLABPROOF_FUZZ_ENGINE_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/engine/random.h"

namespace slabproof::fuzz {

using Bytes = std::span<const std::uint8_t>;
using Input = std::vector<std::uint8_t>;

// What a fuzz target consists of. Each target defines the five functions of this section once;
// libfuzzer_entry.cc gives them to libFuzzer, and replay_main.cc runs, shows and minimises inputs
// without it.

/// Runs one input. Returns where every property held, and otherwise calls `fail`.
void run_input(Bytes input);

/// What a person reads of an input, in a few lines; a program in the token language where the
/// input is one.
[[nodiscard]] std::string describe_input(Bytes input);

/// The input with a few of its operations changed; at most `max_size` bytes.
[[nodiscard]] Input mutate_input(Bytes input, std::size_t max_size, Random& random);

/// Operations of both; at most `max_size` bytes.
[[nodiscard]] Input cross_inputs(Bytes first, Bytes second, std::size_t max_size, Random& random);

/// Inputs that are simpler, the boldest simplifications first, for the minimiser to try.
[[nodiscard]] std::vector<Input> simpler_inputs(Bytes input);

// What a target calls.

/// Runs `run_input`, and remembers the input, so that `fail` can print it.
void run_and_remember(Bytes input);

/// Says on stderr which property does not hold and for which input, and aborts. `property` is an
/// id of the catalogue such as "S1", or a word for what has none.
[[noreturn]] void fail(std::string_view property, std::string_view message);

/// Says that `run_input` ran its program so many times, each time judged; the default is once.
void count_executions(std::uint64_t executions) noexcept;
/// By all inputs so far.
[[nodiscard]] std::uint64_t executions() noexcept;

/// A fact that must hold.
inline void require(bool fact, std::string_view property, std::string_view message) {
  if (!fact) [[unlikely]] {
    fail(property, message);
  }
}

/// The beginning of the line that `fail` prints. The property follows it, up to a colon.
inline constexpr std::string_view kViolationPrefix = "fuzz: violation of ";

}  // namespace slabproof::fuzz

#endif  // SLABPROOF_FUZZ_ENGINE_FUZZ_TARGET_H_
