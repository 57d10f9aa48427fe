#ifndef SLABPROOF_MODEL_GRAPH_STANDSTILL_H_
#define SLABPROOF_MODEL_GRAPH_STANDSTILL_H_

#include <cstddef>
#include <string>

#include "model/graph/replay.h"
#include "model/search/failure.h"

namespace slabproof::model::graph {

struct Standstill {
  Defect defect;  ///< a deadlock; a livelock where a thread repeats its reads for ever
  std::string message;
};

/// Why a run whose threads can never go on stands still: which mutex each waits for, and what each
/// reads again and again.
[[nodiscard]] Standstill describe_standstill(const Replay& replay, std::size_t threads);

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_STANDSTILL_H_
