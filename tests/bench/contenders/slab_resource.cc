// The faces of the standard library: a resource with a class for each size that is measured,
// through the virtual functions of std::pmr and through an allocator.

#include "slabproof/slab_resource.h"

#include <cstddef>
#include <memory_resource>

#include "slabproof/allocator.h"
#include "slabproof/size_classed.h"
#include "slabproof/size_classes.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

using Resource = basic_slab_resource<SizeClassed<SizeClasses<16, 24, 48, 64, 256, 4096>>>;

template <std::size_t kBlockBytes>
class SlabResource {
 public:
  static constexpr const char* kName = "slabproof slab_resource";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit SlabResource(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(SlabResource& contender, unsigned) noexcept : memory_(contender.memory_) {}
    void* allocate() { return memory_.allocate(kBytes, alignof(Object<kBytes>)); }
    void deallocate(void* block) { memory_.deallocate(block, kBytes, alignof(Object<kBytes>)); }

   private:
    std::pmr::memory_resource& memory_;
  };

 private:
  Resource memory_;
};

template <std::size_t kBlockBytes>
class SlabAllocator {
 public:
  static constexpr const char* kName = "slabproof allocator";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit SlabAllocator(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(SlabAllocator& contender, unsigned) noexcept : allocator_(&contender.memory_) {}
    void* allocate() { return allocator_.allocate(1); }
    void deallocate(void* block) noexcept {
      allocator_.deallocate(static_cast<Object<kBytes>*>(block), 1);
    }

   private:
    allocator<Object<kBytes>, Resource> allocator_;
  };

 private:
  Resource memory_;
};

const Registration<SlabResource> kResource;
const Registration<SlabAllocator> kAllocator;

}  // namespace
}  // namespace slabproof::bench
