#include "model/graph/consistency.h"

namespace slabproof::model::graph {

bool SeqCstOrder::exists_for(const Graph& graph) {
  graph_ = &graph;
  collect();
  if (node_count_ < 2) return true;
  edges_.reset(node_count_, node_count_);
  reach_fences();
  order_by_program();
  order_by_coherence();
  return is_acyclic();
}

void SeqCstOrder::collect() {
  entries_.clear();
  ordered_.clear();
  node_count_ = 0;
  for (std::size_t thread = 0; thread < graph_->thread_count(); ++thread) {
    begins_[thread] = entries_.size();
    const auto& events = graph_->thread(thread);
    for (std::size_t index = 0; index < events.size(); ++index) {
      const Event& event = events[index];
      Entry entry{.id = {static_cast<std::uint8_t>(thread), static_cast<std::uint16_t>(index)},
                  .event = &event,
                  .node = kNoNode,
                  .position = kNoPosition};
      if (event.is_seq_cst()) {
        const bool is_second_half =
            model_ == MemoryModel::kCpp20 && event.kind == EventKind::kExclusiveWrite;
        entry.node = is_second_half ? entries_.back().node : node_count_++;
        ordered_.push_back(entries_.size());
      }
      entries_.push_back(entry);
    }
  }
  begins_[graph_->thread_count()] = entries_.size();
}

/// A fence stands for every access that happens before it, where it is on the right of an edge, and
/// for every one that happens after it, where it is on the left.
void SeqCstOrder::reach_fences() {
  reached_from_.reset(entries_.size(), node_count_);
  reaches_.reset(entries_.size(), node_count_);
  fences_.reset(1, node_count_);
  for (const std::size_t each : ordered_) {
    const std::size_t node = entries_[each].node;
    reached_from_.set(each, node);
    reaches_.set(each, node);
    if (!is_fence(each)) continue;
    fences_.set(0, node);
    for (std::size_t other = 0; other < entries_.size(); ++other) {
      if (happens_before(each, other)) reached_from_.set(other, node);
      if (happens_before(other, each)) reaches_.set(other, node);
    }
  }
}

void SeqCstOrder::order_by_program() {
  for (const std::size_t a : ordered_) {
    for (const std::size_t b : ordered_) {
      if (entries_[a].node == entries_[b].node) continue;
      const bool is_ordered =
          model_ == MemoryModel::kCpp20 ? is_ordered_cpp20(a, b) : is_ordered_rc11(a, b);
      if (is_ordered) edges_.set(entries_[a].node, entries_[b].node);
    }
  }
}

/// Strongly happens before, [intro.races] p12, for operations that are all seq_cst: program order,
/// or the next operation of one thread happens before the previous one of the other. That a release
/// synchronizes with a seq_cst acquire is in the coherence edges.
bool SeqCstOrder::is_ordered_cpp20(std::size_t a, std::size_t b) const {
  const Entry& from = entries_[a];
  const Entry& to = entries_[b];
  if (from.id.thread == to.id.thread && a < b) return true;
  const std::size_t next = a + (from.event->kind == EventKind::kExclusiveRead ? 2 : 1);
  const std::size_t halves = to.event->kind == EventKind::kExclusiveWrite ? 2 : 1;
  if (next >= thread_end(a) || b < thread_begin(b) + halves) return false;
  return happens_before(next, b - halves);
}

/// `po`, `po|≠loc; hb; po|≠loc`, and `hb` from and to fences.
bool SeqCstOrder::is_ordered_rc11(std::size_t a, std::size_t b) const {
  if (is_fence(a)) {
    if (is_fence(b)) return happens_before(a, b);
    return b > thread_begin(b) && (b - 1 == a || happens_before(a, b - 1));
  }
  if (is_fence(b)) return a + 1 < thread_end(a) && (a + 1 == b || happens_before(a + 1, b));
  if (entries_[a].id.thread == entries_[b].id.thread && a < b) return true;
  std::size_t next = a + 1;
  while (next < thread_end(a) && same_location(a, next)) ++next;
  if (next == thread_end(a)) return false;
  std::size_t previous = b;
  while (previous > thread_begin(b) && same_location(previous - 1, b)) --previous;
  return previous > thread_begin(b) && happens_before(next, previous - 1);
}

void SeqCstOrder::join(std::size_t before, std::size_t after, bool fences_only) {
  for (std::size_t node = 0; node < node_count_; ++node) {
    if (!reached_from_.has(before, node) || (fences_only && !fences_.has(0, node))) continue;
    if (fences_only) {
      edges_.add_common(node, reaches_, after, fences_, 0);
    } else {
      edges_.add(node, reaches_, after);
    }
  }
}

/// Extended coherence order between accesses to one location, whatever their own orders: what comes
/// before in it must come before in the order of the operations that the accesses stand for.
void SeqCstOrder::order_by_coherence() {
  for (auto& list : of_location_) list.clear();
  for (std::size_t each = 0; each < entries_.size(); ++each) {
    Entry& entry = entries_[each];
    const Event& event = *entry.event;
    if (!event.is_access() || (reached_from_.is_empty(each) && reaches_.is_empty(each))) continue;
    entry.position = graph_->position(event.location, event.writes() ? entry.id : event.source);
    if (event.location >= of_location_.size()) of_location_.resize(event.location + 1U);
    of_location_[event.location].push_back(each);
  }
  for (const auto& accesses : of_location_) {
    for (const std::size_t x : accesses) {
      if (reached_from_.is_empty(x)) continue;
      for (const std::size_t y : accesses) {
        if (x != y && !reaches_.is_empty(y)) order_accesses(x, y);
      }
    }
  }
}

void SeqCstOrder::order_accesses(std::size_t x, std::size_t y) {
  const Entry& from = entries_[x];
  const Entry& to = entries_[y];
  const bool to_reads = to.event->reads();
  const bool is_coherent = from.position < to.position ||
                           (from.position == to.position && from.event->writes() && to_reads);
  if (model_ == MemoryModel::kCpp20) {
    const bool is_one_operation = y == x + 1 && from.id.thread == to.id.thread &&
                                  from.event->kind == EventKind::kExclusiveRead;
    if (is_coherent && !is_one_operation) join(x, y, false);
    return;
  }
  const bool is_immediate = !to_reads && from.position < to.position;  // co or fr
  if (is_immediate || happens_before(x, y)) {
    join(x, y, false);
  } else if (is_coherent) {
    join(x, y, true);
  }
}

bool SeqCstOrder::is_acyclic() {
  for (std::size_t middle = 0; middle < node_count_; ++middle) {
    for (std::size_t node = 0; node < node_count_; ++node) {
      if (edges_.has(node, middle)) edges_.add(node, edges_, middle);
    }
  }
  for (std::size_t node = 0; node < node_count_; ++node) {
    if (edges_.has(node, node)) return false;
  }
  return true;
}

}  // namespace slabproof::model::graph
