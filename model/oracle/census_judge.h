#ifndef SLABPROOF_MODEL_ORACLE_CENSUS_JUDGE_H_
#define SLABPROOF_MODEL_ORACLE_CENSUS_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/slab/any_slab.h"
#include "model/slab/history.h"
#include "model/slab/violation.h"

namespace slabproof::model {

/// Pointers that a slab with caches did not look at when it got them.
struct BadPointers {
  std::uint64_t offered = 0;
  std::uint64_t handed_out = 0;  ///< again, before their magazine went back
};

/// Judges what there is of a slab with caches, or of an owner, when its threads have finished. Of
/// executions under the checker and on real threads alike: nothing here depends on an order.
///
/// | property | what is judged |
/// |---|---|
/// | C1 | live = held by callers + cached; live + free + uncarved = all slots, each of which can be
/// had | | C2 | caches and depot hold no more than they may | | C3 | where caches have ended
/// nothing but the depot holds blocks; all memory goes | | C4 | segments = max(initial, ceil(peak
/// live / capacity)), where cached blocks are live | | C5 | each bad pointer was counted, or handed
/// out again | | R1 | with all blocks back, each slot can be taken once, and none was refused | |
/// R2 | each block is held by a caller or free when the owner has closed; all memory goes | | S4,
/// S6, S9 | of an owner: all slots are counted; as C4; no corrupt link |
///
/// Without a violation `judge` allocates nothing.
class CensusJudge {
 public:
  /// A slab of that setup, used by so many threads.
  CensusJudge(const SlabSetup& setup, const SlabTraits& traits, std::size_t threads);

  [[nodiscard]] std::optional<Violation> judge(const Census& census, BadPointers bad) const;

 private:
  using Verdict = std::optional<Violation>;

  [[nodiscard]] Verdict judge_sum(const Counters& counters) const;
  [[nodiscard]] Verdict judge_rest(const Census& census, BadPointers bad) const;
  [[nodiscard]] Verdict judge_growth(const Census& census) const;
  [[nodiscard]] Verdict judge_pointers(const Census& census, BadPointers bad) const;
  [[nodiscard]] Verdict judge_end(const Census& census) const;

  /// The property of caches, or that of owners, which says the same.
  [[nodiscard]] Verdict fail(std::string_view of_caches, std::string_view of_owners,
                             std::string message) const;

  const SlabSetup setup_;
  const SlabTraits traits_;
  const std::uint64_t held_caches_;  ///< that threads hold until all have finished
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_CENSUS_JUDGE_H_
