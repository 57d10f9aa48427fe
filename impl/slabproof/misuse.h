#ifndef SLABPROOF_MISUSE_H_
#define SLABPROOF_MISUSE_H_

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace slabproof {

/// What is wrong with a pointer that was given back.
enum class MisuseKind : std::uint8_t {
  kForeignPointer,     ///< in no segment of this slab
  kMisalignedPointer,  ///< inside a segment, but not where a slot begins
  kNotLive,            ///< a slot that is known not to be handed out: a second free
};

/// Told of each bad pointer, after the slab's lock is dropped and with the slab unchanged but for
/// its counter (property S10). It must not throw.
template <class M>
concept MisusePolicy = requires(MisuseKind kind, const void* pointer, const void* slab) {
  { M::report(kind, pointer, slab) } noexcept;
};

/// Release builds: the slab has counted the event, and nothing else happens.
struct CountMisuse {
  static void report(MisuseKind /*kind*/, const void* /*pointer*/, const void* /*slab*/) noexcept {}
};

/// Debug builds: says which pointer and which slab, and aborts.
struct AbortMisuse {
  [[noreturn]] static void report(MisuseKind kind, const void* pointer, const void* slab) noexcept {
    std::fprintf(stderr, "slabproof: %s %p was given back to the slab at %p\n", describe(kind),
                 pointer, slab);
    std::abort();
  }

 private:
  static const char* describe(MisuseKind kind) noexcept {
    switch (kind) {
      case MisuseKind::kForeignPointer:
        return "the foreign pointer";
      case MisuseKind::kMisalignedPointer:
        return "the misaligned pointer";
      case MisuseKind::kNotLive:
        return "the pointer to a slot that is not live";
    }
    return "the pointer";
  }
};

static_assert(MisusePolicy<CountMisuse> && MisusePolicy<AbortMisuse>);

}  // namespace slabproof

#endif  // SLABPROOF_MISUSE_H_
