#ifndef SLABPROOF_TESTS_PROPERTIES_ENVIRONMENT_H_
#define SLABPROOF_TESTS_PROPERTIES_ENVIRONMENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/search/execution.h"

namespace slabproof::properties {

/// Nanoseconds of a monotonic clock. It orders the events of a history without synchronising the
/// threads: a shared counter would create happens-before edges, which would hide data races from
/// ThreadSanitizer.
using Instant = std::uint64_t;

[[nodiscard]] inline Instant now() noexcept {
  return static_cast<Instant>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// A request to a backing, or what became of its region.
struct BackingEvent {
  using Kind = model::RegionAction;
  Kind kind = Kind::kGranted;
  bool is_segment = false;  ///< a segment's region, as against a directory's
  std::uintptr_t base = 0;  ///< first byte of the region; 0 where refused
  std::size_t size = 0;
  std::size_t alignment = 0;
  Instant when = 0;
};

/// What surrounds the operations of one thread: which of its requests to the backing fail, what it
/// asked of the backing, how often it took a lock, and how its timing is perturbed. The decorated
/// policies of a slab under test (decorated_policies.h) use the environment of the calling thread.
struct Environment {
  std::uint64_t refuse_any = 0;      ///< so many requests from now on fail, of whatever kind
  std::uint64_t refuse_segment = 0;  ///< then so many requests for segments fail
  std::uint64_t pass_segments = 0;   ///< so many segments are granted before that begins

  bool recording = false;  ///< whether `events` is filled
  std::vector<BackingEvent> events;
  std::uint64_t lock_acquisitions = 0;
  std::uint64_t locks_held = 0;
  /// Requests, releases and discards made while this thread held a lock (property S5).
  std::uint64_t backing_calls_under_lock = 0;

  std::uint64_t perturbation_state = 0;  ///< of a xorshift generator; 0 leaves the timing alone

  /// Whether the next request, for a segment or not, shall fail. Counts it.
  [[nodiscard]] bool refuses(bool is_segment) noexcept;
  /// Stamps the event with the time, and notes whether a lock is held.
  void record(BackingEvent event);
  /// Now and then yields, or spins for a random while.
  void perturb() noexcept;
};

/// Of the calling thread.
[[nodiscard]] Environment& environment() noexcept;

/// Regions that backings hold now, in all threads.
[[nodiscard]] std::int64_t regions_held() noexcept;
void add_regions_held(std::int64_t change) noexcept;

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_ENVIRONMENT_H_
