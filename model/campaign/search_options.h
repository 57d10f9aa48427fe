#ifndef SLABPROOF_MODEL_CAMPAIGN_SEARCH_OPTIONS_H_
#define SLABPROOF_MODEL_CAMPAIGN_SEARCH_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/search/explore.h"

namespace slabproof::model {

/// One of `count` parts of an exploration that together are all of it; `index` counts from 0.
struct Shard {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// How jobs are searched, and how the work is shared.
struct SearchOptions {
  Search search = Search::kDpor;
  std::uint32_t bound = 2;        ///< preemptions, for kBound
  std::uint64_t iterations = 0;   ///< executions of each job at most; 0: no limit
  std::uint64_t seed = 1;         ///< for kRandom
  double time_limit_seconds = 0;  ///< for each job; 0: no limit
  bool symmetry = true;           ///< interchangeable threads are explored in one order only
  bool minimize = true;           ///< make a program that fails smaller

  std::uint32_t processes = 1;  ///< to explore in
  std::optional<Shard> shard;   ///< explore this part of each job only
  std::string checkpoint_file;  ///< keeps finished parts, to go on from after a stop; or empty
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_SEARCH_OPTIONS_H_
