#include "slabproof/model/relacy_bridge.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "slabproof/model/engine.h"
#include "slabproof/model/model_memory.h"
#include "slabproof/model/object_table.h"
#include "slabproof/model/relacy_include.h"

namespace slabproof::model {
namespace {

using std::memory_order;
using std::source_location;

Engine& engine() noexcept {
  return Engine::instance();
}

ThreadClock running_clock() noexcept {
  rl::thread_info_base& thread = *rl::ctx().threadx_;
  return {thread.acq_rel_order_, static_cast<std::size_t>(thread.index_)};
}

rl::debug_info relacy_place(const source_location& where) noexcept {
  return {where.function_name(), where.file_name(), static_cast<unsigned>(where.line())};
}

struct VariableRecord : ObjectRecord {};

struct MutexRecord : ObjectRecord {
  alignas(rl::mutex) std::byte memory[sizeof(rl::mutex)];
  rl::mutex& relacy() noexcept { return *std::launder(reinterpret_cast<rl::mutex*>(memory)); }
};

struct AtomicRecord : ObjectRecord {
  using Relacy = rl::atomic<std::uint64_t>;
  alignas(Relacy) std::byte memory[sizeof(Relacy)];
  std::uint8_t last_writer;  // actor of the last modification
  bool carries_release;      // and whether a reader of it synchronises with that actor
  Relacy& relacy() noexcept { return *std::launder(reinterpret_cast<Relacy*>(memory)); }
};

ObjectTable<VariableRecord> variables;
ObjectTable<MutexRecord> mutexes;
ObjectTable<AtomicRecord> atomics;

constexpr bridge::TypeInfo kMutexType{"mutex", nullptr};

// ---- traces ----

int trace_thread() noexcept {
  return static_cast<int>(engine().actor()) - 1;
}

/// Writes whose value is not known before the writer goes on.
struct OpenWrite {
  std::size_t event;
  int thread;
  const void* object;
  std::string (*describe)(const void*);
};
std::vector<OpenWrite> open_writes;

/// Completes the writes of the running thread, or only those to `object`.
void close_writes(const void* object) {
  std::erase_if(open_writes, [&](const OpenWrite& write) {
    if (write.thread != trace_thread()) return false;
    if (object != nullptr && write.object != object) return false;
    engine().trace()->events[write.event].value = write.describe(write.object);
    return true;
  });
}

TraceEvent& add_event(const source_location& where, std::string operation, std::string object) {
  auto& events = engine().trace()->events;
  if (events.empty()) open_writes.clear();
  events.push_back(
      {trace_thread(), SourcePlace::of(where), std::move(operation), std::move(object), {}, false});
  return events.back();
}

std::string name_of(const ObjectRecord& record) {
  return fmt::format("{} {}", record.type->name, record.number);
}

bool tracing() noexcept {
  return engine().trace() != nullptr;
}

void trace(const source_location& where, std::string_view operation, const ObjectRecord& record,
           std::string value = {}) {
  const Quiet quiet;
  add_event(where, std::string(operation), name_of(record)).value = std::move(value);
}

std::string_view order_name(memory_order order) noexcept {
  switch (order) {
    case memory_order::relaxed:
      return "relaxed";
    case memory_order::consume:
      return "consume";
    case memory_order::acquire:
      return "acquire";
    case memory_order::release:
      return "release";
    case memory_order::acq_rel:
      return "acq_rel";
    case memory_order::seq_cst:
      return "seq_cst";
  }
  return "unknown";
}

void trace_value(const source_location& where, std::string_view operation, memory_order order,
                 const ObjectRecord& record, std::uint64_t bits) {
  const Quiet quiet;
  trace(where, fmt::format("{} {}", operation, order_name(order)), record,
        record.type->describe(&bits));
}

// ---- lifetimes ----

[[noreturn]] void refuse(const source_location& where, std::string_view what) {
  abandon_execution(Failure::kUnsupported, std::string(what), where);
}

/// The record of a live object, or the end of the execution.
template <class Record>
Record& record_of(ObjectTable<Record>& table, bridge::Handle handle, const void* object,
                  const source_location& where, std::string_view access) {
  if (!engine().count_access()) {
    abandon_execution(
        "L1",
        fmt::format("livelock: {} accesses in one execution", engine().settings().access_limit),
        where);
  }
  Record* const record = table.find(handle, object);
  if (record == nullptr) {
    const Quiet quiet;
    abandon_execution(
        "S8", fmt::format("{} of an object that was destroyed or never constructed", access),
        where);
  }
  return *record;
}

template <class Record>
std::pair<bridge::Handle, Record*> begin_object(ObjectTable<Record>& table, const void* object,
                                                std::size_t size, const bridge::TypeInfo& type,
                                                const source_location& where) {
  const auto handle = table.add(object);
  if (!handle) refuse(where, "the execution makes too many checked objects");
  Record& record = table[*handle];
  record.type = &type;
  const ThreadClock me = running_clock();
  record.race.initialize(me);
  if (!ModelMemory::instance().begin_lifetime(object, size, me)) {
    const Quiet quiet;
    abandon_execution("S8",
                      fmt::format("data race: a {} begins its life where another thread's object "
                                  "began or ended its own, unordered",
                                  type.name),
                      where);
  }
  return {*handle, &record};
}

template <class Record>
void end_object(Record& record, const void* object, std::size_t size,
                const source_location& where) {
  const ThreadClock me = running_clock();
  if (!record.race.store(me) || !ModelMemory::instance().end_lifetime(object, size, me)) {
    const Quiet quiet;
    abandon_execution(
        "S8",
        fmt::format("data race: {} is destroyed, unordered with an access by another thread",
                    name_of(record)),
        where);
  }
  record.object = nullptr;
}

/// An access that must come after the object's construction and before its destruction.
void use_object(ObjectRecord& record, const source_location& where) {
  if (record.race.load(running_clock())) return;
  const Quiet quiet;
  abandon_execution(
      "S8", fmt::format("data race: {} is used, unordered with its construction", name_of(record)),
      where);
}

void announce(OperationKind kind, std::uint16_t object) noexcept {
  if (engine().phase() == Engine::Phase::kThreads) engine().announce(kind, object);
}

std::uint16_t new_number(const source_location& where) {
  const auto number = engine().new_object();
  if (!number) refuse(where, "a thread makes too many mutexes and atomics");
  return *number;
}

}  // namespace

void abandon_execution(std::string_view property, std::string message,
                       const source_location& where) {
  {
    const Quiet quiet;
    if (tracing()) {
      close_writes(nullptr);
      if (where.line() != 0) add_event(where, message, "");
      if (!engine().trace()->events.empty()) engine().trace()->events.back().failed = true;
    }
    engine().set_failure(property, std::move(message), where);
  }
  rl::ctx().fail_test("", rl::test_result_user_assert_failed, rl::debug_info());
  std::unreachable();
}

namespace bridge {

void begin_execution() noexcept {
  variables.clear();
  mutexes.clear();
  atomics.clear();
  ModelMemory::instance().begin_execution();
}

// ---- variables ----

Handle begin_variable(const void* object, std::size_t size, const TypeInfo& type,
                      source_location where) noexcept {
  const auto [handle, record] = begin_object(variables, object, size, type, where);
  record->number = static_cast<std::uint16_t>(handle);
  if (tracing()) trace(where, "construct", *record);
  return handle;
}

void end_variable(Handle handle, const void* object, std::size_t size,
                  source_location where) noexcept {
  VariableRecord& record = record_of(variables, handle, object, where, "destruction");
  if (tracing()) {
    const Quiet quiet;
    close_writes(object);
    trace(where, "destroy", record, record.type->describe(object));
  }
  end_object(record, object, size, where);
}

void read_variable(Handle handle, const void* object, source_location where) noexcept {
  VariableRecord& record = record_of(variables, handle, object, where, "read");
  if (tracing()) {
    const Quiet quiet;
    close_writes(object);
    trace(where, "read", record, record.type->describe(object));
  }
  if (!record.race.load(running_clock())) {
    const Quiet quiet;
    abandon_execution("S8",
                      fmt::format("data race: {} is read, unordered with a write by another thread",
                                  name_of(record)),
                      where);
  }
}

void write_variable(Handle handle, const void* object, source_location where) noexcept {
  VariableRecord& record = record_of(variables, handle, object, where, "write");
  if (tracing()) {
    const Quiet quiet;
    close_writes(object);
    trace(where, "write", record);
    open_writes.push_back(
        {engine().trace()->events.size() - 1, trace_thread(), object, record.type->describe});
  }
  if (!record.race.store(running_clock())) {
    const Quiet quiet;
    abandon_execution(
        "S8",
        fmt::format("data race: {} is written, unordered with an access by another thread",
                    name_of(record)),
        where);
  }
}

// ---- mutexes ----

Handle begin_mutex(const void* object, source_location where) noexcept {
  const Quiet quiet;
  const auto [handle, record] = begin_object(mutexes, object, sizeof(Handle), kMutexType, where);
  record->number = new_number(where);
  ::new (static_cast<void*>(record->memory)) rl::mutex();
  engine().mutex_made(record->number);
  if (tracing()) trace(where, "construct", *record);
  return handle;
}

void end_mutex(Handle handle, const void* object, source_location where) noexcept {
  MutexRecord& record = record_of(mutexes, handle, object, where, "destruction");
  if (tracing()) trace(where, "destroy", record);
  if (engine().is_held(record.number)) {
    abandon_execution("S8", "a mutex is destroyed while it is held", where);
  }
  end_object(record, object, sizeof(Handle), where);
  const Quiet quiet;
  std::destroy_at(&record.relacy());
}

void lock(Handle handle, const void* object, source_location where) noexcept {
  MutexRecord& record = record_of(mutexes, handle, object, where, "lock");
  use_object(record, where);
  announce(OperationKind::kLock, record.number);
  record.relacy().lock(relacy_place(where));
  engine().locked(record.number);
  if (tracing()) trace(where, "lock", record);
}

void unlock(Handle handle, const void* object, source_location where) noexcept {
  MutexRecord& record = record_of(mutexes, handle, object, where, "unlock");
  use_object(record, where);
  if (tracing()) {
    const Quiet quiet;
    close_writes(nullptr);
    trace(where, "unlock", record);
  }
  if (engine().settings().unlock_is_step) {
    announce(OperationKind::kUnlock, record.number);
    record.relacy().unlock(relacy_place(where));
  } else {
    const Quiet quiet;
    record.relacy().unlock(relacy_place(where));
  }
  engine().unlocked(record.number);
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
  if (order == memory_order::consume) refuse(where, "memory_order consume is not modelled");
}

/// Relacy keeps the release sequence of C++11, which a relaxed store of the releasing thread
/// continues; in C++20 such a store ends it. Code that is racy in C++20 would be accepted.
void refuse_broken_release_sequence(const AtomicRecord& record, memory_order order,
                                    const source_location& where) {
  if (order == memory_order::relaxed && record.carries_release &&
      record.last_writer == engine().actor() && engine().settings().refuse_unmodelled) {
    refuse(where,
           "a relaxed store after a release by the same thread is not modelled: C++20 ends the "
           "release sequence there, Relacy continues it");
  }
}

void note_modification(AtomicRecord& record, bool carries_release) noexcept {
  record.last_writer = static_cast<std::uint8_t>(engine().actor());
  record.carries_release = carries_release;
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
  AtomicRecord& record = record_of(atomics, handle, object, where, access);
  use_object(record, where);
  announce(kind, record.number);
  return record;
}

}  // namespace

Handle begin_atomic(const void* object, std::uint64_t initial, const TypeInfo& type,
                    source_location where) noexcept {
  const Quiet quiet;
  const auto [handle, record] = begin_object(atomics, object, sizeof(Handle), type, where);
  record->number = new_number(where);
  auto* const atomic = ::new (static_cast<void*>(record->memory)) AtomicRecord::Relacy();
  atomic->store(initial, rl::mo_relaxed, relacy_place(where));
  note_modification(*record, false);
  if (tracing()) trace(where, "construct atomic", *record, type.describe(&initial));
  return handle;
}

void end_atomic(Handle handle, const void* object, source_location where) noexcept {
  AtomicRecord& record = record_of(atomics, handle, object, where, "destruction");
  if (tracing()) trace(where, "destroy atomic", record);
  end_object(record, object, sizeof(Handle), where);
  const Quiet quiet;
  std::destroy_at(&record.relacy());
}

std::uint64_t load(Handle handle, const void* object, memory_order order,
                   source_location where) noexcept {
  refuse_consume(order, where);
  if (order == memory_order::release || order == memory_order::acq_rel) {
    refuse(where, "a load can have no release order");
  }
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kRead, "load", where);
  const std::uint64_t value = record.relacy().load(relacy_order(order), relacy_place(where));
  if (tracing()) trace_value(where, "load", order, record, value);
  return value;
}

