#include "model/graph/rounds.h"

#include <algorithm>
#include <cstring>

namespace slabproof::model::graph {
namespace {

bool leaves_all_as_it_was(const Event& event) noexcept {
  return event.kind == EventKind::kRead || event.kind == EventKind::kFence ||
         event.kind == EventKind::kChoice;
}

}  // namespace

void Rounds::begin(const std::byte* stack_end) noexcept {
  stack_end_ = stack_end;
  locks_ = 0;
  forget();
}

std::optional<std::size_t> Rounds::begin_of_round(const Event& operation) const {
  const LocalState& now = local_state();
  for (const Point& point : points_) {
    if (point.action == operation.action && point.location == operation.location &&
        point.operand == operation.operand && point.expected == operation.expected &&
        point.locks == locks_ && point.state.stack == now.stack &&
        point.state.registers == now.registers &&
        std::memcmp(stacks_.data() + point.at, now.stack,
                    static_cast<std::size_t>(stack_end_ - now.stack)) == 0) {
      return point.events;
    }
  }
  return std::nullopt;
}

void Rounds::reach(const Event& operation, std::size_t events) {
  const LocalState& now = local_state();
  if (now.stack == nullptr) return;
  if (points_.size() == kMostPoints) forget();
  points_.push_back({.events = events,
                     .action = operation.action,
                     .location = operation.location,
                     .operand = operation.operand,
                     .expected = operation.expected,
                     .locks = locks_,
                     .state = now,
                     .at = stacks_.size()});
  stacks_.insert(stacks_.end(), now.stack, stack_end_);
}

std::optional<std::vector<PassingChange>> passing_changes(const Graph& graph, std::size_t thread,
                                                          std::size_t begin) {
  const std::vector<Event>& events = graph.thread(thread);
  struct Sum {
    PassingChange change;
    Location location;
    std::uint64_t added;
  };
  std::vector<Sum> sums;
  for (std::size_t index = begin; index < events.size(); ++index) {
    const Event& event = events[index];
    if (leaves_all_as_it_was(event)) continue;
    if (event.kind != EventKind::kExclusiveRead) return std::nullopt;
    ++index;
    if (events[index].value == event.value) continue;
    if (event.action != Action::kFetchAdd) return std::nullopt;
    const EventId write{static_cast<std::uint8_t>(thread), static_cast<std::uint16_t>(index)};
    auto sum = std::ranges::find(sums, event.location, &Sum::location);
    if (sum == sums.end()) {
      sum = sums.insert(
          sum, {.change = {.first = write, .last = write}, .location = event.location, .added = 0});
    }
    sum->change.last = write;
    sum->added += event.operand;
  }
  std::vector<PassingChange> changes;
  for (const Sum& sum : sums) {
    if (sum.added != 0) return std::nullopt;
    changes.push_back(sum.change);
  }
  return changes;
}

bool sees(const Graph& graph, const Event& read, const PassingChange& change) {
  const Location location = graph.at(change.first).location;
  if (!read.reads() || read.location != location) return false;
  const std::ptrdiff_t at = graph.position(location, read.source);
  return at >= graph.position(location, change.first) && at < graph.position(location, change.last);
}

}  // namespace slabproof::model::graph
