#include "model/trace/trace_dot.h"

#include <fmt/format.h>

#include <cstddef>
#include <vector>

namespace slabproof::model {
namespace {

/// A string of the language.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') result += '\\';
    if (character == '\n') {
      result += "\\n";
    } else {
      result += character;
    }
  }
  return result + '"';
}

std::string label_of(const TraceGraph::Event& event) {
  std::string text = event.operation;
  if (!event.object.empty()) text += " " + event.object;
  if (!event.value.empty()) text += " = " + event.value;
  // An allocation comes from no line that is known.
  const std::string place = to_text(event.place);
  return place.empty() ? text : text + "\n" + place;
}

/// A column for each thread.
std::string threads_of(const Trace& trace) {
  const TraceGraph& graph = trace.graph;
  std::string text;
  for (std::size_t event = 0; event < graph.events.size(); ++event) {
    const int thread = graph.events[event].thread;
    const bool is_first = event == 0 || graph.events[event - 1].thread != thread;
    if (is_first) {
      text += fmt::format("{}  subgraph cluster_{} {{ label={};\n", event == 0 ? "" : "  }\n",
                          thread, quoted(thread_name(trace, thread)));
    }
    text += fmt::format("    e{} [label={}];\n", event, quoted(label_of(graph.events[event])));
    if (!is_first) text += fmt::format("    e{} -> e{};\n", event - 1, event);
  }
  return graph.events.empty() ? text : text + "  }\n";
}

}  // namespace

std::string to_dot(std::string_view title, const Trace& trace) {
  const TraceGraph& graph = trace.graph;
  std::string text = fmt::format(
      "digraph execution {{\n  label={};\n  node [shape=box, fontname=monospace];\n"
      "  initial [label=\"initial values\", style=dotted];\n",
      quoted(title));
  text += threads_of(trace);
  for (std::size_t event = 0; event < graph.events.size(); ++event) {
    const TraceGraph::Event& reader = graph.events[event];
    if (!reader.reads_from && !reader.reads_initial) continue;
    const std::string source =
        reader.reads_from ? fmt::format("e{}", *reader.reads_from) : "initial";
    text += fmt::format("  {} -> e{} [label=rf, color=green4, constraint=false];\n", source, event);
  }
  for (const std::vector<std::size_t>& order : graph.coherence) {
    for (std::size_t place = 1; place < order.size(); ++place) {
      text +=
          fmt::format("  e{} -> e{} [label=co, color=orange3, style=dashed, constraint=false];\n",
                      order[place - 1], order[place]);
    }
  }
  return text + "}\n";
}

}  // namespace slabproof::model