void store(Handle handle, const void* object, std::uint64_t value, memory_order order,
           source_location where) noexcept {
  refuse_consume(order, where);
  if (is_acquire_only(order)) refuse(where, "a store can have no acquire order");
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kWrite, "store", where);
  record.relacy().store(value, relacy_order(order), relacy_place(where));
  refuse_broken_release_sequence(record, order, where);
  note_modification(record, releases(order));
  if (tracing()) trace_value(where, "store", order, record, value);
}

std::uint64_t exchange(Handle handle, const void* object, std::uint64_t value, memory_order order,
                       source_location where) noexcept {
  refuse_consume(order, where);
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kWrite, "exchange", where);
  const std::uint64_t before =
      record.relacy().exchange(value, relacy_order(order), relacy_place(where));
  note_modification(record, record.carries_release || releases(order));
  if (tracing()) trace_value(where, "exchange", order, record, value);
  return before;
}

std::uint64_t fetch_add(Handle handle, const void* object, std::uint64_t value, memory_order order,
                        source_location where) noexcept {
  refuse_consume(order, where);
  AtomicRecord& record = use_atomic(handle, object, OperationKind::kWrite, "fetch_add", where);
  const std::uint64_t before =
      record.relacy().fetch_add(value, relacy_order(order), relacy_place(where));
  note_modification(record, record.carries_release || releases(order));
  if (tracing()) trace_value(where, "fetch_add", order, record, before + value);
  return before;
}

