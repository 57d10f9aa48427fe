#include "model/trace/trace_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "model/trace/trace_dot.h"
#include "model/trace/trace_page.h"
#include "model/trace/trace_rows.h"
#include "model/trace/trace_svg.h"

namespace slabproof::model {
namespace {

/// What an event of a trace and one of a graph have in common.
template <class AnyEvent>
nlohmann::ordered_json json_of_event(const Trace& trace, const AnyEvent& event) {
  return {{"thread", thread_name(trace, event.thread)},
          {"file", event.place.file},
          {"line", event.place.line},
          {"function", event.place.function},
          {"operation", event.operation},
          {"object", event.object},
          {"value", event.value}};
}

/// Null where there is none.
nlohmann::ordered_json json_of_graph(const Trace& trace) {
  const TraceGraph& graph = trace.graph;
  if (graph.events.empty()) return nullptr;
  auto events = nlohmann::ordered_json::array();
  for (const TraceGraph::Event& event : graph.events) {
    events.push_back(json_of_event(trace, event));
    events.back()["reads_from"] = nullptr;
    if (event.reads_from) events.back()["reads_from"] = *event.reads_from;
    if (event.reads_initial) events.back()["reads_from"] = "initial";
  }
  return {{"events", std::move(events)}, {"coherence", graph.coherence}};
}

nlohmann::ordered_json json_of_rows(const Trace& trace) {
  auto rows = nlohmann::ordered_json::array();
  for (const TraceRow& row : rows_of(trace)) {
    rows.push_back({{"first", row.first},
                    {"count", row.count},
                    {"is_section", row.is_section},
                    {"text", row.text}});
  }
  return rows;
}

/// Null where there is none.
nlohmann::ordered_json json_of_slots(const std::optional<SlotLayout>& slots) {
  if (!slots) return nullptr;
  return {{"capacity", slots->capacity},
          {"stride", slots->stride},
          {"slots_offset", slots->slots_offset}};
}

nlohmann::ordered_json json_of(const TraceHeading& heading, const Trace& trace) {
  auto events = nlohmann::ordered_json::array();
  for (const TraceEvent& event : trace.events) {
    events.push_back(json_of_event(trace, event));
    events.back()["failed"] = event.failed;
    events.back()["clashed"] = event.clashed;
  }
  return {{"program", heading.program},   {"slab", heading.slab},
          {"property", heading.property}, {"message", heading.message},
          {"replay", heading.replay},     {"slots", json_of_slots(heading.slots)},
          {"events", std::move(events)},  {"rows", json_of_rows(trace)},
          {"graph", json_of_graph(trace)}};
}

}  // namespace

std::string to_json(const TraceHeading& heading, const Trace& trace) {
  return json_of(heading, trace).dump(1) + "\n";
}

std::string to_html(const TraceHeading& heading, const Trace& trace) {
  constexpr std::string_view kPlaceholder = "@TRACE@";
  std::string data;
  // Text that holds "</script>" must not end the element that the data stands in.
  for (const char character : json_of(heading, trace).dump()) {
    if (character == '<') {
      data += "\\u003c";
    } else {
      data += character;
    }
  }
  std::string page = kTracePage;
  page.replace(page.find(kPlaceholder), kPlaceholder.size(), data);
  return page;
}

std::string render_trace(std::string_view file_name, const TraceHeading& heading,
                         const Trace& trace) {
  if (file_name.ends_with(".json")) return to_json(heading, trace);
  if (file_name.ends_with(".html")) return to_html(heading, trace);
  if (file_name.ends_with(".svg")) return to_svg(heading, trace);
  if (file_name.ends_with(kDotExtension)) {
    return to_dot(heading.program + (heading.message.empty() ? "" : "\n" + heading.message), trace);
  }
  return to_text(trace);
}

}  // namespace slabproof::model
