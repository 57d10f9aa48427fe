#include "tests/support/execution_graph.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace slabproof::testing {
namespace {

using Kind = Instruction::Kind;
using Event = ExecutionGraph::Event;
using enum std::memory_order;

bool is_fence(const Event& event) {
  return event.instruction.kind == Kind::kFence;
}
bool is_variable(const Event& event) {
  return event.instruction.kind == Kind::kRead || event.instruction.kind == Kind::kWrite;
}
bool acquires(const Event& event) {
  return (event.reads || is_fence(event)) &&
         (event.order == acquire || event.order == acq_rel || event.order == seq_cst);
}
bool releases(const Event& event) {
  return (event.writes || is_fence(event)) &&
         (event.order == release || event.order == acq_rel || event.order == seq_cst);
}
bool is_seq_cst(const Event& event) {
  return (event.reads || event.writes || is_fence(event)) && event.order == seq_cst;
}
bool are_of_one_atomic(const Event& a, const Event& b) {
  return (a.reads || a.writes) && (b.reads || b.writes) &&
         a.instruction.object == b.instruction.object;
}
bool are_of_one_variable(const Event& a, const Event& b) {
  return is_variable(a) && is_variable(b) && a.instruction.object == b.instruction.object;
}

Relation identity() {
  Relation result;
  for (std::size_t i = 0; i < Relation::kSize; ++i) result.add(i, i);
  return result;
}

}  // namespace

bool ExecutionGraph::is_consistent(Axioms axioms) const {
  if (!does_as_it_read() || !excludes()) return false;
  if (!(sequenced | reads_from() | handovers()).is_acyclic()) return false;
  Relation coherence = reads_from() | coherence_order() | from_reads();
  coherence.close();
  const Relation before = happens_before();
  return before.is_irreflexive() && coherence.is_irreflexive() &&
         before.then(coherence).is_irreflexive() &&
         is_sequentially_consistent(axioms, before, coherence);
}

std::optional<std::size_t> ExecutionGraph::unlock_of(std::size_t lock) const {
  for (std::size_t id = lock + 1; id < events.size(); ++id) {
    const Instruction& instruction = events[id].instruction;
    if (sequenced.has(lock, id) && instruction.kind == Kind::kUnlock &&
        instruction.object == events[lock].instruction.object) {
      return id;
    }
  }
  return std::nullopt;
}

/// Whether each mutex is unlocked before it is locked again.
bool ExecutionGraph::excludes() const {
  return std::ranges::all_of(locks, [this](const auto& order) {
    return std::ranges::all_of(order, [&](std::size_t lock) {
      return lock == order.back() || unlock_of(lock).has_value();
    });
  });
}

bool ExecutionGraph::ends_locked(std::size_t mutex) const {
  return !locks[mutex].empty() && !unlock_of(locks[mutex].back()).has_value();
}

Relation ExecutionGraph::reads_from() const {
  Relation result;
  for (const std::size_t read : reads) result.add(source[read], read);
  return result;
}

Relation ExecutionGraph::handovers() const {
  Relation result;
  for (const auto& order : locks) {
    for (std::size_t i = 1; i < order.size(); ++i) result.add(*unlock_of(order[i - 1]), order[i]);
  }
  return result;
}

Relation ExecutionGraph::coherence_order() const {
  Relation result;
  for (const auto& order : modifications) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t j = i + 1; j < order.size(); ++j) result.add(order[i], order[j]);
    }
  }
  return result;
}

/// From each read to the writes after the one that it takes its value from.
Relation ExecutionGraph::from_reads() const {
  Relation result;
  const Relation coherence = coherence_order();
  for (const std::size_t read : reads) {
    for (std::size_t write = 0; write < events.size(); ++write) {
      if (write != read && coherence.has(source[read], write)) result.add(read, write);
    }
  }
  return result;
}

Relation ExecutionGraph::synchronizes_with() const {
  const auto from_fence = [this](std::size_t a, std::size_t) { return is_fence(events[a]); };
  const auto to_fence = [this](std::size_t, std::size_t b) { return is_fence(events[b]); };
  // A release sequence is a write and the read-modify-writes that each read the one before.
  Relation sequences =
      reads_from().where([this](std::size_t, std::size_t b) { return events[b].writes; });
  sequences.close();
  sequences.add(identity());
  return (identity() | sequenced.where(from_fence))
      .then(sequences)
      .then(reads_from())
      .then(identity() | sequenced.where(to_fence))
      .where([this](std::size_t a, std::size_t b) {
        return releases(events[a]) && acquires(events[b]);
      });
}

Relation ExecutionGraph::happens_before() const {
  Relation result = sequenced | synchronizes_with() | handovers();
  for (std::size_t initial = 0; initial < kSmallAtomics; ++initial) {
    for (std::size_t id = kSmallAtomics; id < events.size(); ++id) result.add(initial, id);
  }
  result.close();
  return result;
}

