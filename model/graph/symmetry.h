#ifndef SLABPROOF_MODEL_GRAPH_SYMMETRY_H_
#define SLABPROOF_MODEL_GRAPH_SYMMETRY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/graph/graph.h"

namespace slabproof::model::graph {

/// Which threads of a program are interchangeable: of graphs that differ only in which of these is
/// which, one is explored.
///
/// It is the one in which the first locks of a class, where they are of one mutex, come in the
/// order of the threads; each of the others is that graph with its threads renamed. Classes whose
/// threads begin otherwise are explored in full.
///
/// A graph in which a thread has locked before one of its class that comes first need not be kept
/// (compare Kokologiannakis, Marmanis, Vafeiadis, "SPORE: Combining Symmetry and Partial Order
/// Reduction", PLDI 2024). No graph that follows from it has the two the other way round:
/// - A thread that has not begun can always go on, and threads that come first go first. So a graph
///   gets that way by a revisit only, whose write w comes after the lock of the later thread, or is
///   its write.
/// - An older read reads from w then, so w is not maximal. Whatever would take that lock away would
///   take w away as well, or is by a write that comes after it and revisits a still older read. And
///   to come before that lock, another would have to revisit it, and take away w.
class Symmetry {
 public:
  Symmetry() = default;
  /// `symmetry_class[t]` names the class of thread t. Empty: no two are interchangeable.
  explicit Symmetry(std::span<const std::uint8_t> symmetry_class);

  /// Whether it is still the one to be explored, or may become it.
  [[nodiscard]] bool keeps(const Graph& graph) const noexcept;

 private:
  /// Two threads of one class, with none of it between them.
  struct Neighbours {
    std::uint8_t earlier;
    std::uint8_t later;
  };
  std::vector<Neighbours> neighbours_;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_SYMMETRY_H_
