#ifndef SLABPROOF_MODEL_CAMPAIGN_SEARCH_OPTIONS_H_
#define SLABPROOF_MODEL_CAMPAIGN_SEARCH_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/program/job.h"
#include "model/program/slab_setup.h"
#include "model/search/explore.h"
#include "model/search/memory_model.h"

namespace slabproof::model {

/// One of `count` parts of an exploration that together are all of it; `index` counts from 0.
struct Shard {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// More would be parts of less than an execution.
inline constexpr std::uint32_t kMostShards = 1 << 16;

/// How jobs are searched, and how the work is shared.
struct SearchOptions {
  std::optional<Search> search;       ///< nothing: see `search_of`
  std::optional<MemoryModel> memory;  ///< nothing: see `memory_of`
  std::uint32_t bound = 2;            ///< preemptions, for kBound
  std::uint64_t iterations = 0;       ///< executions of each job at most; 0: no limit
  std::uint64_t seed = 1;             ///< for kRandom
  double time_limit_seconds = 0;      ///< for each job; 0: no limit
  bool symmetry = true;               ///< interchangeable threads are explored in one order only
  bool whole_states = false;          ///< for kStates: compare states and not their fingerprints
  std::uint32_t memory_limit = 4096;  ///< MiB for what is kept of states of a job
  bool minimize = true;               ///< make a program that fails smaller

  std::uint32_t processes = 1;  ///< to explore in
  std::optional<Shard> shard;   ///< explore this part of each job only
  std::string checkpoint_file;  ///< keeps finished parts, to go on from after a stop; or empty
};

/// The search that a job gets: the one that was asked for; else `graph` for slabs with caches and
/// for owners, as Relacy knows too few executions of atomics, and `dpor` for the shared slab, which
/// has none. There both explore the same executions, where no block is given to another thread, and
/// `dpor` takes two thirds to three quarters of the time.
[[nodiscard]] Search search_of(const CheckJob& job, const SearchOptions& options) noexcept;

/// The memory model that a search runs under: the one that was asked for, else C++20 on execution
/// graphs and Relacy's elsewhere.
[[nodiscard]] MemoryModel memory_of(Search search, const SearchOptions& options) noexcept;

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_SEARCH_OPTIONS_H_
