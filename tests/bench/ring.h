#ifndef SLABPROOF_TESTS_BENCH_RING_H_
#define SLABPROOF_TESTS_BENCH_RING_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>

namespace slabproof::bench {

/// A bounded queue from one thread to one other. Who has to wait yields, or two cores measure the
/// scheduler.
class Ring {
 public:
  void push(void* block) noexcept {
    const std::size_t place = pushed_.load(std::memory_order::relaxed);
    while (place - seen_popped_ == kSize) {
      seen_popped_ = popped_.load(std::memory_order::acquire);
      if (place - seen_popped_ == kSize) std::this_thread::yield();
    }
    blocks_[place % kSize] = block;
    pushed_.store(place + 1, std::memory_order::release);
  }

  [[nodiscard]] void* pop() noexcept {
    const std::size_t place = popped_.load(std::memory_order::relaxed);
    while (place == seen_pushed_) {
      seen_pushed_ = pushed_.load(std::memory_order::acquire);
      if (place == seen_pushed_) std::this_thread::yield();
    }
    void* const block = blocks_[place % kSize];
    popped_.store(place + 1, std::memory_order::release);
    return block;
  }

 private:
  static constexpr std::size_t kSize = 1024;
  static constexpr std::size_t kCacheLine = 64;

  // What the producer writes, then what the consumer writes.
  alignas(kCacheLine) std::atomic<std::size_t> pushed_ = 0;
  std::size_t seen_popped_ = 0;
  alignas(kCacheLine) std::atomic<std::size_t> popped_ = 0;
  std::size_t seen_pushed_ = 0;
  alignas(kCacheLine) std::array<void*, kSize> blocks_{};
};

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_RING_H_
