#ifndef SLABPROOF_VALGRIND_MEMCHECK_H_
#define SLABPROOF_VALGRIND_MEMCHECK_H_

#include <valgrind/memcheck.h>

#include <cstddef>

#include "slabproof/instrumentation.h"

namespace slabproof {

/// For programs that may run under Valgrind's memcheck: each run of slots is a memory pool of its
/// own, so that uses after a free, writes past a block, reads of what nobody wrote and blocks that
/// nothing points to are reported with the stacks of allocation and free; but for blocks that a
/// cache has handed out, which it still names. Without Valgrind each of these costs a few
/// instructions.
struct ValgrindMemcheck {
  static constexpr bool is_active = true;
  static constexpr std::size_t alignment = 1;
  static constexpr std::size_t redzone = 16;

  static void begin(std::byte* run, std::size_t size) noexcept {
    // `hide` makes the redzones; one of the pool would also lie before the first block, where it
    // would hide what belongs to others.
    VALGRIND_CREATE_MEMPOOL(run, 0, 0);
    hide(run, size);
  }
  static void end(std::byte* run, std::size_t size) noexcept {
    VALGRIND_DESTROY_MEMPOOL(run);
    open(run, size);
  }
  static void take(std::byte* run, std::byte* data, std::size_t size) noexcept {
    VALGRIND_MEMPOOL_ALLOC(run, data, size);
  }
  static void put(std::byte* run, std::byte* data, std::size_t /*size*/) noexcept {
    VALGRIND_MEMPOOL_FREE(run, data);
  }
  static void open(std::byte* data, std::size_t size) noexcept {
    VALGRIND_MAKE_MEM_DEFINED(data, size);
  }
  static void show(std::byte* data, std::size_t size) noexcept {
    VALGRIND_MAKE_MEM_UNDEFINED(data, size);
  }
  static void hide(std::byte* data, std::size_t size) noexcept {
    VALGRIND_MAKE_MEM_NOACCESS(data, size);
  }
};

static_assert(InstrumentationPolicy<ValgrindMemcheck>);

}  // namespace slabproof

#endif  // SLABPROOF_VALGRIND_MEMCHECK_H_
