#ifndef SLABPROOF_MODEL_SEARCH_EXECUTION_RESULT_H_
#define SLABPROOF_MODEL_SEARCH_EXECUTION_RESULT_H_

#include <span>

#include "model/search/failure.h"
#include "model/search/schedule.h"
#include "model/search/scheduler.h"

namespace slabproof::model {

/// How an execution went. It refers to memory that the next execution overwrites.
struct ExecutionResult {
  const Failure* failure = nullptr;  ///< why it was abandoned; null where it ran to its end
  /// It did nothing but repeat a turn of a wait in the end, and was left: another execution is the
  /// same without that turn.
  bool is_repetition = false;
  /// It left out something that no other execution makes up for.
  bool is_cut = false;
  std::span<const Choice> choices;       ///< up to the failure, if there is one
  const SchedulingPoint* end = nullptr;  ///< the threads as they stood when it ended; never null
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_EXECUTION_RESULT_H_
