#ifndef SLABPROOF_MODEL_GRAPH_PROGRAM_MEMORY_H_
#define SLABPROOF_MODEL_GRAPH_PROGRAM_MEMORY_H_

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/replay.h"
#include "model/runtime/checked_heap.h"

namespace slabproof::model::graph {

/// The memory that a program under check allocates. Fresh memory has an address that depends on
/// nothing but what the thread has asked for before, as graphs hold addresses of other runs. Where
/// `RunSettings::reuse_memory` says so, memory of the same sort (size and alignment) that was given
/// back may come instead: which free an allocation takes is a choice of the graph.
///
/// What is allocated before the threads is always fresh, and what is freed then is not used again.
class ProgramMemory {
 public:
  /// Another search begins: sorts are numbered anew.
  void begin_search() noexcept { sorts_.clear(); }
  /// Another execution begins: nothing is allocated.
  void begin(Replay& replay);

  /// Null where there is no more.
  [[nodiscard]] std::byte* obtain(std::size_t size, std::size_t alignment);
  /// What `obtain` has given in this execution; of anything else it takes no notice. Memory that is
  /// given back twice ends the execution, where memory comes back.
  ///
  /// The address of what runs before the threads ask for is the same in each execution. So what is
  /// given back then is taken for memory of an execution before, if that has left any there: an
  /// object that outlives the executions may be made anew.
  void give_back(std::byte* data);

  /// What the execution has not given back: a sentence, or empty. Where memory comes back only, as
  /// it is remembered only then.
  [[nodiscard]] std::string describe_leak() const;

 private:
  struct Sort {
    std::size_t size;
    std::size_t alignment;
    friend bool operator==(const Sort&, const Sort&) = default;
  };
  struct Block {
    Location sort;
    EventId allocation;  ///< initial before the threads
    std::size_t size;
    bool is_free;
  };

  [[nodiscard]] Location number_of(const Sort& sort);

  Replay* replay_ = nullptr;
  std::vector<Sort> sorts_;  // numbered alike in all executions of a search
  std::unordered_map<const std::byte*, Block> blocks_;
  std::unordered_set<const std::byte*> left_over_;  // by executions before, of whatever search
};

/// `new` in the program.
class GraphHeap final : public CheckedHeap {
 public:
  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment) override;
  void release(void* memory) override;
  void release_model_memory(void* memory) override;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_PROGRAM_MEMORY_H_
