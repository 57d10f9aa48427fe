#include <cstddef>
#include <memory_resource>

#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

template <std::size_t kBlockBytes>
class PmrPool {
 public:
  static constexpr const char* kName = "std::pmr::synchronized_pool_resource";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit PmrPool(std::size_t) {}

  class Thread {
   public:
    Thread(PmrPool& contender, unsigned) noexcept : pool_(contender.pool_) {}
    void* allocate() { return pool_.allocate(kBytes, alignof(Object<kBytes>)); }
    void deallocate(void* block) { pool_.deallocate(block, kBytes, alignof(Object<kBytes>)); }

   private:
    std::pmr::synchronized_pool_resource& pool_;
  };

 private:
  std::pmr::synchronized_pool_resource pool_;
};

const Registration<PmrPool> kRegistration;

}  // namespace
}  // namespace slabproof::bench
