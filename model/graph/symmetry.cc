#include "model/graph/symmetry.h"

#include <map>

namespace slabproof::model::graph {

Symmetry::Symmetry(std::span<const std::uint8_t> symmetry_class) {
  std::map<std::uint8_t, std::size_t> last;  // thread of each class
  for (std::size_t thread = 0; thread < symmetry_class.size(); ++thread) {
    const auto [found, is_first] = last.try_emplace(symmetry_class[thread], thread);
    if (is_first) continue;
    neighbours_.push_back({.earlier = found->second, .later = thread});
    found->second = thread;
  }
}

bool Symmetry::keeps(const Graph& graph) const noexcept {
  for (const Neighbours& each : neighbours_) {
    const auto& later = graph.thread(each.later);
    if (later.empty() || later.front().action != Action::kLock) continue;
    const auto& earlier = graph.thread(each.earlier);
    if (earlier.empty()) return false;
    const Location location = later.front().location;
    if (earlier.front().location != location) continue;
    // Perhaps a lock has no write yet; it comes where its read reads from.
    if (graph.position(location, earlier.front().source) >
        graph.position(location, later.front().source)) {
      return false;
    }
  }
  return true;
}

}  // namespace slabproof::model::graph
