// What AddressSanitizer and LeakSanitizer make of each call of their policy.

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

#include <cstddef>
#include <cstring>

#include "slabproof/address_sanitizer.h"
#include "tests/impl/instrumentation/seen_bytes.h"

namespace {

using slabproof::AddressSanitizer;

constexpr std::size_t kObjects = 64;

/// Puts the only pointers to some objects into the block. Many, since a register or the stack may
/// keep one for a while.
[[gnu::noinline]] void fill_with_pointers(std::byte* block) {
  for (std::size_t i = 0; i < kObjects; ++i) {
    int* const object = new int(1);
    std::memcpy(block + i * sizeof(object), &object, sizeof(object));
  }
}

[[gnu::noinline]] void delete_all(const std::byte* block) {
  for (std::size_t i = 0; i < kObjects; ++i) {
    int* object = nullptr;
    std::memcpy(&object, block + i * sizeof(object), sizeof(object));
    delete object;
  }
}

void expect_that_what_a_live_block_points_to_is_no_leak() {
  const Run run;
  AddressSanitizer::begin(run.data, Run::kBytes);
  AddressSanitizer::take(run.data, run.data, kObjects * sizeof(int*));
  fill_with_pointers(run.data);
  require(__lsan_do_recoverable_leak_check() == 0, "a live block keeps what it points to");
  AddressSanitizer::end(run.data, Run::kBytes);
  require(__lsan_do_recoverable_leak_check() != 0, "a run that has ended keeps nothing");
  delete_all(run.data);
}

}  // namespace

int main() {
  expect_that_the_tool_is_told<AddressSanitizer, Seen::kDefined>([](const std::byte* byte) {
    return __asan_address_is_poisoned(byte) != 0 ? Seen::kHidden : Seen::kDefined;
  });
  expect_that_what_a_live_block_points_to_is_no_leak();
}
