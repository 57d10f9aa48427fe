#ifndef SLABPROOF_TESTS_SUPPORT_ENVIRONMENT_H_
#define SLABPROOF_TESTS_SUPPORT_ENVIRONMENT_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/search/execution.h"

namespace slabproof::testing {

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

/// Which requests fail: after the next `pass` of them, `count` in a row.
struct Refusals {
  std::uint64_t pass = 0;
  std::uint64_t count = 0;

  /// Whether the next request fails. Counts it.
  [[nodiscard]] bool next() noexcept;
};

/// Locks of the calling thread. Apart from the rest, since it is read where nothing may be
/// constructed: within the allocation functions of the heap.
struct LockCounts {
  std::uint64_t acquisitions = 0;
  std::uint64_t held = 0;
};
inline thread_local LockCounts lock_counts;

/// What surrounds the calls of one thread: which of its requests to the backing fail, what it asked
/// of the backing, and how its timing is perturbed. The policies of a slab under test
/// (observed_policies.h) use the environment of the calling thread. `= {}` makes it new.
struct Environment {
  static constexpr std::uint64_t kForever = ~std::uint64_t{0};

  /// Numbers of requests that fail, ascending; the first request of this environment has number 0.
  std::vector<std::uint64_t> refused_numbers;
  Refusals refused_requests;          ///< of those that this lets pass, of whatever kind
  Refusals refused_segments;          ///< of the requests for segments that the above lets pass
  std::uint32_t refused_percent = 0;  ///< of what both let pass, at random

  std::function<void()> during_request;  ///< called within each request, before its outcome shows
  std::function<void()> during_discard;  ///< called within each discard, before its effect
  std::function<void()> during_pause;    ///< called within each pause of a thread that waits

  std::uint64_t requests = 0;
  std::uint64_t segment_requests = 0;
  std::uint64_t refusals = 0;
  std::uint64_t releases = 0;
  std::uint64_t discards = 0;
  std::uint64_t discarded_bytes = 0;           ///< that the backing says it gave back
  std::uint64_t pauses = 0;                    ///< each between two looks of a thread that waits
  std::uint64_t backing_calls_under_lock = 0;  ///< requests, releases and discards (property S5)

  bool recording = false;  ///< whether `events` is filled
  std::vector<BackingEvent> events;

  /// Bad pointers that the slab reported, by `MisuseKind`, and the last one.
  std::array<std::uint64_t, 4> misuse_reports{};
  const void* last_misused = nullptr;

  /// Of a xorshift generator; 0 leaves the timing alone, and refuses nothing at random.
  std::uint64_t random_state = 0;

  [[nodiscard]] std::uint64_t directory_requests() const { return requests - segment_requests; }
  [[nodiscard]] std::uint64_t grants() const { return requests - refusals; }

  /// After the next `pass` requests, `count` are refused.
  void refuse(std::uint64_t pass, std::uint64_t count = 1) { refused_requests = {pass, count}; }
  /// The requests of these numbers are refused, as counted from the first one of all.
  void refuse_each(std::vector<std::uint64_t> numbers) { refused_numbers = std::move(numbers); }
  void refuse_all() { refuse(0, kForever); }
  void refuse_none() { refused_requests = {}; }

  // What the policies call.

  /// Counts a request, for a segment or not. Whether it is to fail.
  [[nodiscard]] bool refuses(bool is_segment) noexcept;
  /// Counts what became of a request or of a region, with the time, and notes whether a lock is
  /// held.
  void record(BackingEvent event);
  /// Now and then yields, or spins for a random while.
  void perturb() noexcept;

 private:
  [[nodiscard]] std::uint64_t random() noexcept;
};

/// Of the calling thread.
[[nodiscard]] Environment& environment() noexcept;
/// The same, made new.
Environment& new_environment();

/// Regions that backings hold now, in all threads.
[[nodiscard]] std::int64_t regions_held() noexcept;
void add_regions_held(std::int64_t change) noexcept;

/// The lock acquisitions of the calling thread within `action`.
template <class Action>
std::uint64_t acquisitions_of(Action&& action) {
  const std::uint64_t before = lock_counts.acquisitions;
  action();
  return lock_counts.acquisitions - before;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_ENVIRONMENT_H_