bool compare_exchange(Handle handle, const void* object, std::uint64_t& expected,
                      std::uint64_t desired, bool weak, memory_order success, memory_order failure,
                      source_location where) noexcept {
  if (!is_modelled_pair(success, failure)) {
    const Quiet quiet;
    refuse(where, fmt::format("a compare-exchange with orders {} and {} is not modelled",
                              order_name(success), order_name(failure)));
  }
  AtomicRecord& record =
      use_atomic(handle, object, OperationKind::kWrite, "compare-exchange", where);
  const rl::debug_info place = relacy_place(where);
  const bool exchanged =
      weak ? record.relacy().compare_exchange_weak(expected, desired, relacy_order(success), place,
                                                   relacy_order(failure), place)
           : record.relacy().compare_exchange_strong(expected, desired, relacy_order(success),
                                                     place, relacy_order(failure), place);
  if (exchanged) note_modification(record, record.carries_release || releases(success));
  if (tracing()) {
    trace_value(where, exchanged ? "compare-exchange" : "failed compare-exchange",
                exchanged ? success : failure, record, exchanged ? desired : expected);
  }
  return exchanged;
}

void fence(memory_order order, source_location where) noexcept {
  if (order == memory_order::relaxed || order == memory_order::consume) {
    refuse(where, "a fence of this order is not modelled");
  }
  if (order == memory_order::seq_cst) announce(OperationKind::kSeqCstFence, 0);
  rl::atomic_thread_fence(relacy_order(order), relacy_place(where));
  if (tracing()) {
    const Quiet quiet;
    add_event(where, fmt::format("fence {}", order_name(order)), "");
  }
}