unsigned ExecutionGraph::value_written(std::size_t event) const {
  const Instruction& instruction = events[event].instruction;
  const unsigned before =
      instruction.kind == Kind::kFetchAdd ? value_written(source[event]) : unsigned{0};
  return before + instruction.value;
}

bool ExecutionGraph::does_as_it_read() const {
  return std::ranges::all_of(reads, [this](std::size_t id) {
    const Event& event = events[id];
    const unsigned read = value_written(source[id]);
    if (event.instruction.kind == Kind::kAwait) return read == event.instruction.value;
    if (!event.instruction.is_compare_exchange()) return true;
    const bool is_expected = read + 1 == event.instruction.value;
    return event.writes ? is_expected : !is_expected || event.instruction.kind == Kind::kWeakCas;
  });
}

bool ExecutionGraph::is_sequentially_consistent(Axioms axioms, const Relation& before,
                                                const Relation& coherence) const {
  if (std::ranges::none_of(events, is_seq_cst)) return true;
  const auto is_node = [this](std::size_t id) {
    return id < events.size() && is_seq_cst(events[id]);
  };
  const auto is_fence_node = [&](std::size_t id) { return is_node(id) && is_fence(events[id]); };
  const auto are_nodes = [&](std::size_t a, std::size_t b) { return is_node(a) && is_node(b); };
  // A fence stands for what happens after it, on the left, and before it, on the right.
  const Relation left =
      identity() | before.where([&](std::size_t a, std::size_t) { return is_fence_node(a); });
  const Relation right =
      identity() | before.where([&](std::size_t, std::size_t b) { return is_fence_node(b); });
  if (axioms == Axioms::kCpp20) {
    // [intro.races]/12 strongly happens before, then [atomics.order]/4.
    Relation strongly =
        sequenced | synchronizes_with().where(are_nodes) | sequenced.then(before).then(sequenced);
    strongly.close();
    return (strongly | left.then(coherence).then(right)).where(are_nodes).is_acyclic();
  }
  const auto is_elsewhere = [this](std::size_t a, std::size_t b) {
    return !are_of_one_atomic(events[a], events[b]) && !are_of_one_variable(events[a], events[b]);
  };
  const auto is_here = [this](std::size_t a, std::size_t b) {
    return are_of_one_atomic(events[a], events[b]);
  };
  const Relation elsewhere = sequenced.where(is_elsewhere);
  const Relation partial = sequenced | elsewhere.then(before).then(elsewhere) |
                           before.where(is_here) | coherence_order() | from_reads();
  const Relation fences =
      (before | before.then(coherence).then(before)).where([&](std::size_t a, std::size_t b) {
        return is_fence_node(a) && is_fence_node(b);
      });
  return (left.then(partial).then(right) | fences).where(are_nodes).is_acyclic();
}

bool ExecutionGraph::has_race() const {
  const Relation before = happens_before();
  for (std::size_t a = kSmallAtomics; a < events.size(); ++a) {
    for (std::size_t b = a + 1; b < events.size(); ++b) {
      const bool conflict = are_of_one_variable(events[a], events[b]) &&
                            (events[a].instruction.kind == Kind::kWrite ||
                             events[b].instruction.kind == Kind::kWrite);
      if (conflict && !before.has(a, b) && !before.has(b, a)) return true;
    }
  }
  return false;
}

unsigned ExecutionGraph::last_value(std::size_t atomic) const {
  return value_written(modifications[atomic].back());
}

/// What `reader` sees; the last value if it is past the events.
unsigned ExecutionGraph::value_of_variable(std::size_t variable, std::size_t reader) const {
  const Relation before = happens_before();
  std::optional<std::size_t> last;
  for (std::size_t id = kSmallAtomics; id < events.size(); ++id) {
    const Instruction& instruction = events[id].instruction;
    if (instruction.kind != Kind::kWrite || instruction.object != variable) continue;
    if (reader < events.size() && !before.has(id, reader)) continue;
    if (!last || before.has(*last, id)) last = id;
  }
  return last ? events[*last].instruction.value : 0;
}

std::string ExecutionGraph::outcome() const {
  std::vector<std::vector<unsigned>> values(threads);
  for (std::size_t id = kSmallAtomics; id < events.size(); ++id) {
    const auto& [thread, instruction, reads_atomic, writes_atomic, order] = events[id];
    if (instruction.kind == Kind::kRead) {
      values[thread].push_back(value_of_variable(instruction.object, id));
    } else if (reads_atomic && instruction.kind != Kind::kAwait) {
      const bool exchanged = writes_atomic && instruction.is_compare_exchange();
      values[thread].push_back(exchanged ? kExchanged : value_written(source[id]));
    }
  }
  std::vector<unsigned> memory;
  for (std::size_t i = 0; i < kSmallAtomics; ++i) memory.push_back(last_value(i));
  for (std::size_t i = 0; i < kSmallVariables; ++i) {
    memory.push_back(value_of_variable(i, events.size()));
  }
  return outcome_text(values, memory);
}

}  // namespace slabproof::testing
