#ifndef SLABPROOF_MODEL_SEARCH_TRACE_H_
#define SLABPROOF_MODEL_SEARCH_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// The execution graph that an execution ran on.
struct TraceGraph {
  struct Event {
    int thread = 0;
    SourcePlace place;
    std::string operation;  ///< "load acquire", "lock", ...
    std::string object;     ///< "mutex 0"; empty for a fence
    std::string value;      ///< read, written, or "1 -> 2"; empty where there is none
    /// Of a read, the number of what it reads from. Of a lock, that of the unlock before it; of one
    /// that its thread still waits for, that of the lock before it. Of an allocation, that of the
    /// free whose memory it takes. Nothing where that is the initial value or fresh memory, and for
    /// other events.
    std::optional<std::size_t> reads_from = {};
    bool reads_initial = false;
  };

  std::vector<Event> events;  ///< by thread, and in each thread in program order
  /// For each object that is written, its writes in coherence order, or its locks in theirs.
  std::vector<std::vector<std::size_t>> coherence = {};
};

/// What happened in one execution, in the order in which the checker ran it.
struct Trace {
  std::vector<TraceEvent> events;
  TraceGraph graph = {};  ///< empty where it did not run on one
  /// As the program calls its threads; empty where it does not, also for a single one.
  std::vector<std::string> thread_names = {};
};

/// "main", "T2" or, where the program has a name for it, "T2 producer".
[[nodiscard]] std::string thread_name(const Trace& trace, int thread);

/// Marks what the event that stopped an execution clashed with: the last event of another thread
/// before it on the same object or address, if there is one.
void mark_clash(Trace& trace);

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
