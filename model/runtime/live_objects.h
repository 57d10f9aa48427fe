#ifndef SLABPROOF_MODEL_RUNTIME_LIVE_OBJECTS_H_
#define SLABPROOF_MODEL_RUNTIME_LIVE_OBJECTS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "model/runtime/object_table.h"

namespace slabproof::model {

// What a search that compares states sees of the checked objects of the execution that runs on
// Relacy. What is listed is valid until the execution goes on.

/// The variables that are alive, in the order in which they were made.
void list_variables(std::vector<const ObjectRecord*>& live);

struct LiveMutex {
  const ObjectRecord* record = nullptr;
  /// Of each thread, its last event that the mutex passes on to who locks it next.
  std::span<const std::size_t> released;
};
void list_mutexes(std::vector<LiveMutex>& live);

[[nodiscard]] bool has_atomics();

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_LIVE_OBJECTS_H_
