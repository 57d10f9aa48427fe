#include "model/graph/graph_sync_model.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "model/graph/operation_result.h"
#include "model/runtime/checked_objects.h"
#include "model/runtime/event_trace.h"
#include "model/runtime/object_lifetime.h"

namespace slabproof::model::graph {
namespace {

using std::memory_order;
using std::source_location;

constexpr checker_hooks::TypeInfo kMutexType{"mutex", nullptr};

Engine& engine() noexcept {
  return Engine::instance();
}

void refuse_consume(memory_order order, const source_location& where) {
  if (order == memory_order::consume) {
    fail_unsupported("memory_order consume is not modelled", where);
  }
}

Event operation(Action action, Location location, memory_order order,
                const source_location& where) noexcept {
  Event event;
  event.action = action;
  event.location = location;
  event.order = event.success = event.failure = order;
  event.place = where;
  return event;
}

}  // namespace

ObjectTable<GraphSyncModel::Record> GraphSyncModel::mutexes_;
ObjectTable<GraphSyncModel::Record> GraphSyncModel::atomics_;

void GraphSyncModel::begin_search() noexcept {
  locations_.clear();
  values_.clear();
  memory_.begin_search();
}

void GraphSyncModel::begin(Explorer& explorer, Replay& replay) noexcept {
  explorer_ = &explorer;
  replay_ = &replay;
  mutexes_.clear();
  atomics_.clear();
  memory_.begin(replay);
}

void GraphSyncModel::take_final_values() {
  const Graph& graph = replay_->graph();
  for (std::size_t location = 0; location < graph.location_count(); ++location) {
    const auto writes = graph.writes_to(static_cast<Location>(location));
    if (!writes.empty()) values_[location] = graph.at(writes.back()).value;
  }
}

const GraphSyncModel::Record* GraphSyncModel::record_at(Location location) const {
  const Record* found = nullptr;
  for (ObjectTable<Record>* const table : {&mutexes_, &atomics_}) {
    table->for_each([&](const Record& record) {
      if (record.location == location) found = &record;
    });
  }
  return found;
}

std::string GraphSyncModel::object_name(Location location) const {
  const Record* const record = record_at(location);
  return record == nullptr ? fmt::format("object {}", location) : name_of(*record);
}

std::string GraphSyncModel::describe(Location location, std::uint64_t value) const {
  const Record* const record = record_at(location);
  return record == nullptr ? std::to_string(value) : record->type->describe(&value);
}

Location GraphSyncModel::location_of(std::uint16_t number) {
  const CheckerScope quiet;
  if (number >= locations_.size()) locations_.resize(number + 1U, kNoLocation);
  if (locations_[number] == kNoLocation) {
    locations_[number] = static_cast<Location>(values_.size());
    values_.push_back(0);
  }
  return locations_[number];
}

SyncModel::Handle GraphSyncModel::begin(ObjectTable<Record>& table, const void* object,
                                        const checker_hooks::TypeInfo& type,
                                        const source_location& where) {
  const auto [handle, record] = begin_object(table, object, sizeof(Handle), type, where);
  const auto number = engine().new_object();
  if (!number) fail_unsupported("a thread makes too many mutexes and atomics", where);
  record->number = *number;
  record->location = location_of(*number);
  return handle;
}

// ---- mutexes ----

SyncModel::Handle GraphSyncModel::begin_mutex(const void* object, source_location where) {
  const Handle handle = begin(mutexes_, object, kMutexType, where);
  const Record& record = mutexes_[handle];
  {
    const CheckerScope quiet;
    explorer_->set_initial(record.location, 0);
  }
  engine().mutex_made(record.number);
  if (is_tracing()) [[unlikely]]
    trace_object(where, "construct", record);
  return handle;
}

void GraphSyncModel::end_mutex(Handle handle, const void* object, source_location where) {
  Record& record = record_of(mutexes_, handle, object, "destruction", where);
  if (is_tracing()) [[unlikely]]
    trace_object(where, "destroy", record);
  if (engine().is_held(record.number)) {
    abandon_execution(Defect::kMutexDestroyedWhileHeld, "a mutex is destroyed while it is held",
                      where);
  }
  end_object(record, object, sizeof(Handle), where);
}

void GraphSyncModel::lock(Handle handle, const void* object, source_location where) {
  lock(Action::kLock, handle, object, where);
}

void GraphSyncModel::lock_at_once(Handle handle, const void* object, source_location where) {
  lock(Action::kTryLock, handle, object, where);
}

bool GraphSyncModel::fails_to_lock(Handle handle, const void* object, source_location where) {
  Record& record = record_of(mutexes_, handle, object, "try_lock", where);
  use_object(record, where);
  Event event = operation(Action::kTryLock, record.location, memory_order::relaxed, where);
  event.kind = EventKind::kChoice;
  event.operand = 2;
  if (replay_->choose(event) == 0) return false;
  engine().failed_to_lock(record.number);
  if (is_tracing()) [[unlikely]]
    trace_object(where, "failed try_lock", record);
  return true;
}

std::size_t GraphSyncModel::choose(std::size_t count, source_location where) {
  Event event = operation(Action::kOther, kNoLocation, memory_order::relaxed, where);
  event.kind = EventKind::kChoice;
  event.operand = count;
  return replay_->choose(event);
}

void GraphSyncModel::lock(Action action, Handle handle, const void* object,
                          const source_location& where) {
  Record& record = record_of(mutexes_, handle, object, "lock", where);
  use_object(record, where);
  if (engine().holds(record.number)) [[unlikely]] {
    abandon_execution(Defect::kDeadlock, "deadlock: a thread locks a mutex that it holds already",
                      where);
  }
  if (!engine().is_alone()) {
    replay_->lock(operation(action, record.location, memory_order::relaxed, where));
  } else if (engine().is_held(record.number)) [[unlikely]] {
    abandon_execution(Defect::kDeadlock, "deadlock: a mutex was never unlocked", where);
  }
  if (is_tracing()) [[unlikely]]
    trace_object(where, "lock", record);
  engine().locked(record.number);
}

void GraphSyncModel::unlock(Handle handle, const void* object, source_location where) {
  Record& record = record_of(mutexes_, handle, object, "unlock", where);
  use_object(record, where);
  if (!engine().holds(record.number)) [[unlikely]] {
    abandon_execution(Defect::kUnlockWithoutLock, "a thread unlocks a mutex that it does not hold",
                      where);
  }
  if (is_tracing()) [[unlikely]] {
    complete_writes(nullptr);
    trace_object(where, "unlock", record);
  }
  if (!engine().is_alone()) {
    Event event = operation(Action::kOther, record.location, memory_order::relaxed, where);
    event.kind = EventKind::kUnlock;
    replay_->unlock(event);
  }
  engine().unlocked(record.number);
}

// ---- atomics ----

SyncModel::Handle GraphSyncModel::begin_atomic(const void* object, std::uint64_t initial,
                                               const checker_hooks::TypeInfo& type,
                                               source_location where) {
  const Handle handle = begin(atomics_, object, type, where);
  const Record& record = atomics_[handle];
  // All other accesses happen after this one, or there is a race: so it need not be an event.
  {
    const CheckerScope quiet;
    explorer_->set_initial(record.location, initial);
  }
  values_[record.location] = initial;
  if (is_tracing()) [[unlikely]] {
    const CheckerScope quiet;
    trace_object(where, "construct", record, type.describe(&initial));
  }
  return handle;
}

void GraphSyncModel::end_atomic(Handle handle, const void* object, source_location where) {
  Record& record = record_of(atomics_, handle, object, "destruction", where);
  if (is_tracing()) [[unlikely]]
    trace_object(where, "destroy atomic", record);
  end_object(record, object, sizeof(Handle), where);
}

GraphSyncModel::Record& GraphSyncModel::use_atomic(Handle handle, const void* object,
                                                   std::string_view action,
                                                   const source_location& where) {
  Record& record = record_of(atomics_, handle, object, action, where);
  use_object(record, where);
  return record;
}

std::uint64_t GraphSyncModel::load(Handle handle, const void* object, memory_order order,
                                   source_location where) {
  refuse_consume(order, where);
  if (order == memory_order::release || order == memory_order::acq_rel) {
    fail_unsupported("a load can have no release order", where);
  }
  const Record& record = use_atomic(handle, object, "load", where);
  const std::uint64_t value =
      engine().is_alone()
          ? values_[record.location]
          : replay_->read(operation(Action::kLoad, record.location, order, where)).value;
  if (is_tracing()) [[unlikely]]
    trace_value(where, "load", order, record, value);
  return value;
}

void GraphSyncModel::store(Handle handle, const void* object, std::uint64_t value,
                           memory_order order, source_location where) {
  refuse_consume(order, where);
  if (order == memory_order::acquire || order == memory_order::acq_rel) {
    fail_unsupported("a store can have no acquire order", where);
  }
  const Record& record = use_atomic(handle, object, "store", where);
  if (engine().is_alone()) {
    values_[record.location] = value;
    const CheckerScope quiet;
    explorer_->set_initial(record.location, value);
  } else {
    Event event = operation(Action::kStore, record.location, order, where);
    event.kind = EventKind::kWrite;
    event.value = value;
    replay_->write(event);
  }
  if (is_tracing()) [[unlikely]]
    trace_value(where, "store", order, record, value);
}

std::uint64_t GraphSyncModel::modify(Handle handle, const void* object, Action action,
                                     std::uint64_t operand, memory_order order,
                                     std::string_view name, const source_location& where) {
  refuse_consume(order, where);
  const Record& record = use_atomic(handle, object, name, where);
  Event event = operation(action, record.location, order, where);
  event.operand = operand;
  event.value = values_[record.location];
  if (engine().is_alone()) {
    values_[record.location] = value_to_write(event);
    const CheckerScope quiet;
    explorer_->set_initial(record.location, values_[record.location]);
  } else {
    event.value = replay_->read(event).value;
  }
  if (is_tracing()) [[unlikely]]
    trace_value(where, name, order, record, value_to_write(event));
  return event.value;
}

std::uint64_t GraphSyncModel::exchange(Handle handle, const void* object, std::uint64_t value,
                                       memory_order order, source_location where) {
  return modify(handle, object, Action::kExchange, value, order, "exchange", where);
}

std::uint64_t GraphSyncModel::fetch_add(Handle handle, const void* object, std::uint64_t value,
                                        memory_order order, source_location where) {
  return modify(handle, object, Action::kFetchAdd, value, order, "fetch_add", where);
}

std::uint64_t GraphSyncModel::fetch_bits(Handle handle, const void* object,
                                         checker_hooks::BitOperation bits, std::uint64_t value,
                                         memory_order order, source_location where) {
  switch (bits) {
    case checker_hooks::BitOperation::kAnd:
      return modify(handle, object, Action::kFetchAnd, value, order, "fetch_and", where);
    case checker_hooks::BitOperation::kOr:
      return modify(handle, object, Action::kFetchOr, value, order, "fetch_or", where);
    case checker_hooks::BitOperation::kXor:
      break;
  }
  return modify(handle, object, Action::kFetchXor, value, order, "fetch_xor", where);
}

bool GraphSyncModel::compare_exchange(Handle handle, const void* object, std::uint64_t& expected,
                                      std::uint64_t desired, bool weak, memory_order success,
                                      memory_order failure, source_location where) {
  refuse_consume(success, where);
  refuse_consume(failure, where);
  if (failure == memory_order::release || failure == memory_order::acq_rel) {
    fail_unsupported("a compare-exchange that fails can have no release order", where);
  }
  const Record& record = use_atomic(handle, object, "compare-exchange", where);
  bool exchanged = false;
  if (engine().is_alone()) {
    std::uint64_t& value = values_[record.location];
    exchanged = value == expected;
    if (exchanged) {
      value = desired;
      const CheckerScope quiet;
      explorer_->set_initial(record.location, value);
    } else {
      expected = value;
    }
  } else {
    Event event = operation(weak ? Action::kWeakCompareExchange : Action::kStrongCompareExchange,
                            record.location, success, where);
    event.failure = failure;
    event.operand = desired;
    event.expected = expected;
    const Replay::Outcome outcome = replay_->read(event);
    exchanged = outcome.has_written;
    expected = outcome.value;
  }
  if (is_tracing()) [[unlikely]] {
    trace_value(where, exchanged ? "compare-exchange" : "failed compare-exchange",
                exchanged ? success : failure, record, exchanged ? desired : expected);
  }
  return exchanged;
}

// ---- the rest ----

void GraphSyncModel::fence(memory_order order, source_location where) {
  require_execution(where);
  if (order == memory_order::relaxed || order == memory_order::consume) {
    fail_unsupported("a fence of this order is not modelled", where);
  }
  if (!engine().is_alone()) {
    Event event = operation(Action::kOther, kNoLocation, order, where);
    event.kind = EventKind::kFence;
    replay_->fence(event);
  }
  if (is_tracing()) [[unlikely]] {
    const CheckerScope quiet;
    trace_event(where, fmt::format("fence {}", name_of(order)));
  }
}

void GraphSyncModel::pause(source_location where) {
  if (is_tracing()) [[unlikely]] {
    const CheckerScope quiet;
    trace_event(where, "pause");
  }
  replay_->pause(operation(Action::kOther, kNoLocation, memory_order::relaxed, where));
}

SyncModel::Try GraphSyncModel::begin_try() {
  return engine().is_alone() ? Try{} : replay_->begin_try();
}

void GraphSyncModel::fail_try(const Try& begun) {
  if (!engine().is_alone()) replay_->fail_try(begun);
}

void GraphSyncModel::about_to_act() {
  if (!engine().is_alone()) replay_->about_to_act();
}

std::byte* GraphSyncModel::obtain_memory(std::size_t size, std::size_t alignment) {
  return memory_.obtain(size, alignment);
}

void GraphSyncModel::give_back_memory(std::byte* data) {
  memory_.give_back(data);
}

void GraphSyncModel::end_objects_in(const std::byte* data, std::size_t size) {
  end_all_in(mutexes_, data, size);
  end_all_in(atomics_, data, size);
}

}  // namespace slabproof::model::graph
