#include <oneapi/tbb/scalable_allocator.h>

#include <cstddef>

#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

template <std::size_t kBlockBytes>
struct TbbMalloc {
  static constexpr const char* kName = "tbbmalloc";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit TbbMalloc(std::size_t) noexcept {}

  struct Thread {
    Thread(TbbMalloc&, unsigned) noexcept {}
    void* allocate() noexcept { return scalable_malloc(kBytes); }
    void deallocate(void* block) noexcept { scalable_free(block); }
  };
};

const Registration<TbbMalloc> kRegistration;

}  // namespace
}  // namespace slabproof::bench
