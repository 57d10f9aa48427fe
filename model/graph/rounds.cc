#include "model/graph/rounds.h"

#include <cstring>

namespace slabproof::model::graph {

void Rounds::begin(const std::byte* stack_end) noexcept {
  stack_end_ = stack_end;
  forget();
}

std::optional<std::size_t> Rounds::begin_of_round(const Event& operation) const {
  const LocalState& now = slabproof_local_state;
  for (const Point& point : points_) {
    if (point.action == operation.action && point.location == operation.location &&
        point.operand == operation.operand && point.expected == operation.expected &&
        point.state.stack == now.stack && point.state.registers == now.registers &&
        std::memcmp(stacks_.data() + point.at, now.stack,
                    static_cast<std::size_t>(stack_end_ - now.stack)) == 0) {
      return point.events;
    }
  }
  return std::nullopt;
}

void Rounds::reach(const Event& operation, std::size_t events) {
  const LocalState& now = slabproof_local_state;
  if (now.stack == nullptr) return;
  if (points_.size() == kMostPoints) forget();
  points_.push_back({.events = events,
                     .action = operation.action,
                     .location = operation.location,
                     .operand = operation.operand,
                     .expected = operation.expected,
                     .state = now,
                     .at = stacks_.size()});
  stacks_.insert(stacks_.end(), now.stack, stack_end_);
}

bool has_no_net_effect(const Graph& graph, std::size_t thread, std::size_t begin) {
  const std::vector<Event>& events = graph.thread(thread);
  for (std::size_t index = begin; index < events.size(); ++index) {
    const Event& event = events[index];
    if (event.is_spurious) return false;
    if (event.kind == EventKind::kRead || event.kind == EventKind::kFence) continue;
    if (event.kind != EventKind::kExclusiveRead) return false;
    // Each reads from the one before, so nobody else has written in between.
    const std::uint64_t before = event.value;
    std::size_t last = index + 1;
    while (events[last].value != before) {
      std::size_t next = last + 1;
      while (next < events.size() && !(events[next].kind == EventKind::kExclusiveRead &&
                                       events[next].location == event.location)) {
        if (events[next].kind != EventKind::kRead && events[next].kind != EventKind::kFence) {
          return false;
        }
        ++next;
      }
      if (next == events.size() ||
          events[next].source != EventId{static_cast<std::uint8_t>(thread),
                                         static_cast<std::uint16_t>(last)}) {
        return false;
      }
      last = next + 1;
    }
    index = last;
  }
  return true;
}

}  // namespace slabproof::model::graph
