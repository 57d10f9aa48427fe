#ifndef SLABPROOF_MODEL_RUNTIME_SEARCH_GUARDS_H_
#define SLABPROOF_MODEL_RUNTIME_SEARCH_GUARDS_H_

#include "model/runtime/crash_guard.h"
#include "model/runtime/stall_guard.h"
#include "model/search/execution_runner.h"

namespace slabproof::model {

/// Against crashes and stalls of the program under check, while a search runs on fibers.
struct SearchGuards final : ExecutionRunner::SearchScope {
  explicit SearchGuards(const RunSettings& settings) : stall(settings.stall_limit) {}

  CrashGuard crash;
  StallGuard stall;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_SEARCH_GUARDS_H_
