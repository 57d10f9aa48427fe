#include "model/graph/wait_probe.h"

namespace slabproof::model::graph {
namespace {

bool is_same_operation(const Event& event, const Event& operation) noexcept {
  return event.action == operation.action && event.location == operation.location &&
         event.success == operation.success && event.failure == operation.failure &&
         event.expected == operation.expected && event.operand == operation.operand;
}

/// Whether a thread may do it without an effect on others.
bool can_be_repeated(const Event& event) noexcept {
  return (event.kind == EventKind::kRead && !event.is_spurious) || event.kind == EventKind::kFence;
}

}  // namespace

void WaitProbe::begin(const Graph& graph, std::size_t thread, const Fiber& fiber, std::byte* low,
                      const std::byte* local_state) {
  graph_ = &graph;
  thread_ = thread;
  local_state_ = local_state;
  reached_ = nullptr;
  steps_.clear();
  fiber.save(checkpoint_, low);
  is_active_ = true;
}

/// The last event that did the same, unless something with an effect came later.
const Event* WaitProbe::last_like(const Event& operation) const noexcept {
  const std::vector<Event>& events = graph_->thread(thread_);
  for (auto event = events.rbegin(); event != events.rend() && can_be_repeated(*event); ++event) {
    if (is_same_operation(*event, operation)) return &*event;
  }
  return nullptr;
}

std::optional<std::uint64_t> WaitProbe::read(const Event& operation) {
  const Event* const again = last_like(operation);
  if (again == nullptr || steps_.size() == graph_->thread(thread_).size()) return std::nullopt;
  steps_.push_back({.again = again, .operation = operation});
  return again->value;
}

bool WaitProbe::fence(const Event& operation) {
  const Event* const again = last_like(operation);
  if (again == nullptr || steps_.size() == graph_->thread(thread_).size()) return false;
  steps_.push_back({.again = again, .operation = operation});
  return true;
}

bool WaitProbe::repeats_the_last() const noexcept {
  const std::vector<Event>& events = graph_->thread(thread_);
  if (steps_.size() > events.size()) return false;
  auto event = events.end() - std::ssize(steps_);
  for (const Step& step : steps_) {
    if (!can_be_repeated(*event) || !is_same_operation(*event, step.operation) ||
        event->source != step.again->source) {
      return false;
    }
    ++event;
  }
  return true;
}

bool WaitProbe::end(Fiber& fiber) {
  is_active_ = false;
  const bool waits =
      reached_ == local_state_ && repeats_the_last() && fiber.stands_as(checkpoint_, local_state_);
  fiber.restore(checkpoint_);
  return waits;
}

std::vector<EventId> WaitProbe::repeated_reads() const {
  std::vector<EventId> reads;
  const std::vector<Event>& events = graph_->thread(thread_);
  for (std::size_t index = events.size() - steps_.size(); index < events.size(); ++index) {
    if (!events[index].reads()) continue;
    reads.push_back({static_cast<std::uint8_t>(thread_), static_cast<std::uint16_t>(index)});
  }
  return reads;
}

}  // namespace slabproof::model::graph
