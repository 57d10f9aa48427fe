#ifndef SLABPROOF_TESTS_BENCH_THREAD_TEAM_H_
#define SLABPROOF_TESTS_BENCH_THREAD_TEAM_H_

#include <algorithm>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/bench/contender.h"

namespace slabproof::bench {

using Clock = std::chrono::steady_clock;

/// Runs `body(thread, index)` in `count` new threads at once, or in the calling thread if that is
/// one, each with a `Thread` of the contender. The result is in seconds: from when the first one
/// began to when the last one was done. Each thread takes its own times, since a thread that
/// watches the others may be scheduled long after them.
template <Contender C, class Body>
double run_threads(C& contender, unsigned count, Body body) {
  std::vector<Clock::time_point> begun(count);
  std::vector<Clock::time_point> done(count);
  std::barrier line(static_cast<std::ptrdiff_t>(count));
  const auto run = [&](unsigned index) {
    typename C::Thread thread(contender, index);
    line.arrive_and_wait();
    begun[index] = Clock::now();
    body(thread, index);
    done[index] = Clock::now();
    // The end of a `Thread` is work that must not disturb those that still measure.
    line.arrive_and_wait();
  };
  if (count == 1) {
    run(0);
  } else {
    std::vector<std::jthread> threads;
    for (unsigned index = 0; index < count; ++index) threads.emplace_back(run, index);
  }
  return std::chrono::duration<double>(std::ranges::max(done) - std::ranges::min(begun)).count();
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_THREAD_TEAM_H_
