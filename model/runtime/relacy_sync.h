#ifndef SLABPROOF_MODEL_RUNTIME_RELACY_SYNC_H_
#define SLABPROOF_MODEL_RUNTIME_RELACY_SYNC_H_

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/compared_value.h"
#include "model/runtime/describe.h"
#include "slabproof/sync_policy.h"

namespace slabproof::model {

/// The `SyncPolicy` under which the shipped templates run in the model checker: locks and atomics
/// are Relacy's, plain variables are race-checked, and every operation is announced to the
/// scheduler before it happens, with the source location of the code that asked for it.
///
/// Executions that begin with the same choices must read the same numbers. Addresses are not
/// compared, nor what might be one, as the heap may place an object elsewhere each time.
///
/// Objects of these types may exist only while an execution runs. A destructor cannot know who
/// asked for it, so a destruction has no place in a trace.
struct RelacySync {
  class Mutex {
   public:
    explicit Mutex(std::source_location where = std::source_location::current()) noexcept
        : handle_(checker_hooks::begin_mutex(this, where)) {}
    ~Mutex() { checker_hooks::end_mutex(handle_, this, {}); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock(std::source_location where = std::source_location::current()) noexcept {
      checker_hooks::lock(handle_, this, where);
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
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
      return describe(static_cast<const Var*>(object)->value_);
    }
    static constexpr checker_hooks::TypeInfo kType{type_name<T>(), &describe_variable};

    checker_hooks::Handle handle_;
    T value_;
  };

  /// Relacy's 64-bit atomic holds the value in its upper bits, so that arithmetic wraps around
  /// where that of T does.
  template <class T>
  class Atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t),
                  "slabproof: the model checker has atomics of at most 8 bytes");

   public:
    explicit Atomic(T initial,
                    std::source_location where = std::source_location::current()) noexcept
        : handle_(checker_hooks::begin_atomic(this, encode(initial), kType, where)) {}
    ~Atomic() { checker_hooks::end_atomic(handle_, this, {}); }
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    T load(std::memory_order order,
           std::source_location where = std::source_location::current()) const noexcept {
      return decode(checker_hooks::load(handle_, this, order, where));
    }
    void store(T value, std::memory_order order,
               std::source_location where = std::source_location::current()) noexcept {
      checker_hooks::store(handle_, this, encode(value), order, where);
    }
    T exchange(T value, std::memory_order order,
               std::source_location where = std::source_location::current()) noexcept {
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
      return decode(checker_hooks::fetch_add(handle_, this, encode(value), order, where));
    }
    T fetch_sub(T value, std::memory_order order,
                std::source_location where = std::source_location::current()) noexcept
      requires std::is_integral_v<T>
    {
      return decode(checker_hooks::fetch_add(handle_, this, 0 - encode(value), order, where));
    }

   private:
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
      return describe(decode(*static_cast<const std::uint64_t*>(bits)));
    }
    static constexpr checker_hooks::TypeInfo kType{type_name<T>(), &describe_value,
                                                   kComparedUpTo<T>};

    bool compare_exchange(T& expected, T desired, bool weak, std::memory_order success,
                          std::memory_order failure, std::source_location where) noexcept {
      std::uint64_t bits = encode(expected);
      const bool exchanged = checker_hooks::compare_exchange(handle_, this, bits, encode(desired),
                                                             weak, success, failure, where);
      expected = decode(bits);
      return exchanged;
    }

    checker_hooks::Handle handle_;
  };

  static void fence(std::memory_order order,
                    std::source_location where = std::source_location::current()) noexcept {
    checker_hooks::fence(order, where);
  }
  static void pause(std::source_location where = std::source_location::current()) noexcept {
    checker_hooks::pause(where);
  }
};

static_assert(SyncPolicy<RelacySync>);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RUNTIME_RELACY_SYNC_H_
