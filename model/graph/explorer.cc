#include "model/graph/explorer.h"

#include <algorithm>
#include <utility>

#include "model/graph/memory_reuse.h"
#include "model/graph/operation_result.h"
#include "model/graph/revisits.h"

namespace slabproof::model::graph {

Explorer::Explorer(const ExplorerOptions& options)
    : options_(options),
      seq_cst_order_(options.model),
      graph_(options.threads),
      revisited_(options.threads) {
  keep(graph_);
}

bool Explorer::next() {
  while (!kept_.empty()) {
    const Snapshot last = std::move(kept_.back());
    kept_.pop_back();
    if (take(last)) return true;
  }
  return false;
}

bool Explorer::next_in_breadth() {
  while (!kept_.empty()) {
    const Snapshot first = std::move(kept_.front());
    kept_.erase(kept_.begin());
    if (take(first)) return true;
  }
  return false;
}

void Explorer::keep_share(std::size_t index, std::size_t count) {
  std::vector<Snapshot> share;
  for (; index < kept_.size(); index += count) share.push_back(std::move(kept_[index]));
  kept_ = std::move(share);
}

/// Makes a graph that is no longer kept the present one. False if it turns out to be inconsistent.
bool Explorer::take(const Snapshot& snapshot) {
  snapshot.restore(graph_);
  const auto thread = graph_.unfinished_exclusive();
  if (!thread) return true;
  graph_.set_unfinished_exclusive(std::nullopt);
  return finish_exclusive(*thread);
}

void Explorer::keep(const Graph& graph) {
  if (options_.symmetry.keeps(graph)) kept_.emplace_back(graph);
}

void Explorer::set_initial(Location location, std::uint64_t value) {
  if (location >= initial_.size()) initial_.resize(location + 1U);
  initial_[location] = value;
}

void Explorer::note_order(const Event& operation) {
  constexpr auto kSeqCst = std::memory_order::seq_cst;
  any_seq_cst_ |=
      operation.order == kSeqCst || operation.success == kSeqCst || operation.failure == kSeqCst;
}

// ---- forward ----

// The first choice is to read the last write, and to come last in the coherence order. It needs no
// check: the graph stays consistent under both models, as nothing is ordered after what is new.

void Explorer::add_read(std::size_t thread, const Event& operation) {
  note_order(operation);
  const EventId id{static_cast<std::uint8_t>(thread),
                   static_cast<std::uint16_t>(graph_.thread(thread).size())};
  const Location location = operation.location;
  const std::ptrdiff_t last = graph_.last_position(location);
  for (std::ptrdiff_t at = graph_.last_seen(location, graph_.before(id)); at < last; ++at) {
    keep_choice(thread, operation, graph_.write_at(location, at));
  }
  const EventId source = graph_.write_at(location, last);
  keep_spurious_failure(thread, operation, source);
  Event read = operation;
  read_from(read, source, value_of(graph_, location, source));
  graph_.append(thread, read);
  if (read.kind == EventKind::kExclusiveRead) {
    static_cast<void>(finish_exclusive(thread));
  }
}

/// Keeps the graph in which a new read reads from `source`, which is not the last write.
void Explorer::keep_choice(std::size_t thread, const Event& operation, EventId source) {
  keep_spurious_failure(thread, operation, source);
  Event read = operation;
  read_from(read, source, value_of(graph_, operation.location, source));
  const EventId id = graph_.append(thread, read);
  if (is_consistent(graph_)) {
    const bool is_exclusive = read.kind == EventKind::kExclusiveRead;
    if (is_exclusive && graph_.is_taken(read.location, graph_.position(read.location, source))) {
      // No graph has both read-modify-writes read from there; but the older one may be made to read
      // from the new one, which is how their order is reversed.
      static_cast<void>(finish_exclusive(thread));
    } else {
      if (is_exclusive) graph_.set_unfinished_exclusive(thread);
      keep(graph_);
      graph_.set_unfinished_exclusive(std::nullopt);
    }
  }
  graph_.shorten(thread, id.index);
}

void Explorer::keep_spurious_failure(std::size_t thread, const Event& operation, EventId source) {
  if (operation.action != Action::kWeakCompareExchange) return;
  Event read = operation;
  const std::uint64_t value = value_of(graph_, operation.location, source);
  read_from(read, source, value);
  const EventId id = graph_.append(thread, read);
  if (may_fail_spuriously(graph_, id, options_.spurious_failures)) {
    read_from(graph_.at(id), source, value, true);
    graph_.set_clocks(id);
    if (is_consistent(graph_)) keep(graph_);
  }
  graph_.shorten(thread, id.index);
}

void Explorer::add_write(std::size_t thread, const Event& operation) {
  note_order(operation);
  const Location location = operation.location;
  const EventId write = graph_.append(thread, operation);
  const std::ptrdiff_t low = graph_.last_seen(location, graph_.before(write));
  revisit_reads(write);
  const std::ptrdiff_t end = graph_.last_position(location) + 1;
  for (std::ptrdiff_t at = low + 1; at < end; ++at) {
    if (graph_.is_taken(location, at - 1)) continue;
    graph_.place(location, at, write);
    if (is_consistent(graph_)) keep(graph_);
    graph_.displace(location, at);
  }
  graph_.place(location, end, write);
}

/// Adds the write of the read-modify-write whose read is the last event of `thread`, and keeps what
/// it revisits. False if another one has read from the same write.
///
/// Where the graph is consistent with the read, it is with the write: nothing comes after the write
/// in its thread, and what comes after it in coherence comes after the read as well. So whatever
/// would be on a cycle with the write is on one with the read, or with what is ordered before both.
bool Explorer::finish_exclusive(std::size_t thread) {
  Event write = graph_.thread(thread).back();
  const EventId source = write.source;
  write.value = value_to_write(write);
  write.kind = EventKind::kExclusiveWrite;
  write.source = kInitialWrite;
  const EventId id = graph_.append(thread, write);
  revisit_reads(id);
  const std::ptrdiff_t at = graph_.position(write.location, source);
  if (graph_.is_taken(write.location, at)) return false;
  graph_.place(write.location, at + 1, id);
  return true;
}

void Explorer::add_choice(std::size_t thread, const Event& operation) {
  Event choice = operation;
  for (choice.value = operation.operand - 1; choice.value != 0; --choice.value) {
    const EventId id = graph_.append(thread, choice);
    keep(graph_);
    graph_.shorten(thread, id.index);
  }
  graph_.append(thread, choice);
}

void Explorer::add(std::size_t thread, const Event& operation) {
  note_order(operation);
  graph_.append(thread, operation);
}

// An allocation is like a read whose first choice is not the newest write, but the initial one. It
// is never ordered by coherence, and each free is taken once.

void Explorer::add_allocation(std::size_t thread, const Event& operation) {
  for (const EventId free : reusable(graph_, operation.location, all_of(graph_))) {
    const EventId id = graph_.append(thread, taking(operation, graph_, free));
    keep(graph_);
    graph_.shorten(thread, id.index);
  }
  graph_.append(thread, operation);
}

void Explorer::add_free(std::size_t thread, const Event& operation) {
  revisit_reads(graph_.append(thread, operation));
}

bool Explorer::add_allocation_of(std::size_t thread, const Event& operation, std::size_t choice) {
  const auto frees = reusable(graph_, operation.location, all_of(graph_));
  if (choice > frees.size()) return false;
  graph_.append(thread, choice == 0 ? operation : taking(operation, graph_, frees[choice - 1]));
  return true;
}

bool Explorer::add_read_of(std::size_t thread, const Event& operation, std::size_t newer,
                           bool fails_spuriously) {
  const Location location = operation.location;
  const std::ptrdiff_t at = graph_.last_position(location) - static_cast<std::ptrdiff_t>(newer);
  const EventId source = graph_.write_at(location, at);
  Event read = operation;
  read_from(read, source, value_of(graph_, location, source), fails_spuriously);
  const EventId id = graph_.append(thread, read);
  if (at < graph_.last_seen(location, graph_.before(id))) return false;
  return read.kind != EventKind::kExclusiveRead || finish_exclusive(thread);
}

bool Explorer::add_write_before(std::size_t thread, const Event& operation, std::size_t newer) {
  const Location location = operation.location;
  const std::ptrdiff_t at = graph_.last_position(location) + 1 - static_cast<std::ptrdiff_t>(newer);
  const EventId write = graph_.append(thread, operation);
  if (at <= graph_.last_seen(location, graph_.before(write))) return false;
  if (graph_.is_taken(location, at - 1)) return false;
  graph_.place(location, at, write);
  return true;
}

void Explorer::add_unlock(EventId lock, const Event& operation) {
  const EventId id = graph_.append(lock.thread, operation);
  graph_.at(lock).unlock = static_cast<std::uint16_t>(id.index + 1);
}

// ---- backward ----

void Explorer::revisit_reads(EventId write) {
  find_revisits(graph_, write, reads_);
  for (const EventId read : reads_) keep_revisit(read, write);
}

/// Keeps the graph in which an older allocation takes what is freed now.
void Explorer::keep_reuse(EventId allocation, EventId free) {
  Event& event = revisited_.at(allocation);
  event = taking(event, revisited_, free);
  revisited_.set_clocks(allocation);
  keep(revisited_);
}

void Explorer::keep_revisit(EventId read, EventId write) {
  restrict_for_revisit(graph_, read, write, revisited_);
  if (revisited_.at(read).kind == EventKind::kAllocation) return keep_reuse(read, write);
  Event& event = revisited_.at(read);
  const std::uint64_t value = revisited_.at(write).value;
  read_from(event, write, value);
  revisited_.set_clocks(read);
  const bool may_fail = may_fail_spuriously(revisited_, read, options_.spurious_failures);
  keep_placements(read, write);
  if (!may_fail) return;
  read_from(event, write, value, true);
  revisited_.set_clocks(read);
  keep_placements(read, write);
}

/// Keeps the graph that a revisit makes with each place that the write may have in it.
void Explorer::keep_placements(EventId read, EventId write) {
  const bool is_exclusive = revisited_.at(read).kind == EventKind::kExclusiveRead;
  revisited_.set_unfinished_exclusive(is_exclusive ? std::optional<std::size_t>(read.thread)
                                                   : std::nullopt);
  const Location location = revisited_.at(write).location;
  const std::ptrdiff_t seen = revisited_.last_seen(location, revisited_.before(read));
  if (revisited_.at(write).kind == EventKind::kExclusiveWrite) {
    const EventId source = revisited_.thread(write.thread)[write.index - 1U].source;
    const std::ptrdiff_t at = revisited_.position(location, source);
    if (at >= seen && !revisited_.is_taken(location, at)) keep_placement(location, at + 1, write);
    return;
  }
  const std::ptrdiff_t low =
      std::max(seen, revisited_.last_seen(location, revisited_.before(write)));
  for (std::ptrdiff_t at = low + 1; at <= revisited_.last_position(location) + 1; ++at) {
    if (!revisited_.is_taken(location, at - 1)) keep_placement(location, at, write);
  }
}

void Explorer::keep_placement(Location location, std::ptrdiff_t position, EventId write) {
  revisited_.place(location, position, write);
  if (is_consistent(revisited_)) keep(revisited_);
  revisited_.displace(location, position);
}

}  // namespace slabproof::model::graph
