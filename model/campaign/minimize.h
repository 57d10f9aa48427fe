#ifndef SLABPROOF_MODEL_CAMPAIGN_MINIMIZE_H_
#define SLABPROOF_MODEL_CAMPAIGN_MINIMIZE_H_

#include <optional>
#include <string>
#include <vector>

#include "model/campaign/search_options.h"
#include "model/program/job.h"
#include "model/program/program.h"
#include "model/search/failure.h"
#include "model/search/schedule.h"
#include "model/search/trace.h"

namespace slabproof::model {

/// A failing execution that a person can follow.
struct Counterexample {
  CheckJob job;
  Failure failure;
  Schedule schedule;
  Trace trace;
  /// Preemptions of the schedule: switches away from a thread that could have gone on. No failing
  /// schedule of this program has fewer. Nothing on execution graphs, and where the time was up
  /// before that was known; the schedule is then any failing one.
  std::optional<unsigned> preemptions;
};

struct MinimizeLimits {
  double seconds = 2;            ///< for the program, and again for the schedule
  double candidate_seconds = 1;  ///< for one smaller program
};

/// Makes a failing job smaller while some execution of it still breaks the same property.
///
/// Threads and operations are removed and batches shrunk, one at a time, until none of that leaves
/// the violation (or the time is up): the program is then minimal in the sense that no single such
/// step makes it smaller, which is not to say that no smaller program fails. Each candidate is
/// explored by the reduction that `check` uses. Then the executions with 0, 1, 2, ... preemptions
/// are explored, in this order, until one fails: so the schedule has the fewest preemptions of all
/// failing ones (Musuvathi, Qadeer, "Iterative context bounding", PLDI 2007). A job that `options`
/// has searched on execution graphs stays on these, where there are no preemptions to count.
///
/// Nothing where not even `job` fails within the limits.
[[nodiscard]] std::optional<Counterexample> minimize(const CheckJob& job,
                                                     const std::string& property,
                                                     const SearchOptions& options = {},
                                                     const MinimizeLimits& limits = {});

/// What is left of a program when one thing is taken out of it, largest steps first: a thread, an
/// operation, a part of a batch.
///
/// A program that frees a block again keeps the slab's contract only by what comes before that, so
/// of such a program only ends of threads, or whole threads to which nothing is given, are removed.
[[nodiscard]] std::vector<Program> smaller_programs(const Program& program);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_MINIMIZE_H_
