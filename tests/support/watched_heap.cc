#include "tests/support/watched_heap.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tests/support/environment.h"

namespace {

std::atomic<std::uint64_t> calls_under_lock = 0;

void note_heap_call() noexcept {
  if (slabproof::testing::lock_counts.held != 0) ++calls_under_lock;
}

}  // namespace

std::uint64_t slabproof::testing::heap_calls_under_lock() {
  return calls_under_lock;
}

void* operator new(std::size_t size) {
  note_heap_call();
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  note_heap_call();
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
  note_heap_call();
  std::free(memory);
}
