#include "model/runtime/event_trace.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace slabproof::model {
namespace {

int running_thread() noexcept {
  return static_cast<int>(Engine::instance().actor()) - 1;
}

/// A write whose value is not known before its thread goes on.
struct OpenWrite {
  std::size_t event;
  int thread;
  const void* object;
  std::string (*describe)(const void*);
};
std::vector<OpenWrite> open_writes;

std::vector<TraceEvent>& events() {
  auto& all = Engine::instance().trace()->events;
  if (all.empty()) open_writes.clear();
  return all;
}

void add(const std::source_location& where, std::string operation, std::string object,
         std::string value) {
  events().push_back({.thread = running_thread(),
                      .place = SourcePlace::of(where),
                      .operation = std::move(operation),
                      .object = std::move(object),
                      .value = std::move(value)});
}

}  // namespace

std::string_view name_of(std::memory_order order) noexcept {
  using std::memory_order;
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

void trace_event(const std::source_location& where, std::string operation, std::string value) {
  const CheckerScope quiet;
  add(where, std::move(operation), {}, std::move(value));
}

void trace_event(TraceEvent event) {
  const CheckerScope quiet;
  events().push_back(std::move(event));
}

void trace_object(const std::source_location& where, std::string operation,
                  const ObjectRecord& record, std::string value) {
  const CheckerScope quiet;
  add(where, std::move(operation), name_of(record), std::move(value));
}

void trace_value(const std::source_location& where, std::string_view operation,
                 std::memory_order order, const ObjectRecord& record, std::uint64_t bits) {
  const CheckerScope quiet;
  trace_object(where, fmt::format("{} {}", operation, name_of(order)), record,
               record.type->describe(&bits));
}

void trace_write(const std::source_location& where, const ObjectRecord& record) {
  const CheckerScope quiet;
  complete_writes(record.object);
  add(where, "write", name_of(record), {});
  open_writes.push_back(
      {events().size() - 1, running_thread(), record.object, record.type->describe});
}

void complete_writes(const void* object) {
  const CheckerScope quiet;
  auto& all = events();
  std::erase_if(open_writes, [&](const OpenWrite& write) {
    if (write.thread != running_thread()) return false;
    if (object != nullptr && write.object != object) return false;
    all[write.event].value = write.describe(write.object);
    return true;
  });
}

void trace_failure(const Failure& failure) {
  const CheckerScope quiet;
  complete_writes(nullptr);
  events().push_back({.thread = running_thread(),
                      .place = failure.place,
                      .operation = failure.message,
                      .object = {},
                      .value = {},
                      .failed = true});
}

}  // namespace slabproof::model
