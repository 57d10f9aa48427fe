#ifndef SLABPROOF_TESTS_SUPPORT_RECORDING_SYNC_H_
#define SLABPROOF_TESTS_SUPPORT_RECORDING_SYNC_H_

#include <atomic>
#include <cstdint>
#include <source_location>

#include "slabproof/std_sync.h"

namespace slabproof::testing {

/// The production policy, with two observations of its mutexes: how often any was acquired, by all
/// threads together, and how many the calling thread holds now.
struct RecordingSync : StdSync {
  class Mutex {
   public:
    void lock(std::source_location where = std::source_location::current()) noexcept {
      mutex_.lock(where);
      acquisitions_.fetch_add(1, std::memory_order::relaxed);
      ++held_;
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      --held_;
      mutex_.unlock(where);
    }

   private:
    StdSync::Mutex mutex_;
  };

  static std::uint64_t acquisitions() noexcept {
    return acquisitions_.load(std::memory_order::relaxed);
  }
  static int held_by_this_thread() noexcept { return held_; }

 private:
  inline static std::atomic<std::uint64_t> acquisitions_ = 0;
  inline static thread_local int held_ = 0;
};

/// The acquisitions that `action` makes, where no other thread runs.
template <class Action>
std::uint64_t acquisitions_of(Action&& action) {
  const std::uint64_t before = RecordingSync::acquisitions();
  action();
  return RecordingSync::acquisitions() - before;
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_RECORDING_SYNC_H_
