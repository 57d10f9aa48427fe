#include "model/runtime/checker_hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "model/runtime/checked_objects.h"
#include "model/runtime/event_trace.h"
#include "model/runtime/live_objects.h"
#include "model/runtime/object_lifetime.h"
#include "model/runtime/outlived_lock.h"
#include "model/runtime/relacy_include.h"
#include "model/runtime/sync_model.h"
#include "model/search/engine.h"
#include "model/search/local_state.h"

namespace slabproof::model {
namespace {

using std::memory_order;
using std::source_location;

Engine& engine() noexcept {
  return Engine::instance();
}

rl::debug_info relacy_place(const source_location& where) noexcept {
  return {where.function_name(), where.file_name(), static_cast<unsigned>(where.line())};
}

/// A mutex is Relacy's own where its search or a replay runs. Under a scheduler of ours no thread
/// ever has to wait for a lock, so of Relacy's mutex there remains how it orders its holders, as
/// in rl::sync_var: a lock acquires what every unlock before it has released.
struct MutexRecord : ObjectRecord {
  std::array<std::size_t, kMaxThreads> released;
  alignas(rl::mutex) std::byte place[sizeof(rl::mutex)];
  rl::mutex& relacy() noexcept { return *std::launder(reinterpret_cast<rl::mutex*>(place)); }
};

struct AtomicRecord : ObjectRecord {
  using Relacy = rl::atomic<std::uint64_t>;
  alignas(Relacy) std::byte place[sizeof(Relacy)];
  std::uint8_t last_writer;        // actor of the last modification
  bool carries_release;            // and whether a reader of it synchronises with that actor
  std::uint8_t last_store_thread;  // of the last store that was no read-modify-write
  std::uint32_t last_store_time;
  Relacy& relacy() noexcept { return *std::launder(reinterpret_cast<Relacy*>(place)); }
};

ObjectTable<MutexRecord> mutexes;
ObjectTable<AtomicRecord> atomics;

constexpr checker_hooks::TypeInfo kMutexType{"mutex", nullptr};

void announce(OperationKind kind, std::uint16_t object) noexcept {
  if (!engine().is_alone()) engine().announce(kind, object);
}

std::uint16_t new_number(const source_location& where) {
  const auto number = engine().new_object();
  if (!number) fail_unsupported("a thread makes too many mutexes and atomics", where);
  return *number;
}

/// A value of an atomic has been read, or stored.
void saw_value(const AtomicRecord& record, std::uint64_t bits) noexcept {
  engine().saw(std::min(bits, record.type->compared_up_to));
}

void acquire(const MutexRecord& record) noexcept {
  const ThreadClock me = engine().clock();
  me.tick();
  for (std::size_t i = 0; i < engine().slots(); ++i) {
    me.clock[i] = std::max(me.clock[i], record.released[i]);
  }
}

void release(MutexRecord& record) noexcept {
  const ThreadClock me = engine().clock();
  me.tick();
  for (std::size_t i = 0; i < engine().slots(); ++i) {
    record.released[i] = std::max(me.clock[i], record.released[i]);
  }
}

}  // namespace

void forget_synchronisation() noexcept {
  mutexes.clear();
  atomics.clear();
}

void list_mutexes(std::vector<LiveMutex>& live) {
  live.clear();
  mutexes.for_each([&live](const MutexRecord& record) {
    if (record.object != nullptr) live.push_back({&record, record.released});
  });
}

bool has_atomics() {
  bool found = false;
  atomics.for_each([&found](const AtomicRecord& record) { found |= record.object != nullptr; });
  return found;
}

void end_synchronisation_in(const std::byte* data, std::size_t size) {
  if (SyncModel* const model = SyncModel::present()) {
    return model->end_objects_in(data, size);
  }
  end_all_in(mutexes, data, size);
  end_all_in(atomics, data, size);
}

namespace checker_hooks {

// ---- mutexes ----

Handle begin_mutex(const void* object, source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) return model->begin_mutex(object, where);
  engine().refuse_in_states("a thread makes a mutex", where);
  const auto [handle, record] = begin_object(mutexes, object, sizeof(Handle), kMutexType, where);
  record->number = new_number(where);
  engine().note_act();
  if (engine().scheduler_owns_mutexes()) {
    record->released.fill(0);
  } else {
    const CheckerScope quiet;
    ::new (static_cast<void*>(record->place)) rl::mutex();
  }
  engine().mutex_made(record->number);
  if (model::is_tracing()) [[unlikely]]
    trace_object(where, "construct", *record);
  return handle;
}

void end_mutex(Handle handle, const void* object, source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->end_mutex(handle, object, where);
  }
  MutexRecord& record = record_of(mutexes, handle, object, "destruction", where);
  if (model::is_tracing()) [[unlikely]]
    trace_object(where, "destroy", record);
  if (engine().is_held(record.number)) {
    abandon_execution(Defect::kMutexDestroyedWhileHeld, "a mutex is destroyed while it is held",
                      where);
  }
  end_object(record, object, sizeof(Handle), where);
  engine().note_write(object, 0);
  if (engine().scheduler_owns_mutexes()) return;
  const CheckerScope quiet;
  std::destroy_at(&record.relacy());
}

