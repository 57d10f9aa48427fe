#ifndef SLABPROOF_MODEL_ORACLE_FAST_PATH_ORACLE_H_
#define SLABPROOF_MODEL_ORACLE_FAST_PATH_ORACLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/oracle/measures.h"
#include "model/oracle/slot_table.h"
#include "model/program/program.h"
#include "model/slab/any_slab.h"
#include "model/slab/history.h"
#include "model/slab/violation.h"

namespace slabproof::model {

/// Judges executions on slabs with caches, and of owners with remotes. Which block they hand out is
/// promised to nobody, so nothing is replayed: what is judged is what goes in and comes out, and
/// what is there when the threads have finished.
///
/// | property | what is judged |
/// |---|---|
/// | S2 | each block is one slot of one segment, aligned, with the full stride |
/// | C1 | live = held by callers + cached; live + free + uncarved + abandoned = all slots; all can
/// be had at the end, each once | | C2 | caches and depot hold no more than they may | | C3 | where
/// caches have ended nothing but the depot holds blocks; all memory goes | | C4 | segments =
/// max(initial, ceil(peak live / capacity)), where cached blocks are live | | C5 | each bad pointer
/// was counted, or handed out again | | C6 | a free right after an allocation of its thread, or the
/// reverse, takes no lock | | C7 | an allocation falls short only if the backing refused | | R1 |
/// with all blocks back, each slot can be taken once, and none was refused | | R2 | no block is
/// lost: each is held by a caller or free when the owner has closed; all memory goes | | R3 | no
/// thread takes a lock | | S6, L3 | of an owner: as C4 and C7 |
///
/// Two owners of one block, and accesses that are not ordered, are judged while the execution runs.
/// Not thread safe. Without a violation `judge` allocates nothing.
class FastPathOracle {
 public:
  /// `traits` are those of the slab. Throws what `Oracle` throws.
  FastPathOracle(const Setting& setting, const SlabTraits& traits, const Program& program);

  /// As that of `Oracle`.
  [[nodiscard]] std::optional<Violation> judge(const History& history);
  [[nodiscard]] const Measures& measures() const { return measures_; }

 private:
  // Each of these is false if it has put a violation into `violation_`.
  bool adopt();
  bool judge_blocks();
  bool judge_locks();
  bool judge_shortfalls();
  bool judge_rest();
  bool judge_growth();
  bool judge_end();
  bool judge_sum(const Counters& counters);

  bool fail(std::string_view property, std::optional<OpId> first, std::string message);
  /// The property of caches, or that of owners, which says the same.
  [[nodiscard]] std::string_view choose(std::string_view of_caches,
                                        std::string_view of_owners) const;
  [[nodiscard]] bool was_refused(OpId op) const;
  [[nodiscard]] bool was_refused_before(OpId op) const;
  [[nodiscard]] std::string name(OpId op) const;

  const Setting setting_;
  const SlabTraits traits_;
  const Program program_;
  const bool has_caches_;
  SlotTable slots_;
  const History* history_ = nullptr;
  std::vector<std::vector<const OpRecord*>> records_;  ///< by thread and operation
  std::vector<std::vector<std::uint32_t>> locks_;      ///< how many each operation took
  std::optional<Violation> violation_;
  Measures measures_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_FAST_PATH_ORACLE_H_
