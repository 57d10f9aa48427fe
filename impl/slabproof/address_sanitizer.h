#ifndef SLABPROOF_ADDRESS_SANITIZER_H_
#define SLABPROOF_ADDRESS_SANITIZER_H_

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

#include <cstddef>

#include "slabproof/instrumentation.h"

namespace slabproof {

/// For programs under AddressSanitizer (g++ or clang, `-fsanitize=address`), and LeakSanitizer,
/// which comes with it: free slots, slots never handed out and a redzone behind each block are
/// poisoned, and what live blocks point to is not taken for a leak, wherever a slab's memory is.
struct AddressSanitizer {
  static constexpr bool is_active = true;
  static constexpr std::size_t alignment = 8;  ///< what one byte of its shadow stands for
  /// Rounded up to the alignment of the blocks, so blocks of a large alignment take twice as much.
  static constexpr std::size_t redzone = 16;

  static void begin(std::byte* run, std::size_t size) noexcept {
    __lsan_register_root_region(run, size);
    hide(run, size);
  }
  static void end(std::byte* run, std::size_t size) noexcept {
    __lsan_unregister_root_region(run, size);
    open(run, size);
  }
  static void take(std::byte* /*run*/, std::byte* data, std::size_t size) noexcept {
    open(data, size);
  }
  static void put(std::byte* /*run*/, std::byte* data, std::size_t size) noexcept {
    hide(data, size);
  }
  static void open(std::byte* data, std::size_t size) noexcept {
    __asan_unpoison_memory_region(data, size);
  }
  static void show(std::byte* data, std::size_t size) noexcept { open(data, size); }
  static void hide(std::byte* data, std::size_t size) noexcept {
    __asan_poison_memory_region(data, size);
  }
};

static_assert(InstrumentationPolicy<AddressSanitizer>);

}  // namespace slabproof

#endif  // SLABPROOF_ADDRESS_SANITIZER_H_
