#include "model/search/source_place.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

namespace slabproof::model {
namespace {

/// "void ns::Class<T>::function(int) const [with T = int]" is called "function".
std::string_view short_function(std::string_view signature) {
  if (const auto with = signature.find(" [with "); with != std::string_view::npos) {
    signature = signature.substr(0, with);
  }
  // "function()::<lambda(int)>".
  if (signature.ends_with(")>") || signature.ends_with(")> const")) return "lambda";
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
  if (where.line() == 0 || file.starts_with("/usr/")) return {};
  const auto slash = file.rfind('/');
  return {std::string(slash == std::string_view::npos ? file : file.substr(slash + 1)),
          static_cast<std::uint32_t>(where.line()),
          std::string(short_function(where.function_name()))};
}

std::string to_text(const SourcePlace& place) {
  return place.line == 0 ? "" : fmt::format("{}:{}", place.file, place.line);
}

}  // namespace slabproof::model
