#include <boost/pool/object_pool.hpp>
#include <boost/pool/singleton_pool.hpp>
#include <cstddef>

#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

/// The pool under `boost::fast_pool_allocator`: one for the process and each size, with a mutex.
template <std::size_t kBlockBytes>
struct BoostSingletonPool {
  static constexpr const char* kName = "boost::singleton_pool";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;
  struct Tag {};
  using Pool = boost::singleton_pool<Tag, kBytes>;

  explicit BoostSingletonPool(std::size_t) noexcept {}

  struct Thread {
    Thread(BoostSingletonPool&, unsigned) noexcept {}
    void* allocate() { return Pool::malloc(); }
    void deallocate(void* block) { Pool::free(block); }
  };
};

/// For one thread. It keeps free blocks in order, so a free takes as long as there are many.
template <std::size_t kBlockBytes>
class BoostObjectPool {
 public:
  static constexpr const char* kName = "boost::object_pool";
  static constexpr Needs kServes = Needs::kFew;
  static constexpr std::size_t kBytes = kBlockBytes;
  using Pool = boost::object_pool<Object<kBytes>>;

  explicit BoostObjectPool(std::size_t) noexcept {}

  class Thread {
   public:
    Thread(BoostObjectPool& contender, unsigned) noexcept : pool_(contender.pool_) {}
    void* allocate() { return pool_.malloc(); }
    void deallocate(void* block) { pool_.free(static_cast<Object<kBytes>*>(block)); }

   private:
    Pool& pool_;
  };

 private:
  Pool pool_;
};

const Registration<BoostSingletonPool> kRegistration;
const Registration<BoostObjectPool> kRegistrationObjectPool;

}  // namespace
}  // namespace slabproof::bench
