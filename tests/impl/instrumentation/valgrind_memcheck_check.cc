// What Valgrind's memcheck makes of each call of its policy. Without Valgrind it fails.

#include <valgrind/memcheck.h>

#include <cstddef>

#include "slabproof/valgrind_memcheck.h"
#include "tests/impl/instrumentation/seen_bytes.h"

int main() {
  using slabproof::ValgrindMemcheck;
  expect_that_the_tool_is_told<ValgrindMemcheck, Seen::kUndefined>([](const std::byte* byte) {
    constexpr unsigned kRead = 1;
    constexpr unsigned kNotAddressable = 3;
    unsigned char undefined_bits = 0xff;
    const auto answer = VALGRIND_GET_VBITS(byte, &undefined_bits, 1);
    require(answer == kRead || answer == kNotAddressable, "it runs under Valgrind");
    if (answer == kNotAddressable) return Seen::kHidden;
    return undefined_bits == 0 ? Seen::kDefined : Seen::kUndefined;
  });
}
