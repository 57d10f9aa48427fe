#ifndef SLABPROOF_MODEL_GRAPH_OPERATION_RESULT_H_
#define SLABPROOF_MODEL_GRAPH_OPERATION_RESULT_H_

#include <cstddef>
#include <cstdint>

#include "model/graph/event.h"
#include "model/graph/graph.h"

namespace slabproof::model::graph {

// What comes of an operation when it is known what it reads. No program runs for it: a read that is
// revisited says it all.

/// Makes `read` read `value` from `source`, and with it whether it will write and which order it
/// has. `fails_spuriously` is for a weak compare-exchange that would succeed.
inline void read_from(Event& read, EventId source, std::uint64_t value,
                      bool fails_spuriously = false) noexcept {
  using enum Action;
  read.source = source;
  read.value = value;
  read.is_spurious = fails_spuriously;
  const bool is_compare_exchange =
      read.action == kStrongCompareExchange || read.action == kWeakCompareExchange;
  const bool writes =
      is_compare_exchange ? value == read.expected && !fails_spuriously : read.action != kLoad;
  read.kind = writes ? EventKind::kExclusiveRead : EventKind::kRead;
  read.order = is_compare_exchange && !writes ? read.failure : read.success;
}

/// What a read-modify-write writes that has read.
[[nodiscard]] inline std::uint64_t value_to_write(const Event& read) noexcept {
  switch (read.action) {
    case Action::kFetchAdd:
      return read.value + read.operand;
    case Action::kFetchAnd:
      return read.value & read.operand;
    case Action::kFetchOr:
      return read.value | read.operand;
    case Action::kFetchXor:
      return read.value ^ read.operand;
    default:
      return read.operand;
  }
}

/// Whether a read that is about to write may as well fail. A thread does so at most `limit` times.
[[nodiscard]] inline bool may_fail_spuriously(const Graph& graph, EventId read,
                                              std::size_t limit) noexcept {
  const Event& event = graph.at(read);
  if (event.action != Action::kWeakCompareExchange || event.kind != EventKind::kExclusiveRead) {
    return false;
  }
  std::size_t failures = 0;
  for (std::size_t index = 0; index < read.index; ++index) {
    if (graph.thread(read.thread)[index].is_spurious) ++failures;
  }
  return failures < limit;
}

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_OPERATION_RESULT_H_
