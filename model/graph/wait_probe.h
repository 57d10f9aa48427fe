#ifndef SLABPROOF_MODEL_GRAPH_WAIT_PROBE_H_
#define SLABPROOF_MODEL_GRAPH_WAIT_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/graph.h"
#include "model/runtime/fiber.h"

namespace slabproof::model::graph {

/// Finds out whether a thread that pauses waits: whether, if it went on and read again what it has
/// read, it would come back to the pause and know nothing new.
///
/// It lets the thread go on and gives it these values, without adding to the graph. The thread
/// waits if what it then does up to its next pause is what it did last, and its local state, which
/// is its stack and its registers, is byte for byte what it was. In any case it is put back to the
/// first pause. What it does must be free of effects until then: whoever sees it about to have one
/// ends the trial.
///
/// A thread that counts how often it has tried, or does something else in some round, is not taken
/// to wait. Bytes without a meaning that differ cost executions and lose none.
class WaitProbe {
 public:
  [[nodiscard]] bool is_active() const noexcept { return is_active_; }

  /// The thread is suspended in a pause; `low` is the lowest byte of its stack that it needs, and
  /// `local_state` that of what it knows.
  void begin(const Graph& graph, std::size_t thread, const Fiber& fiber, std::byte* low,
             const std::byte* local_state);
  /// What a read would read again; nothing if the trial ends here.
  [[nodiscard]] std::optional<std::uint64_t> read(const Event& operation);
  /// Whether a fence would be one that the thread has made.
  [[nodiscard]] bool fence(const Event& operation);
  /// The thread has come to a pause again.
  void reach_pause(const std::byte* local_state) noexcept { reached_ = local_state; }
  /// Puts the suspended thread back where it was. True if it waits.
  [[nodiscard]] bool end(Fiber& fiber);
  /// If it waits: the reads that it would repeat.
  [[nodiscard]] std::vector<EventId> repeated_reads() const;

 private:
  struct Step {
    const Event* again;  ///< an event that this one repeats
    Event operation;
  };

  [[nodiscard]] bool repeats_the_last() const noexcept;
  [[nodiscard]] const Event* last_like(const Event& operation) const noexcept;

  bool is_active_ = false;
  const Graph* graph_ = nullptr;
  std::size_t thread_ = 0;
  const std::byte* local_state_ = nullptr;
  const std::byte* reached_ = nullptr;
  Fiber::Checkpoint checkpoint_;
  std::vector<Step> steps_;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_WAIT_PROBE_H_
