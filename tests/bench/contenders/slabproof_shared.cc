#include <cstddef>

#include "slabproof/extendable_slab.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

template <std::size_t kBlockBytes>
class SlabproofShared {
 public:
  static constexpr const char* kName = "slabproof shared";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit SlabproofShared(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(SlabproofShared& contender, unsigned) noexcept : slab_(contender.slab_) {}
    void* allocate() noexcept {
      const auto block = slab_.allocate();
      return block ? block->data : nullptr;
    }
    void deallocate(void* block) noexcept { slab_.deallocate(block); }

   private:
    ExtendableSlab<Object<kBytes>>& slab_;
  };

 private:
  ExtendableSlab<Object<kBytes>> slab_{1024};
};

const Registration<SlabproofShared> kRegistration;

}  // namespace
}  // namespace slabproof::bench