void lock(Handle handle, const void* object, source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) return model->lock(handle, object, where);
  MutexRecord& record = record_of(mutexes, handle, object, "lock", where);
  judge_outlived_lock();
  use_object(record, where);
  if (engine().holds(record.number)) [[unlikely]] {
    abandon_execution(Defect::kDeadlock, "deadlock: a thread locks a mutex that it holds already",
                      where);
  }
  if (engine().is_alone() && engine().is_held(record.number)) [[unlikely]] {
    abandon_execution(Defect::kDeadlock, "deadlock: a mutex was never unlocked", where);
  }
  announce(OperationKind::kLock, record.number);
  if (!engine().is_alone()) engine().park();
  if (engine().scheduler_owns_mutexes()) {
    if (!engine().is_alone()) rl::ctx().sched();
    acquire(record);
  } else {
    record.relacy().lock(relacy_place(where));
  }
  // First, so that the execution can say what the event means.
  if (model::is_tracing()) [[unlikely]]
    trace_object(where, "lock", record);
  engine().locked(record.number);
  engine().note_lock(object);
  outlived_lock.locked(engine().actor(), engine().is_alone());
}

namespace {

/// Whether a try_lock fails: the search decides that.
bool fails_to_lock(Handle handle, const void* object, const source_location& where) {
  if (engine().is_alone()) return false;
  if (!engine().may_fail_to_lock()) {
    // The mutex may be held.
    engine().cut();
    return false;
  }
  if (SyncModel* const model = SyncModel::present()) {
    return model->fails_to_lock(handle, object, where);
  }
  if (rl::ctx().rand(2, rl::sched_type_user) == 0) return false;
  MutexRecord& record = record_of(mutexes, handle, object, "try_lock", where);
  use_object(record, where);
  engine().failed_to_lock(record.number);
  if (model::is_tracing()) [[unlikely]]
    trace_object(where, "failed try_lock", record);
  return true;
}

}  // namespace

bool try_lock(Handle handle, const void* object, source_location where) noexcept {
  require_execution(where);
  judge_outlived_lock();
  engine().refuse_in_states("a thread tries to lock a mutex", where);
  SyncModel* const model = SyncModel::present();
  if (model == nullptr && !engine().is_alone() && engine().repeats_failed_try(object)) {
    engine().begin_retry();
    lock(handle, object, where);
    engine().end_retry();
    return true;
  }
  if (fails_to_lock(handle, object, where)) return false;
  if (model != nullptr) {
    model->lock_at_once(handle, object, where);
  } else {
    engine().begin_try_lock();
    lock(handle, object, where);
    engine().end_try_lock();
  }
  return true;
}

std::size_t choose(std::size_t count, source_location where) noexcept {
  require_execution(where);
  engine().refuse_in_states("the search chooses a value", where);
  if (engine().is_alone()) return 0;
  if (SyncModel* const model = SyncModel::present()) return model->choose(count, where);
  const std::size_t value = rl::ctx().rand(static_cast<unsigned>(count), rl::sched_type_user);
  engine().note_choice();
  return value;
}

bool happens_without_cause(source_location where) noexcept {
  if (!engine().may_happen_without_cause() || choose(2, where) == 0) return false;
  engine().happened_without_cause();
  return true;
}

