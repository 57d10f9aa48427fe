#ifndef SLABPROOF_MODEL_GRAPH_EXPLORER_H_
#define SLABPROOF_MODEL_GRAPH_EXPLORER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/graph/consistency.h"
#include "model/graph/event.h"
#include "model/graph/graph.h"
#include "model/graph/symmetry.h"
#include "model/search/memory_model.h"

namespace slabproof::model::graph {

struct ExplorerOptions {
  std::size_t threads = 1;
  MemoryModel model = MemoryModel::kCpp20;
  std::size_t spurious_failures = 1;  ///< of weak compare-exchanges, by one thread
  Symmetry symmetry{};
};

/// Goes through all consistent execution graphs of a program, each once: TruSt (Kokologiannakis,
/// Marmanis, Gladstein, Vafeiadis, POPL 2022). It runs no program. Whoever does so takes a graph,
/// repeats it, and adds an event whenever it comes to an operation that the graph does not have
/// yet. The graph then goes on with the first choice for that event, and what else the event could
/// have been, or made of older reads, is kept for later. That is all that is kept.
///
/// Which thread adds next must depend on the graph alone.
class Explorer {
 public:
  explicit Explorer(const ExplorerOptions& options);

  /// Goes on to another graph; false if there is none. The first one is empty.
  [[nodiscard]] bool next();
  /// The same, but of all graphs that are kept it takes the one that was kept first.
  [[nodiscard]] bool next_in_breadth();
  /// How many graphs are kept. What follows from one follows from no other.
  [[nodiscard]] std::size_t kept() const noexcept { return kept_.size(); }
  /// Keeps each `count`th of them, from number `index` on, and forgets the others.
  void keep_share(std::size_t index, std::size_t count);
  [[nodiscard]] const Graph& graph() const noexcept { return graph_; }

  /// The value of a location before all writes; to be set before its first use in a run.
  void set_initial(Location location, std::uint64_t value);

  // ---- adding to the graph; each is the next event of its thread ----

  /// A read, followed by its write if it is a read-modify-write that does not fail. `operation`
  /// has the action, location, orders and operands.
  void add_read(std::size_t thread, const Event& operation);
  /// A write of `operation.value`.
  void add_write(std::size_t thread, const Event& operation);
  /// Memory of the sort `operation.location`: fresh, or what a free of that sort has given back and
  /// no other allocation has taken.
  void add_allocation(std::size_t thread, const Event& operation);
  /// Memory at the address `operation.value` is given back.
  void add_free(std::size_t thread, const Event& operation);
  /// What has one choice only: a fence or, with its unlock as source, that a mutex was acquired.
  void add(std::size_t thread, const Event& operation);
  /// A choice of the values below `operation.operand`.
  void add_choice(std::size_t thread, const Event& operation);
  // As a schedule says, without a look at what else could be. False where that cannot be.
  /// Reads from the write after which `newer` come in coherence.
  [[nodiscard]] bool add_read_of(std::size_t thread, const Event& operation, std::size_t newer,
                                 bool fails_spuriously);
  /// A write after which `newer` come.
  [[nodiscard]] bool add_write_before(std::size_t thread, const Event& operation,
                                      std::size_t newer);
  /// What the free at that place of `reusable` has given back, counted from 1; 0 for fresh memory.
  [[nodiscard]] bool add_allocation_of(std::size_t thread, const Event& operation,
                                       std::size_t choice);
  /// An unlock by the thread whose lock has the write `lock`.
  void add_unlock(EventId lock, const Event& operation);

 private:
  void keep(const Graph& graph);
  [[nodiscard]] bool take(const Snapshot& snapshot);
  [[nodiscard]] bool is_consistent(const Graph& graph) {
    return !any_seq_cst_ || seq_cst_order_.exists_for(graph);
  }
  [[nodiscard]] std::uint64_t value_of(const Graph& graph, Location location, EventId write) const {
    return write.is_initial() ? initial_[location] : graph.at(write).value;
  }
  void note_order(const Event& operation);

  void keep_choice(std::size_t thread, const Event& operation, EventId source);
  void keep_spurious_failure(std::size_t thread, const Event& operation, EventId source);
  [[nodiscard]] bool finish_exclusive(std::size_t thread);

  void revisit_reads(EventId write);
  void keep_revisit(EventId read, EventId write);
  void keep_reuse(EventId allocation, EventId free);
  void keep_placements(EventId read, EventId write);
  void keep_placement(Location location, std::ptrdiff_t position, EventId write);

  ExplorerOptions options_;
  SeqCstOrder seq_cst_order_;
  bool any_seq_cst_ = false;  // in any graph so far
  Graph graph_;
  Graph revisited_;
  std::vector<Snapshot> kept_;
  std::vector<EventId> reads_;
  std::vector<std::uint64_t> initial_;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_EXPLORER_H_
