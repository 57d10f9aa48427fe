#ifndef SLABPROOF_MODEL_STATES_THREAD_ORDER_H_
#define SLABPROOF_MODEL_STATES_THREAD_ORDER_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "model/search/execution.h"
#include "model/states/knowledge.h"

namespace slabproof::model {

/// New names of threads.
class ThreadOrder {
 public:
  ThreadOrder() {
    for (std::size_t i = 0; i < kMaxThreads; ++i) thread_[i] = place_[i] = index_of(i);
  }
  void put(std::size_t place, std::size_t thread) noexcept {
    thread_[place] = index_of(thread);
    place_[thread] = index_of(place);
  }
  [[nodiscard]] std::size_t at(std::size_t place) const noexcept { return thread_[place]; }
  /// The new name of a thread.
  [[nodiscard]] std::size_t place_of(std::size_t thread) const noexcept { return place_[thread]; }
  /// The same set under the new names.
  [[nodiscard]] Knowers renamed(Knowers knowers) const noexcept {
    if (knowers == Knowledge::kAll) return knowers;
    constexpr Knowers kThreads = (Knowers{1} << kMaxThreads) - 1;
    Knowers renamed = knowers & ~kThreads;
    for (Knowers rest = knowers & kThreads; rest != 0; rest &= rest - 1) {
      renamed |= Knowers{1} << place_[static_cast<std::size_t>(std::countr_zero(rest))];
    }
    return renamed;
  }

 private:
  static constexpr std::uint8_t index_of(std::size_t i) { return static_cast<std::uint8_t>(i); }
  std::array<std::uint8_t, kMaxThreads> thread_{};
  std::array<std::uint8_t, kMaxThreads> place_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_THREAD_ORDER_H_