void pause(source_location where) noexcept {
  if (engine().phase() != Engine::Phase::kThreads) return;
  announce(OperationKind::kPause, 0);
  rl::ctx().yield(1, relacy_place(where));
  engine().paused();
  if (tracing()) {
    const Quiet quiet;
    add_event(where, "pause", "");
  }
}

// ---- memory ----

namespace {

void trace_region(std::string_view operation, const std::byte* data, std::size_t size) {
  const Quiet quiet;
  add_event(source_location::current(), std::string(operation), "region").value =
      fmt::format("{} bytes at {}", size, static_cast<const void*>(data));
}

void check_no_lock(std::string_view what) {
  if (engine().locks_held() == 0) return;
  const Quiet quiet;
  abandon_execution("S5", fmt::format("{} while a lock is held", what), source_location());
}

/// Ends the lives of the objects of one sort in memory that is given back.
template <class Record>
void end_all_in(ObjectTable<Record>& table, const std::byte* data, std::size_t size) {
  table.for_each_in(data, size, [](Record& record) {
    if (!record.race.store(running_clock())) {
      const Quiet quiet;
      abandon_execution("S8",
                        fmt::format("data race: the memory of {} is given back, unordered with an "
                                    "access by another thread",
                                    name_of(record)),
                        source_location());
    }
    record.object = nullptr;
  });
}

}  // namespace

