#include "fuzz/slab/slab_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace slabproof::fuzz {
namespace {

using Kind = model::Op::Kind;

/// Around the powers of two at which bitmaps and the directory change shape; two that no slab can
/// have.
constexpr std::array<std::size_t, 16> kCapacities = {
    1, 2, 3, 4, 5, 7, 8, 16, 31, 63, 64, 65, 129, 512, 0, std::numeric_limits<std::uint32_t>::max(),
};

/// What the low five bits of a step's first byte stand for. Allocations and frees stand in it
/// several times: a script of random bytes then grows, and comes back to the segments it has.
constexpr std::array<Kind, 29> kKinds = {
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kAllocate,
    Kind::kFree,
    Kind::kFree,
    Kind::kFree,
    Kind::kFree,
    Kind::kFree,
    Kind::kFree,
    Kind::kFree,
    Kind::kFreeAll,
    Kind::kFreeForeign,
    Kind::kFreeMisaligned,
    Kind::kFreeAgain,
    Kind::kFreeAgain,
    Kind::kUsableSize,
    Kind::kCapacityBytes,
    Kind::kSegmentCount,
    Kind::kStats,
    Kind::kTrim,
    Kind::kTrim,
    Kind::kFailNextRequest,
    Kind::kFailNextRequest,
    Kind::kFree,
};
/// The codes from here on are overwrites.
constexpr std::size_t kFirstOverwriteCode = kKinds.size();

Step decode(Bytes record) {
  Step step;
  step.form = record[0] >> 5;
  step.selector = record[1];
  step.value = static_cast<std::uint16_t>(record[2] | record[3] << 8);
  const std::size_t code = record[0] % 32;
  if (code >= kFirstOverwriteCode) {
    step.is_overwrite = true;
    return step;
  }
  step.op.kind = kKinds[code];
  if (step.op.kind == Kind::kAllocate) {
    // Half of the allocations are of a single block, which most callers ask for.
    step.op.argument = static_cast<std::uint8_t>(
        step.selector % 2 == 0 ? 1 : 1 + step.selector / 2 % model::kMaxBatch);
  } else if (step.op.kind == Kind::kFree) {
    const auto position = static_cast<std::uint8_t>(step.selector % 16);
    step.op.argument = position == 0 ? model::Op::kNewest : position;
  }
  return step;
}

std::string overwrite_to_text(const Step& step) {
  constexpr std::array<const char*, 8> kForms = {
      "zero its link",           "set its link to all ones",
      "link it to itself",       "link it to the newest live block",
      "link it to slot {value}", "copy the link of free slot {value} into it",
      "write {value} over it",   "flip bit {value} of its link",
  };
  const std::string what =
      fmt::format(fmt::runtime(kForms[step.form]), fmt::arg("value", step.value));
  return fmt::format("[free slot {}: {}]", step.selector, what);
}

}  // namespace

SlabScript script_from_bytes(Bytes input) {
  std::array<std::uint8_t, 4> header{};
  std::copy_n(input.begin(), std::min(header.size(), input.size()), header.begin());
  SlabScript script;
  script.variant = header[0];
  script.capacity = kCapacities[header[1] % kCapacities.size()];
  script.initial_segments = header[2] % 8;
  for (Bytes rest = input.subspan(std::min(header.size(), input.size()));
       !rest.empty() && script.steps.size() < SlabScript::kMaxSteps;) {
    std::array<std::uint8_t, 4> record{};
    const std::size_t size = std::min(record.size(), rest.size());
    std::copy_n(rest.begin(), size, record.begin());
    script.steps.push_back(decode(record));
    rest = rest.subspan(size);
  }
  return script;
}

std::string to_text(const SlabScript& script) {
  std::string text;
  for (const Step& step : script.steps) {
    if (!text.empty()) text += ' ';
    text += step.is_overwrite ? overwrite_to_text(step) : model::to_text(step.op);
  }
  return text;
}

}  // namespace slabproof::fuzz
