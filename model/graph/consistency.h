#ifndef SLABPROOF_MODEL_GRAPH_CONSISTENCY_H_
#define SLABPROOF_MODEL_GRAPH_CONSISTENCY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/graph.h"
#include "model/search/memory_model.h"

namespace slabproof::model::graph {

/// Whether the sequentially consistent operations of a graph can be ordered as a memory model asks.
///
/// All else that a model asks is kept by how graphs are built: acyclic program order and reads-from
/// by the order in which events are added, coherence and atomicity by where a read may look and
/// where a write may be placed (`Graph::last_seen`, `Graph::is_taken`).
///
/// - `MemoryModel::kCpp20`: [atomics.order] p4 of the standard. Its nodes are operations, so the
/// two
///   halves of a read-modify-write are one.
/// - `MemoryModel::kRc11`: `psc` of Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing sequential
///   consistency in C/C++11", PLDI 2017, section 3.3, reduced: of each pair that it orders by way
///   of program order, the nearest events stand for those that lie further off.
///
/// Kept for its memory: an object may be asked about any number of graphs, one after another.
class SeqCstOrder {
 public:
  explicit SeqCstOrder(MemoryModel model) : model_(model) {}

  /// Time: quadratic in the number of seq_cst operations and of accesses to one location.
  [[nodiscard]] bool exists_for(const Graph& graph);

 private:
  static constexpr std::size_t kNoNode = ~std::size_t{0};
  static constexpr std::ptrdiff_t kNoPosition = -2;

  /// An event, by its place in a list of all.
  struct Entry {
    EventId id;
    const Event* event;
    std::size_t node;         ///< or kNoNode
    std::ptrdiff_t position;  ///< in coherence, of the write that it is or reads from
  };
  /// Rows of bits, one row for each entry or node.
  class BitRows {
   public:
    void reset(std::size_t rows, std::size_t bits) {
      words_ = (bits + 63) / 64;
      bits_.assign(rows * words_, 0);
    }
    void set(std::size_t row, std::size_t bit) {
      bits_[row * words_ + bit / 64] |= std::uint64_t{1} << bit % 64;
    }
    [[nodiscard]] bool has(std::size_t row, std::size_t bit) const {
      return (bits_[row * words_ + bit / 64] >> bit % 64 & 1U) != 0;
    }
    [[nodiscard]] bool is_empty(std::size_t row) const {
      for (std::size_t i = 0; i < words_; ++i) {
        if (bits_[row * words_ + i] != 0) return false;
      }
      return true;
    }
    /// Adds what `from` has in that row.
    void add(std::size_t row, const BitRows& from, std::size_t from_row) {
      for (std::size_t i = 0; i < words_; ++i) {
        bits_[row * words_ + i] |= from.bits_[from_row * words_ + i];
      }
    }
    /// Adds what both others have in their rows.
    void add_common(std::size_t row, const BitRows& a, std::size_t a_row, const BitRows& b,
                    std::size_t b_row) {
      for (std::size_t i = 0; i < words_; ++i) {
        bits_[row * words_ + i] |= a.bits_[a_row * words_ + i] & b.bits_[b_row * words_ + i];
      }
    }

   private:
    std::size_t words_ = 0;
    std::vector<std::uint64_t> bits_;
  };

  void collect();
  void reach_fences();
  void order_by_program();
  void order_by_coherence();
  [[nodiscard]] bool is_acyclic();

  [[nodiscard]] bool is_ordered_cpp20(std::size_t a, std::size_t b) const;
  [[nodiscard]] bool is_ordered_rc11(std::size_t a, std::size_t b) const;
  [[nodiscard]] bool happens_before(std::size_t a, std::size_t b) const {
    return a != b && entries_[b].event->happens_before.contains(entries_[a].id);
  }
  [[nodiscard]] bool is_fence(std::size_t entry) const {
    return entries_[entry].event->kind == EventKind::kFence;
  }
  [[nodiscard]] bool same_location(std::size_t a, std::size_t b) const {
    const Event& x = *entries_[a].event;
    const Event& y = *entries_[b].event;
    return x.is_access() && y.is_access() && x.location == y.location;
  }
  [[nodiscard]] std::size_t thread_begin(std::size_t entry) const {
    return begins_[entries_[entry].id.thread];
  }
  [[nodiscard]] std::size_t thread_end(std::size_t entry) const {
    return begins_[entries_[entry].id.thread + std::size_t{1}];
  }
  void order_accesses(std::size_t x, std::size_t y);
  void join(std::size_t before, std::size_t after, bool fences_only);

  MemoryModel model_;
  const Graph* graph_ = nullptr;
  std::size_t node_count_ = 0;
  std::vector<Entry> entries_;
  std::array<std::size_t, kMaxThreads + 1> begins_{};
  std::vector<std::size_t> ordered_;  // entries that are nodes, or halves of one
  BitRows fences_;                    // one row: nodes that are fences
  BitRows reached_from_;              // by entry: nodes for which it stands on the left of an edge
  BitRows reaches_;                   // by entry: nodes for which it stands on the right
  BitRows edges_;                     // by node
  std::vector<std::vector<std::size_t>> of_location_;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_CONSISTENCY_H_
