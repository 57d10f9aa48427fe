#ifndef SLABPROOF_MODEL_SEARCH_TRACE_H_
#define SLABPROOF_MODEL_SEARCH_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/search/source_place.h"

namespace slabproof::model {

/// One event of an execution.
struct TraceEvent {
  static constexpr int kMainThread = -1;  ///< before the threads start, or after they have finished

  /// What the program under check says of an event. It means nothing to the checker.
  struct Annotation {
    std::uint8_t kind = 0;  ///< the program's own; 0 where it says nothing
    std::uintptr_t address = 0;

    friend bool operator==(const Annotation&, const Annotation&) = default;
  };

  int thread = kMainThread;
  SourcePlace place;
  std::string operation;  ///< "lock", "read", "store release", "allocate", ...
  std::string object;     ///< "mutex 0", "Node 7"; empty for an event without one
  std::string value;      ///< read, or present after the write; empty where there is none
  bool failed = false;    ///< the execution was abandoned here
  bool clashed = false;   ///< what the failed event clashed with
  Annotation annotation = {};
};

/// "main" or "T2".
[[nodiscard]] std::string thread_name(int thread);

/// What happened in one execution, in the order in which the checker ran it.
struct Trace {
  std::vector<TraceEvent> events;
};

/// Which events of a long trace a person is shown: the first and the last ones.
struct TraceExcerpt {
  std::size_t head = 0;      ///< events from the beginning
  std::size_t left_out = 0;  ///< events after these that are not shown; then come the rest
};
[[nodiscard]] TraceExcerpt excerpt_of(const Trace& trace);

/// One line for each event of the excerpt: thread, source line, function, operation, object, value.
/// Another line says how many were left out.
[[nodiscard]] std::string to_text(const Trace& trace);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_TRACE_H_
