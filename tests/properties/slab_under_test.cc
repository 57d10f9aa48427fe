#include "tests/properties/slab_under_test.h"

#include <string_view>

namespace slabproof::properties {

const char* to_text(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::kNone:
      return "success";
    case Refusal::kOutOfMemory:
      return "out of memory";
    case Refusal::kInvalidCapacity:
      return "invalid capacity";
    case Refusal::kInvalidLayout:
      return "invalid layout";
    case Refusal::kLayoutOverflow:
      return "layout overflow";
    case Refusal::kUnsupportedLayout:
      return "unsupported layout";
    case Refusal::kSegmentLimit:
      return "segment limit";
  }
  return "unknown";
}

const Subject* find_subject(std::string_view name) {
  for (const Subject& subject : subjects()) {
    if (subject.kind.name == name) return &subject;
  }
  return nullptr;
}

}  // namespace slabproof::properties
