#ifndef SLABPROOF_TESTS_BENCH_STAMP_H_
#define SLABPROOF_TESTS_BENCH_STAMP_H_

#include <cstdint>

namespace slabproof::bench {

/// The first use of a block: writes its own address to its first word. The compiler must take it
/// that the block is used, so it cannot remove the allocation.
inline void stamp(void* block) noexcept {
  *static_cast<std::uintptr_t*>(block) = reinterpret_cast<std::uintptr_t>(block);
  asm volatile("" : : "r"(block) : "memory");
}

[[nodiscard]] inline bool is_stamped(const void* block) noexcept {
  return *static_cast<const std::uintptr_t*>(block) == reinterpret_cast<std::uintptr_t>(block);
}

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_STAMP_H_
