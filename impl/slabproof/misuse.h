#ifndef SLABPROOF_MISUSE_H_
#define SLABPROOF_MISUSE_H_

#include <array>
#include <cinttypes>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include "slabproof/language.h"

namespace slabproof {

/// What is wrong with a pointer that was given back, or was not.
enum class MisuseKind : std::uint8_t {
  kForeignPointer,     ///< in no segment of this slab
  kMisalignedPointer,  ///< inside a segment, but not where a slot begins
  kNotLive,            ///< a slot that is known not to be handed out: a second free
  kLiveAtDestruction,  ///< a block that nobody gave back before its slab ended: a leak
};

/// `report` gets each bad pointer, after the slab's lock is dropped and with the slab unchanged but
/// for its counter (property S10). At the end of a slab in which blocks are still live it gets,
/// once (property S14), one of them where a `Slab` or an `ExtendableSlab` has `SlotStates`, else
/// null. It must not throw. Nor may it make, trim or destroy a `CachedSlab`: when a thread ends, it
/// runs under the lock that the caches of a process share.
///
/// A policy may also have `report_live(count, pointer, slab)`: then that is called for live blocks,
/// with their number.
template <class M>
concept MisusePolicy = requires(MisuseKind kind, const void* pointer, const void* slab) {
  { M::report(kind, pointer, slab) } noexcept;
};

/// Reports blocks that are live at the end of a slab to a policy, if there are any.
template <MisusePolicy M>
void report_live_blocks(std::uint64_t count, const void* pointer, const void* slab) noexcept {
  if (count == 0) return;
  if constexpr (requires { M::report_live(count, pointer, slab); }) {
    M::report_live(count, pointer, slab);
  } else {
    M::report(MisuseKind::kLiveAtDestruction, pointer, slab);
  }
}

/// Release builds: the slab has counted the event, and nothing else happens.
struct CountMisuse {
  /// Does nothing.
  static void report(MisuseKind /*kind*/, const void* /*pointer*/, const void* /*slab*/) noexcept {}
};

/// Whether a policy does anything with live blocks.
template <class M>
inline constexpr bool kReportsLiveBlocks = !std::is_same_v<M, CountMisuse>;

/// Reports the `live` blocks of a slab that ends, with one of them where the slab can list them.
template <MisusePolicy M, class Slab>
void report_leaks(Slab& slab, std::uint64_t live) noexcept {
  if constexpr (kReportsLiveBlocks<M>) {
    const void* some = nullptr;
    const auto keep = [&some](const auto& block) { some = block.data; };
    if constexpr (requires { slab.for_each_live(keep); }) {
      if (live != 0) slab.for_each_live(keep);
    }
    report_live_blocks<M>(live, some, &slab);
  }
}

/// Debug builds: says which pointer and which slab, and aborts.
struct AbortMisuse {
  /// Prints the pointer and the slab, and aborts.
  [[noreturn]] static void report(MisuseKind kind, const void* pointer, const void* slab) noexcept {
    std::fprintf(stderr, "slabproof: %s %p was given back to the slab at %p\n", describe(kind),
                 pointer, slab);
    std::abort();
  }
  /// Prints how many blocks are live, and aborts.
  [[noreturn]] static void report_live(std::uint64_t count, const void* pointer,
                                       const void* slab) noexcept {
    std::fprintf(stderr, "slabproof: %" PRIu64 " blocks", count);
    if (pointer != nullptr) std::fprintf(stderr, " (one at %p)", pointer);
    std::fprintf(stderr, " are still live at the end of the slab at %p\n", slab);
    std::abort();
  }

 private:
  static const char* describe(MisuseKind kind) noexcept {
    constexpr std::array<const char*, 3> kPointers = {
        "the foreign pointer", "the misaligned pointer", "the pointer to a slot that is not live"};
    const auto index = static_cast<std::size_t>(kind);
    return index < kPointers.size() ? kPointers[index] : "the pointer";
  }
};

static_assert(MisusePolicy<CountMisuse> && MisusePolicy<AbortMisuse>);

}  // namespace slabproof

#endif  // SLABPROOF_MISUSE_H_
