#ifndef SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_
#define SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_

#include <cstddef>

#include "model/runtime/object_lifetime.h"
#include "model/runtime/object_table.h"

namespace slabproof::model {

// What checked_memory.cc, which knows nothing of Relacy, and checker_hooks.cc ask of each other.

/// Forgets the mutexes and atomics of the last execution.
void forget_synchronisation() noexcept;
/// A mutex or an atomic that is alive in this memory, or null.
[[nodiscard]] const ObjectRecord* synchronisation_in(const std::byte* data, std::size_t size);

/// An object of one sort that is alive in this memory, or null.
template <class Record>
[[nodiscard]] const ObjectRecord* alive_in(ObjectTable<Record>& table, const std::byte* data,
                                           std::size_t size) {
  const ObjectRecord* found = nullptr;
  table.for_each_in(data, size, [&found](const Record& record) {
    if (found == nullptr) found = &record;
  });
  return found;
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_CHECKED_OBJECTS_H_
