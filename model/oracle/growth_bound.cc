#include "model/oracle/growth_bound.h"

#include <algorithm>
#include <vector>

namespace slabproof::model {
namespace {

using Kind = Op::Kind;

/// The most slots that a thread takes for one operation.
std::uint64_t greatest_take(const std::vector<Op>& ops, std::uint32_t capacity) {
  std::uint64_t greatest = 0;
  for (const Op op : ops) {
    if (op.kind == Kind::kAllocate) greatest = std::max<std::uint64_t>(greatest, op.argument);
    if (op.kind == Kind::kTrim) greatest = std::max<std::uint64_t>(greatest, capacity);
  }
  return greatest;
}

bool gives_back(const Program& program) {
  for (const std::vector<Op>& ops : program.threads) {
    for (const Op op : ops) {
      if (op.kind == Kind::kFree || op.kind == Kind::kFreeAll || op.kind == Kind::kTrim) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

std::uint64_t over_growth_bound(const Setting& setting, const Program& program) {
  if (setting.recheck_all || !gives_back(program)) return 0;
  std::uint64_t sum = 0;
  std::uint64_t least = kMaxBatch + std::uint64_t{setting.capacity};
  for (const std::vector<Op>& ops : program.threads) {
    const std::uint64_t take = greatest_take(ops, setting.capacity);
    sum += take;
    least = std::min(least, take);
  }
  return (sum - least + setting.capacity - 1) / setting.capacity;
}

}  // namespace slabproof::model
