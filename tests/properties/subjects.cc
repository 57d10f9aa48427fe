#include "tests/properties/subjects.h"

#include <algorithm>

namespace slabproof::properties {

const SlabKind* find_subject(std::string_view name) {
  const auto found = std::ranges::find(subjects(), name, &SlabKind::name);
  return found == subjects().end() ? nullptr : &*found;
}

}  // namespace slabproof::properties
