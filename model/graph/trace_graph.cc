#include "model/graph/trace_graph.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/graph/operation_result.h"
#include "model/runtime/event_trace.h"
#include "model/search/source_place.h"

namespace slabproof::model::graph {
namespace {

std::string_view action_of(const Event& event) {
  switch (event.action) {
    case Action::kLoad:
      return "load";
    case Action::kStore:
      return "store";
    case Action::kFetchAdd:
      return "fetch_add";
    case Action::kFetchAnd:
      return "fetch_and";
    case Action::kFetchOr:
      return "fetch_or";
    case Action::kFetchXor:
      return "fetch_xor";
    case Action::kExchange:
      return "exchange";
    case Action::kStrongCompareExchange:
    case Action::kWeakCompareExchange:
      return event.kind == EventKind::kRead ? "failed compare-exchange" : "compare-exchange";
    case Action::kLock:
      return "lock";
    case Action::kTryLock:
      return event.is_failed_try() ? "failed try_lock" : "try_lock";
    case Action::kAllocate:
      return "allocate";
    case Action::kFree:
      return "free";
    case Action::kOther:
      if (event.kind == EventKind::kChoice) return "choose";
      return event.kind == EventKind::kUnlock ? "unlock" : "fence";
  }
  return "";
}

class Conversion {
 public:
  Conversion(const Graph& graph, const GraphNames& names) : graph_(graph), names_(names) {}

  [[nodiscard]] TraceGraph run() {
    for (std::size_t thread = 0; thread < graph_.thread_count(); ++thread) {
      for (std::size_t index = 0; index < graph_.thread(thread).size(); ++index) {
        add({static_cast<std::uint8_t>(thread), static_cast<std::uint16_t>(index)});
      }
    }
    for (const auto& [number, source] : sources_) {
      TraceGraph::Event& reader = result_.events[number];
      reader.reads_initial = source.is_initial();
      reader.reads_from.reset();
      if (!source.is_initial()) reader.reads_from = numbers_[source.thread][source.index];
    }
    for (std::size_t location = 0; location < graph_.location_count(); ++location) {
      std::vector<std::size_t> order;
      for (const EventId write : graph_.writes_to(static_cast<Location>(location))) {
        order.push_back(numbers_[write.thread][write.index]);
      }
      if (!order.empty()) result_.coherence.push_back(std::move(order));
    }
    return std::move(result_);
  }

 private:
  /// The second half of a read-modify-write, and what gives a lock to its thread, are shown with
  /// the first half; that a try_lock does not fail, with its lock.
  void add(EventId id) {
    const Event& event = graph_.at(id);
    const bool begins = event.kind != EventKind::kExclusiveWrite &&
                        event.kind != EventKind::kAcquired &&
                        (event.kind != EventKind::kChoice || event.action != Action::kTryLock ||
                         event.is_failed_try());
    if (begins) show(id.thread, event);
    const std::size_t number = result_.events.size() - 1;
    numbers_[id.thread].push_back(number);
    // Fresh memory comes from no event, and from no initial write either.
    const bool takes_freed = event.kind == EventKind::kAllocation && !event.source.is_initial();
    if (event.reads() || event.kind == EventKind::kAcquired || takes_freed) {
      sources_.emplace_back(number, event.source);
    }
  }

  void show(std::size_t thread, const Event& event) {
    const bool has_value = event.is_access() && !is_lock(event.action);
    const bool has_order = has_value || event.kind == EventKind::kFence;
    const bool is_free_choice = event.kind == EventKind::kChoice && !event.is_failed_try();
    const bool has_object =
        event.is_access() || event.kind == EventKind::kUnlock || event.is_failed_try();
    TraceGraph::Event shown{.thread = static_cast<int>(thread),
                            .place = SourcePlace::of(event.place),
                            .operation = std::string(action_of(event)),
                            .object = {},
                            .value = {}};
    if (has_order) shown.operation += fmt::format(" {}", name_of(event.order));
    if (has_object) shown.object = names_.object(event.location);
    if (is_free_choice) shown.value = std::to_string(event.value);
    if (has_value) {
      shown.value = names_.value(event.location, event.value);
      if (event.kind == EventKind::kExclusiveRead) {
        shown.value += " -> " + names_.value(event.location, value_to_write(event));
      }
    }
    result_.events.push_back(std::move(shown));
  }

  const Graph& graph_;
  const GraphNames& names_;
  TraceGraph result_;
  std::array<std::vector<std::size_t>, kMaxThreads> numbers_;  // of events, in `result_`
  std::vector<std::pair<std::size_t, EventId>> sources_;       // of those numbers
};

}  // namespace

TraceGraph trace_graph_of(const Graph& graph, const GraphNames& names) {
  return Conversion(graph, names).run();
}

}  // namespace slabproof::model::graph
