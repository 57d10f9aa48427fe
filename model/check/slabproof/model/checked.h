#ifndef SLABPROOF_MODEL_CHECKED_H_
#define SLABPROOF_MODEL_CHECKED_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <source_location>
#include <type_traits>
#include <utility>

#include "model/runtime/relacy_sync.h"

// The checked sync policy, and what it has under the names of the standard library, so that a class
// that is written with those needs only its namespace changed:
//
//     template <class Sync> class Ring { ... typename Sync::template Atomic<int> head_{0}; ... };
//     Ring<slabproof::model::Checked>                       // over the sync policy
//
//     namespace primitives = slabproof::model::checked;
//     class Ring { ... primitives::atomic<int> head_ = 0; primitives::plain<int> size_ = 0; ... };
//
// In production, `namespace primitives { using namespace std; template <class T> using plain = T;
// }`.
//
// Not there: recursive and timed mutexes, call_once, threads (see `Run::spawned`).
//
// Objects of these types may exist only while an execution runs. Operators cannot say where they
// are used, so a trace has no line for them; the functions that they stand for have one.
namespace slabproof::model {

/// The checked sync policy, for templates over a policy. See `sync_policy.h` and
/// `sync_capabilities.h`, all of which it has.
using Checked = RelacySync;

namespace checked {

using Where = std::source_location;

using std::memory_order;
using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

// What arithmetic of an atomic gives: it wraps around, of signed numbers too.
template <std::integral T>
[[nodiscard]] constexpr T wrapping_sum(T a, T b) noexcept {
  using Wide = std::uint64_t;
  return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
}
template <std::integral T>
[[nodiscard]] constexpr T wrapping_difference(T a, T b) noexcept {
  using Wide = std::uint64_t;
  return static_cast<T>(static_cast<Wide>(a) - static_cast<Wide>(b));
}

/// As std::atomic, of at most 8 bytes. Not there: fetch_add of floating-point numbers, `consume`,
/// `is_lock_free`, volatile objects.
template <class T>
class atomic : public Checked::WaitableAtomic<T> {
  using Base = Checked::WaitableAtomic<T>;
  static constexpr bool kIsInteger = std::is_integral_v<T> && !std::same_as<T, bool>;
  static constexpr bool kCounts = kIsInteger || std::is_pointer_v<T>;
  static constexpr auto kSeqCst = std::memory_order::seq_cst;

 public:
  /// What it holds.
  using value_type = T;
  /// Of a pointer, counts objects.
  using difference_type = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;

  /// Implicit, as that of std::atomic.
  atomic(T initial = T(), Where where = Where::current()) noexcept : Base(initial, where) {}

  /// As that of std::atomic.
  T load(std::memory_order order = kSeqCst, Where where = Where::current()) const noexcept {
    return Base::load(order, where);
  }
  /// As that of std::atomic.
  void store(T value, std::memory_order order = kSeqCst, Where where = Where::current()) noexcept {
    Base::store(value, order, where);
  }
  /// As that of std::atomic.
  T exchange(T value, std::memory_order order = kSeqCst, Where where = Where::current()) noexcept {
    return Base::exchange(value, order, where);
  }
  /// With one order or two, as that of std::atomic.
  using Base::compare_exchange_strong;
  /// With one order or two, as that of std::atomic. It fails without a cause once in each thread.
  using Base::compare_exchange_weak;
  /// With sequentially consistent order.
  bool compare_exchange_weak(T& expected, T desired, Where where = Where::current()) noexcept {
    return Base::compare_exchange_weak(expected, desired, kSeqCst, where);
  }
  /// With sequentially consistent order.
  bool compare_exchange_strong(T& expected, T desired, Where where = Where::current()) noexcept {
    return Base::compare_exchange_strong(expected, desired, kSeqCst, where);
  }
  /// Of integers and pointers, as that of std::atomic.
  T fetch_add(difference_type value, std::memory_order order = kSeqCst,
              Where where = Where::current()) noexcept
    requires kCounts
  {
    return Base::fetch_add(value, order, where);
  }
  /// Of integers and pointers, as that of std::atomic.
  T fetch_sub(difference_type value, std::memory_order order = kSeqCst,
              Where where = Where::current()) noexcept
    requires kCounts
  {
    return Base::fetch_sub(value, order, where);
  }
  /// Of integers, as that of std::atomic.
  T fetch_and(T value, std::memory_order order = kSeqCst, Where where = Where::current()) noexcept
    requires kIsInteger
  {
    return Base::fetch_and(value, order, where);
  }
  /// Of integers, as that of std::atomic.
  T fetch_or(T value, std::memory_order order = kSeqCst, Where where = Where::current()) noexcept
    requires kIsInteger
  {
    return Base::fetch_or(value, order, where);
  }
  /// Of integers, as that of std::atomic.
  T fetch_xor(T value, std::memory_order order = kSeqCst, Where where = Where::current()) noexcept
    requires kIsInteger
  {
    return Base::fetch_xor(value, order, where);
  }
  /// Returns when the value is not `old`. What changes it must notify: else that is a deadlock.
  void wait(T old, std::memory_order order = kSeqCst, Where where = Where::current()) noexcept {
    Base::wait(old, order, where);
  }

