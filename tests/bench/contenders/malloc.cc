#include <cstddef>
#include <cstdlib>

#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

/// The process's `malloc`: that of the C library, or the one that LD_PRELOAD puts in its place.
template <std::size_t kBlockBytes>
struct Malloc {
  static constexpr const char* kName = "malloc";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit Malloc(std::size_t) noexcept {}

  struct Thread {
    Thread(Malloc&, unsigned) noexcept {}
    void* allocate() noexcept { return std::malloc(kBytes); }
    void deallocate(void* block) noexcept { std::free(block); }
  };
};

const Registration<Malloc> kRegistration;

}  // namespace
}  // namespace slabproof::bench
