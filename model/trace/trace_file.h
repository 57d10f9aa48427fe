#ifndef SLABPROOF_MODEL_TRACE_TRACE_FILE_H_
#define SLABPROOF_MODEL_TRACE_TRACE_FILE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "model/search/trace.h"

namespace slabproof::model {

/// Where the slots of a segment lie. Bytes.
struct SlotLayout {
  std::size_t capacity = 0;  ///< slots of a segment
  std::size_t stride = 0;
  std::size_t slots_offset = 0;  ///< from the segment's base to its first slot
};

/// What a trace is a trace of.
struct TraceHeading {
  std::string program;
  std::string slab;      ///< "capacity 1, recheck all, 0 initial segments"
  std::string property;  ///< the id that is violated; empty where the execution holds
  std::string message;   ///< what broke it
  std::string replay;    ///< the command that runs this execution again, or empty
  std::optional<SlotLayout> slots = {};  ///< nothing where it is of no slab whose layout is known
};

/// Of a file with the execution graph of a trace that ran on one, in the language of Graphviz.
inline constexpr std::string_view kDotExtension = ".dot";

/// The trace as the extension of `file_name` asks for: `.json`, `.html`, `.svg` or `.dot`, and text
/// for any other.
[[nodiscard]] std::string render_trace(std::string_view file_name, const TraceHeading& heading,
                                       const Trace& trace);

/// An object with the members of the heading, `events`, an array of all of them, `rows`, their fold
/// to critical sections (see `rows_of`), and `graph`, which is null or has events of its own, each
/// with the number of the one that it `reads_from`, and the `coherence` orders of their numbers.
[[nodiscard]] std::string to_json(const TraceHeading& heading, const Trace& trace);

/// One page that needs nothing else, no network and no other file: a lane for each thread from top
/// to bottom, critical sections and the owners of blocks as bars in the lane, the violating pair in
/// colour, and each event with its source line. It folds to critical sections, and is stepped
/// through by buttons and keys; beside the lanes are the slots of a slab after the current step.
/// The page holds all events, and shows of a long trace the first and the last ones. A graph is
/// drawn below, with its arrows.
[[nodiscard]] std::string to_html(const TraceHeading& heading, const Trace& trace);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_TRACE_TRACE_FILE_H_
