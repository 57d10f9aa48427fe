#ifndef SLABPROOF_TESTS_BENCH_GROWTH_WORKLOADS_H_
#define SLABPROOF_TESTS_BENCH_GROWTH_WORKLOADS_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/resident_bytes.h"
#include "tests/bench/sample.h"
#include "tests/bench/stamp.h"
#include "tests/bench/thread_team.h"
#include "tests/bench/workloads.h"

// What it costs to come to many blocks: memory, and the time of the slowest calls.

namespace slabproof::bench {

/// Figure `bytes`: resident bytes of the process for each block, every byte of which is written.
template <Contender C>
Round bytes_per_object(const Scale& scale) {
  return [live = scale.bytes / C::kBytes] {
    std::vector<void*> blocks(live);
    Sample sample{.items = live};
    const std::size_t before = resident_bytes();
    C contender(live);
    sample.seconds = run_threads(contender, 1, [&](auto& thread, unsigned) {
      for (void*& block : blocks) {
        block = thread.allocate();
        std::memset(block, 1, C::kBytes);
        stamp(block);
      }
      sample.figures["bytes"] =
          static_cast<double>(resident_bytes() - before) / static_cast<double>(live);
      deallocate_all<C>(thread, blocks);
    });
    return sample;
  };
}

/// Figures `p50`, `p99`, `p99.9` and `max`, in nanoseconds: the time of one allocate, from no block
/// to many without a free. It includes that of reading the clock. The block is written to outside
/// of it.
template <Contender C>
Round growth_latency(const Scale& scale) {
  return [live = scale.live] {
    C contender(live);
    std::vector<void*> blocks(live);
    std::vector<std::int64_t> times(live, 1);
    Sample sample{.items = live};
    sample.seconds = run_threads(contender, 1, [&](auto& thread, unsigned) {
      for (std::size_t i = 0; i < live; ++i) {
        const auto begun = Clock::now();
        blocks[i] = thread.allocate();
        times[i] = std::chrono::nanoseconds(Clock::now() - begun).count();
        stamp(blocks[i]);
      }
      deallocate_all<C>(thread, blocks);
    });
    std::ranges::sort(times);
    const auto quantile = [&times](double part) {
      const auto place = static_cast<std::size_t>(part * static_cast<double>(times.size()));
      return static_cast<double>(times[std::min(place, times.size() - 1)]);
    };
    sample.figures = {{"p50", quantile(0.5)},
                      {"p99", quantile(0.99)},
                      {"p99.9", quantile(0.999)},
                      {"max", quantile(1)}};
    return sample;
  };
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_GROWTH_WORKLOADS_H_
