#ifndef SLABPROOF_MODEL_RUNTIME_EVENT_TRACE_H_
#define SLABPROOF_MODEL_RUNTIME_EVENT_TRACE_H_

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

#include "model/runtime/object_names.h"
#include "model/runtime/object_table.h"
#include "model/search/engine.h"

namespace slabproof::model {

// Adding events to the trace of the execution that runs now. Call these only while there is one:
// `is_tracing` is all that an execution without a trace pays for.

inline bool is_tracing() noexcept {
  return Engine::instance().trace() != nullptr;
}

/// "acq_rel".
[[nodiscard]] std::string_view name_of(std::memory_order order) noexcept;

void trace_event(const std::source_location& where, std::string operation, std::string value = {});
/// An event that the program under check adds, as it is.
void trace_event(TraceEvent event);
void trace_object(const std::source_location& where, std::string operation,
                  const ObjectRecord& record, std::string value = {});
/// An operation on an atomic, which has that value or has it from then on.
void trace_value(const std::source_location& where, std::string_view operation,
                 std::memory_order order, const ObjectRecord& record, std::uint64_t bits);
/// A write to a variable, whose value is looked at later: when the variable is used again, when the
/// writer drops its lock, or when the execution ends.
void trace_write(const std::source_location& where, const ObjectRecord& record);
/// Completes the writes of the running thread; only those to `object` if there is one.
void complete_writes(const void* object);
/// The last event is the one that failed.
void trace_failure(const Failure& failure);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_EVENT_TRACE_H_
