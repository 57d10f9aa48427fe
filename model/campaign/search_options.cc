#include "model/campaign/search_options.h"

namespace slabproof::model {

Search search_of(const CheckJob& job, const SearchOptions& options) noexcept {
  if (options.search) return *options.search;
  // A shared slab has none. The harness counts gifts of blocks in atomics, which are no part of the
  // slab: executions in which two threads overlook each other's gift are on graphs alone.
  const bool has_atomics = job.slab.family != SlabFamily::kShared;
  return has_atomics ? Search::kGraph : Search::kDpor;
}

MemoryModel memory_of(Search search, const SearchOptions& options) noexcept {
  if (search != Search::kGraph) return MemoryModel::kRelacy;
  return options.memory.value_or(MemoryModel::kCpp20);
}

}  // namespace slabproof::model
