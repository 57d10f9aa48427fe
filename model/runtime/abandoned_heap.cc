#include "model/runtime/abandoned_heap.h"

#include <cstdlib>

namespace slabproof::model {

void AbandonedHeap::remove(const void* block) noexcept {
  for (std::size_t i = count_; i != 0; --i) {
    if (blocks_[i - 1] != block) continue;
    blocks_[i - 1] = blocks_[--count_];
    return;
  }
}

void AbandonedHeap::free_all() noexcept {
  while (count_ != 0) std::free(blocks_[--count_]);
}

}  // namespace slabproof::model
