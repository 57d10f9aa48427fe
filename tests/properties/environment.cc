#include "tests/properties/environment.h"

#include <atomic>
#include <thread>

namespace slabproof::properties {
namespace {

std::atomic<std::int64_t> held_regions = 0;

}  // namespace

bool Environment::refuses(bool is_segment) noexcept {
  if (refuse_any > 0) {
    --refuse_any;
    return true;
  }
  if (!is_segment) return false;
  if (pass_segments > 0) {
    --pass_segments;
    return false;
  }
  if (refuse_segment == 0) return false;
  --refuse_segment;
  return true;
}

void Environment::record(BackingEvent event) {
  if (locks_held != 0) ++backing_calls_under_lock;
  if (!recording) return;
  event.when = now();
  events.push_back(event);
}

void Environment::perturb() noexcept {
  if (perturbation_state == 0) return;
  perturbation_state ^= perturbation_state << 13;
  perturbation_state ^= perturbation_state >> 7;
  perturbation_state ^= perturbation_state << 17;
  const std::uint64_t choice = perturbation_state >> 32;
  if (choice % 4 == 0) {
    std::this_thread::yield();
  } else if (choice % 4 == 1) {
    // The signal fence keeps the compiler from dropping the loop and orders nothing else.
    for (std::uint64_t turns = choice >> 8 & 0x3ff; turns > 0; --turns) {
      std::atomic_signal_fence(std::memory_order::seq_cst);
    }
  }
}

Environment& environment() noexcept {
  thread_local Environment of_this_thread;
  return of_this_thread;
}

// Relaxed: only read when the threads that changed it have been joined.
std::int64_t regions_held() noexcept {
  return held_regions.load(std::memory_order::relaxed);
}
void add_regions_held(std::int64_t change) noexcept {
  held_regions.fetch_add(change, std::memory_order::relaxed);
}

}  // namespace slabproof::properties
