#ifndef SLABPROOF_MODEL_RUNTIME_RELACY_SYNC_H_
#define SLABPROOF_MODEL_RUNTIME_RELACY_SYNC_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "model/runtime/blocking_objects.h"
#include "model/runtime/canonical_value.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/compared_value.h"
#include "model/runtime/describe.h"
#include "model/runtime/model_memory.h"
#include "model/search/local_state.h"
#include "slabproof/sync_capabilities.h"
#include "slabproof/sync_policy.h"

namespace slabproof::model {

/// An object that is made anew in each execution. An abandoned execution leaves it as it is, so its
/// destructor never runs.
template <class T>
class OfOneExecution {
 public:
  [[nodiscard]] bool is_of(std::uint64_t execution) const noexcept {
    return execution_ == execution;
  }
  [[nodiscard]] T& of(std::uint64_t execution) noexcept {
    if (execution_ != execution) {
      execution_ = execution;
      ::new (static_cast<void*>(memory_)) T();
    }
    return *std::launder(reinterpret_cast<T*>(memory_));
  }

 private:
  std::uint64_t execution_ = 0;
  alignas(T) std::byte memory_[sizeof(T)];
};

/// The `SyncPolicy` under which the shipped templates run in the model checker: locks and atomics
/// are Relacy's, plain variables are race-checked, and every operation is announced to the
/// scheduler before it happens, with the source location of the code that asked for it.
///
/// Executions that begin with the same choices must read the same numbers. Addresses are not
/// compared, nor what might be one, as the heap may place an object elsewhere each time.
///
/// Objects of these types may exist only while an execution runs. A destructor cannot know who
/// asked for it, so a destruction has no place in a trace. What a trace shows of their values is
/// what `ValueDescriber::text` says.
template <class ValueDescriber>
struct BasicRelacySync {
  class Mutex {
   public:
    explicit Mutex(std::source_location where = std::source_location::current()) noexcept
        : handle_(checker_hooks::begin_mutex(this, where)) {}
    ~Mutex() { checker_hooks::end_mutex(handle_, this, {}); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock(std::source_location where = std::source_location::current()) noexcept {
      slabproof_note_local_state();
      checker_hooks::lock(handle_, this, where);
    }
    [[nodiscard]] bool try_lock(
        std::source_location where = std::source_location::current()) noexcept {
      slabproof_note_local_state();
      return checker_hooks::try_lock(handle_, this, where);
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      slabproof_note_local_state();
      checker_hooks::unlock(handle_, this, where);
    }

   private:
    checker_hooks::Handle handle_;
  };

  /// Holds the value itself and the name of its race check. `read` and `write` look at the check
  /// before the caller touches the value, and no scheduling point lies in between.
  template <class T>
  class Var {
   public:
    explicit Var(T initial, std::source_location where = std::source_location::current()) noexcept(
        std::is_nothrow_move_constructible_v<T>)
        : handle_(checker_hooks::begin_variable(this, sizeof(*this), kType, where)),
          value_(std::move(initial)) {}
    ~Var() {
      checker_hooks::end_variable(handle_, this, sizeof(*this), std::source_location::current());
    }
    Var(const Var&) = delete;
    Var& operator=(const Var&) = delete;

    [[nodiscard]] const T& read(
        std::source_location where = std::source_location::current()) const noexcept {
      checker_hooks::read_variable(handle_, this, compared(value_), where);
      return value_;
    }
    [[nodiscard]] T& write(std::source_location where = std::source_location::current()) noexcept {
      checker_hooks::write_variable(handle_, this, where);
      return value_;
    }

   private:
    static std::string describe_variable(const void* object) {
      return ValueDescriber::text(static_cast<const Var*>(object)->value_);
    }
    static constexpr std::size_t kOffset =
        (sizeof(checker_hooks::Handle) + alignof(T) - 1) & ~(alignof(T) - 1);
    static constexpr checker_hooks::TypeInfo kType{
        .name = object_name<T>("variable"),
        .describe = &describe_variable,
        .value_offset = kOffset,
        .value_size = sizeof(T),
        .canonicalize = &canonicalize_value<T, ValueDescriber>,
        .names_thread = requires {typename T::NamesItsThread;
  }
};

checker_hooks::Handle handle_;
T value_;
};  // namespace slabproof::model

/// Relacy's 64-bit atomic holds the value in its upper bits, so that arithmetic wraps around
/// where that of T does.
template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t),
                "slabproof: the model checker has atomics of at most 8 bytes");