void unlock(Handle handle, const void* object, source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->unlock(handle, object, where);
  }
  MutexRecord& record = record_of(mutexes, handle, object, "unlock", where);
  judge_outlived_lock();
  use_object(record, where);
  if (!engine().holds(record.number)) [[unlikely]] {
    abandon_execution(Defect::kUnlockWithoutLock, "a thread unlocks a mutex that it does not hold",
                      where);
  }
  if (model::is_tracing()) [[unlikely]] {
    complete_writes(nullptr);
    trace_object(where, "unlock", record);
  }
  const bool is_step = engine().settings().unlock_is_step;
  if (is_step) announce(OperationKind::kUnlock, record.number);
  if (engine().scheduler_owns_mutexes()) {
    if (is_step && !engine().is_alone()) rl::ctx().sched();
    release(record);
  } else if (is_step) {
    record.relacy().unlock(relacy_place(where));
  } else {
    const CheckerScope quiet;
    record.relacy().unlock(relacy_place(where));
  }
  engine().unlocked(record.number);
  engine().note_unlock(object);
  if (!engine().is_alone() && !engine().compares_states()) {
    outlived_lock.unlocked(engine().actor(), engine().clock(), where);
  }
}

// ---- atomics ----

namespace {

rl::memory_order relacy_order(memory_order order) noexcept {
  switch (order) {
    case memory_order::relaxed:
      return rl::mo_relaxed;
    case memory_order::consume:
      return rl::mo_consume;
    case memory_order::acquire:
      return rl::mo_acquire;
    case memory_order::release:
      return rl::mo_release;
    case memory_order::acq_rel:
      return rl::mo_acq_rel;
    case memory_order::seq_cst:
      return rl::mo_seq_cst;
  }
  return rl::mo_seq_cst;
}

bool is_acquire_only(memory_order order) noexcept {
  return order == memory_order::acquire || order == memory_order::acq_rel;
}

bool releases(memory_order order) noexcept {
  return order == memory_order::release || order == memory_order::acq_rel ||
         order == memory_order::seq_cst;
}

void refuse_consume(memory_order order, const source_location& where) {
  if (order == memory_order::consume)
    fail_unsupported("memory_order consume is not modelled", where);
}

/// Relacy keeps the release sequence of C++11, which a relaxed store of the releasing thread
/// continues; in C++20 such a store ends it. Code that is racy in C++20 would be accepted.
void refuse_broken_release_sequence(const AtomicRecord& record, memory_order order,
                                    const source_location& where) {
  if (order == memory_order::relaxed && record.carries_release &&
      record.last_writer == engine().actor() && engine().settings().refuse_unmodelled) {
    fail_unsupported(
        "a relaxed store after a release by the same thread is not modelled: C++20 ends the "
        "release sequence there, Relacy continues it",
        where);
  }
}

void note_seq_cst(memory_order order) noexcept {
  if (order == memory_order::seq_cst) engine().note_seq_cst_access();
}

/// Relacy takes the order in which stores run for their order in coherence. So it does where a
/// read-modify-write runs after a store, of which no note is made: that is so in most programs.
void note_store(AtomicRecord& record, const source_location& where) {
  if (engine().is_alone()) return;
  const ThreadClock me = engine().clock();
  if (!me.is_after(record.last_store_thread, record.last_store_time)) [[unlikely]] {
    const CheckerScope quiet;
    engine().note_unordered_store(name_of(record), where);
  }
  record.last_store_thread = static_cast<std::uint8_t>(me.index);
  record.last_store_time = me.tick();
}

void note_modification(AtomicRecord& record, bool carries_release) noexcept {
  record.last_writer = static_cast<std::uint8_t>(engine().actor());
  record.carries_release = carries_release;
}

/// A read-modify-write that leaves the value as it was is to others as if it had only read.
void note_exchange(const void* object, std::uint64_t before, std::uint64_t after) {
  if (before == after) {
    engine().note_read(object, before, true);
  } else {
    engine().note_write(object, before);
  }
}

/// The pairs for which Relacy loads with the failure order that was asked for.
bool is_modelled_pair(memory_order success, memory_order failure) noexcept {
  if (failure == memory_order::relaxed) return true;
  if (failure == memory_order::acquire) {
    return is_acquire_only(success) || success == memory_order::seq_cst;
  }
  return failure == memory_order::seq_cst && success == memory_order::seq_cst;
}

AtomicRecord& use_atomic(Handle handle, const void* object, OperationKind kind,
                         std::string_view access, const source_location& where) {
  engine().refuse_in_states("a thread uses an atomic", where);
  AtomicRecord& record = record_of(atomics, handle, object, access, where);
  judge_outlived_lock();
  use_object(record, where);
  announce(kind, record.number);
  return record;
}

}  // namespace

