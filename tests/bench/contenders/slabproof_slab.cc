#include "slabproof/slab.h"

#include <cstddef>

#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

/// Of fixed capacity, for one thread.
template <std::size_t kBlockBytes>
class SlabproofSlab {
 public:
  static constexpr const char* kName = "slabproof Slab";
  static constexpr Needs kServes = Needs::kMany;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit SlabproofSlab(std::size_t max_live) noexcept : slab_(max_live) {}

  class Thread {
   public:
    Thread(SlabproofSlab& contender, unsigned) noexcept : slab_(contender.slab_) {}
    void* allocate() noexcept {
      const auto block = slab_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept { slab_.deallocate(block); }

   private:
    Slab<Object<kBytes>>& slab_;
  };

 private:
  Slab<Object<kBytes>> slab_;
};

const Registration<SlabproofSlab> kRegistration;

}  // namespace
}  // namespace slabproof::bench
