#ifndef SLABPROOF_MODEL_TRACE_H_
#define SLABPROOF_MODEL_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace slabproof::model {

/// A place in the source, without the directories of the file.
struct SourcePlace {
  std::string file;
  std::uint32_t line = 0;
  std::string function;  ///< without its parameters and template arguments

  [[nodiscard]] static SourcePlace of(const std::source_location& where);
};

/// One event of an execution.
struct TraceEvent {
  static constexpr int kMainThread = -1;  ///< before the threads start, or after they have finished

  int thread = kMainThread;
  SourcePlace place;
  std::string operation;  ///< "lock", "read", "store release", "allocate", ...
  std::string object;     ///< "mutex 0", "Record 7"; empty for an event without one
  std::string value;      ///< read, or present after the write; empty where there is none
  bool failed = false;    ///< this event broke the property
};

/// What happened in one execution, in the order in which the checker ran it.
struct Trace {
  std::vector<TraceEvent> events;
};

/// One line for each event: thread, source line, function, operation, object, value.
[[nodiscard]] std::string to_text(const Trace& trace);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_TRACE_H_
