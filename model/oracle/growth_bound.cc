#include "model/oracle/growth_bound.h"

#include <algorithm>
#include <vector>

namespace slabproof::model {
namespace {

std::uint64_t greatest_batch(const std::vector<Op>& ops) {
  std::uint64_t greatest = 0;
  for (const Op op : ops) greatest = std::max<std::uint64_t>(greatest, blocks_asked_for(op));
  return greatest;
}

bool trims(const Program& program) {
  return std::ranges::any_of(program.threads, [](const std::vector<Op>& ops) {
    return std::ranges::any_of(ops, [](Op op) { return traits_of(op).effect == Effect::kTrim; });
  });
}

bool gives_back(const Program& program) {
  return std::ranges::any_of(program.threads, [](const std::vector<Op>& ops) {
    return std::ranges::any_of(ops, [](Op op) { return model::gives_back(op); });
  });
}

}  // namespace

std::uint64_t over_growth_bound(const Setting& setting, const Program& program) {
  if (setting.recheck_all || !gives_back(program)) return 0;
  const std::uint64_t unit = trims(program) ? setting.capacity : 1;
  std::uint64_t sum = 0;
  std::uint64_t least = kMaxBatch + std::uint64_t{setting.capacity};
  for (const std::vector<Op>& ops : program.threads) {
    const std::uint64_t take = (greatest_batch(ops) + unit - 1) / unit * unit;
    sum += take;
    least = std::min(least, take);
  }
  return (sum - least + setting.capacity - 1) / setting.capacity;
}

}  // namespace slabproof::model
