#ifndef SLABPROOF_MODEL_RUNTIME_CHECKED_HEAP_H_
#define SLABPROOF_MODEL_RUNTIME_CHECKED_HEAP_H_

#include <cstddef>

namespace slabproof::model {

/// Where `new` gets its memory while an execution runs. In all other cases it is the C heap.
class CheckedHeap {
 public:
  virtual ~CheckedHeap() = default;

  /// Throws std::bad_alloc.
  [[nodiscard]] virtual void* allocate(std::size_t size, std::size_t alignment) = 0;
  /// Any memory that `new` has given and that is not ModelMemory.
  virtual void release(void* memory) = 0;
  /// ModelMemory that `new` has given, perhaps in an execution that has ended.
  virtual void release_model_memory(void* /*memory*/) {}

  static CheckedHeap* present() noexcept { return present_; }
  static void set_present(CheckedHeap* heap) noexcept;

  /// From the C heap. Throws std::bad_alloc.
  [[nodiscard]] static void* allocate_outside(std::size_t size, std::size_t alignment);

 private:
  static constinit CheckedHeap* present_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_CHECKED_HEAP_H_
