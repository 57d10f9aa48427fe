#ifndef SLABPROOF_TESTS_PROPERTIES_SUBJECTS_H_
#define SLABPROOF_TESTS_PROPERTIES_SUBJECTS_H_

#include <span>
#include <string_view>

#include "tests/support/slab_kind.h"

namespace slabproof::properties {

using testing::SlabKind;

/// Every kind of slab that this binary was linked with.
[[nodiscard]] std::span<const SlabKind> subjects();

/// The subject of that name, or null.
[[nodiscard]] const SlabKind* find_subject(std::string_view name);

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_SUBJECTS_H_
