#ifndef SLABPROOF_MODEL_CAMPAIGN_PROGRAM_SEARCH_H_
#define SLABPROOF_MODEL_CAMPAIGN_PROGRAM_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/campaign/judged_program.h"
#include "model/program/job.h"
#include "model/search/explore.h"
#include "model/search/schedule.h"
#include "model/slab/step_trace.h"

namespace slabproof::model {

/// Called with text to write: steps, as `StepTrace` makes them.
using StepsSink = std::function<void(const std::string& steps)>;

/// Searches the executions of a job, and keeps the greatest values seen in all of them. One runs at
/// a time in a process.
class ProgramSearch {
 public:
  explicit ProgramSearch(const CheckJob& job);

  /// Explores the job; of `options.run` only the memory model is looked at. A trace has its
  /// violating pair marked.
  [[nodiscard]] ExploreResult run(ExploreOptions options);

  /// From now on the steps of each execution go to `sink`, a few thousand executions at a time, and
  /// the rest when a run ends; an execution that violates something is among them. There are none
  /// but of a shared slab.
  void emit_steps(StepsSink sink) { steps_sink_ = std::move(sink); }

  /// See `ProgramExecution::symmetry_class`.
  [[nodiscard]] std::vector<std::uint8_t> symmetry_class() const {
    return program_.execution().symmetry_class();
  }
  [[nodiscard]] std::uint64_t max_segments() const { return max_segments_; }
  [[nodiscard]] std::uint64_t max_over_growth() const { return max_over_growth_; }
  /// The first execution with the greatest over-growth.
  [[nodiscard]] const std::optional<Schedule>& witness() const { return witness_; }

 private:
  void measure(const ExecutionEnd& end);
  void write_steps(bool is_stopped);
  void flush_steps();

  JudgedProgram program_;
  StepTrace step_trace_;
  const bool has_steps_;  // of the proved system, which has neither caches nor remotes
  StepsSink steps_sink_;
  std::string steps_;  // not yet given to the sink
  std::uint64_t max_segments_ = 0;
  std::uint64_t max_over_growth_ = 0;
  std::optional<Schedule> witness_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_PROGRAM_SEARCH_H_
