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
  using Where = std::source_location;

  class Mutex : public StdSync::Mutex {
   public:
    [[nodiscard]] bool try_lock(Where = Where::current()) noexcept { return mutex_.try_lock(); }

   private:
    friend struct StdBlockingSync;
  };

  class SharedMutex {
   public:
    SharedMutex() = default;
    SharedMutex(const SharedMutex&) = delete;
    SharedMutex& operator=(const SharedMutex&) = delete;

    void lock(Where = Where::current()) noexcept { mutex_.lock(); }
    void unlock(Where = Where::current()) noexcept { mutex_.unlock(); }
    void lock_shared(Where = Where::current()) noexcept { mutex_.lock_shared(); }
    void unlock_shared(Where = Where::current()) noexcept { mutex_.unlock_shared(); }

   private:
    std::shared_mutex mutex_;
  };

  class ConditionVariable {
   public:
    ConditionVariable() = default;
    ConditionVariable(const ConditionVariable&) = delete;
    ConditionVariable& operator=(const ConditionVariable&) = delete;

    void wait(Mutex& mutex, Where = Where::current()) noexcept {
      std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
      condition_.wait(lock);
      lock.release();
    }
    void notify_one(Where = Where::current()) noexcept { condition_.notify_one(); }
    void notify_all(Where = Where::current()) noexcept { condition_.notify_all(); }

   private:
    std::condition_variable condition_;
  };

  template <class T>
  class Atomic : public StdSync::Atomic<T> {
    using Base = StdSync::Atomic<T>;
    using Base::value_;

   public:
    using Base::Base;
    using Base::compare_exchange_strong;
    using Base::compare_exchange_weak;

    bool compare_exchange_weak(T& expected, T desired, std::memory_order order,
                               Where = Where::current()) noexcept {
      return value_.compare_exchange_weak(expected, desired, order);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order order,
                                 Where = Where::current()) noexcept {
      return value_.compare_exchange_strong(expected, desired, order);
    }
    /// Of a pointer, `Step` is std::ptrdiff_t and counts objects.
    using Step = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;
    T fetch_add(Step value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_add(value, order);
    }
    T fetch_sub(Step value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_sub(value, order);
    }
    T fetch_and(T value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_and(value, order);
    }
    T fetch_or(T value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_or(value, order);
    }
    T fetch_xor(T value, std::memory_order order, Where = Where::current()) noexcept {
      return value_.fetch_xor(value, order);
    }
    void wait(T old, std::memory_order order, Where = Where::current()) const noexcept {
      value_.wait(old, order);
    }
    void notify_one(Where = Where::current()) noexcept { value_.notify_one(); }
    void notify_all(Where = Where::current()) noexcept { value_.notify_all(); }
  };
  template <class T>
  using WaitableAtomic = Atomic<T>;

  template <class Predicate>
  static void await(Predicate ready, Where where = Where::current()) noexcept {
    while (!ready()) pause(where);
  }
};

static_assert(BlockingSyncPolicy<StdBlockingSync>);

}  // namespace slabproof

#endif  // SLABPROOF_STD_BLOCKING_SYNC_H_
