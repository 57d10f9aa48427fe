#ifndef SLABPROOF_CONFIG_H_
#define SLABPROOF_CONFIG_H_

#include <cstddef>
#include <cstdint>

#include "slabproof/batch_policy.h"
#include "slabproof/contents.h"
#include "slabproof/default_backing.h"
#include "slabproof/freelist_protection.h"
#include "slabproof/growth.h"
#include "slabproof/instrumentation.h"
#include "slabproof/misuse.h"
#include "slabproof/recheck.h"
#include "slabproof/std_sync.h"
#include "slabproof/trim_policy.h"

namespace slabproof {

/// The policies of a slab. To change one, derive and override that member:
///
///     struct HeapConfig : slabproof::DefaultConfig {
///       using Backing = slabproof::HeapBacking;
///     };
struct DefaultConfig {
  using Sync = StdSync;                       ///< locks, atomics, shared plain variables
  using Backing = DefaultBacking;             ///< where a segment's bytes come from
  using Protection = NoProtection;            ///< integrity of the in-band freelist
  using Misuse = CountMisuse;                 ///< gets each bad pointer
  using Contents = KeepContents;              ///< of a block that changes hands
  using Instrumentation = NoInstrumentation;  ///< for tools that watch memory
  using Trim = TrimNever;                     ///< whether a growable slab trims by itself
  using RemoteBatch = AdaptiveBatch;          ///< how many blocks a remote of a `SlabOwner` gathers
  /// Where phase 3 of growth looks again.
  static constexpr Recheck recheck = Recheck::kAllSegments;
  static constexpr Growth growth = Growth::kRacing;  ///< of calls that meet a full slab together

  /// A growable slab takes address space for one segment in 16 more than it has; with 0, for one
  /// segment at a time.
  static constexpr std::uint32_t reserve_share = 16;

  // Of a `CachedSlab` only: the smaller bound counts.
  static constexpr std::uint32_t magazine_rounds = 256;  ///< most blocks of one magazine
  static constexpr std::size_t cache_bytes = 0x40000;    ///< most bytes of blocks in one cache
  static constexpr std::size_t depot_magazines = 64;     ///< most full magazines of the depot
  static constexpr std::size_t depot_bytes = 0x400000;   ///< most bytes of blocks in the depot
};

/// For speed: of bad pointers it refuses those that lie in no slot, and a second free where it
/// shows.
using FastConfig = DefaultConfig;

/// For code that is not trusted with its pointers: refuses every free and `destroy` of what is not
/// live, follows no link to a live slot, and counts writes to free blocks (properties S9, S10,
/// S13). A hit takes 1.8 times the instructions (`./verify bench --instructions --contender
/// '^slabproof shared'`), most of which `CheckFreed` needs. To stop at the first error, derive from
/// it and make `Misuse` an `AbortMisuse`. Not for a `CachedSlab`, which looks at no pointer; nor
/// does a `SlabRemote`, so what is given back through one twice is found when it is reclaimed at
/// best.
struct HardenedConfig : DefaultConfig {
  /// Each slot has a state, by which frees are judged.
  using Protection = SlotStates<>;
  /// Free blocks are filled, and looked at before they are handed out.
  using Contents = CheckFreed;
};

/// The rules that every slab puts to its configuration, each with a message of its own. Whatever
/// runs under a slab's lock must be `noexcept`: an exception there would leave the slab half
/// changed, and there is no poisoned state to fall into (property S11).
template <class T, class Config>
struct CheckedConfig {
  /// `T` may be incomplete until a slab of it is made.
  constexpr CheckedConfig() noexcept {
    static_assert(sizeof(T) > 0, "slabproof: a slab of a type of size zero hands out nothing");
  }
  static_assert(SyncPolicy<typename Config::Sync>,
                "slabproof: Config::Sync must supply Mutex, Var, Atomic, fence and pause, and none "
                "of their operations may throw, because they run under the slab's lock");
  static_assert(Backing<typename Config::Backing>,
                "slabproof: Config::Backing must model the Backing concept, and none of its "
                "operations may throw");
  static_assert(FreelistProtection<typename Config::Protection>,
                "slabproof: Config::Protection must model the FreelistProtection concept, and none "
                "of its operations may throw, because they run under the slab's lock");
  static_assert(
      ContentsPolicy<typename Config::Contents>,
      "slabproof: Config::Contents must model the ContentsPolicy concept, and none of its "
      "operations may throw, because they run under the slab's lock");
  static_assert(InstrumentationPolicy<typename Config::Instrumentation>,
                "slabproof: Config::Instrumentation must model the InstrumentationPolicy concept, "
                "and none of its operations may throw, because they run under the slab's lock");
  static_assert(TrimPolicy<typename Config::Trim>,
                "slabproof: Config::Trim must model the TrimPolicy concept, and may not throw, "
                "because it runs under the slab's lock");
  static_assert(MisusePolicy<typename Config::Misuse>,
                "slabproof: Config::Misuse must supply report(kind, pointer, slab), and it may not "
                "throw");
};

}  // namespace slabproof

#endif  // SLABPROOF_CONFIG_H_