 public:
  explicit Atomic(T initial, std::source_location where = std::source_location::current()) noexcept
      : handle_(checker_hooks::begin_atomic(this, encode(initial), kType, where)) {}
  ~Atomic() { checker_hooks::end_atomic(handle_, this, {}); }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order order,
         std::source_location where = std::source_location::current()) const noexcept {
    slabproof_note_local_state();
    return decode(checker_hooks::load(handle_, this, order, where));
  }
  void store(T value, std::memory_order order,
             std::source_location where = std::source_location::current()) noexcept {
    checker_hooks::store(handle_, this, encode(value), order, where);
  }
  T exchange(T value, std::memory_order order,
             std::source_location where = std::source_location::current()) noexcept {
    slabproof_note_local_state();
    return decode(checker_hooks::exchange(handle_, this, encode(value), order, where));
  }
  bool compare_exchange_weak(
      T& expected, T desired, std::memory_order success, std::memory_order failure,
      std::source_location where = std::source_location::current()) noexcept {
    return compare_exchange(expected, desired, true, success, failure, where);
  }
  bool compare_exchange_strong(
      T& expected, T desired, std::memory_order success, std::memory_order failure,
      std::source_location where = std::source_location::current()) noexcept {
    return compare_exchange(expected, desired, false, success, failure, where);
  }
  T fetch_add(T value, std::memory_order order,
              std::source_location where = std::source_location::current()) noexcept
    requires std::is_integral_v<T>
  {
    slabproof_note_local_state();
    return decode(checker_hooks::fetch_add(handle_, this, encode(value), order, where));
  }
  T fetch_sub(T value, std::memory_order order,
              std::source_location where = std::source_location::current()) noexcept
    requires std::is_integral_v<T>
  {
    slabproof_note_local_state();
    return decode(checker_hooks::fetch_add(handle_, this, 0 - encode(value), order, where));
  }

  T fetch_add(std::ptrdiff_t objects, std::memory_order order,
              std::source_location where = std::source_location::current()) noexcept
    requires std::is_pointer_v<T>
  {
    constexpr auto kSize = static_cast<std::ptrdiff_t>(sizeof(std::remove_pointer_t<T>));
    slabproof_note_local_state();
    return decode(checker_hooks::fetch_add(
        handle_, this, static_cast<std::uint64_t>(objects * kSize), order, where));
  }
  T fetch_sub(std::ptrdiff_t objects, std::memory_order order,
              std::source_location where = std::source_location::current()) noexcept
    requires std::is_pointer_v<T>
  {
    return fetch_add(-objects, order, where);
  }
  T fetch_and(T value, std::memory_order order,
              std::source_location where = std::source_location::current()) noexcept
    requires std::is_integral_v<T>
  {
    return fetch_bits(checker_hooks::BitOperation::kAnd, value, order, where);
  }
  T fetch_or(T value, std::memory_order order,
             std::source_location where = std::source_location::current()) noexcept
    requires std::is_integral_v<T>
  {
    return fetch_bits(checker_hooks::BitOperation::kOr, value, order, where);
  }
  T fetch_xor(T value, std::memory_order order,
              std::source_location where = std::source_location::current()) noexcept
    requires std::is_integral_v<T>
  {
    return fetch_bits(checker_hooks::BitOperation::kXor, value, order, where);
  }
  bool compare_exchange_weak(
      T& expected, T desired, std::memory_order order,
      std::source_location where = std::source_location::current()) noexcept {
    return compare_exchange(expected, desired, true, order, without_release(order), where);
  }
  bool compare_exchange_strong(
      T& expected, T desired, std::memory_order order,
      std::source_location where = std::source_location::current()) noexcept {
    return compare_exchange(expected, desired, false, order, without_release(order), where);
  }

 private:
  static constexpr std::memory_order without_release(std::memory_order order) noexcept {
    if (order == std::memory_order::acq_rel) return std::memory_order::acquire;
    if (order == std::memory_order::release) return std::memory_order::relaxed;
    return order;
  }
  T fetch_bits(checker_hooks::BitOperation bits, T value, std::memory_order order,
               std::source_location where) noexcept {
    slabproof_note_local_state();
    return decode(checker_hooks::fetch_bits(handle_, this, bits, encode(value), order, where));
  }

  static constexpr unsigned kShift = 64 - 8 * sizeof(T);

  static std::uint64_t encode(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits << kShift;
  }
  static T decode(std::uint64_t bits) noexcept {
    bits >>= kShift;
    std::remove_cv_t<T> value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
  static std::string describe_value(const void* bits) {
    return ValueDescriber::text(decode(*static_cast<const std::uint64_t*>(bits)));
  }
  static constexpr checker_hooks::TypeInfo kType{object_name<T>("atomic"), &describe_value,
                                                 kComparedUpTo<T>};

  bool compare_exchange(T& expected, T desired, bool weak, std::memory_order success,
                        std::memory_order failure, std::source_location where) noexcept {
    std::uint64_t bits = encode(expected);
    slabproof_note_local_state();
    const bool exchanged = checker_hooks::compare_exchange(handle_, this, bits, encode(desired),
                                                           weak, success, failure, where);
    expected = decode(bits);
    return exchanged;
  }

  checker_hooks::Handle handle_;
};

