#include "model/trace/trace_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace slabproof::model {
namespace {

bool is_plain_access(const TraceEvent& event) {
  const std::string_view what = event.operation;
  return what == "read" || what == "write" || what == "construct" || what == "destroy";
}

/// Each object that was written, with the last value that is known of it.
std::string writes_of(std::span<const TraceEvent> events) {
  std::vector<std::pair<std::string_view, std::string_view>> written;
  for (const TraceEvent& event : events) {
    const bool is_write = event.operation == "write" || event.operation.starts_with("store");
    if (!is_write || event.value.empty()) continue;
    const auto known = std::ranges::find(written, std::string_view(event.object),
                                         &decltype(written)::value_type::first);
    if (known == written.end()) {
      written.emplace_back(event.object, event.value);
    } else {
      known->second = event.value;
    }
  }
  std::string text;
  for (const auto& [object, value] : written) {
    text += fmt::format("{}{} = {}", text.empty() ? ": " : "; ", object, value);
  }
  return text;
}

std::string text_of(std::span<const TraceEvent> events, bool is_section) {
  const TraceEvent& first = events.front();
  if (is_section) {
    const std::string& function = first.place.function;
    return (function.empty() ? to_text(first) : function) + writes_of(events);
  }
  if (events.size() == 1) return to_text(first);
  return fmt::format("{}, and {} plain access{}", to_text(first), events.size() - 1,
                     events.size() == 2 ? "" : "es");
}

}  // namespace

std::string to_text(const TraceEvent& event) {
  std::string text = event.operation;
  if (!event.object.empty()) text += " " + event.object;
  if (!event.value.empty()) text += " = " + event.value;
  return text;
}

std::vector<TraceRow> rows_of(const Trace& trace) {
  std::vector<TraceRow> rows;
  std::map<int, std::size_t> locks_held;  // by thread
  bool has_ended = true;                  // the last row takes no more events
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    const TraceEvent& event = trace.events[i];
    std::size_t& held = locks_held[event.thread];
    const bool was_inside = held != 0;
    if (event.operation == "lock") ++held;
    const bool is_inside = held != 0;
    const bool goes_on = !has_ended && trace.events[i - 1].thread == event.thread &&
                         was_inside == is_inside && (is_inside || is_plain_access(event));
    if (!goes_on) rows.push_back({.first = i, .is_section = is_inside});
    TraceRow& row = rows.back();
    ++row.count;
    row.failed |= event.failed;
    row.clashed |= event.clashed;
    if (event.operation == "unlock" && held != 0) --held;
    has_ended = is_inside && held == 0;
  }
  for (TraceRow& row : rows) {
    row.text = text_of(std::span(trace.events).subspan(row.first, row.count), row.is_section);
  }
  return rows;
}

}  // namespace slabproof::model
