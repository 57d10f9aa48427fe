#ifndef SLABPROOF_MODEL_PROGRAM_SLAB_SETUP_H_
#define SLABPROOF_MODEL_PROGRAM_SLAB_SETUP_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace slabproof::model {

/// Which slab of the library a program runs on.
enum class SlabFamily : std::uint8_t {
  kShared,      ///< an `ExtendableSlab`
  kCached,      ///< a `CachedSlab`; each thread holds a `ThreadCache` that was made before it began
  kAutoCached,  ///< a `CachedSlab` whose caches come by themselves, and end with their threads
  kOwner,       ///< a `SlabOwner` of thread 0, which closes it at its end; the others are remotes
};

/// The slab that a program runs on. No type of the library appears here, since a mutant of the
/// library, whose types are its own, is set up by it too.
struct SlabSetup {
  std::uint32_t capacity = 1;  ///< slots of a segment
  std::uint32_t initial_segments = 0;
  bool recheck_all = true;   ///< phase 3 of growth looks at all segments, not only at new ones
  bool slot_states = false;  ///< freelist protection SlotStates, else none
  SlabFamily family = SlabFamily::kShared;
  /// Blocks that move together: those of a magazine, or those that a remote pushes. 1 or 2.
  std::uint32_t batch = 1;

  friend constexpr bool operator==(const SlabSetup&, const SlabSetup&) = default;
};

inline constexpr std::uint32_t kMaxSlabBatch = 2;
/// Blocks that a shared slab takes back in one critical section, and so the most of one `F`, which
/// the oracle takes for one. The slab under check asserts it.
inline constexpr std::size_t kMaxFreedAtOnce = 256;

/// "all" or "new".
[[nodiscard]] constexpr std::string_view recheck_name(bool recheck_all) {
  return recheck_all ? "all" : "new";
}

/// In the order of `SlabFamily`.
inline constexpr auto kFamilyNames =
    std::to_array<std::string_view>({"shared", "cached", "auto-cached", "owner"});

[[nodiscard]] constexpr std::string_view to_text(SlabFamily family) {
  return kFamilyNames[static_cast<std::size_t>(family)];
}
/// Nothing where no family has that name.
[[nodiscard]] constexpr std::optional<SlabFamily> parse_family(std::string_view name) {
  const auto found = std::ranges::find(kFamilyNames, name);
  if (found == kFamilyNames.end()) return std::nullopt;
  return static_cast<SlabFamily>(found - kFamilyNames.begin());
}

/// Whether threads keep free blocks in caches.
[[nodiscard]] constexpr bool has_caches(SlabFamily family) {
  return family == SlabFamily::kCached || family == SlabFamily::kAutoCached;
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_SLAB_SETUP_H_
