#ifndef SLABPROOF_MODEL_RUNTIME_RELACY_EXPLORE_H_
#define SLABPROOF_MODEL_RUNTIME_RELACY_EXPLORE_H_

#include <cstddef>

#include "model/search/execution.h"
#include "model/search/execution_runner.h"
#include "model/search/explore.h"

namespace slabproof::model {

/// Runs executions of at most `threads` threads on Relacy's fibers and memory model. There is one
/// runner for each number of threads, made at first use and kept: making one costs a fiber for each
/// thread, and a search or a fuzzer wants very many executions.
///
/// Requires 1 <= threads <= kMaxThreads.
[[nodiscard]] ExecutionRunner& relacy_runner(std::size_t threads);

/// The search of `model/search/explore.h` on these runners. The calling thread of the operating
/// system takes the signals of crashes for that long; see CrashGuard and StallGuard.
[[nodiscard]] ExploreResult explore(Execution& execution, const ExploreOptions& options);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_RELACY_EXPLORE_H_
