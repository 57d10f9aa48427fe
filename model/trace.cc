#include "slabproof/model/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

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

}  // namespace

SourcePlace SourcePlace::of(const std::source_location& where) {
  const std::string_view file = where.file_name();
  const auto slash = file.rfind('/');
  return {std::string(slash == std::string_view::npos ? file : file.substr(slash + 1)),
          static_cast<std::uint32_t>(where.line()),
          std::string(short_function(where.function_name()))};
}

std::string to_text(const Trace& trace) {
  std::size_t widest_place = 0;
  std::size_t widest_function = 0;
  for (const TraceEvent& event : trace.events) {
    widest_place =
        std::max(widest_place, fmt::format("{}:{}", event.place.file, event.place.line).size());
    widest_function = std::max(widest_function, event.place.function.size());
  }
  std::string text;
  for (const TraceEvent& event : trace.events) {
    const std::string thread =
        event.thread == TraceEvent::kMainThread ? "main" : fmt::format("T{}", event.thread);
    std::string line = fmt::format(
        "{:4}  {:{}}  {:{}}  {}", thread, fmt::format("{}:{}", event.place.file, event.place.line),
        widest_place, event.place.function, widest_function, event.operation);
    if (!event.object.empty()) line += " " + event.object;
    if (!event.value.empty()) line += " = " + event.value;
    if (event.failed) line += "   <-- here";
    text += line + "\n";
  }
  return text;
}

}  // namespace slabproof::model
