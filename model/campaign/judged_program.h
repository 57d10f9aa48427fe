#ifndef SLABPROOF_MODEL_CAMPAIGN_JUDGED_PROGRAM_H_
#define SLABPROOF_MODEL_CAMPAIGN_JUDGED_PROGRAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "model/oracle/oracle.h"
#include "model/program/job.h"
#include "model/runtime/crash_guard.h"
#include "model/search/explore.h"
#include "model/slab/any_slab.h"
#include "model/slab/program_execution.h"
#include "model/slab/step_trace.h"

namespace slabproof::model {

/// A job made ready to run: the slab that this program is linked with, the program on it, the
/// oracle that judges it, and the greatest values seen over all executions. One runs at a time.
class JudgedProgram {
 public:
  explicit JudgedProgram(const CheckJob& job);

  /// Explores it; `options.run` is not looked at. A trace has its violating pair marked.
  [[nodiscard]] ExploreResult run(ExploreOptions options);

  /// From now on the steps of each execution, as `StepTrace` writes them, go to `sink` a few
  /// thousand executions at a time, and the rest when a run ends; an execution that violates
  /// something is among them.
  void emit_steps(std::function<void(const std::string&)> sink);

  [[nodiscard]] const ProgramExecution& execution() const { return execution_; }
  [[nodiscard]] std::uint64_t max_segments() const { return max_segments_; }
  [[nodiscard]] std::uint64_t max_over_growth() const { return max_over_growth_; }
  /// The first execution with the greatest over-growth.
  [[nodiscard]] const std::optional<Schedule>& witness() const { return witness_; }

 private:
  std::optional<Violation> judge(const History& history);
  void flush_steps();

  CrashGuard crash_guard_;
  std::unique_ptr<AnySlab> subject_;
  ProgramExecution execution_;
  Oracle oracle_;
  StepTrace step_trace_;
  std::function<void(const std::string&)> steps_sink_;
  std::string steps_;  // not yet given to the sink
  std::uint64_t max_segments_ = 0;
  std::uint64_t max_over_growth_ = 0;
  std::optional<Schedule> witness_;
  std::optional<Violation> violation_;  // what the oracle said of the last execution it judged
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_JUDGED_PROGRAM_H_
