#ifndef SLABPROOF_MODEL_SEARCH_RACE_CELL_H_
#define SLABPROOF_MODEL_SEARCH_RACE_CELL_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "model/search/execution.h"

namespace slabproof::model {

/// The running thread's position in happens-before: `clock[i]` is the last event of thread i that
/// it comes after. Its own entry counts its events, or stands for all events since it last changed,
/// where `step` is 0.
struct ThreadClock {
  std::size_t* clock = nullptr;
  std::size_t index = 0;
  std::size_t step = 1;

  std::uint32_t tick() const noexcept { return static_cast<std::uint32_t>(clock[index] += step); }
  bool is_after(std::size_t thread, std::uint32_t time) const noexcept {
    return clock[thread] >= time;
  }
};

/// Finds data races on one variable from the vector clocks that the memory model keeps: a store
/// must come after every earlier access, a load after every earlier store. Whichever of two
/// unordered accesses an execution runs second, the second one sees the race, so one linearization
/// of each trace is enough to find it.
class RaceCell {
 public:
  /// The first access of all: nothing can be unordered with it.
  void initialize(ThreadClock me) noexcept {
    loaded_ = 0;
    store_thread_ = static_cast<std::uint8_t>(me.index);
    store_time_ = me.tick();
  }

  /// False if the store races with an earlier access.
  [[nodiscard]] bool store(ThreadClock me) noexcept {
    if (!me.is_after(store_thread_, store_time_)) return false;
    for (unsigned rest = loaded_; rest != 0; rest &= rest - 1) {
      const auto thread = static_cast<std::size_t>(std::countr_zero(rest));
      if (!me.is_after(thread, load_time_[thread])) return false;
    }
    // Whoever is ordered after this store is ordered after the loads before it as well.
    initialize(me);
    return true;
  }

  /// False if the load races with an earlier store.
  [[nodiscard]] bool load(ThreadClock me) noexcept {
    if (!me.is_after(store_thread_, store_time_)) return false;
    loaded_ = static_cast<std::uint8_t>(loaded_ | 1U << me.index);
    load_time_[me.index] = me.tick();
    return true;
  }

  // What it keeps: the last store, and the last load of each thread since.
  [[nodiscard]] std::size_t store_thread() const noexcept { return store_thread_; }
  [[nodiscard]] std::uint32_t store_time() const noexcept { return store_time_; }
  [[nodiscard]] std::uint8_t loaded() const noexcept { return loaded_; }
  [[nodiscard]] std::uint32_t load_time(std::size_t thread) const noexcept {
    return load_time_[thread];
  }

 private:
  std::uint8_t loaded_;  // threads that loaded since the last store
  std::uint8_t store_thread_;
  std::uint32_t store_time_;
  std::array<std::uint32_t, kMaxThreads> load_time_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_RACE_CELL_H_
