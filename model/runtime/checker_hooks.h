#ifndef SLABPROOF_MODEL_RUNTIME_CHECKER_HOOKS_H_
#define SLABPROOF_MODEL_RUNTIME_CHECKER_HOOKS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

#include "model/search/trace.h"

/// What the checked sync policy and the checked backing ask of the checker. These functions are not
/// templates and name nothing of Relacy, so code under check compiles without it. They may only be
/// called while an execution runs. Any of them may find a violation; then it does not return, the
/// execution is abandoned.
namespace slabproof::model::checker_hooks {

/// Names a checked object. It lies in the object's own memory, so it is verified at every use
/// against the address that it was issued for.
using Handle = std::uint32_t;

/// What a trace says about objects of one type.
struct TypeInfo {
  std::string_view name;
  std::string (*describe)(const void* object);
  /// Of an atomic: executions that begin alike must read the same values; greater ones are taken
  /// for this one, as they may be addresses.
  std::uint64_t compared_up_to = 0;
  // Of a variable, for a search that compares states: where its value lies, in bytes; what makes
  // two copies of equal values equal in each byte; whether the upper half of a value of 64 bits is
  // the number of a thread.
  std::size_t value_offset = 0;
  std::size_t value_size = 0;
  void (*canonicalize)(void* copy) = nullptr;
  bool names_thread = false;
};

/// A plain variable: reading and writing it, and beginning and ending its life, are race-checked.
Handle begin_variable(const void* object, std::size_t size, const TypeInfo& type,
                      std::source_location where) noexcept;
void end_variable(Handle handle, const void* object, std::size_t size,
                  std::source_location where) noexcept;
/// `value` is what executions that begin alike must read here again.
void read_variable(Handle handle, const void* object, std::uint64_t value,
                   std::source_location where) noexcept;
void write_variable(Handle handle, const void* object, std::source_location where) noexcept;

Handle begin_mutex(const void* object, std::source_location where) noexcept;
void end_mutex(Handle handle, const void* object, std::source_location where) noexcept;
void lock(Handle handle, const void* object, std::source_location where) noexcept;
void unlock(Handle handle, const void* object, std::source_location where) noexcept;

/// As a try_lock, which may fail at any time: [thread.mutex.requirements.mutex] p16.
bool try_lock(Handle handle, const void* object, std::source_location where) noexcept;

/// A value below `count`, which is at least 1: the search tries each of them. Not before and after
/// the threads, where it is 0.
std::size_t choose(std::size_t count, std::source_location where) noexcept;
/// Whether something happens now that may happen at any time without a cause, such as the end of a
/// wait for a condition; in one thread at most `RunSettings::spurious_failures` times.
[[nodiscard]] bool happens_without_cause(std::source_location where) noexcept;

/// An atomic of 64 bits. `describe_value` of the type is given a pointer to such a value.
Handle begin_atomic(const void* object, std::uint64_t initial, const TypeInfo& type,
                    std::source_location where) noexcept;
void end_atomic(Handle handle, const void* object, std::source_location where) noexcept;
std::uint64_t load(Handle handle, const void* object, std::memory_order order,
                   std::source_location where) noexcept;
void store(Handle handle, const void* object, std::uint64_t value, std::memory_order order,
           std::source_location where) noexcept;
std::uint64_t exchange(Handle handle, const void* object, std::uint64_t value,
                       std::memory_order order, std::source_location where) noexcept;
std::uint64_t fetch_add(Handle handle, const void* object, std::uint64_t value,
                        std::memory_order order, std::source_location where) noexcept;
enum class BitOperation : std::uint8_t { kAnd, kOr, kXor };
std::uint64_t fetch_bits(Handle handle, const void* object, BitOperation bits, std::uint64_t value,
                         std::memory_order order, std::source_location where) noexcept;
bool compare_exchange(Handle handle, const void* object, std::uint64_t& expected,
                      std::uint64_t desired, bool weak, std::memory_order success,
                      std::memory_order failure, std::source_location where) noexcept;

void fence(std::memory_order order, std::source_location where) noexcept;
/// Ahead of a pause and of what reads an atomic, the caller notes its local state.
void pause(std::source_location where) noexcept;

/// Where the running thread was when a try of a wait began.
struct Try {
  std::size_t events = 0;
  std::size_t acts = 0;  ///< other effects
};
/// A wait begins, and gets a name.
[[nodiscard]] std::uint64_t begin_wait(std::source_location where) noexcept;
/// A try of it begins; `fail_try` says that it came to nothing, and that the next one knows no more
/// than it did.
[[nodiscard]] Try begin_try(std::source_location where) noexcept;
void fail_try(std::uint64_t wait, const Try& begun, std::source_location where) noexcept;

/// Memory for the running thread, or null: its next request was to fail, or it has had too much.
/// The execution gets a `RegionEvent` of it, with the caller's `tag`.
std::byte* request_region(std::size_t size, std::size_t alignment, std::uint32_t tag,
                          std::source_location where) noexcept;
void release_region(std::byte* data, std::size_t size, std::uint32_t tag) noexcept;
void discard_region(std::byte* data, std::size_t size, std::uint32_t tag) noexcept;
/// The next `request_region` of the running thread gives null.
void fail_next_request() noexcept;

// ---- storage of each thread, and of the process ----

/// Whose storage a thread-local variable means now.
struct Running {
  std::size_t actor = 0;        ///< 0 before and after the threads, then one for each thread
  std::size_t actors = 0;       ///< of the execution
  std::uint64_t execution = 0;  ///< differs for each execution of the process; never 0
};
[[nodiscard]] Running running(std::source_location where) noexcept;
/// `exit` runs when the running thread ends, as its last steps; the newest of several first. What
/// was added before the threads runs after them.
void at_thread_exit(void (*exit)() noexcept, std::source_location where) noexcept;
/// Ends the execution unless the threads have not started yet: what a process has from the
/// beginning happens before all else.
void require_beginning(std::source_location where) noexcept;

/// Ends the execution: the program under check found a violation itself, which it calls `label`.
[[noreturn]] void report(std::string_view label, std::string_view message,
                         std::source_location where = std::source_location::current()) noexcept;
/// Ends the execution: what surrounds the code under check did what it must not do.
[[noreturn]] void report_harness_defect(
    std::string_view message,
    std::source_location where = std::source_location::current()) noexcept;
/// Ends the execution: the program under check says that it is none of those that it is about. See
/// ExploreOptions::has_assumptions.
[[noreturn]] void leave_out(std::source_location where = std::source_location::current()) noexcept;
/// The object at `address`, of `size` bytes, has a name; `is_checked`: it is a checked object
/// itself and does not only hold some.
void name_object(const void* address, std::size_t size, std::string_view name, bool is_checked,
                 std::source_location where = std::source_location::current());
/// Adds an event to the trace, if there is one, as the caller describes it.
void note(TraceEvent event) noexcept;
[[nodiscard]] bool is_tracing() noexcept;

/// Forgets the objects of the last execution; called by the runner.
void begin_execution() noexcept;

}  // namespace slabproof::model::checker_hooks

#endif  // SLABPROOF_MODEL_RUNTIME_CHECKER_HOOKS_H_
