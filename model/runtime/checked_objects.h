#ifndef SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_
#define SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_

#include <cstddef>
#include <source_location>
#include <string_view>

#include "model/runtime/object_lifetime.h"
#include "model/runtime/object_table.h"

namespace slabproof::model {

// What checked_memory.cc, which knows nothing of Relacy, and checker_hooks.cc ask of each other.

/// Forgets the mutexes and atomics of the last execution.
void forget_synchronisation() noexcept;
/// Ends the lives of the mutexes and atomics in memory that is given back.
void end_synchronisation_in(const std::byte* data, std::size_t size);

/// Says that this object is alive in memory that is given back (S11).
[[gnu::cold]] void note_survivor(const ObjectRecord& record);
/// The running thread acts on `record` in a way that another thread's access is not ordered with.
/// In a search of execution graphs that goes on after failures, so does a thread that races: what
/// others do may depend on what it does next, and which of the two accesses comes second is not
/// part of the graph.
[[gnu::cold]] void report_race(const ObjectRecord& record, std::string_view action,
                               const std::source_location& where);

/// Ends the lives of the objects of one sort in memory that is given back.
template <class Record>
void end_all_in(ObjectTable<Record>& table, const std::byte* data, std::size_t size) {
  const bool alone = Engine::instance().is_alone();
  table.for_each_in(data, size, [alone](Record& record) {
    note_survivor(record);
    if (!alone && !record.race.store(Engine::instance().clock())) {
      report_race(record, "lies in memory that is given back", std::source_location());
    }
    record.object = nullptr;
  });
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_
