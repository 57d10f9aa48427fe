#ifndef SLABPROOF_MODEL_CAMPAIGN_RUN_H_
#define SLABPROOF_MODEL_CAMPAIGN_RUN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/campaign/part_outcome.h"
#include "model/campaign/program_search.h"
#include "model/campaign/recorded_execution.h"
#include "model/campaign/run_result.h"
#include "model/campaign/search_options.h"
#include "model/program/job.h"
#include "model/search/schedule.h"
#include "model/search/trace.h"

namespace slabproof::model {

class SharedStates;

/// A job's result, and what was seen on the way.
struct JobOutcome {
  RunResult result;
  Trace trace;  ///< of the violation, else of the witness if one was asked for, else empty
};

/// How the executions of a job are cut into parts that are disjoint and together all of them: by
/// what the first choices are, or, on execution graphs, into as many shares
/// (`ExploreOptions::share`) as there are parts, which have no names then. Not cut: one part, depth
/// 0.
struct JobSplit {
  /// Of a search over states: what its parts share. They find their work there, and have no names.
  std::shared_ptr<SharedStates> states = {};
  std::size_t depth = 0;
  std::vector<std::vector<Choice>> parts = {{}};
  std::uint64_t redundant = 0;  ///< executions that turned out redundant before they reached a part
};

/// Cuts a job into at least so many parts if it has as many executions. Only the searches `dpor`
/// and `graph` can be cut, and `states` into `options.processes` parts that must run in processes
/// that are forked afterwards; other jobs stay whole.
[[nodiscard]] JobSplit split_job(const CheckJob& job, const SearchOptions& options,
                                 std::size_t at_least);

/// Called now and then with the number of executions since the last call.
using Progress = std::function<void(std::uint64_t executions)>;

/// Explores a part of a job on the slab that this program is linked with, and judges every
/// execution by the oracle. `time_limit` is in seconds, 0 for none. `steps`, if there is one, gets
/// all executions.
[[nodiscard]] PartOutcome explore_part(const CheckJob& job, const SearchOptions& options,
                                       const JobSplit& split, std::size_t part, double time_limit,
                                       const Progress& progress, const StepsSink& steps);

/// The result of a job from the sum over its parts. What the job says an exhaustive search must
/// find is judged as well. `limit` says what cut the search, if it was not complete. The trace is
/// that of the violation; without one and with `want_witness`, of an execution with the greatest
/// over-growth.
[[nodiscard]] JobOutcome conclude(const CheckJob& job, const SearchOptions& options,
                                  const PartOutcome& sum, const SearchLimit& limit, double seconds,
                                  bool want_witness);

/// Blames a result that holds, from an exhaustive search, where it is not what the job says such a
/// search must find.
void judge_expectations(const CheckJob& job, RunResult& result);

/// Runs one recorded execution again, with its trace. `steps`, if there is one, gets it.
[[nodiscard]] JobOutcome replay(const RecordedExecution& recorded, const StepsSink& steps);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_RUN_H_
