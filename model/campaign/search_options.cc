#include "model/campaign/search_options.h"

namespace slabproof::model {

Search search_of(const CheckJob& job, const SearchOptions& options) noexcept {
  if (options.search) return *options.search;
  if (job.has_many_threads) return Search::kStates;
  // The harness counts gifts of blocks in atomics, which do not belong to the shared slab:
  // executions in which two threads overlook each other's gift are on graphs alone.
  return job.slab.family == SlabFamily::kShared ? Search::kDpor : Search::kGraph;
}

MemoryModel memory_of(Search search, const SearchOptions& options) noexcept {
  if (search != Search::kGraph) return MemoryModel::kRelacy;
  return options.memory.value_or(MemoryModel::kCpp20);
}

}  // namespace slabproof::model
