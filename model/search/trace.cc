#include "model/search/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace slabproof::model {
namespace {

/// What a person can still look through; a hang makes very many events.
constexpr std::size_t kShownAtEachEnd = 300;

/// Columns as wide as their widest entry.
struct Widths {
  std::size_t place = 0;
  std::size_t function = 0;

  void make_room_for(std::span<const TraceEvent> events) {
    for (const TraceEvent& event : events) {
      place = std::max(place, to_text(event.place).size());
      function = std::max(function, event.place.function.size());
    }
  }
};

std::string line_of(const TraceEvent& event, const Widths& widths) {
  std::string line =
      fmt::format("{:4}  {:{}}  {:{}}  {}", thread_name(event.thread), to_text(event.place),
                  widths.place, event.place.function, widths.function, event.operation);
  if (!event.object.empty()) line += " " + event.object;
  if (!event.value.empty()) line += " = " + event.value;
  if (event.failed) line += "   <-- here";
  if (event.clashed) line += "   <-- clashes with this";
  return line + "\n";
}

}  // namespace

std::string thread_name(int thread) {
  return thread == TraceEvent::kMainThread ? "main" : fmt::format("T{}", thread);
}

TraceExcerpt excerpt_of(const Trace& trace) {
  const std::size_t count = trace.events.size();
  if (count <= 2 * kShownAtEachEnd) return {.head = count, .left_out = 0};
  return {.head = kShownAtEachEnd, .left_out = count - 2 * kShownAtEachEnd};
}

std::string to_text(const Trace& trace) {
  const TraceExcerpt excerpt = excerpt_of(trace);
  const auto head = std::span(trace.events).first(excerpt.head);
  const auto tail = std::span(trace.events).subspan(excerpt.head + excerpt.left_out);
  Widths widths;
  for (const auto part : {head, tail}) widths.make_room_for(part);
  std::string text;
  for (const TraceEvent& event : head) text += line_of(event, widths);
  if (excerpt.left_out != 0) {
    text += fmt::format("      ... {} events left out ...\n", excerpt.left_out);
  }
  for (const TraceEvent& event : tail) text += line_of(event, widths);
  return text;
}

}  // namespace slabproof::model
