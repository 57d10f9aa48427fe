#include "model/graph/symmetry.h"

#include <map>

namespace slabproof::model::graph {

Symmetry::Symmetry(std::span<const std::uint8_t> symmetry_class) {
  predecessor_.fill(kNone);
  std::map<std::uint8_t, std::uint8_t> last;  // thread of each class
  for (std::size_t thread = 0; thread < symmetry_class.size(); ++thread) {
    const auto index = static_cast<std::uint8_t>(thread);
    const auto [found, is_first] = last.try_emplace(symmetry_class[thread], index);
    if (is_first) continue;
    predecessor_[thread] = found->second;
    found->second = index;
    is_empty_ = false;
  }
}

bool Symmetry::keeps(const Graph& graph) const noexcept {
  if (is_empty_) return true;
  for (std::size_t thread = 0; thread < graph.thread_count(); ++thread) {
    if (predecessor_[thread] == kNone || graph.thread(thread).empty()) continue;
    const Event& later = graph.thread(thread).front();
    if (later.action != Action::kLock) continue;
    const auto& earlier = graph.thread(predecessor_[thread]);
    if (earlier.empty()) return false;
    if (earlier.front().location != later.location) continue;
    // Perhaps a lock has no write yet; it comes where its read reads from.
    if (graph.position(later.location, earlier.front().source) >
        graph.position(later.location, later.source)) {
      return false;
    }
  }
  return true;
}

}  // namespace slabproof::model::graph
