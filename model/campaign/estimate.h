#ifndef SLABPROOF_MODEL_CAMPAIGN_ESTIMATE_H_
#define SLABPROOF_MODEL_CAMPAIGN_ESTIMATE_H_

#include <string>
#include <vector>

#include "model/campaign/search_options.h"
#include "model/program/job.h"

namespace slabproof::model {

/// Roughly how much there is to explore.
struct Estimate {
  double executions = 0;
  double seconds = 0;     ///< in one process
  bool is_exact = false;  ///< everything was explored while estimating
};

/// Samples: each of at most 64 jobs, evenly spaced in the order given, is cut into parts, and parts
/// evenly spaced are explored for about `seconds_to_spend` in all; each stands for its neighbours.
/// Close where parts resemble each other. Only `dpor` and `graph` can be cut into parts; another
/// search is cut off by the time, and then its estimate is a lower bound.
[[nodiscard]] Estimate estimate(const std::vector<CheckJob>& jobs, const SearchOptions& options,
                                double seconds_to_spend);

/// "about 1,200,000 executions, 12 s in one process".
[[nodiscard]] std::string to_text(const Estimate& estimate);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_ESTIMATE_H_
