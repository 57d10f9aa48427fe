// What MemorySanitizer makes of each call of its policy.

#include <sanitizer/msan_interface.h>

#include <cstddef>

#include "slabproof/memory_sanitizer.h"
#include "tests/impl/instrumentation/seen_bytes.h"

int main() {
  using slabproof::MemorySanitizer;
  expect_that_the_tool_is_told<MemorySanitizer, Seen::kHidden>([](const std::byte* byte) {
    return __msan_test_shadow(byte, 1) >= 0 ? Seen::kHidden : Seen::kDefined;
  });
}
