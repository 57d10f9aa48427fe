#ifndef SLABPROOF_MODEL_SEARCH_SOURCE_PLACE_H_
#define SLABPROOF_MODEL_SEARCH_SOURCE_PLACE_H_

#include <cstdint>
#include <source_location>
#include <string>

namespace slabproof::model {

/// A place in the source, without the directories of the file.
struct SourcePlace {
  std::string file;  ///< empty where the place is not known, or is in the standard library
  std::uint32_t line = 0;
  std::string function;  ///< without its parameters and template arguments

  [[nodiscard]] static SourcePlace of(const std::source_location& where);
  friend bool operator==(const SourcePlace&, const SourcePlace&) = default;
};

/// "stack.h:7"; empty where the place is not known.
[[nodiscard]] std::string to_text(const SourcePlace& place);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_SOURCE_PLACE_H_
