#ifndef SLABPROOF_TESTS_IMPL_INSTRUMENTATION_SEEN_BYTES_H_
#define SLABPROOF_TESTS_IMPL_INSTRUMENTATION_SEEN_BYTES_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

/// What a tool says of a byte.
enum class Seen : unsigned char { kHidden, kUndefined, kDefined };

/// A run of slots in memory that nothing else is in.
struct Run {
  static constexpr std::size_t kBytes = 4096;
  std::byte* data = static_cast<std::byte*>(
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
};

/// Ends the program unless `holds`.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::_Exit(EXIT_FAILURE);
}

/// Makes each call of a policy and asks the tool by `see(byte)` what it makes of it. A tool that
/// does not tell bytes that nobody wrote from others sees them as `kUnwritten`.
template <class Policy, Seen kUnwritten, class See>
void expect_that_the_tool_is_told(See see) {
  constexpr std::size_t kSize = 32;
  const Run run;
  std::byte* const block = run.data + 64;
  const auto expect = [&](Seen wanted, Seen around, const char* what) {
    for (std::size_t i = 0; i < kSize; ++i) require(see(block + i) == wanted, what);
    require(see(block - 1) == around && see(block + kSize) == around, what);
  };
  using enum Seen;
  Policy::begin(run.data, Run::kBytes);
  expect(kHidden, kHidden, "a run is hidden from its beginning");
  Policy::take(run.data, block, kSize);
  expect(kUnwritten, kHidden, "a block is its owner's, who must write it");
  std::memset(block, 1, kSize);
  expect(kDefined, kHidden, "what its owner wrote is defined");
  Policy::put(run.data, block, kSize);
  expect(kHidden, kHidden, "a block that came back is hidden");
  Policy::show(block, kSize);
  expect(kUnwritten, kHidden, "a block of a cache is its owner's, who must write it");
  std::memset(block, 1, kSize);
  Policy::hide(block, kSize);
  expect(kHidden, kHidden, "a block that came back to a cache is hidden");
  Policy::open(block, kSize);
  expect(kDefined, kHidden, "a block that the slab uses is open");
  Policy::take(run.data, block, kSize);
  expect(kUnwritten, kHidden, "what the slab wrote is nothing to the owner");
  Policy::put(run.data, block, kSize);
  Policy::open(block, kSize);
  Policy::show(block, kSize);
  expect(kUnwritten, kHidden, "what the slab wrote is nothing to the owner, by a cache");
  Policy::hide(block, kSize);
  Policy::end(run.data, Run::kBytes);
  expect(kDefined, kDefined, "a run is open from its end");
}

#endif  // SLABPROOF_TESTS_IMPL_INSTRUMENTATION_SEEN_BYTES_H_
