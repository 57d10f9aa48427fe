#ifndef SLABPROOF_MODEL_RUNTIME_ABANDONED_HEAP_H_
#define SLABPROOF_MODEL_RUNTIME_ABANDONED_HEAP_H_

#include <array>
#include <cstddef>

namespace slabproof::model {

/// What the threads of one execution have allocated and not yet freed, so that it can be freed if
/// the execution is abandoned: no destructor runs then. It allocates nothing itself.
class AbandonedHeap {
 public:
  /// Blocks that are known at a time; more are left to themselves.
  static constexpr std::size_t kMaxBlocks = 4096;

  void add(void* block) noexcept {
    if (count_ != kMaxBlocks) blocks_[count_++] = block;
  }
  /// Forgets it; the newest are found soonest.
  void remove(const void* block) noexcept;
  void forget_all() noexcept { count_ = 0; }
  void free_all() noexcept;

 private:
  std::size_t count_ = 0;
  std::array<void*, kMaxBlocks> blocks_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_ABANDONED_HEAP_H_
