#include "model/graph/revisits.h"

#include <array>
#include <cstddef>
#include <optional>

#include "model/search/limits.h"

namespace slabproof::model::graph {
namespace {

/// Walks through all events that are not kept, from the newest to the oldest.
class NewestFirst {
 public:
  NewestFirst(const Graph& graph, const Clock& kept) : graph_(graph), kept_(kept) {
    for (std::size_t thread = 0; thread < graph.thread_count(); ++thread) {
      left_[thread] = graph.thread(thread).size();
    }
  }

  [[nodiscard]] std::optional<EventId> next() {
    std::optional<std::size_t> newest;
    for (std::size_t thread = 0; thread < graph_.thread_count(); ++thread) {
      if (left_[thread] <= kept_[thread]) continue;
      if (!newest || stamp(thread) > stamp(*newest)) newest = thread;
    }
    if (!newest) return std::nullopt;
    return EventId{static_cast<std::uint8_t>(*newest),
                   static_cast<std::uint16_t>(--left_[*newest])};
  }

 private:
  [[nodiscard]] std::uint32_t stamp(std::size_t thread) const {
    return graph_.thread(thread)[left_[thread] - 1].stamp;
  }

  const Graph& graph_;
  const Clock& kept_;
  std::array<std::size_t, kMaxThreads> left_{};
};

}  // namespace

bool is_maximal(const Graph& graph, EventId id, const Clock& kept) noexcept {
  const Event& event = graph.at(id);
  // The first choice of an allocation is fresh memory, whatever has been freed.
  if (event.kind == EventKind::kAllocation) return event.source.is_initial();
  if (event.is_other_choice()) return false;
  if (event.is_spurious) return false;
  // An older read still reads from it; or what came to be read instead has it among its causes, and
  // so is taken away before it.
  if (event.has_revisited) return false;
  if (!event.is_access()) return true;
  const EventId source = event.writes() ? id : event.source;
  for (std::ptrdiff_t at = graph.last_position(event.location); at >= 0; --at) {
    const EventId write = graph.write_at(event.location, at);
    if (graph.at(write).stamp <= event.stamp || kept.contains(write)) return write == source;
  }
  return source.is_initial();
}

void find_revisits(const Graph& graph, EventId write, std::vector<EventId>& reads) {
  reads.clear();
  const Clock& kept = graph.at(write).causes;
  const Location location = graph.at(write).location;
  NewestFirst walk(graph, kept);
  // Whether an event is maximal does not depend on the read: one that is not ends the walk.
  while (const auto id = walk.next()) {
    if (!is_maximal(graph, *id, kept)) return;
    const Event& event = graph.at(*id);
    if (event.can_be_revisited() && event.location == location) reads.push_back(*id);
  }
}

void restrict_for_revisit(const Graph& whole, EventId read, EventId write, Graph& result) {
  result.restrict(whole, whole.at(read).stamp, whole.at(write).causes);
  result.at(write).has_revisited = true;
}

}  // namespace slabproof::model::graph
