#include "tests/support/environment.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace slabproof::testing {
namespace {

std::atomic<std::int64_t> held_regions = 0;

}  // namespace

bool Refusals::next() noexcept {
  if (count == 0) return false;
  if (pass > 0) {
    --pass;
    return false;
  }
  --count;
  return true;
}

bool Environment::refuses(bool is_segment) noexcept {
  const std::uint64_t number = requests++;
  if (is_segment) ++segment_requests;
  if (std::ranges::binary_search(refused_numbers, number)) return true;
  if (refused_requests.next()) return true;
  if (is_segment && refused_segments.next()) return true;
  return random_state != 0 && random() % 100 < refused_percent;
}

void Environment::record(BackingEvent event) {
  using Kind = BackingEvent::Kind;
  if (event.kind == Kind::kRefused) ++refusals;
  if (event.kind == Kind::kReleased) ++releases;
  if (event.kind == Kind::kDiscarded) ++discards;
  if (lock_counts.held != 0) ++backing_calls_under_lock;
  if (!recording) return;
  event.when = now();
  events.push_back(event);
}

void Environment::perturb() noexcept {
  if (random_state == 0) return;
  const std::uint64_t choice = random();
  if (choice % 4 == 0) {
    std::this_thread::yield();
  } else if (choice % 4 == 1) {
    // The signal fence keeps the compiler from dropping the loop and orders nothing else.
    for (std::uint64_t turns = choice >> 8 & 0x3ff; turns > 0; --turns) {
      std::atomic_signal_fence(std::memory_order::seq_cst);
    }
  }
}

std::uint64_t Environment::random() noexcept {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state >> 32;
}

Environment& environment() noexcept {
  thread_local Environment of_this_thread;
  return of_this_thread;
}

Environment& new_environment() {
  return environment() = {};
}

// Relaxed: only read when the threads that changed it have been joined.
std::int64_t regions_held() noexcept {
  return held_regions.load(std::memory_order::relaxed);
}
void add_regions_held(std::int64_t change) noexcept {
  held_regions.fetch_add(change, std::memory_order::relaxed);
}

}  // namespace slabproof::testing
