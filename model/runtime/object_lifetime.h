#ifndef SLABPROOF_MODEL_RUNTIME_OBJECT_LIFETIME_H_
#define SLABPROOF_MODEL_RUNTIME_OBJECT_LIFETIME_H_

// How the life of every checked object begins and ends, and what each use of one is checked for.
// All of it runs at every operation of the program under check, so the ways in which it fails are
// kept out of line.

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/model_memory.h"
#include "model/runtime/object_names.h"
#include "model/runtime/object_table.h"
#include "model/runtime/outlived_lock.h"
#include "model/runtime/sync_model.h"
#include "model/search/engine.h"
#include "model/search/race_cell.h"

namespace slabproof::model {

[[noreturn, gnu::cold]] void fail_unsupported(std::string_view what,
                                              const std::source_location& where);
/// The running thread acts on `record` in a way that another thread's access is not ordered with.
[[noreturn, gnu::cold]] void fail_race(const ObjectRecord& record, std::string_view action,
                                       const std::source_location& where);
/// No object of that sort is alive at the address.
[[noreturn, gnu::cold]] void fail_lifetime(std::string_view action,
                                           const std::source_location& where);
[[noreturn, gnu::cold]] void fail_endless(const std::source_location& where);

/// What the checker is asked for must come from the thread of the operating system that runs the
/// execution.
inline void require_execution(const std::source_location& where) noexcept {
  if (!runs_execution) [[unlikely]]
    Engine::refuse_foreign_use(where);
}

/// To be called before the actor lets others run, or changes what it may write to.
inline void judge_outlived_lock() {
  if (outlived_lock.is_pending()) [[unlikely]]
    outlived_lock.judge(Engine::instance().actor(), Engine::instance().is_alone());
}

/// The record of a live object.
template <class Record>
inline Record& record_of(ObjectTable<Record>& table, checker_hooks::Handle handle,
                         const void* object, std::string_view action,
                         const std::source_location& where) {
  require_execution(where);
  if (!Engine::instance().count_access(where)) [[unlikely]]
    fail_endless(where);
  Record* const record = table.find(handle, object);
  if (record == nullptr) [[unlikely]]
    fail_lifetime(action, where);
  return *record;
}

template <class Record>
inline std::pair<checker_hooks::Handle, Record*> begin_object(ObjectTable<Record>& table,
                                                              const void* object, std::size_t size,
                                                              const checker_hooks::TypeInfo& type,
                                                              const std::source_location& where) {
  require_execution(where);
  about_to_act();
  const auto handle = table.add(object);
  if (!handle) [[unlikely]]
    fail_unsupported("one execution makes too many checked objects", where);
  Record& record = table[*handle];
  record.type = &type;
  record.size = static_cast<std::uint32_t>(size);
  record.number = static_cast<std::uint16_t>(*handle);
  const ThreadClock me = Engine::instance().clock();
  record.race.initialize(me);
  if (!ModelMemory::instance().begin_lifetime(object, size, me, Engine::instance().is_alone()))
      [[unlikely]] {
    fail_race(record, "begins its life in memory of another thread's object", where);
  }
  return {*handle, &record};
}

template <class Record>
inline void end_object(Record& record, const void* object, std::size_t size,
                       const std::source_location& where) {
  about_to_act();
  const ThreadClock me = Engine::instance().clock();
  if (!Engine::instance().is_alone() && !record.race.store(me)) [[unlikely]] {
    fail_race(record, "is destroyed", where);
  }
  if (!ModelMemory::instance().end_lifetime(object, size, me, Engine::instance().is_alone()))
      [[unlikely]] {
    fail_race(record, "ends its life in memory of another thread's object", where);
  }
  if (has_object_names()) [[unlikely]]
    keep_object_name(record);
  record.object = nullptr;
}

/// A use that must come after the object's construction and before its destruction.
inline void use_object(ObjectRecord& record, const std::source_location& where) {
  if (Engine::instance().is_alone()) return;
  if (!record.race.load(Engine::instance().clock())) [[unlikely]] {
    fail_race(record, "is used", where);
  }
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_OBJECT_LIFETIME_H_
