#ifndef SLABPROOF_MODEL_ORACLE_FAST_PATH_ORACLE_H_
#define SLABPROOF_MODEL_ORACLE_FAST_PATH_ORACLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/oracle/census_judge.h"
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
/// | C6 | a free right after an allocation of its thread, or the reverse, takes no lock |
/// | C7, L3 | an allocation falls short only if the backing refused |
/// | R3 | no thread takes a lock |
/// | C1 to C5, R1, R2, S6 | see `CensusJudge` |
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

  void judge_end();

  bool fail(std::string_view property, std::optional<OpId> first, std::string message);
  [[nodiscard]] bool was_refused(OpId op) const;
  [[nodiscard]] bool was_refused_before(OpId op) const;
  [[nodiscard]] std::string name(OpId op) const;

  const Setting setting_;
  const Program program_;
  const bool has_caches_;
  SlotTable slots_;
  const CensusJudge census_;
  const History* history_ = nullptr;
  std::vector<std::vector<const OpRecord*>> records_;  ///< by thread and operation
  std::vector<std::vector<std::uint32_t>> locks_;      ///< how many each operation took
  std::optional<Violation> violation_;
  Measures measures_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_ORACLE_FAST_PATH_ORACLE_H_