namespace {

/// What Relacy's `yield` is asked for: how the running thread pauses.
constexpr unsigned kPauses = 1;
constexpr unsigned kPausesIfItWaits = 0;

void pause_in_relacy(const source_location& where) {
  rl::ctx().yield(kPauses, relacy_place(where));
  if (model::is_tracing()) {
    const CheckerScope quiet;
    trace_event(where, "pause");
  }
}

/// A thread that reads the same again and again may wait in a loop that does not pause.
void look_for_wait(const void* object, const source_location& where) {
  if (engine().is_alone() || !engine().may_wait(object, where)) return;
  {
    const CheckerScope quiet;
    engine().end_turn(local_state());
  }
  rl::ctx().yield(kPausesIfItWaits, relacy_place(where));
}

}  // namespace

Handle begin_atomic(const void* object, std::uint64_t initial, const TypeInfo& type,
                    source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->begin_atomic(object, initial, type, where);
  }
  engine().refuse_in_states("a thread makes an atomic", where);
  const CheckerScope quiet;
  const auto [handle, record] = begin_object(atomics, object, sizeof(Handle), type, where);
  record->number = new_number(where);
  engine().note_act();
  auto* const atomic = ::new (static_cast<void*>(record->place)) AtomicRecord::Relacy();
  atomic->store(initial, rl::mo_relaxed, relacy_place(where));
  note_modification(*record, false);
  record->last_store_thread = 0;
  record->last_store_time = 0;
  if (model::is_tracing()) {
    trace_object(where, "construct", *record, type.describe(&initial));
  }
  return handle;
}

void end_atomic(Handle handle, const void* object, source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->end_atomic(handle, object, where);
  }
  AtomicRecord& record = record_of(atomics, handle, object, "destruction", where);
  if (model::is_tracing()) trace_object(where, "destroy atomic", record);
  end_object(record, object, sizeof(Handle), where);
  engine().note_write(object, 0);
  const CheckerScope quiet;
  std::destroy_at(&record.relacy());
}

std::uint64_t load(Handle handle, const void* object, memory_order order,
                   source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->load(handle, object, order, where);
  }
  refuse_consume(order, where);
  if (order == memory_order::release || order == memory_order::acq_rel) {
    fail_unsupported("a load can have no release order", where);
  }
  look_for_wait(object, where);
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kRead, "load", where);
  const std::uint64_t value = record.relacy().load(relacy_order(order), relacy_place(where));
  saw_value(record, value);
  note_seq_cst(order);
  engine().note_read(object, value, value == record.relacy().debug_value());
  if (model::is_tracing()) trace_value(where, "load", order, record, value);
  return value;
}

void store(Handle handle, const void* object, std::uint64_t value, memory_order order,
           source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->store(handle, object, value, order, where);
  }
  refuse_consume(order, where);
  if (is_acquire_only(order)) fail_unsupported("a store can have no acquire order", where);
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kWrite, "store", where);
  record.relacy().store(value, relacy_order(order), relacy_place(where));
  saw_value(record, value);
  refuse_broken_release_sequence(record, order, where);
  note_modification(record, releases(order));
  note_store(record, where);
  note_seq_cst(order);
  engine().note_write(object, value);
  if (model::is_tracing()) trace_value(where, "store", order, record, value);
}

namespace {

/// `apply` does it and gives the value before; `after_of` says what it makes of that.
template <class Apply, class AfterOf>
std::uint64_t modify(Handle handle, const void* object, std::string_view name, memory_order order,
                     const source_location& where, Apply apply, AfterOf after_of) {
  refuse_consume(order, where);
  look_for_wait(object, where);
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kWrite, name, where);
  const std::uint64_t before = apply(record.relacy(), relacy_order(order), relacy_place(where));
  saw_value(record, before);
  note_modification(record, record.carries_release || releases(order));
  note_seq_cst(order);
  note_exchange(object, before, after_of(before));
  if (model::is_tracing()) trace_value(where, name, order, record, after_of(before));
  return before;
}

}  // namespace

std::uint64_t exchange(Handle handle, const void* object, std::uint64_t value, memory_order order,
                       source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->exchange(handle, object, value, order, where);
  }
  return modify(
      handle, object, "exchange", order, where,
      [value](auto& atomic, auto... how) { return atomic.exchange(value, how...); },
      [value](std::uint64_t) { return value; });
}

std::uint64_t fetch_add(Handle handle, const void* object, std::uint64_t value, memory_order order,
                        source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->fetch_add(handle, object, value, order, where);
  }
  return modify(
      handle, object, "fetch_add", order, where,
      [value](auto& atomic, auto... how) { return atomic.fetch_add(value, how...); },
      [value](std::uint64_t before) { return before + value; });
}

