#include "model/graph/run_record.h"

#include <algorithm>
#include <array>

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
    if (event.is_access() || event.kind == EventKind::kChoice) {
      const Value value = event.is_access() ? value_of(graph, id, done)
                                            : Value{.count = event.operand, .index = event.value};
      if (value.index > Choice::kMaxValue) return {};
      if (value.count > 1) choices.push_back(Choice::value(value.index));
    }
    done[thread] += event.kind == EventKind::kExclusiveRead ? 2 : 1;
  }
  return choices;
}

}  // namespace slabproof::model::graph
