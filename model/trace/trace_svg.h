#ifndef SLABPROOF_MODEL_TRACE_TRACE_SVG_H_
#define SLABPROOF_MODEL_TRACE_TRACE_SVG_H_

#include <string>

#include "model/search/trace.h"
#include "model/trace/trace_file.h"

namespace slabproof::model {

/// A picture of a trace: a lane for each thread from top to bottom, a bar for each critical
/// section, a dot for each step outside of any, and the violating pair in colour with a line
/// between them. Of a long trace it has the first and the last rows. Colours follow the reader's
/// light or dark scheme.
[[nodiscard]] std::string to_svg(const TraceHeading& heading, const Trace& trace);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_TRACE_TRACE_SVG_H_