using SharedMutex = CheckedSharedMutex<BasicRelacySync>;
using ConditionVariable = CheckedConditionVariable<BasicRelacySync>;
template <class T>
using WaitableAtomic = CheckedWaitableAtomic<BasicRelacySync, T>;

/// Each thread of the model has a `T` of its own, made where it first asks for it, anew in each
/// execution; so has what runs before and after the threads. The `T` is never destroyed.
template <class T>
class ThreadLocal {
 public:
  static T& get(std::source_location where = std::source_location::current()) noexcept {
    const checker_hooks::Running running = checker_hooks::running(where);
    return values_[running.actor].of(running.execution);
  }
  static void arm(std::source_location where = std::source_location::current()) noexcept {
    const checker_hooks::Running running = checker_hooks::running(where);
    if (std::exchange(armed_in_[running.actor], running.execution) == running.execution) return;
    checker_hooks::at_thread_exit([]() noexcept { get().on_thread_exit(); }, where);
  }

 private:
  static inline std::array<OfOneExecution<T>, ModelMemory::kActors> values_;
  static inline std::array<std::uint64_t, ModelMemory::kActors> armed_in_{};
};

/// One `T` for all threads, anew in each execution. It must be asked for before the threads
/// start. The `T` is never destroyed.
template <class T>
class Global {
 public:
  static T& get(std::source_location where = std::source_location::current()) noexcept {
    const std::uint64_t execution = checker_hooks::running(where).execution;
    if (!value_.is_of(execution)) checker_hooks::require_beginning(where);
    return value_.of(execution);
  }

 private:
  static inline OfOneExecution<T> value_;
};

static void fence(std::memory_order order,
                  std::source_location where = std::source_location::current()) noexcept {
  checker_hooks::fence(order, where);
}
static void pause(std::source_location where = std::source_location::current()) noexcept {
  slabproof_note_local_state();
  checker_hooks::pause(where);
}
/// Waits until `ready` says so. What `ready` must promise, as no search tries it again before
/// another thread has written:
/// - A call that says no leaves nothing behind that a later one looks at: neither in local
///   variables nor, when it returns, in shared ones.
/// - A call that says no may add to an atomic, by fetch_add or fetch_sub, if it takes that away
///   again. Then no other thread acts on the value in between. `--search graph` refuses a program
///   in which another thread reads it, unless that adds to it as well: such a thread must not
///   look at what the addition returns, but to say no in a `ready` of its own.
template <class Predicate>
static void await(Predicate ready,
                  std::source_location where = std::source_location::current()) noexcept {
  const std::uint64_t wait = checker_hooks::begin_wait(where);
  for (;;) {
    const checker_hooks::Try begun = checker_hooks::begin_try(where);
    if (ready()) return;
    checker_hooks::fail_try(wait, begun, where);
  }
}
}
;

using RelacySync = BasicRelacySync<Describer>;

static_assert(ThreadedSyncPolicy<RelacySync> && BlockingSyncPolicy<RelacySync>);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_RELACY_SYNC_H_
