#include "model/search/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace slabproof::model {
namespace {

/// "void ns::Class<T>::function(int) const [with T = int]" is called "function".
std::string_view short_function(std::string_view signature) {
  if (const auto with = signature.find(" [with "); with != std::string_view::npos) {
    signature = signature.substr(0, with);
  }
  std::size_t end = signature.size();
  int depth = 0;
  // The parameter list is the last bracketed group outside template arguments.
  for (std::size_t i = signature.size(); i > 0; --i) {
    const char c = signature[i - 1];
    if (c == ')') ++depth;
    if (c == '(' && --depth == 0) {
      end = i - 1;
      break;
    }
  }
  std::size_t begin = end;
  int angles = 0;
  while (begin > 0) {
    const char c = signature[begin - 1];
    if (c == '>') ++angles;
    if (c == '<') --angles;
    if (angles == 0 && (c == ':' || c == ' ' || c == '*' || c == '&')) break;
    --begin;
  }
  const std::string_view name = signature.substr(begin, end - begin);
  return name.substr(0, name.find('<'));
}

/// What a person can still look through; a hang makes very many events.
constexpr std::size_t kShownAtEachEnd = 300;

/// What a note says comes from no line of the source.
std::string place_of(const TraceEvent& event) {
  return event.place.line == 0 ? "" : fmt::format("{}:{}", event.place.file, event.place.line);
}

/// Columns as wide as their widest entry.
struct Widths {
  std::size_t place = 0;
  std::size_t function = 0;

  void make_room_for(std::span<const TraceEvent> events) {
    for (const TraceEvent& event : events) {
      place = std::max(place, place_of(event).size());
      function = std::max(function, event.place.function.size());
    }
  }
};

std::string line_of(const TraceEvent& event, const Widths& widths) {
  std::string line =
      fmt::format("{:4}  {:{}}  {:{}}  {}", thread_name(event.thread), place_of(event),
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

SourcePlace SourcePlace::of(const std::source_location& where) {
  const std::string_view file = where.file_name();
  if (where.line() == 0 || file.starts_with("/usr/")) return {};
  const auto slash = file.rfind('/');
  return {std::string(slash == std::string_view::npos ? file : file.substr(slash + 1)),
          static_cast<std::uint32_t>(where.line()),
          std::string(short_function(where.function_name()))};
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