  /// As `load()`.
  operator T() const noexcept { return load(kSeqCst, Where()); }
  /// As `store(value)`.
  T operator=(T value) noexcept {
    store(value, kSeqCst, Where());
    return value;
  }
  /// As `fetch_add(1) + 1`.
  T operator++() noexcept
    requires kCounts
  {
    return sum(fetch_add(1, kSeqCst, Where()), 1);
  }
  /// As `fetch_add(1)`.
  T operator++(int) noexcept
    requires kCounts
  {
    return fetch_add(1, kSeqCst, Where());
  }
  /// As `fetch_sub(1) - 1`.
  T operator--() noexcept
    requires kCounts
  {
    return difference(fetch_sub(1, kSeqCst, Where()), 1);
  }
  /// As `fetch_sub(1)`.
  T operator--(int) noexcept
    requires kCounts
  {
    return fetch_sub(1, kSeqCst, Where());
  }
  /// As `fetch_add(value) + value`.
  T operator+=(difference_type value) noexcept
    requires kCounts
  {
    return sum(fetch_add(value, kSeqCst, Where()), value);
  }
  /// As `fetch_sub(value) - value`.
  T operator-=(difference_type value) noexcept
    requires kCounts
  {
    return difference(fetch_sub(value, kSeqCst, Where()), value);
  }
  /// As `fetch_and(value) & value`.
  T operator&=(T value) noexcept
    requires kIsInteger
  {
    return static_cast<T>(fetch_and(value, kSeqCst, Where()) & value);
  }
  /// As `fetch_or(value) | value`.
  T operator|=(T value) noexcept
    requires kIsInteger
  {
    return static_cast<T>(fetch_or(value, kSeqCst, Where()) | value);
  }
  /// As `fetch_xor(value) ^ value`.
  T operator^=(T value) noexcept
    requires kIsInteger
  {
    return static_cast<T>(fetch_xor(value, kSeqCst, Where()) ^ value);
  }

 private:
  static T sum(T value, difference_type change) noexcept {
    if constexpr (kIsInteger) {
      return wrapping_sum(value, change);
    } else {
      return value + change;
    }
  }
  static T difference(T value, difference_type change) noexcept {
    if constexpr (kIsInteger) {
      return wrapping_difference(value, change);
    } else {
      return value - change;
    }
  }
};

/// As std::atomic_flag.
class atomic_flag {
 public:
  /// Clear.
  atomic_flag(Where where = Where::current()) noexcept : value_(false, where) {}

  /// Sets it, and says whether it was set.
  bool test_and_set(std::memory_order order = std::memory_order::seq_cst,
                    Where where = Where::current()) noexcept {
    return value_.exchange(true, order, where);
  }
  /// Clears it.
  void clear(std::memory_order order = std::memory_order::seq_cst,
             Where where = Where::current()) noexcept {
    value_.store(false, order, where);
  }
  /// Whether it is set.
  [[nodiscard]] bool test(std::memory_order order = std::memory_order::seq_cst,
                          Where where = Where::current()) const noexcept {
    return value_.load(order, where);
  }
  /// Returns when it is not `old`. What changes it must notify: else that is a deadlock.
  void wait(bool old, std::memory_order order = std::memory_order::seq_cst,
            Where where = Where::current()) noexcept {
    value_.wait(old, order, where);
  }
  /// Wakes one that waits; each that could be is tried.
  void notify_one(Where where = Where::current()) noexcept { value_.notify_one(where); }
  /// Wakes all that wait.
  void notify_all(Where where = Where::current()) noexcept { value_.notify_all(where); }

 private:
  atomic<bool> value_;
};

/// As std::atomic_thread_fence.
inline void atomic_thread_fence(std::memory_order order, Where where = Where::current()) noexcept {
  Checked::fence(order, where);
}

/// A variable that is not atomic: a race on it is found. In place of a plain `T`.
template <class T>
class plain : public Checked::Var<T> {
  using Base = Checked::Var<T>;

 public:
  /// Implicit, as a plain T.
  plain(T initial = T(),
        Where where = Where::current()) noexcept(std::is_nothrow_move_constructible_v<T>)
      : Base(std::move(initial), where) {}

