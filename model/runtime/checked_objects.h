#ifndef SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_
#define SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_

#include <cstddef>

#include "model/runtime/object_lifetime.h"
#include "model/runtime/object_table.h"

namespace slabproof::model {

// What checked_memory.cc, which knows nothing of Relacy, and checker_hooks.cc ask of each other.

/// Forgets the mutexes and atomics of the last execution.
void forget_synchronisation() noexcept;
/// Ends the lives of the mutexes and atomics in memory that is given back.
void end_synchronisation_in(const std::byte* data, std::size_t size);

/// Ends the lives of the objects of one sort in memory that is given back.
template <class Record>
void end_all_in(ObjectTable<Record>& table, const std::byte* data, std::size_t size) {
  const bool alone = Engine::instance().is_alone();
  table.for_each_in(data, size, [alone](Record& record) {
    if (!alone && !record.race.store(Engine::instance().clock())) {
      fail_race(record, "lies in memory that is given back", std::source_location());
    }
    record.object = nullptr;
  });
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_
