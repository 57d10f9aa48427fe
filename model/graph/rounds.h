#ifndef SLABPROOF_MODEL_GRAPH_ROUNDS_H_
#define SLABPROOF_MODEL_GRAPH_ROUNDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/graph.h"
#include "model/search/local_state.h"

namespace slabproof::model::graph {

/// Where a thread has read or paused since it last had an effect, with what it knew each time. If
/// it comes to the same operation again and knows the same, byte for byte, what lies between was a
/// round of a wait: without it, the thread would do all that it can do now.
///
/// A section of a mutex in which the thread only reads is no effect, as long as it ends within the
/// round: who comes next finds all as it was.
///
/// Bytes without a meaning that differ cost executions and lose none. What a thread knows must be
/// on its stack, in its registers or in checked objects.
class Rounds {
 public:
  /// A thread begins, on a stack that ends there.
  void begin(const std::byte* stack_end) noexcept;
  void lock(Location mutex) noexcept { locks_ += name_of(mutex); }
  void unlock(Location mutex) noexcept { locks_ -= name_of(mutex); }
  /// The thread has done something that others may notice.
  void forget() noexcept {
    points_.clear();
    stacks_.clear();
  }
  /// How many events the thread had at the beginning of the round that ends with `operation`.
  [[nodiscard]] std::optional<std::size_t> begin_of_round(const Event& operation) const;
  /// The thread is about to do `operation`, and has that many events.
  void reach(const Event& operation, std::size_t events);

 private:
  /// Longer rounds are not recognised.
  static constexpr std::size_t kMostPoints = 64;

  struct Point {
    std::size_t events;
    Action action;
    Location location;
    std::uint64_t operand;
    std::uint64_t expected;
    std::uint64_t locks;
    LocalState state;
    std::size_t at;  // of its stack, in `stacks_`
  };

  static constexpr std::uint64_t name_of(Location mutex) noexcept {
    return (mutex + std::uint64_t{1}) * 0x9e3779b97f4a7c15;
  }

  const std::byte* stack_end_ = nullptr;
  std::uint64_t locks_ = 0;  // a sum over the mutexes that the thread holds
  std::vector<Point> points_;
  std::vector<std::byte> stacks_;
};

/// What a thread has added to a location and taken away again, with its first and its last write
/// there: what lies between in coherence is as much more or less.
struct PassingChange {
  EventId first;
  EventId last;
};
/// If the events of a thread from `begin` on have no net effect, as they only read, write what is
/// there already, and take away what they add: these changes.
[[nodiscard]] std::optional<std::vector<PassingChange>> passing_changes(const Graph& graph,
                                                                        std::size_t thread,
                                                                        std::size_t begin);
/// Whether a read reads what is so for that time only.
[[nodiscard]] bool sees(const Graph& graph, const Event& read, const PassingChange& change);

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_ROUNDS_H_
