#ifndef SLABPROOF_MODEL_STATES_KNOWLEDGE_H_
#define SLABPROOF_MODEL_STATES_KNOWLEDGE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "model/runtime/live_objects.h"
#include "model/search/engine.h"
#include "model/search/scheduler.h"

namespace slabproof::model {

/// Who comes after an event: a bit for each unfinished thread, and above those one for each mutex.
/// Vector clocks have times, which differ wherever the past does; all that decides about races to
/// come is who knows of which event.
using Knowers = std::uint64_t;

class Knowledge {
 public:
  static constexpr std::size_t kMostMutexes = 48;
  /// Of an event that every thread knows: it can race no more.
  static constexpr Knowers kAll = std::numeric_limits<Knowers>::max();

  /// The moment at which all threads stand at points. With `join_ahead`, a thread that is about to
  /// lock a mutex knows what the mutex knows: it acquires that before it does anything else.
  void take(const SchedulingPoint& at, std::size_t threads, std::span<const LiveMutex> mutexes,
            bool join_ahead, bool forget_known) {
    const Engine& engine = Engine::instance();
    unfinished_ = at.unfinished;
    threads_ = threads;
    mutexes_ = mutexes;
    forget_known_ = forget_known;
    slots_ = engine.slots();
    for (std::size_t of = 0; of < slots_; ++of) known_to_all_[of] = kForever;
    for (std::size_t who = 0; who < threads; ++who) {
      const std::size_t* const clock = engine.clock_of(who);
      for (std::size_t of = 0; of < slots_; ++of) clocks_[who][of] = clock[of];
      if (!contains(unfinished_, who)) continue;
      if (join_ahead && at.pending[who].kind == OperationKind::kLock) join(who, at.pending[who]);
      for (std::size_t of = 0; of < slots_; ++of) {
        known_to_all_[of] = std::min(known_to_all_[of], clocks_[who][of]);
      }
    }
  }

  [[nodiscard]] Knowers of(std::size_t thread, std::uint64_t time) const {
    if (forget_known_ && time <= known_to_all_[thread]) return kAll;
    Knowers knowers = 0;
    for (std::size_t who = 0; who < threads_; ++who) {
      const bool knows = contains(unfinished_, who) && clocks_[who][thread] >= time;
      knowers |= Knowers{knows} << who;
    }
    for (std::size_t i = 0; i < mutexes_.size(); ++i) {
      knowers |= Knowers{mutexes_[i].released[thread] >= time} << (kMaxThreads + i);
    }
    return knowers;
  }

 private:
  static constexpr std::uint64_t kForever = std::numeric_limits<std::uint64_t>::max();

  void join(std::size_t who, Operation lock) {
    for (const LiveMutex& mutex : mutexes_) {
      if (mutex.record->number != lock.object) continue;
      for (std::size_t of = 0; of < slots_; ++of) {
        clocks_[who][of] = std::max<std::uint64_t>(clocks_[who][of], mutex.released[of]);
      }
    }
  }

  ThreadSet unfinished_ = 0;
  std::size_t threads_ = 0;
  std::size_t slots_ = 0;  ///< of clocks: what ran before the threads is in one of them
  std::span<const LiveMutex> mutexes_;
  bool forget_known_ = true;
  std::array<std::array<std::uint64_t, kMaxThreads>, kMaxThreads> clocks_{};  ///< by who knows
  std::array<std::uint64_t, kMaxThreads> known_to_all_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_KNOWLEDGE_H_
