#ifndef SLABPROOF_MODEL_TRACE_TRACE_ROWS_H_
#define SLABPROOF_MODEL_TRACE_TRACE_ROWS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "model/search/trace.h"

namespace slabproof::model {

/// A row of a trace that is folded: events of one thread that follow each other.
struct TraceRow {
  std::size_t first = 0;    ///< index of its first event
  std::size_t count = 0;    ///< events, at least 1
  bool is_section = false;  ///< a critical section, or a part of one that others interrupt
  bool failed = false;      ///< one of its events has this mark
  bool clashed = false;
  std::string text = {};  ///< of a section its function and what it left written
};

/// Folds a trace: each critical section is a row, from its lock to its unlock. Outside of any, a
/// row is one event and the plain accesses after it, which no other thread can tell from it.
[[nodiscard]] std::vector<TraceRow> rows_of(const Trace& trace);

/// "store release x = 1".
[[nodiscard]] std::string to_text(const TraceEvent& event);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_TRACE_TRACE_ROWS_H_
