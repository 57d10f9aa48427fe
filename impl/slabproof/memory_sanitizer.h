#ifndef SLABPROOF_MEMORY_SANITIZER_H_
#define SLABPROOF_MEMORY_SANITIZER_H_

#include <sanitizer/msan_interface.h>

#include <cstddef>

#include "slabproof/instrumentation.h"

namespace slabproof {

/// For programs under MemorySanitizer (clang, `-fsanitize=memory`): what a block held before it was
/// handed out, or after it was given back, counts as never written.
struct MemorySanitizer {
  static constexpr bool is_active = true;
  static constexpr std::size_t alignment = 1;
  static constexpr std::size_t redzone = 0;

  static void begin(std::byte* run, std::size_t size) noexcept { hide(run, size); }
  static void end(std::byte* run, std::size_t size) noexcept { open(run, size); }
  static void take(std::byte* /*run*/, std::byte* data, std::size_t size) noexcept {
    hide(data, size);
  }
  static void put(std::byte* /*run*/, std::byte* data, std::size_t size) noexcept {
    hide(data, size);
  }
  static void open(std::byte* data, std::size_t size) noexcept { __msan_unpoison(data, size); }
  static void show(std::byte* data, std::size_t size) noexcept { hide(data, size); }
  static void hide(std::byte* data, std::size_t size) noexcept { __msan_poison(data, size); }
};

static_assert(InstrumentationPolicy<MemorySanitizer>);

}  // namespace slabproof

#endif  // SLABPROOF_MEMORY_SANITIZER_H_
