#ifndef SLABPROOF_MODEL_CAMPAIGN_SUITE_H_
#define SLABPROOF_MODEL_CAMPAIGN_SUITE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/campaign/run.h"
#include "model/campaign/search_options.h"
#include "model/program/job.h"

namespace slabproof::model {

/// How far a suite has come.
struct SuiteProgress {
  std::size_t jobs_finished = 0;
  std::uint64_t executions = 0;  ///< of all jobs, up to a thousand behind for each worker
  double seconds = 0;
};

/// Runs jobs as the options say: in this process or in `options.processes` others, all of each job
/// or one shard of it, from the beginning or from a checkpoint.
///
/// `finished` is called for each job in the order given, as soon as it and those before it are
/// done. `progress`, if there is one, is called a few times a second. `steps`, if there is one,
/// gets the steps of all executions, which then must be explored in this process. Throws
/// std::runtime_error for a checkpoint that cannot be used.
void run_suite(const std::vector<CheckJob>& jobs, const SearchOptions& options, bool want_witness,
               const std::function<void(const CheckJob&, const JobOutcome&)>& finished,
               const std::function<void(const SuiteProgress&)>& progress,
               const StepsSink& steps = {});

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_SUITE_H_
