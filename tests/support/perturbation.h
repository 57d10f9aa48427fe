#ifndef SLABPROOF_TESTS_SUPPORT_PERTURBATION_H_
#define SLABPROOF_TESTS_SUPPORT_PERTURBATION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <source_location>
#include <thread>

#include "slabproof/heap_backing.h"
#include "slabproof/layout.h"
#include "slabproof/std_sync.h"

namespace slabproof::testing {

/// A generator for the calling thread. Each thread that asks gets a seed of its own.
inline std::minstd_rand& thread_random() {
  static std::atomic<std::uint32_t> next_seed = 1;
  thread_local std::minstd_rand random(next_seed.fetch_add(1, std::memory_order::relaxed));
  return random;
}

/// Now and then lets other threads run first, so that rare interleavings come about.
inline void perturb() {
  switch (thread_random()() % 8) {
    case 0:
      std::this_thread::yield();
      break;
    case 1:
      for (std::uint32_t spins = thread_random()() % 64; spins > 0; --spins) {
        std::atomic_signal_fence(std::memory_order::seq_cst);
      }
      break;
    default:
      break;
  }
}

/// The production policy, perturbed before each acquisition and after each release.
struct PerturbedSync : StdSync {
  class Mutex {
   public:
    void lock(std::source_location where = std::source_location::current()) noexcept {
      perturb();
      mutex_.lock(where);
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      mutex_.unlock(where);
      perturb();
    }

   private:
    StdSync::Mutex mutex_;
  };
};

/// Heap memory, perturbed within each request; refuses as many requests in a hundred as
/// `refused_percent` says.
class PerturbedBacking {
 public:
  inline static std::atomic<std::uint32_t> refused_percent = 0;
  inline static std::atomic<std::int64_t> regions_out = 0;

  explicit PerturbedBacking(Layout layout) noexcept
      : region_(is_refused() ? impossible() : layout) {
    perturb();
    if (*this) ++regions_out;
  }
  ~PerturbedBacking() {
    if (*this) --regions_out;
  }
  PerturbedBacking(PerturbedBacking&&) noexcept = default;
  PerturbedBacking& operator=(PerturbedBacking&&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(region_); }
  [[nodiscard]] std::byte* data() const noexcept { return region_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return region_.size(); }
  /// Overwrites what the pages held, as pages that are given back lose it.
  std::size_t discard(std::size_t offset, std::size_t size) noexcept {
    perturb();
    for (std::size_t i = 0; i < size; ++i) region_.data()[offset + i] = std::byte{0};
    return size;
  }
  [[nodiscard]] static int last_os_error() noexcept { return HeapBacking::last_os_error(); }
  [[nodiscard]] static std::size_t granularity() noexcept { return HeapBacking::granularity(); }

 private:
  static bool is_refused() { return thread_random()() % 100 < refused_percent; }
  /// A layout that a heap refuses without being asked.
  static Layout impossible() { return Layout::make(kMaxRegionBytes, 1).value(); }

  HeapBacking region_;
};

static_assert(MovableBacking<PerturbedBacking>);

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_PERTURBATION_H_
