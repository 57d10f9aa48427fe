#ifndef SLABPROOF_MODEL_RUNTIME_DESCRIBE_H_
#define SLABPROOF_MODEL_RUNTIME_DESCRIBE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace slabproof::model {

/// The unqualified name of T, for traces.
template <class T>
constexpr std::string_view type_name() noexcept {
  // g++: "... type_name() [with T = ns::Name<...>; ...]"; clang: "... [T = ns::Name<...>]".
  std::string_view name = __PRETTY_FUNCTION__;
  name = name.substr(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  // Arguments of enclosing templates come before the last "::" that is outside brackets.
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (name[i] == ':' && depth == 0) start = i + 1;
  }
  name = name.substr(start);
  return name.substr(0, name.find('<'));
}

/// What a trace calls an object that holds a `T`: the name of a type of the program's own, or else
/// what sort of object it is.
template <class T>
constexpr std::string_view object_name(std::string_view sort) noexcept {
  return std::is_class_v<T> || std::is_union_v<T> || std::is_enum_v<T> ? type_name<T>() : sort;
}

/// What a trace shows of a value: numbers, addresses and texts, also those in an std::optional;
/// empty for other types. Overload it, next to the type, for more.
template <class T>
std::string describe(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return describe(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_pointer_v<T>) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    auto bits = reinterpret_cast<std::uintptr_t>(value);
    if (bits == 0) return "null";
    std::string text;
    for (; bits != 0; bits >>= 4) text.insert(text.begin(), kDigits[bits & 15]);
    return "0x" + text;
  } else if constexpr (std::is_array_v<T> || std::is_class_v<T>) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return std::string(std::string_view(value));
    } else if constexpr (requires { value.has_value() ? *value : *value; }) {
      return value.has_value() ? describe(*value) : "nothing";
    } else {
      return {};
    }
  } else {
    return {};
  }
}

/// What `describe` says. A sync policy can have another one, for types that it cannot be overloaded
/// for.
struct Describer {
  template <class T>
  static std::string text(const T& value) {
    return describe(value);
  }
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_DESCRIBE_H_