std::byte* request_region(std::size_t size, std::size_t alignment, bool is_segment) noexcept {
  check_no_lock("memory is requested");
  std::byte* data = nullptr;
  if (!engine().take_request_failure()) {
    data = ModelMemory::instance().grant(engine().actor(), size, alignment);
  }
  engine().execution().backing_event(
      data != nullptr ? BackingAction::kGranted : BackingAction::kRefused, is_segment, data, size);
  if (tracing()) trace_region(data != nullptr ? "obtain" : "be refused", data, size);
  return data;
}

void release_region(std::byte* data, std::size_t size, bool is_segment) noexcept {
  check_no_lock("memory is released");
  if (tracing()) trace_region("release", data, size);
  bool survivors = false;
  if (!ModelMemory::instance().release(data, size, running_clock(), survivors)) {
    abandon_execution("S8",
                      "data race: memory is released, unordered with the end of an object in it",
                      source_location());
  }
  if (survivors) {
    end_all_in(variables, data, size);
    end_all_in(mutexes, data, size);
    end_all_in(atomics, data, size);
  }
  engine().execution().backing_event(BackingAction::kReleased, is_segment, data, size);
}

void discard_region(std::byte* data, std::size_t size, bool is_segment) noexcept {
  check_no_lock("pages are given back");
  if (tracing()) trace_region("discard", data, size);
  engine().execution().backing_event(BackingAction::kDiscarded, is_segment, data, size);
}

void fail_next_request() noexcept {
  engine().fail_next_request();
}

void report(std::string_view property, std::string_view message, source_location where) noexcept {
  const Quiet quiet;
  abandon_execution(property, std::string(message), where);
}

void note(std::string_view operation, std::string_view value, source_location where) noexcept {
  if (!tracing()) return;
  const Quiet quiet;
  add_event(where, std::string(operation), "").value = value;
}

bool is_tracing() noexcept {
  return tracing();
}

}  // namespace bridge
}  // namespace slabproof::model
