#include "model/graph/run_record.h"

#include <algorithm>
#include <array>

#include "model/graph/memory_reuse.h"
#include "model/search/limits.h"

namespace slabproof::model::graph {
namespace {

constexpr std::size_t kNotStarted = ~std::size_t{0};

/// What has been done of a graph: for each thread, how many events.
using Done = std::array<std::size_t, kMaxThreads>;

struct Value {
  std::size_t count;  ///< of those that there were
  std::size_t index;
};

Value value_of(const Graph& graph, EventId id, const Done& done) {
  const Event& event = graph.at(id);
  const EventId chosen = event.writes() ? id : event.source;
  const std::ptrdiff_t position = graph.position(event.location, chosen);
  std::size_t writes = 0;
  std::size_t newer = 0;
  std::ptrdiff_t at = 0;
  for (const EventId write : graph.writes_to(event.location)) {
    const std::size_t passed = done[write.thread];
    if (passed != kNotStarted && write.index < passed && write != id) {
      ++writes;
      newer += at > position ? 1 : 0;
    }
    ++at;
  }
  return {.count = value_count(event, writes),
          .index = event.is_spurious ? newer + writes + 1 : newer};
}

/// Which of the frees that there were an allocation took.
Value free_of(const Graph& graph, const Event& allocation, const Done& done) {
  Clock part;
  for (std::size_t thread = 0; thread < graph.thread_count(); ++thread) {
    part.set(thread, done[thread] == kNotStarted ? 0 : done[thread]);
  }
  const auto frees = reusable(graph, allocation.location, part);
  const auto taken = std::ranges::find(frees, allocation.source);
  const auto place = static_cast<std::size_t>(taken - frees.begin());
  return {.count = frees.size() + 1, .index = allocation.source.is_initial() ? 0 : place + 1};
}

}  // namespace

std::vector<Choice> RunRecord::choices(const Graph& graph) const {
  std::vector<Choice> choices;
  Done done;
  done.fill(kNotStarted);
  for (const std::uint8_t thread : threads_) {
    choices.push_back(Choice::thread(thread));
    if (done[thread] == kNotStarted) {
      done[thread] = 0;
      continue;
    }
    const EventId id{thread, static_cast<std::uint16_t>(done[thread])};
    const Event& event = graph.at(id);
    const bool is_choice = event.kind == EventKind::kChoice;
    if (event.is_access() || is_choice || event.kind == EventKind::kAllocation) {
      const Value value = event.is_access() ? value_of(graph, id, done)
                          : is_choice       ? Value{.count = event.operand, .index = event.value}
                                            : free_of(graph, event, done);
      if (value.index > Choice::kMaxValue) return {};
      if (value.count > 1) choices.push_back(Choice::value(value.index));
    }
    done[thread] += event.kind == EventKind::kExclusiveRead ? 2 : 1;
  }
  return choices;
}

}  // namespace slabproof::model::graph
