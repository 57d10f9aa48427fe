#include "model/search/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <span>

namespace slabproof::model {
namespace {

/// What a person can still look through; a hang makes very many events.
constexpr std::size_t kShownAtEachEnd = 300;

/// Columns as wide as their widest entry.
struct Widths {
  std::size_t thread = 4;
  std::size_t place = 0;
  std::size_t function = 0;

  void make_room_for(const Trace& trace, std::span<const TraceEvent> events) {
    for (const TraceEvent& event : events) {
      thread = std::max(thread, thread_name(trace, event.thread).size());
      place = std::max(place, to_text(event.place).size());
      function = std::max(function, event.place.function.size());
    }
  }
};

std::string line_of(const Trace& trace, const TraceEvent& event, const Widths& widths) {
  std::string line = fmt::format("{:{}}  {:{}}  {:{}}  {}", thread_name(trace, event.thread),
                                 widths.thread, to_text(event.place), widths.place,
                                 event.place.function, widths.function, event.operation);
  if (!event.object.empty()) line += " " + event.object;
  if (!event.value.empty()) line += " = " + event.value;
  if (event.failed) line += "   <-- here";
  if (event.clashed) line += "   <-- clashes with this";
  return line + "\n";
}

bool names_something(const TraceEvent& event) {
  return !event.object.empty() || event.annotation.address != 0;
}

bool is_on_the_same(const TraceEvent& a, const TraceEvent& b) {
  const std::uintptr_t block = a.annotation.address;
  return (!a.object.empty() && a.object == b.object) ||
         (block != 0 && block == b.annotation.address);
}

}  // namespace

std::string thread_name(const Trace& trace, int thread) {
  if (thread == TraceEvent::kMainThread) return "main";
  const auto index = static_cast<std::size_t>(thread);
  const bool has_name = index < trace.thread_names.size() && !trace.thread_names[index].empty();
  return has_name ? fmt::format("T{} {}", thread, trace.thread_names[index])
                  : fmt::format("T{}", thread);
}

void mark_clash(Trace& trace) {
  const auto failed = std::ranges::find(trace.events, true, &TraceEvent::failed);
  if (failed == trace.events.end()) return;
  // That event may only say why: then the one before it, by the same thread, says what was touched.
  const auto past = std::views::reverse(std::ranges::subrange(trace.events.begin(), failed + 1));
  const auto touched = std::ranges::find_if(past, [&](const TraceEvent& event) {
    return event.thread == failed->thread && names_something(event);
  });
  if (touched == past.end()) return;
  const auto clash = std::ranges::find_if(touched, past.end(), [&](const TraceEvent& event) {
    return event.thread != failed->thread && is_on_the_same(event, *touched);
  });
  if (clash != past.end()) clash->clashed = true;
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
  for (const auto part : {head, tail}) widths.make_room_for(trace, part);
  std::string text;
  for (const TraceEvent& event : head) text += line_of(trace, event, widths);
  if (excerpt.left_out != 0) {
    text += fmt::format("      ... {} events left out ...\n", excerpt.left_out);
  }
  for (const TraceEvent& event : tail) text += line_of(trace, event, widths);
  return text;
}

}  // namespace slabproof::model
