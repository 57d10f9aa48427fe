#ifndef SLABPROOF_MODEL_CAMPAIGN_JUDGED_PROGRAM_H_
#define SLABPROOF_MODEL_CAMPAIGN_JUDGED_PROGRAM_H_

#include <memory>
#include <optional>
#include <variant>

#include "model/oracle/fast_path_oracle.h"
#include "model/oracle/measures.h"
#include "model/oracle/oracle.h"
#include "model/program/program.h"
#include "model/program/slab_setup.h"
#include "model/slab/any_slab.h"
#include "model/slab/history.h"
#include "model/slab/program_execution.h"

namespace slabproof::model {

/// A program on the slab that this binary is linked with, and the oracle that judges each of its
/// executions. One runs at a time in a process.
class JudgedProgram {
 public:
  /// Throws what `Oracle` throws, and std::invalid_argument for a program that does not fit the
  /// slab (`misfit_of`).
  JudgedProgram(const SlabSetup& slab, const Program& program);
  JudgedProgram(const JudgedProgram&) = delete;
  JudgedProgram& operator=(const JudgedProgram&) = delete;

  /// What a search runs.
  [[nodiscard]] ProgramExecution& execution() noexcept { return execution_; }
  [[nodiscard]] const ProgramExecution& execution() const noexcept { return execution_; }

  /// Of the last execution.
  [[nodiscard]] const History& history() const noexcept { return execution_.history(); }
  /// Of the last execution that was judged to hold.
  [[nodiscard]] const Measures& measures() const noexcept;

 private:
  std::unique_ptr<AnySlab> slab_;
  ProgramExecution execution_;
  std::variant<Oracle, FastPathOracle> oracle_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_JUDGED_PROGRAM_H_
