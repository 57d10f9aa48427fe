#ifndef SLABPROOF_STD_BLOCKING_SYNC_H_
#define SLABPROOF_STD_BLOCKING_SYNC_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <shared_mutex>
#include <source_location>
#include <type_traits>

#include "slabproof/std_sync.h"
#include "slabproof/sync_capabilities.h"

namespace slabproof {

/// `StdSync` with everything of `sync_capabilities.h`, each as the standard library has it. For
/// classes of your own: the slab needs none of it.
struct StdBlockingSync : StdSync {
  /// Where a call is made, for a policy that tells; not looked at here.
  using Where = std::source_location;

  /// A mutex that a thread may also try to lock. Safe from any thread.
  class Mutex : public StdSync::Mutex {
   public:
    /// Whether it is held by the caller now; never waits, and may fail though nobody holds it.
    [[nodiscard]] bool try_lock(Where = Where::current()) noexcept { return mutex_.try_lock(); }

   private:
    friend struct StdBlockingSync;
  };

  /// A std::shared_mutex: one writer or any number of readers. Safe from any thread.
  class SharedMutex {
   public:
    SharedMutex() = default;
    SharedMutex(const SharedMutex&) = delete;
    SharedMutex& operator=(const SharedMutex&) = delete;

    /// Waits until no thread holds it, and holds it alone.
    void lock(Where = Where::current()) noexcept { mutex_.lock(); }
    /// By the thread that holds it alone.
    void unlock(Where = Where::current()) noexcept { mutex_.unlock(); }
    /// Waits until no thread holds it alone, and holds it beside other readers.
    void lock_shared(Where = Where::current()) noexcept { mutex_.lock_shared(); }
    /// By a thread that holds it beside others.
    void unlock_shared(Where = Where::current()) noexcept { mutex_.unlock_shared(); }

   private:
    std::shared_mutex mutex_;
  };

  /// A std::condition_variable. Safe from any thread, but that all that wait have locked one mutex.
  class ConditionVariable {
   public:
    ConditionVariable() = default;
    ConditionVariable(const ConditionVariable&) = delete;
    ConditionVariable& operator=(const ConditionVariable&) = delete;

    /// Gives `mutex` back, which the caller holds, until it is notified, and takes it again. May
    /// return without a notification.
    void wait(Mutex& mutex, Where = Where::current()) noexcept {
      std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
      condition_.wait(lock);
      lock.release();
    }
    /// Wakes one that waits, if there is one.
    void notify_one(Where = Where::current()) noexcept { condition_.notify_one(); }
    /// Wakes all that wait.
    void notify_all(Where = Where::current()) noexcept { condition_.notify_all(); }

   private:
    std::condition_variable condition_;
  };

  /// A std::atomic<T> with what `sync_capabilities.h` names. Safe from any thread; all but `wait`
  /// O(1).
  template <class T>
  class Atomic : public StdSync::Atomic<T> {
    using Base = StdSync::Atomic<T>;
    using Base::value_;

   public:
    using Base::Base;
    /// With an order for failure of its own, as `StdSync` has it.
    using Base::compare_exchange_strong;
    /// With an order for failure of its own, as `StdSync` has it.
    using Base::compare_exchange_weak;

    /// With one order, of which a failure has all but its release.
    bool compare_exchange_weak(T& expected, T desired, std::memory_order order,
                               Where = Where::current()) noexcept {
      return value_.compare_exchange_weak(expected, desired, order);
    }
    /// With one order, of which a failure has all but its release.
    bool compare_exchange_strong(T& expected, T desired, std::memory_order order,
                                 Where = Where::current()) noexcept {
      return value_.compare_exchange_strong(expected, desired, order);
    }
    /// Of a pointer, `Step` is std::ptrdiff_t and counts objects.
    using Step = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;
    /// Adds and returns the value before that. Numbers wrap around.
    T fetch_add(Step value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_add(value, order);
    }
    /// Subtracts and returns the value before that. Numbers wrap around.
    T fetch_sub(Step value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_sub(value, order);
    }
    /// Keeps the bits that `value` has, and returns the value before that. Integers only.
    T fetch_and(T value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_and(value, order);
    }
    /// Sets the bits that `value` has, and returns the value before that. Integers only.
    T fetch_or(T value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_or(value, order);
    }
    /// Flips the bits that `value` has, and returns the value before that. Integers only.
    T fetch_xor(T value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_xor(value, order);
    }
    /// Returns when the value is not `old`. Whoever changes it must notify.
    void wait(T old, std::memory_order order, Where = Where::current()) const noexcept {
      value_.wait(old, order);
    }
    /// Wakes one that waits here, if there is one.
    void notify_one(Where = Where::current()) noexcept { value_.notify_one(); }
    /// Wakes all that wait here.
    void notify_all(Where = Where::current()) noexcept { value_.notify_all(); }
  };
  /// Each atomic can be waited for.
  template <class T>
  using WaitableAtomic = Atomic<T>;

  /// Returns once `ready()` has said true; see AwaitingSyncPolicy. It asks again and again, and
  /// lets other threads run in between.
  template <class Predicate>
  static void await(Predicate ready, Where where = Where::current()) noexcept {
    while (!ready()) pause(where);
  }
};

static_assert(BlockingSyncPolicy<StdBlockingSync>);

}  // namespace slabproof

#endif  // SLABPROOF_STD_BLOCKING_SYNC_H_
