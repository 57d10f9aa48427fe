#include "model/graph/symmetry.h"

#include <map>

namespace slabproof::model::graph {

Symmetry::Symmetry(std::span<const std::uint8_t> symmetry_class) {
  std::map<std::uint8_t, std::uint8_t> last;  // thread of each class
  for (std::size_t thread = 0; thread < symmetry_class.size(); ++thread) {
    const auto index = static_cast<std::uint8_t>(thread);
    const auto [found, is_first] = last.try_emplace(symmetry_class[thread], index);
    if (is_first) continue;
    neighbours_.push_back({.earlier = found->second, .later = index});
    found->second = index;
  }
}

bool Symmetry::keeps(const Graph& graph) const noexcept {
  for (const Neighbours& each : neighbours_) {
    const auto& later = graph.thread(each.later);
    if (later.empty() || later.front().action != Action::kLock) continue;
    const auto& earlier = graph.thread(each.earlier);
    if (earlier.empty()) return false;
    // Each lock reads from the one before it.
    const bool knows_later = earlier.front().causes.contains({.thread = each.later, .index = 0});
    if (knows_later && earlier.front().location == later.front().location) return false;
  }
  return true;
}

}  // namespace slabproof::model::graph
