#ifndef SLABPROOF_MODEL_TRACE_TRACE_DOT_H_
#define SLABPROOF_MODEL_TRACE_TRACE_DOT_H_

#include <string>
#include <string_view>

#include "model/search/trace.h"

namespace slabproof::model {

/// The execution graph of a trace in the language of Graphviz, under `title`: threads as columns in
/// program order, an arrow `rf` from each write to what reads it and from each unlock to the next
/// lock, and an arrow `co` from each write or lock to the next one of its object.
[[nodiscard]] std::string to_dot(std::string_view title, const Trace& trace);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_TRACE_TRACE_DOT_H_
