#include <cstddef>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "slabproof/layout.h"
#include "slabproof/mmap_backing.h"
#include "tests/bench/registry.h"

namespace slabproof::bench {
namespace {

/// The limit: each thread has a linked stack of free blocks and nothing else. A block goes to the
/// stack of whoever frees it, so no allocator could be this careless: where one thread allocates
/// and another one frees, memory grows all the time.
template <std::size_t kBlockBytes>
class ThreadStack {
 public:
  static constexpr const char* kName = "bare per-thread stack";
  static constexpr Needs kServes = Needs::kAnyThread;
  static constexpr std::size_t kBytes = kBlockBytes;

  explicit ThreadStack(std::size_t) noexcept {}

 private:
  struct Free {
    Free* next;
  };
  /// Free blocks, and memory that holds none yet.
  struct Stock {
    Free* top = nullptr;
    std::byte* next = nullptr;
    std::size_t blocks = 0;
  };

 public:
  class Thread {
   public:
    Thread(ThreadStack& contender, unsigned) noexcept : contender_(contender) {}
    ~Thread() { contender_.keep(stock_); }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    void* allocate() {
      if (stock_.top == nullptr) [[unlikely]]
        return carve();
      return std::exchange(stock_.top, stock_.top->next);
    }
    void deallocate(void* block) noexcept { stock_.top = ::new (block) Free{stock_.top}; }

   private:
    [[gnu::noinline]] void* carve() {
      if (stock_.blocks == 0) {
        stock_ = contender_.take();
        if (stock_.top != nullptr) return std::exchange(stock_.top, stock_.top->next);
      }
      --stock_.blocks;
      return std::exchange(stock_.next, stock_.next + kBytes);
    }

    ThreadStack& contender_;
    Stock stock_;
  };

 private:
  static constexpr std::size_t kRegionBytes = std::size_t{1} << 20;

  /// What threads left when they ended comes before new memory.
  Stock take() {
    const std::scoped_lock guard(mutex_);
    if (!left_.empty()) {
      const Stock stock = left_.back();
      left_.pop_back();
      return stock;
    }
    regions_.emplace_back(*Layout::make(kRegionBytes, alignof(Object<kBytes>)));
    if (!regions_.back()) throw std::bad_alloc();
    return {nullptr, regions_.back().data(), kRegionBytes / kBytes};
  }

  void keep(Stock stock) {
    const std::scoped_lock guard(mutex_);
    if (stock.top != nullptr || stock.blocks != 0) left_.push_back(stock);
  }

  std::mutex mutex_;
  std::vector<Stock> left_;
  std::vector<MmapBacking> regions_;
};

const Registration<ThreadStack> kRegistration;

}  // namespace
}  // namespace slabproof::bench
