#ifndef SLABPROOF_TESTS_SOAK_SOAK_H_
#define SLABPROOF_TESTS_SOAK_SOAK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace slabproof::soak {

struct SoakOptions {
  double minutes = 5;
  std::optional<std::uint64_t> rounds;  ///< instead of minutes
  std::uint64_t first_round = 0;
  std::uint64_t seed = 0;
  std::size_t most_threads = 16;
  std::string kind;  ///< the one configuration to try; empty for all
};

/// Whole rounds until the time is over, something is wrong, or a signal asks for the end. Prints
/// progress and a summary. The result is an exit code: 0 it holds, 1 a violation, 2 no such
/// configuration, 3 interrupted.
[[nodiscard]] int run_soak(const SoakOptions& options);

}  // namespace slabproof::soak

#endif  // SLABPROOF_TESTS_SOAK_SOAK_H_