std::uint64_t fetch_bits(Handle handle, const void* object, BitOperation bits, std::uint64_t value,
                         memory_order order, source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->fetch_bits(handle, object, bits, value, order, where);
  }
  switch (bits) {
    case BitOperation::kAnd:
      return modify(
          handle, object, "fetch_and", order, where,
          [value](auto& atomic, auto... how) { return atomic.fetch_and(value, how...); },
          [value](std::uint64_t before) { return before & value; });
    case BitOperation::kOr:
      return modify(
          handle, object, "fetch_or", order, where,
          [value](auto& atomic, auto... how) { return atomic.fetch_or(value, how...); },
          [value](std::uint64_t before) { return before | value; });
    case BitOperation::kXor:
      break;
  }
  return modify(
      handle, object, "fetch_xor", order, where,
      [value](auto& atomic, auto... how) { return atomic.fetch_xor(value, how...); },
      [value](std::uint64_t before) { return before ^ value; });
}

bool compare_exchange(Handle handle, const void* object, std::uint64_t& expected,
                      std::uint64_t desired, bool weak, memory_order success, memory_order failure,
                      source_location where) noexcept {
  if (SyncModel* const model = SyncModel::present()) {
    return model->compare_exchange(handle, object, expected, desired, weak, success, failure,
                                   where);
  }
  refuse_consume(success, where);
  if (!is_modelled_pair(success, failure)) {
    const CheckerScope quiet;
    fail_unsupported(fmt::format("a compare-exchange with orders {} and {} is not modelled",
                                 name_of(success), name_of(failure)),
                     where);
  }
  look_for_wait(object, where);
  AtomicRecord& record =
      use_atomic(handle, object, OperationKind::kWrite, "compare-exchange", where);
  const rl::debug_info place = relacy_place(where);
  const std::uint64_t wanted = expected;
  const bool exchanged =
      weak ? record.relacy().compare_exchange_weak(expected, desired, relacy_order(success), place,
                                                   relacy_order(failure), place)
           : record.relacy().compare_exchange_strong(expected, desired, relacy_order(success),
                                                     place, relacy_order(failure), place);
  saw_value(record, expected);
  note_seq_cst(exchanged ? success : failure);
  if (exchanged) {
    note_modification(record, record.carries_release || releases(success));
    note_exchange(object, wanted, desired);
  } else {
    engine().note_read(object, expected, expected != wanted);
  }
  if (model::is_tracing()) {
    trace_value(where, exchanged ? "compare-exchange" : "failed compare-exchange",
                exchanged ? success : failure, record, exchanged ? desired : expected);
  }
  return exchanged;
}

void fence(memory_order order, source_location where) noexcept {
  require_execution(where);
  judge_outlived_lock();
  if (SyncModel* const model = SyncModel::present()) return model->fence(order, where);
  engine().refuse_in_states("a thread makes a fence", where);
  if (order == memory_order::relaxed || order == memory_order::consume) {
    fail_unsupported("a fence of this order is not modelled", where);
  }
  if (order == memory_order::seq_cst) {
    announce(OperationKind::kSeqCstFence, 0);
    engine().note_seq_cst_fence();
  }
  rl::atomic_thread_fence(relacy_order(order), relacy_place(where));
  if (model::is_tracing()) {
    const CheckerScope quiet;
    trace_event(where, fmt::format("fence {}", name_of(order)));
  }
}

void pause(source_location where) noexcept {
  require_execution(where);
  judge_outlived_lock();
  if (engine().phase() != Engine::Phase::kThreads) return;
  if (SyncModel* const model = SyncModel::present()) return model->pause(where);
  engine().park();
  if (!engine().pauses_are_points()) {
    const CheckerScope quiet;
    engine().end_turn(local_state());
  }
  pause_in_relacy(where);
}

Try begin_try(source_location where) noexcept {
  require_execution(where);
  SyncModel* const model = SyncModel::present();
  return model != nullptr ? model->begin_try() : Try{};
}

std::uint64_t begin_wait(source_location where) noexcept {
  require_execution(where);
  judge_outlived_lock();
  engine().refuse_in_states("a thread awaits", where);
  return engine().begin_wait();
}

void fail_try(std::uint64_t wait, const Try& begun, source_location where) noexcept {
  require_execution(where);
  if (SyncModel* const model = SyncModel::present()) return model->fail_try(begun);
  if (engine().is_alone()) return;
  {
    const CheckerScope quiet;
    engine().end_turn_of(wait);
  }
  pause_in_relacy(where);
}

}  // namespace checker_hooks
}  // namespace slabproof::model
