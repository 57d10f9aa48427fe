#ifndef SLABPROOF_MODEL_RELACY_SYNC_H_
#define SLABPROOF_MODEL_RELACY_SYNC_H_

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "slabproof/model/describe.h"
#include "slabproof/model/relacy_bridge.h"
#include "slabproof/sync_policy.h"

namespace slabproof::model {

/// The `SyncPolicy` under which the shipped templates run in the model checker: locks and atomics
/// are Relacy's, plain variables are race-checked, and every operation is announced to the
/// scheduler before it happens, with the source location of the code that asked for it.
///
/// Objects of these types may exist only while an execution runs. A destructor cannot know who
/// asked for it, so a destruction has no place in a trace.
struct RelacySync {
  class Mutex {
   public:
    explicit Mutex(std::source_location where = std::source_location::current()) noexcept
        : handle_(bridge::begin_mutex(this, where)) {}
    ~Mutex() { bridge::end_mutex(handle_, this, {}); }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock(std::source_location where = std::source_location::current()) noexcept {
      bridge::lock(handle_, this, where);
    }
    void unlock(std::source_location where = std::source_location::current()) noexcept {
      bridge::unlock(handle_, this, where);
    }

   private:
    bridge::Handle handle_;
  };

  /// Holds the value itself and the name of its race check. `read` and `write` look at the check
  /// before the caller touches the value, and no scheduling point lies in between.
  template <class T>
  class Var {
   public:
    explicit Var(T initial, std::source_location where = std::source_location::current()) noexcept(
        std::is_nothrow_move_constructible_v<T>)
        : handle_(bridge::begin_variable(this, sizeof(*this), kType, where)),
          value_(std::move(initial)) {}
    ~Var() { bridge::end_variable(handle_, this, sizeof(*this), std::source_location::current()); }
    Var(const Var&) = delete;
    Var& operator=(const Var&) = delete;

    [[nodiscard]] const T& read(
        std::source_location where = std::source_location::current()) const noexcept {
      bridge::read_variable(handle_, this, where);
      return value_;
    }
    [[nodiscard]] T& write(std::source_location where = std::source_location::current()) noexcept {
      bridge::write_variable(handle_, this, where);
      return value_;
    }

   private:
    static std::string describe_variable(const void* object) {
      return describe(static_cast<const Var*>(object)->value_);
    }
    static constexpr bridge::TypeInfo kType{type_name<T>(), &describe_variable};

    bridge::Handle handle_;
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
        : handle_(bridge::begin_atomic(this, encode(initial), kType, where)) {}
    ~Atomic() { bridge::end_atomic(handle_, this, {}); }
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    T load(std::memory_order order,
           std::source_location where = std::source_location::current()) const noexcept {
      return decode(bridge::load(handle_, this, order, where));
    }
    void store(T value, std::memory_order order,
               std::source_location where = std::source_location::current()) noexcept {
      bridge::store(handle_, this, encode(value), order, where);
    }
    T exchange(T value, std::memory_order order,
               std::source_location where = std::source_location::current()) noexcept {
      return decode(bridge::exchange(handle_, this, encode(value), order, where));
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
      return decode(bridge::fetch_add(handle_, this, encode(value), order, where));
    }
    T fetch_sub(T value, std::memory_order order,
                std::source_location where = std::source_location::current()) noexcept
      requires std::is_integral_v<T>
    {
      return decode(bridge::fetch_add(handle_, this, 0 - encode(value), order, where));
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
    static constexpr bridge::TypeInfo kType{type_name<T>(), &describe_value};

    bool compare_exchange(T& expected, T desired, bool weak, std::memory_order success,
                          std::memory_order failure, std::source_location where) noexcept {
      std::uint64_t bits = encode(expected);
      const bool exchanged = bridge::compare_exchange(handle_, this, bits, encode(desired), weak,
                                                      success, failure, where);
      expected = decode(bits);
      return exchanged;
    }

    bridge::Handle handle_;
  };

  static void fence(std::memory_order order,
                    std::source_location where = std::source_location::current()) noexcept {
    bridge::fence(order, where);
  }
  static void pause(std::source_location where = std::source_location::current()) noexcept {
    bridge::pause(where);
  }
};

static_assert(SyncPolicy<RelacySync>);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_RELACY_SYNC_H_
