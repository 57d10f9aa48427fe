#ifndef SLABPROOF_TESTS_BENCH_CONTENDER_H_
#define SLABPROOF_TESTS_BENCH_CONTENDER_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace slabproof::bench {

/// What a workload needs of an allocator. Each needs all that is named before it.
enum class Needs : std::uint8_t {
  kFew,         ///< one thread, at most a thousand live blocks
  kMany,        ///< one thread, any number of live blocks
  kRemoteFree,  ///< one thread allocates, which is that of index 0, and another one frees
  kAnyThread,   ///< every thread allocates, and frees any block
};

/// A type of `kBytes` bytes with the alignment that `malloc` would give it.
template <std::size_t kBytes>
struct Object {
  alignas(std::min<std::size_t>(kBytes & (~kBytes + 1), 16)) std::byte bytes[kBytes];
};

/// An allocator of blocks of one size. It is built with the most blocks that will be live at once,
/// which only those of fixed capacity look at. A thread works through a `Thread`, which it makes
/// itself and which it ends before the allocator ends.
template <class C>
concept Contender = requires(C& contender, typename C::Thread& thread, void* block) {
  { C::kName } -> std::convertible_to<const char*>;
  { C::kServes } -> std::convertible_to<Needs>;
  { C::kBytes } -> std::convertible_to<std::size_t>;
  requires std::constructible_from<C, std::size_t>;
  requires std::constructible_from<typename C::Thread, C&, unsigned>;
  { thread.allocate() } -> std::same_as<void*>;
  thread.deallocate(block);
};

}  // namespace slabproof::bench

#endif  // SLABPROOF_TESTS_BENCH_CONTENDER_H_
