// Checked variables, and the memory that checked objects lie in.

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/runtime/checked_objects.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/event_trace.h"
#include "model/runtime/live_objects.h"
#include "model/runtime/model_memory.h"
#include "model/runtime/object_lifetime.h"
#include "model/runtime/outlived_lock.h"
#include "model/runtime/sync_model.h"
#include "model/search/engine.h"

namespace slabproof::model {
namespace {

using std::source_location;

Engine& engine() noexcept {
  return Engine::instance();
}

ObjectTable<ObjectRecord> variables;

std::string race_message(const ObjectRecord& record, std::string_view action) {
  return fmt::format("data race: {} {}, unordered with an access by another thread",
                     name_of(record), action);
}

}  // namespace

// ---- what fails ----

void fail_unsupported(std::string_view what, const source_location& where) {
  abandon_execution(Defect::kUnsupported, what, where);
}

void fail_race(const ObjectRecord& record, std::string_view action, const source_location& where) {
  const CheckerScope quiet;
  abandon_execution(Defect::kDataRace, race_message(record, action), where);
}

void fail_lifetime(std::string_view action, const source_location& where) {
  const CheckerScope quiet;
  abandon_execution(Defect::kUseAfterFree,
                    fmt::format("{} of an object that was destroyed or never constructed", action),
                    where);
}

void fail_endless(const source_location& where) {
  const CheckerScope quiet;
  abandon_execution(Defect::kLivelock,
                    fmt::format("livelock: {} makes {} accesses in one execution",
                                engine().actor_name(), engine().settings().access_limit),
                    where);
}

void report_race(const ObjectRecord& record, std::string_view action,
                 const source_location& where) {
  if (SyncModel::present() == nullptr || !engine().settings().outlive_failures) {
    fail_race(record, action, where);
  }
  const CheckerScope quiet;
  engine().set_failure({.defect = Defect::kDataRace,
                        .message = race_message(record, action),
                        .place = SourcePlace::of(where)});
}

void note_survivor(const ObjectRecord& record) {
  const CheckerScope quiet;
  engine().note_survivor(
      {.defect = Defect::kNeverDestroyed,
       .message =
           fmt::format("memory is given back, and {} in it was never destroyed", name_of(record))});
}

void list_variables(std::vector<const ObjectRecord*>& live) {
  live.clear();
  variables.for_each([&live](const ObjectRecord& record) {
    if (record.object != nullptr) live.push_back(&record);
  });
}

namespace checker_hooks {

void begin_execution() noexcept {
  ModelMemory::instance().begin_execution();
  variables.clear();
  outlived_lock.forget_all();
  forget_object_names();
  forget_synchronisation();
}

// ---- variables ----

Handle begin_variable(const void* object, std::size_t size, const TypeInfo& type,
                      source_location where) noexcept {
  const auto [handle, record] = begin_object(variables, object, size, type, where);
  engine().note_act();
  if (is_tracing()) [[unlikely]]
    trace_object(where, "construct", *record);
  return handle;
}

void end_variable(Handle handle, const void* object, std::size_t size,
                  source_location where) noexcept {
  ObjectRecord& record = record_of(variables, handle, object, "destruction", where);
  if (outlived_lock.is_pending()) [[unlikely]]
    outlived_lock.judge_before_change(record);
  if (is_tracing()) [[unlikely]] {
    // What describes a value allocates.
    const CheckerScope quiet;
    complete_writes(object);
    trace_object(where, "destroy", record, record.type->describe(object));
  }
  end_object(record, object, size, where);
  engine().note_write(object, 0);
}

void read_variable(Handle handle, const void* object, std::uint64_t value,
                   source_location where) noexcept {
  ObjectRecord& record = record_of(variables, handle, object, "read", where);
  engine().saw(value);
  if (is_tracing()) [[unlikely]] {
    // What describes a value allocates.
    const CheckerScope quiet;
    complete_writes(object);
    trace_object(where, "read", record, record.type->describe(object));
  }
  if (!engine().is_alone() && !record.race.load(engine().clock())) [[unlikely]] {
    report_race(record, "is read", where);
  }
  engine().note_read(object, 0, true);
}

void write_variable(Handle handle, const void* object, source_location where) noexcept {
  ObjectRecord& record = record_of(variables, handle, object, "write", where);
  about_to_act();
  if (outlived_lock.is_pending()) [[unlikely]]
    outlived_lock.judge_before_change(record);
  if (is_tracing()) [[unlikely]]
    trace_write(where, record);
  if (!engine().is_alone() && !record.race.store(engine().clock())) [[unlikely]] {
    report_race(record, "is written", where);
  }
  // What looking for such writes leaves on the stack would split states.
  if (!engine().is_alone() && !engine().compares_states()) {
    outlived_lock.handed_out(engine().actor(), record);
  }
  engine().note_write(object, 0);
}

// ---- regions ----

namespace {

void trace_region(std::string_view operation, const std::byte* data, std::size_t size,
                  const source_location& where) {
  const CheckerScope quiet;
  trace_event(where, std::string(operation),
              data == nullptr ? fmt::format("{} bytes", size)
                              : fmt::format("{} bytes at {}", size, fmt::ptr(data)));
}

void tell_execution(RegionAction action, std::uint32_t tag, const std::byte* data,
                    std::size_t size) {
  const std::size_t actor = engine().actor();
  engine().execution().region_event({.action = action,
                                     .tag = tag,
                                     .thread = actor == 0 ? std::nullopt : std::optional(actor - 1),
                                     .data = data,
                                     .size = size});
}

[[noreturn, gnu::cold]] void fail_locked(std::string_view what, const source_location& where) {
  const CheckerScope quiet;
  abandon_execution(Defect::kAllocationUnderLock, fmt::format("{} while a lock is held", what),
                    where);
}

void check_no_lock(std::string_view what, const source_location& where) {
  if (engine().may_not_allocate()) [[unlikely]]
    fail_locked(what, where);
}

}  // namespace

std::byte* request_region(std::size_t size, std::size_t alignment, std::uint32_t tag,
                          source_location where) noexcept {
  require_execution(where);
  about_to_act();
  check_no_lock("memory is requested", where);
  engine().note_act();
  std::byte* data = nullptr;
  if (!engine().take_request_failure()) {
    SyncModel* const model = SyncModel::present();
    data = model != nullptr ? model->obtain_memory(size, alignment)
                            : ModelMemory::instance().grant(engine().actor(), size, alignment, tag);
  }
  if (is_tracing()) [[unlikely]] {
    trace_region(data != nullptr ? "obtain memory" : "refused memory", data, size, where);
  }
  tell_execution(data != nullptr ? RegionAction::kGranted : RegionAction::kRefused, tag, data,
                 size);
  return data;
}

void release_region(std::byte* data, std::size_t size, std::uint32_t tag) noexcept {
  const source_location nowhere;
  require_execution(nowhere);
  about_to_act();
  check_no_lock("memory is released", nowhere);
  engine().note_act();
  if (is_tracing()) [[unlikely]]
    trace_region("release memory", data, size, nowhere);
  bool survivors = false;
  if (!ModelMemory::instance().release(data, size, engine().clock(), engine().is_alone(),
                                       survivors)) {
    const CheckerScope quiet;
    abandon_execution(Defect::kDataRace,
                      "data race: memory is released, unordered with the end of an object in it",
                      nowhere);
  }
  // Granules count what is alive in memory that they are of; that of graphs has none.
  if (survivors || SyncModel::present() != nullptr) {
    end_all_in(variables, data, size);
    end_synchronisation_in(data, size);
  }
  tell_execution(RegionAction::kReleased, tag, data, size);
  if (SyncModel* const model = SyncModel::present()) model->give_back_memory(data);
}

void discard_region(std::byte* data, std::size_t size, std::uint32_t tag) noexcept {
  const source_location nowhere;
  require_execution(nowhere);
  about_to_act();
  check_no_lock("pages are given back", nowhere);
  engine().note_act();
  if (is_tracing()) [[unlikely]]
    trace_region("discard pages", data, size, nowhere);
  tell_execution(RegionAction::kDiscarded, tag, data, size);
}

void fail_next_request() noexcept {
  about_to_act();
  engine().fail_next_request();
  engine().note_act();
}

Running running(source_location where) noexcept {
  require_execution(where);
  engine().refuse_in_states("a thread has storage of its own", where);
  return {.actor = engine().actor(),
          .actors = engine().execution().thread_count() + 1,
          .execution = engine().execution_number()};
}

void at_thread_exit(void (*exit)() noexcept, source_location where) noexcept {
  require_execution(where);
  engine().at_exit(exit, where);
}

void require_beginning(source_location where) noexcept {
  if (engine().phase() == Engine::Phase::kBefore) return;
  fail_unsupported(
      "a global of the checked sync policy is used first by a thread: use it in before(), since "
      "what a process has from the beginning comes before all threads",
      where);
}

void report(std::string_view label, std::string_view message, source_location where) noexcept {
  require_execution(where);
  about_to_act();
  abandon_execution(Defect::kReported, message, where, label);
}

void report_harness_defect(std::string_view message, source_location where) noexcept {
  require_execution(where);
  about_to_act();
  abandon_execution(Defect::kHarness, message, where);
}

void leave_out(source_location where) noexcept {
  require_execution(where);
  about_to_act();
  abandon_execution(Defect::kAssumption,
                    "an assumption does not hold; set ExploreOptions::has_assumptions", where);
}

void note(TraceEvent event) noexcept {
  if (model::is_tracing()) trace_event(std::move(event));
}

bool is_tracing() noexcept {
  return model::is_tracing();
}

}  // namespace checker_hooks
}  // namespace slabproof::model
