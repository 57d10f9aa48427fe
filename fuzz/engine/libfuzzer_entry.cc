// What libFuzzer calls, in terms of fuzz_target.h.

#include <algorithm>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/engine/fuzz_target.h"

extern "C" {

/// libFuzzer's own mutations of bytes, which know the dictionary and the operands of comparisons.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// Defaults that the environment can override. Freed memory is kept for a while, not for ever, and
/// allocations are made by a few functions whose stacks are all alike.
const char* __asan_default_options();  // the name is AddressSanitizer's

int LLVMFuzzerInitialize(int* argc, char*** argv);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                      const std::uint8_t* second, std::size_t second_size,
                                      std::uint8_t* result, std::size_t max_size, unsigned seed);
}

namespace {

std::size_t store(const slabproof::fuzz::Input& input, std::uint8_t* data, std::size_t max_size) {
  const std::size_t size = std::min(input.size(), max_size);
  std::copy_n(input.begin(), size, data);
  return size;
}

/// In the form of libFuzzer's own statistics, which count inputs.
void print_executions() {
  std::fprintf(stderr, "stat::judged_executions:        %" PRIu64 "\n",
               slabproof::fuzz::executions());
}

}  // namespace

int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  return std::atexit(print_executions);
}

const char* __asan_default_options() {
  return "quarantine_size_mb=16:malloc_context_size=4";
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  slabproof::fuzz::run_and_remember({data, size});
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed) {
  slabproof::fuzz::Random random(seed);
  // Operations first of all; bytes now and then, since only libFuzzer has seen the comparisons.
  constexpr std::size_t kOneInHowManyIsOfBytes = 5;
  if (random.below(kOneInHowManyIsOfBytes) == 0) return LLVMFuzzerMutate(data, size, max_size);
  return store(slabproof::fuzz::mutate_input({data, size}, max_size, random), data, max_size);
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                      const std::uint8_t* second, std::size_t second_size,
                                      std::uint8_t* result, std::size_t max_size, unsigned seed) {
  slabproof::fuzz::Random random(seed);
  return store(
      slabproof::fuzz::cross_inputs({first, first_size}, {second, second_size}, max_size, random),
      result, max_size);
}