  /// A read; implicit, as a plain T.
  operator const T&() const noexcept { return Base::read(Where()); }
  /// A write; as `write() = value`.
  plain& operator=(T value) noexcept(std::is_nothrow_move_assignable_v<T>) {
    Base::write(Where()) = std::move(value);
    return *this;
  }
  /// A read of `other`.
  plain(const plain& other) : plain(T(other)) {}
  /// A read of `other`, then a write.
  plain& operator=(const plain& other) { return *this = T(other); }

  /// A read and a write.
  plain& operator+=(const T& value) {
    Base::write(Where()) += value;
    return *this;
  }
  /// A read and a write.
  plain& operator-=(const T& value) {
    Base::write(Where()) -= value;
    return *this;
  }
  /// A read and a write.
  plain& operator++() {
    ++Base::write(Where());
    return *this;
  }
  /// A read and a write.
  plain& operator--() {
    --Base::write(Where());
    return *this;
  }
};

/// As std::mutex. A lock that never ends is a deadlock; `try_lock` is tried with and without
/// success.
class mutex : public Checked::Mutex {
 public:
  /// Held by nobody.
  mutex(Where where = Where::current()) noexcept : Checked::Mutex(where) {}
};
/// As std::shared_mutex.
class shared_mutex : public Checked::SharedMutex {
 public:
  /// Held by nobody.
  shared_mutex(Where where = Where::current()) noexcept : Checked::SharedMutex(where) {}
};

// Of a mutex that can be told where, or of a class of yours with the same functions.
template <class Mutex>
void lock_at(Mutex& held, Where where) {
  if constexpr (requires { held.lock(where); }) {
    held.lock(where);
  } else {
    held.lock();
  }
}
template <class Mutex>
void unlock_at(Mutex& held, Where where) {
  if constexpr (requires { held.unlock(where); }) {
    held.unlock(where);
  } else {
    held.unlock();
  }
}

/// As std::lock_guard. A trace has its line for the lock and the unlock.
template <class Mutex>
class lock_guard {
 public:
  /// Locks.
  explicit lock_guard(Mutex& guarded, Where where = Where::current())
      : mutex_(guarded), where_(where) {
    lock_at(mutex_, where);
  }
  /// The calling thread holds it already.
  lock_guard(Mutex& held, std::adopt_lock_t /*adopt*/, Where where = Where::current())
      : mutex_(held), where_(where) {}
  /// Unlocks.
  ~lock_guard() { unlock_at(mutex_, where_); }
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;

 private:
  Mutex& mutex_;
  Where where_;
};

using std::adopt_lock;
using std::defer_lock;
using std::scoped_lock;
using std::try_to_lock;

/// As std::unique_lock, and says in a trace where its constructor locks.
template <class Mutex>
class unique_lock : public std::unique_lock<Mutex> {
  using Base = std::unique_lock<Mutex>;

 public:
  using Base::Base;
  /// Locks.
  explicit unique_lock(Mutex& guarded, Where where = Where::current())
      : Base((lock_at(guarded, where), guarded), std::adopt_lock) {}
};
template <class Mutex, class... How>
unique_lock(Mutex&, How...) -> unique_lock<Mutex>;

/// As std::shared_lock, with what a `shared_mutex` here has.
template <class Mutex>
class shared_lock {
 public:
  /// Locks beside other readers.
  explicit shared_lock(Mutex& guarded, Where where = Where::current())
      : mutex_(guarded), where_(where) {
    mutex_.lock_shared(where);
  }
  /// Unlocks.
  ~shared_lock() { mutex_.unlock_shared(where_); }
  shared_lock(const shared_lock&) = delete;
  shared_lock& operator=(const shared_lock&) = delete;

 private:
  Mutex& mutex_;
  Where where_;
};

/// As std::condition_variable, without waits that end at a time.
class condition_variable {
 public:
  /// Nobody waits.
  condition_variable(Where where = Where::current()) noexcept : condition_(where) {}

  /// Gives the mutex of `lock` back until it is notified; or, once in each thread, without a
  /// notification.
  void wait(std::unique_lock<mutex>& lock, Where where = Where::current()) noexcept {
    condition_.wait(*lock.mutex(), where);
  }
  /// Waits until `stop()` says true.
  template <class Predicate>
  void wait(std::unique_lock<mutex>& lock, Predicate stop, Where where = Where::current()) {
    while (!stop()) wait(lock, where);
  }
  /// Wakes one that waits; each that could be is tried.
  void notify_one(Where where = Where::current()) noexcept { condition_.notify_one(where); }
  /// Wakes all that wait.
  void notify_all(Where where = Where::current()) noexcept { condition_.notify_all(where); }

 private:
  Checked::ConditionVariable condition_;
};

namespace this_thread {
/// In a loop that waits: the others go on first.
inline void yield(Where where = Where::current()) noexcept {
  Checked::pause(where);
}
}  // namespace this_thread

}  // namespace checked
}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CHECKED_H_
