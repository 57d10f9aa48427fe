#ifndef SLABPROOF_MODEL_CAMPAIGN_RUN_RESULT_H_
#define SLABPROOF_MODEL_CAMPAIGN_RUN_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/campaign/recorded_execution.h"
#include "model/campaign/search_options.h"
#include "model/program/job.h"
#include "model/program/program.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"
#include "model/search/verdict.h"

namespace slabproof::model {

/// "holds", "violated", "inconclusive"; also what is unsupported is inconclusive, and the property
/// says why.
[[nodiscard]] std::string to_string(Verdict verdict);

/// What kept a search from exploring every execution.
struct SearchLimit {
  enum class Kind : std::uint8_t {
    kNone,
    kShard,         ///< only one part was to be explored
    kBound,         ///< of preemptions
    kExecutions,    ///< so many were allowed
    kMemory,        ///< no room for more states
    kTime,          ///< the time was up
    kLostWorker,    ///< a part lost its process again and again
    kOneExecution,  ///< a recorded one was to be run
    kStopped,       ///< the search itself gave up
  };
  Kind kind = Kind::kNone;
  std::string text = {};  ///< "bound 2", "100000 executions", "10 s"; empty for `kNone`
};

/// A violation made smaller.
struct MinimalViolation {
  Program program;
  std::string message;
  /// Preemptions of the schedule; no failing schedule of the program has fewer. Nothing where that
  /// is not known.
  std::optional<unsigned> preemptions;
};

/// What checking one job gave.
struct RunResult {
  CheckJob job;
  Search search = Search::kDpor;
  /// Nothing where an execution graph was recorded: it is run again as it was.
  std::optional<MemoryModel> memory;
  bool symmetry = false;

  std::uint64_t executions = 0;   ///< inequivalent ones where the search knows
  std::uint64_t states = 0;       ///< of a search over states, as the next two
  std::uint64_t transitions = 0;  ///< steps that were tried from them
  std::uint64_t state_bytes = 0;  ///< of memory kept for them; of several processes, the most
  std::uint64_t redundant = 0;    ///< begun, and cut as equivalent to one explored before
  bool exhaustive = false;        ///< nothing cut the search, neither a bound nor a limit
  Verdict verdict = Verdict::kHolds;
  std::string property;  ///< the id that is violated, else empty
  std::string message;   ///< what happened, else empty
  SearchLimit limit;
  std::optional<Shard> shard;  ///< the part that was to be explored, where it was not all

  std::uint64_t max_segments = 0;
  /// The greatest segments - max(initial, ceil(peak live / capacity)) over all executions.
  std::uint64_t max_over_growth = 0;
  std::vector<std::string> warnings;  ///< see `ExploreResult::warnings`
  double seconds = 0;                 ///< of the search; making a violation smaller is not in it

  std::optional<RecordedExecution> replay;  ///< the execution that fails
  /// Where the violation was made smaller; `replay` then runs this program, else that of the job.
  std::optional<MinimalViolation> minimal;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_RUN_RESULT_H_
