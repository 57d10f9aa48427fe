#include "model/search/failure.h"

#include <fmt/format.h>

namespace slabproof::model {

std::string to_text(const Failure& failure) {
  const auto& [file, line, function] = failure.place;
  return line == 0 ? failure.message
                   : fmt::format("{} ({}:{}, {})", failure.message, file, line, function);
}

}  // namespace slabproof::model
