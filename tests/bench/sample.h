#ifndef SLABPROOF_TESTS_BENCH_SAMPLE_H_
#define SLABPROOF_TESTS_BENCH_SAMPLE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>

namespace slabproof::bench {

/// How much work a round is. No powers of two: a pool that doubles would have just taken twice the
/// memory, or just not.
struct Scale {
  std::size_t pairs = 1'000'000;   ///< of an allocate and a free, all threads together
  std::size_t live = 1'000'000;    ///< blocks of a workload that fills memory
  std::size_t segment = 1024;      ///< blocks that count as one segment
  std::size_t bytes = 64'000'000;  ///< of the blocks where memory is measured
};

/// What one round measured.
struct Sample {
  double seconds = 0;
  std::size_t items = 0;                    ///< operations that took this time
  bool intact = true;                       ///< false if what was written was not read again
  std::map<std::string, double> figures{};  ///< other than the time of an item, by name
};

/// Runs a round. What it works on lives as long as it does, so a round finds what the last one
/// left.
using Round = std::function<Sample()>;

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_SAMPLE_H_
