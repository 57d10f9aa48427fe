#ifndef SLABPROOF_STD_SYNC_H_
#define SLABPROOF_STD_SYNC_H_

#include <atomic>
#include <mutex>
#include <source_location>
#include <thread>
#include <type_traits>
#include <utility>

#include "slabproof/sync_policy.h"

namespace slabproof {

/// The production `SyncPolicy`: the standard library's mutex and atomics, and a bare `T` for a
/// shared plain variable. Source locations are ignored and compile away.
///
/// TRUSTED[compiler.mutex]: the standard library's mutex excludes, and an unlock happens before
/// the next lock of the same mutex.
struct StdSync {
  class Mutex {
   public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock(std::source_location = std::source_location::current()) noexcept { mutex_.lock(); }
    void unlock(std::source_location = std::source_location::current()) noexcept {
      mutex_.unlock();
    }

   protected:
    std::mutex mutex_;
  };

  template <class T>
  class Var {
   public:
    explicit constexpr Var(
        T initial,
        std::source_location =
            std::source_location::current()) noexcept(std::is_nothrow_move_constructible_v<T>)
        : value_(std::move(initial)) {}
    Var(const Var&) = delete;
    Var& operator=(const Var&) = delete;

    [[nodiscard]] const T& read(
        std::source_location = std::source_location::current()) const noexcept {
      return value_;
    }
    [[nodiscard]] T& write(std::source_location = std::source_location::current()) noexcept {
      return value_;
    }

   private:
    T value_;
  };

  template <class T>
  class Atomic {
   public:
    explicit constexpr Atomic(T initial,
                              std::source_location = std::source_location::current()) noexcept
        : value_(initial) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    T load(std::memory_order order,
           std::source_location = std::source_location::current()) const noexcept {
      return value_.load(order);
    }
    void store(T value, std::memory_order order,
               std::source_location = std::source_location::current()) noexcept {
      value_.store(value, order);
    }
    T exchange(T value, std::memory_order order,
               std::source_location = std::source_location::current()) noexcept {
      return value_.exchange(value, order);
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure,
                               std::source_location = std::source_location::current()) noexcept {
      return value_.compare_exchange_weak(expected, desired, success, failure);
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                 std::memory_order failure,
                                 std::source_location = std::source_location::current()) noexcept {
      return value_.compare_exchange_strong(expected, desired, success, failure);
    }
    T fetch_add(T value, std::memory_order order,
                std::source_location = std::source_location::current()) noexcept {
      return value_.fetch_add(value, order);
    }
    T fetch_sub(T value, std::memory_order order,
                std::source_location = std::source_location::current()) noexcept {
      return value_.fetch_sub(value, order);
    }

   protected:
    std::atomic<T> value_;
  };

  template <class T>
  class ThreadLocal {
    static_assert(std::is_trivially_destructible_v<T>,
                  "slabproof: what a destructor registered would cost every access a call");

   public:
    static T& get() noexcept { return value_; }
    static void arm() noexcept { hook_.armed = true; }

   private:
    struct Hook {
      bool armed = false;
      ~Hook() {
        if (armed) get().on_thread_exit();
      }
    };
    static inline constinit thread_local T value_{};
    // Apart from the value, so that only `arm` pays for a thread-local object with a destructor.
    static inline thread_local Hook hook_;
  };

  template <class T>
  class Global {
    static_assert(std::is_trivially_destructible_v<T>,
                  "slabproof: a global must outlive every destructor that may use it");

   public:
    static T& get() noexcept { return value_; }

   private:
    static inline constinit T value_{};
  };

  static void fence(std::memory_order order,
                    std::source_location = std::source_location::current()) noexcept {
    std::atomic_thread_fence(order);
  }

  /// Called in a loop that waits for another thread.
  static void pause(std::source_location = std::source_location::current()) noexcept {
    std::this_thread::yield();
  }
};

static_assert(ThreadedSyncPolicy<StdSync>);

}  // namespace slabproof

#endif  // SLABPROOF_STD_SYNC_H_
